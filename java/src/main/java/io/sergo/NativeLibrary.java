package io.sergo;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Loads the native library: the one that {@value #PATH_PROPERTY} names, else the one in the jar.
 *
 * <p>A library file can be loaded by one class loader only, so each class loader extracts a file of
 * its own, readable by its owner alone, and deletes it as soon as it is loaded.
 */
final class NativeLibrary {
    /** The system property that names the library's file, or the folder that it is in. */
    static final String PATH_PROPERTY = "sergo.native.path";

    private static final String FILE = System.mapLibraryName("sergo_jni");

    private static boolean loaded;

    private NativeLibrary() {}

    /**
     * Loads the library unless it is loaded.
     *
     * @throws UnsatisfiedLinkError saying all that was tried
     */
    static synchronized void require() {
        if (loaded) {
            return;
        }
        String named = System.getProperty(PATH_PROPERTY);
        if (named != null) {
            loadNamed(named);
        } else {
            loadPackaged("/io/sergo/native/" + platform() + "/" + FILE);
        }
        loaded = true;
    }

    private static void loadNamed(String named) {
        Path path = Path.of(named).toAbsolutePath();
        Path file = Files.isDirectory(path) ? path.resolve(FILE) : path;
        try {
            System.load(file.toString());
        } catch (UnsatisfiedLinkError error) {
            throw failure(
                    "-D" + PATH_PROPERTY + "=" + named + " does not name it: " + error.getMessage(),
                    error);
        }
    }

    private static void loadPackaged(String resource) {
        if (NativeLibrary.class.getResource(resource) == null) {
            throw failure(
                    "this jar has none for "
                            + platform()
                            + " (it would be "
                            + resource
                            + "): name one with -D"
                            + PATH_PROPERTY,
                    null);
        }
        List<String> tried = new ArrayList<>();
        Throwable last = null;
        for (Path folder : folders()) {
            try {
                loadFrom(folder, resource);
                return;
            } catch (IOException | UnsatisfiedLinkError error) {
                tried.add(folder + " (" + error + ")");
                last = error;
            }
        }
        throw failure(
                "tried to extract it to "
                        + String.join(", then to ", tried)
                        + ". A folder must be writable and not mounted noexec: name one with"
                        + " -Djava.io.tmpdir, or a library with -D"
                        + PATH_PROPERTY,
                last);
    }

    /** Where to extract to: the second is for a temp folder from which nothing may run. */
    private static List<Path> folders() {
        List<Path> folders = new ArrayList<>();
        folders.add(Path.of(System.getProperty("java.io.tmpdir")));
        String cache = System.getenv("XDG_CACHE_HOME");
        Path home = Path.of(System.getProperty("user.home"));
        folders.add(
                (cache == null || cache.isEmpty() ? home.resolve(".cache") : Path.of(cache))
                        .resolve("sergo"));
        return folders;
    }

    private static void loadFrom(Path folder, String resource) throws IOException {
        Files.createDirectories(folder);
        Path file = Files.createTempFile(folder, "sergo-", "-" + FILE);
        try {
            try (InputStream library = NativeLibrary.class.getResourceAsStream(resource)) {
                Files.copy(library, file, StandardCopyOption.REPLACE_EXISTING);
            }
            System.load(file.toString());
        } finally {
            try {
                Files.deleteIfExists(file);
            } catch (IOException busy) {
                // Windows keeps the file of a loaded library.
                file.toFile().deleteOnExit();
            }
        }
    }

    /** The folder in the jar: {@code linux-x86_64}, say. */
    static String platform() {
        String os = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        String arch = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
        String system = os.startsWith("mac") ? "macos" : os.startsWith("win") ? "windows" : os;
        return system + "-" + (arch.equals("amd64") ? "x86_64" : arch);
    }

    private static UnsatisfiedLinkError failure(String what, Throwable cause) {
        UnsatisfiedLinkError error =
                new UnsatisfiedLinkError("sergo's native library was not loaded: " + what);
        if (cause != null) {
            error.initCause(cause);
        }
        return error;
    }
}
