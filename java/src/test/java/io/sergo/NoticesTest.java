package io.sergo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Changes of files that the system tells of: this package itself looks once an hour here. */
@EnabledOnOs({OS.LINUX, OS.WINDOWS}) // elsewhere Java has no notices of the system's
final class NoticesTest {
    private static final Duration HOUR = Duration.ofHours(1);

    private final Engine engine = Engine.builder("foo-app").build();

    @TempDir Path folder;

    @AfterEach
    void close() {
        engine.close();
    }

    private Subscription watch(Path path) {
        return engine.subscribe(RuleSource.file(path, HOUR));
    }

    private void write(String name, String target) throws IOException {
        Files.writeString(folder.resolve(name), Rules.limit(target, 0, 1));
    }

    private void move(String from, String to) throws IOException {
        Files.move(folder.resolve(from), folder.resolve(to), StandardCopyOption.REPLACE_EXISTING);
    }

    private boolean blocks(String resource) {
        Decision decision = engine.tryEnter("GET:" + resource);
        if (decision instanceof Decision.Passed passed) {
            passed.entry().close();
        }
        return decision instanceof Decision.Blocked;
    }

    private void comesToBlock(String resource) throws InterruptedException {
        Await.until(() -> blocks(resource));
    }

    @Test
    void aFileThatIsWrittenOrPutInItsPlace() throws Exception {
        write("a.yaml", "/1");
        Subscription subscription = watch(folder);
        assertTrue(blocks("/1"));
        assertEquals(Optional.empty(), subscription.polling());
        write("a.yaml", "/2");
        comesToBlock("/2");
        // As editors save: beside it, with the old one as a copy, and back.
        write(".a.yaml.swp", "/3");
        move("a.yaml", "a.yaml~");
        move(".a.yaml.swp", "a.yaml");
        comesToBlock("/3");
        Files.delete(folder.resolve("a.yaml"));
        Await.until(() -> !blocks("/3"));
    }

    @Test
    void oneFileAlone() throws Exception {
        watch(folder.resolve("a.yaml"));
        for (String target : List.of("/1", "/2")) {
            write("new", target);
            move("new", "a.yaml");
            comesToBlock(target);
        }
        write("a.yaml", "/3");
        comesToBlock("/3");
    }

    @Test
    void foldersThatComeAndGoAndComeAgain() throws Exception {
        Path rules = folder.resolve("rules");
        Subscription subscription = watch(rules);
        for (String target : List.of("/1", "/2", "/3")) {
            Files.createDirectories(rules.resolve("more/and"));
            write("rules/more/and/a.yaml", target);
            comesToBlock(target);
            Files.createDirectories(folder.resolve("beside"));
            write("beside/b.yaml", target + "/more");
            move("rules/more/and/a.yaml", "a.yaml");
            move("beside", "rules/beside");
            comesToBlock(target + "/more");
            write("rules/beside/b.yaml", target + "/most");
            comesToBlock(target + "/most");
            Files.delete(rules.resolve("beside/b.yaml"));
            Files.delete(rules.resolve("beside"));
            Files.delete(rules.resolve("more/and"));
            Files.delete(rules.resolve("more"));
            Files.delete(rules);
            Await.until(() -> subscription.lastError().isPresent());
        }
    }

    @Test
    void aFolderSwappedByItsLinkAndWhatLinksPointInto() throws Exception {
        for (String name : List.of("elsewhere", "rules", "rules/..1", "rules/..2")) {
            Files.createDirectory(folder.resolve(name));
        }
        write("rules/..1/a.yaml", "/1");
        write("rules/..2/a.yaml", "/2");
        write("elsewhere/b.yaml", "/elsewhere");
        link("rules/..data", "..1");
        link("rules/a.yaml", "..data/a.yaml");
        link("rules/b.yaml", "../elsewhere/b.yaml");
        link("way", "rules");
        watch(folder.resolve("way"));
        assertTrue(blocks("/1"));
        link("rules/..new", "..2");
        Files.move(
                folder.resolve("rules/..new"),
                folder.resolve("rules/..data"),
                StandardCopyOption.ATOMIC_MOVE);
        Files.delete(folder.resolve("rules/..1/a.yaml"));
        Files.delete(folder.resolve("rules/..1"));
        comesToBlock("/2");
        write("rules/..2/a.yaml", "/3");
        comesToBlock("/3");
        Files.delete(folder.resolve("rules/a.yaml"));
        write("elsewhere/b.yaml", "/elsewhere/again");
        comesToBlock("/elsewhere/again");
    }

    private void link(String name, String to) throws IOException {
        Files.createSymbolicLink(folder.resolve(name), Path.of(to));
    }

    @Test
    void whereThereAreTooManyFoldersTheyAreLookedAtAndThatIsSaid() throws Exception {
        write("a.yaml", "/1");
        FileSource source = new FileSource(folder, Optional.empty());
        try (Subscription few = new Subscription(engine, source, report -> {}, 2)) {
            few.start();
            assertEquals(Optional.empty(), few.polling());
            Files.createDirectory(folder.resolve("more"));
            Await.until(() -> few.polling().isPresent());
            assertEquals("3 folders are more than the 2 to watch", few.polling().orElseThrow());
            move("a.yaml", "more/a.yaml");
            write("more/a.yaml", "/2");
            comesToBlock("/2");
            write("more/a.yaml", "/3");
            comesToBlock("/3");
        }
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void closingLeavesNoWatchAndNoThread() throws Exception {
        write("a.yaml", "/1");
        // Whatever the machine itself keeps is there from the first one on.
        watch(folder).close();
        long before = watches();
        Subscription one = watch(folder);
        Subscription two = watch(folder.resolve("a.yaml"));
        assertEquals(before + 2, watches());
        one.close();
        two.close();
        Await.until(() -> watches() == before);
        assertEquals(List.of(), Await.threads("rules"));
        Await.until(
                () ->
                        Thread.getAllStackTraces().keySet().stream()
                                .noneMatch(thread -> thread.getName().contains("WatchService")));
    }

    /** The open files of this process that the system tells of changes by. */
    private static long watches() {
        try (var files = Files.list(Path.of("/proc/self/fd"))) {
            return files.filter(NoticesTest::isWatch).count();
        } catch (IOException failure) {
            throw new IllegalStateException(failure);
        }
    }

    private static boolean isWatch(Path file) {
        try {
            return Files.readSymbolicLink(file).toString().contains("inotify");
        } catch (IOException closed) {
            return false;
        }
    }

    @Test
    void aTimeBetweenLooksIsMoreThanNothing() {
        assertThrows(IllegalArgumentException.class, () -> RuleSource.file(folder, Duration.ZERO));
    }
}
