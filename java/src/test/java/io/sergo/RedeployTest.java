package io.sergo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;

import java.io.File;
import java.lang.ref.WeakReference;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * An application server that deploys an application again and again: each time all its classes are
 * loaded anew, this package's and gRPC's among them, and those of the time before are let go.
 */
final class RedeployTest {
    @TempDir Path folder;

    @Test
    void whatWasClosedIsCollected() throws Exception {
        deployTwice("");
    }

    @Test
    void whatWasClosedIsCollectedAlsoWithAControlPlane() throws Exception {
        Path rules = Files.createDirectory(folder.resolve("rules"));
        Files.writeString(rules.resolve("limit.yaml"), Rules.limit("/foo", 0, 60));
        try (Plane plane = new Plane(rules)) {
            deployTwice(plane.address());
        }
    }

    private void deployTwice(String plane) throws Exception {
        List<WeakReference<ClassLoader>> loaders = new ArrayList<>();
        for (int time = 0; time < 2; time++) {
            loaders.add(deploy(plane));
        }
        for (WeakReference<ClassLoader> loader : loaders) {
            Await.until(() -> isCollected(loader));
        }
    }

    /** In a frame of its own, so that nothing on the stack keeps what it has loaded. */
    private WeakReference<ClassLoader> deploy(String plane) throws Exception {
        List<URL> urls = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            urls.add(Path.of(entry).toUri().toURL());
        }
        urls.add(Path.of("target", "native").toUri().toURL());
        ClassLoader parent = ClassLoader.getPlatformClassLoader();
        try (URLClassLoader loader = new URLClassLoader(urls.toArray(URL[]::new), parent)) {
            Class<?> deployed = loader.loadClass("io.sergo.Deployed");
            assertNotSame(Deployed.class, deployed);
            @SuppressWarnings("unchecked")
            BiFunction<String, String, String> application =
                    (BiFunction<String, String, String>)
                            deployed.getDeclaredConstructor().newInstance();
            Path rules = folder.resolve("rules.yaml");
            Files.writeString(rules, Rules.limit("/foo", 0, 60));
            assertEquals("blocked", application.apply(rules.toString(), plane));
            return new WeakReference<>(loader);
        }
    }

    private static boolean isCollected(WeakReference<?> reference) {
        System.gc();
        return reference.get() == null;
    }
}
