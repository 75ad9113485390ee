package io.sergo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Finding and loading the native library. */
final class NativeLibraryTest {
    @TempDir Path folder;

    /** What a child process with other properties runs. */
    static final class Child {
        private Child() {}

        public static void main(String[] arguments) {
            for (int i = 0; i < 2; i++) {
                try (Engine engine = Engine.builder("foo-app").build()) {
                    System.out.println("version " + engine.version());
                } catch (UnsatisfiedLinkError error) {
                    System.out.println(error.getMessage());
                }
            }
        }
    }

    private List<String> child(String... options) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        if (Runtime.version().feature() >= 22) {
            command.add("--enable-native-access=ALL-UNNAMED");
        }
        command.addAll(List.of(options));
        command.add("-cp");
        command.add(where(Engine.class) + ":" + where(Child.class));
        command.add(Child.class.getName());
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("XDG_CACHE_HOME", folder.resolve("cache").toString());
        Process process = builder.start();
        String output = new String(process.getInputStream().readAllBytes());
        process.waitFor();
        // What newer JDKs say of a temp folder that is none.
        return output.lines().filter(line -> !line.startsWith("WARNING: java.io.tmpdir ")).toList();
    }

    private static Path where(Class<?> type) {
        return Path.of(type.getProtectionDomain().getCodeSource().getLocation().getPath());
    }

    private Path library() {
        return Path.of("target/native/io/sergo/native")
                .toAbsolutePath()
                .resolve(NativeLibrary.platform())
                .resolve(System.mapLibraryName("sergo_jni"));
    }

    @Test
    void theLibraryLeavesNoFileBehind() throws Exception {
        Path temp = Files.createDirectory(folder.resolve("temp"));
        assertEquals(List.of("version 0", "version 0"), child("-Djava.io.tmpdir=" + temp));
        try (var files = Files.list(temp)) {
            assertEquals(
                    List.of(),
                    files.filter(file -> file.getFileName().toString().contains("sergo")).toList());
        }
    }

    @Test
    void theCacheFolderStandsInForTheTempFolder() throws Exception {
        Path unusable = Files.writeString(folder.resolve("file"), "no folder");
        assertEquals(List.of("version 0", "version 0"), child("-Djava.io.tmpdir=" + unusable));
        assertTrue(Files.isDirectory(folder.resolve("cache/sergo")));
    }

    @Test
    void theErrorSaysWhatWasTried() throws Exception {
        Path unusable = Files.writeString(folder.resolve("file"), "no folder");
        Files.writeString(folder.resolve("cache"), "no folder either");
        List<String> lines = child("-Djava.io.tmpdir=" + unusable);
        assertEquals(2, lines.size(), lines::toString);
        for (String line : lines) {
            assertTrue(line.startsWith("sergo's native library was not loaded"), line);
            assertTrue(line.contains(unusable.toString()), line);
            assertTrue(line.contains(folder.resolve("cache/sergo").toString()), line);
            assertTrue(line.contains("-Dsergo.native.path"), line);
        }
    }

    @Test
    void aPropertyNamesTheLibrary() throws Exception {
        String option = "-Dsergo.native.path=";
        assertEquals(List.of("version 0", "version 0"), child(option + library()));
        assertEquals(List.of("version 0", "version 0"), child(option + library().getParent()));
        List<String> lines = child(option + "/nowhere/lib.so");
        assertTrue(lines.get(0).contains("-Dsergo.native.path=/nowhere/lib.so"), lines::toString);
        assertEquals(lines.get(0), lines.get(1));
    }

    @Test
    void twoClassLoadersHaveALibraryEach() throws Exception {
        URL[] classes = {where(Engine.class).toUri().toURL()};
        ClassLoader parent = ClassLoader.getPlatformClassLoader();
        try (URLClassLoader first = new URLClassLoader(classes, parent);
                URLClassLoader second = new URLClassLoader(classes, parent)) {
            AutoCloseable one = engine(first);
            AutoCloseable two = engine(second);
            assertNotSame(one.getClass(), two.getClass());
            assertEquals(1, load(one));
            assertEquals(2, load(one));
            assertEquals(1, load(two));
            one.close();
            assertEquals(2, load(two));
            two.close();
        }
    }

    private static AutoCloseable engine(ClassLoader loader) throws ReflectiveOperationException {
        Object builder =
                loader.loadClass("io.sergo.Engine")
                        .getMethod("builder", String.class)
                        .invoke(null, "foo-app");
        return (AutoCloseable) builder.getClass().getMethod("build").invoke(builder);
    }

    /** Loads no rules: the version that this makes. */
    private static long load(AutoCloseable engine) throws ReflectiveOperationException {
        engine.getClass().getMethod("load", String.class).invoke(engine, "");
        return (long) engine.getClass().getMethod("version").invoke(engine);
    }
}
