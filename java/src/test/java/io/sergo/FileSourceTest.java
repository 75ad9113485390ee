package io.sergo;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rules that follow their files. Waits are for what must come, and never say how soon. */
final class FileSourceTest {
    private final BlockingQueue<Report> reports = new LinkedBlockingQueue<>();
    private final Engine engine = Engine.builder("foo-app").build();

    @TempDir Path folder;

    @AfterEach
    void close() {
        engine.close();
    }

    private Subscription watch(Path path) {
        return engine.subscribe(RuleSource.file(path), reports::add);
    }

    private Report next() throws InterruptedException {
        Report report = reports.poll(Await.PATIENCE, SECONDS);
        assertNotNull(report, "no report came");
        return report;
    }

    private boolean blocks(String resource) {
        Decision decision = engine.tryEnter(resource);
        if (decision instanceof Decision.Passed passed) {
            passed.entry().close();
        }
        return decision instanceof Decision.Blocked;
    }

    @Test
    void aFolderIsLoadedAtOnceAndFollowed() throws Exception {
        Files.createDirectories(folder.resolve("deep"));
        Files.writeString(folder.resolve("a.yaml"), Rules.limit("/foo", 0, 1));
        Files.writeString(folder.resolve("deep/b.yml"), Rules.ROUTER);
        Files.writeString(folder.resolve(".hidden.yaml"), "not: rules");
        Files.writeString(folder.resolve("notes.txt"), "not: rules");

        Subscription subscription = watch(folder);
        assertEquals(4, next().accepted());
        assertEquals(4, subscription.report().orElseThrow().accepted());
        assertTrue(blocks("GET:/foo"));
        assertTrue(subscription.lastError().isEmpty());

        Path fresh = Files.writeString(folder.resolve(".new"), Rules.limit("/bar", 0, 1));
        Files.move(fresh, folder.resolve("a.yaml"), StandardCopyOption.ATOMIC_MOVE);
        assertEquals(4, next().accepted());
        assertTrue(blocks("GET:/bar"));
        assertFalse(blocks("GET:/foo"));

        Files.delete(folder.resolve("deep/b.yml"));
        assertEquals(3, next().accepted());
        assertEquals(3, engine.version());
    }

    @Test
    void aMistakeNamesItsFile() throws Exception {
        Path file = folder.resolve("a.yaml");
        Files.writeString(file, Rules.limit("/foo", 1, 1).replace("threshold: 1", "threshold: x"));
        watch(file);
        assertEquals(file.toString(), next().rejected().get(0).source());
    }

    @Test
    void aFileIsNotTakenHalfWritten() throws Exception {
        Path file = folder.resolve("a.yaml");
        String rules = Rules.limit("/foo", 0, 1);
        FileSource source = new FileSource(folder, Optional.empty());
        try (Subscription looks = new Subscription(engine, source, reports::add)) {
            for (int half = 100; half < rules.length(); half += 100) {
                Files.writeString(file, rules.substring(0, half));
                looks.look();
                assertTrue(reports.isEmpty(), "taken after " + half + " characters");
            }
            Files.writeString(file, rules);
            looks.look();
            assertTrue(reports.isEmpty());
            looks.look();
            assertEquals(3, next().accepted());
            looks.look();
            assertTrue(reports.isEmpty(), "nothing has changed");
        }
        assertTrue(blocks("GET:/foo"));
    }

    @Test
    void aFolderSwappedByItsLinkIsFollowed() throws Exception {
        Path old = version("..1", "/foo");
        Path data = Files.createSymbolicLink(folder.resolve("..data"), old);
        Files.createSymbolicLink(folder.resolve("a.yaml"), data.resolve("a.yaml"));
        watch(folder);
        assertEquals(3, next().accepted());
        assertTrue(blocks("GET:/foo"));

        Path link = Files.createSymbolicLink(folder.resolve("..tmp"), version("..2", "/bar"));
        Files.move(link, data, StandardCopyOption.ATOMIC_MOVE);
        next();
        assertTrue(blocks("GET:/bar"));
        assertFalse(blocks("GET:/foo"));
    }

    private Path version(String name, String target) throws IOException {
        Path real = Files.createDirectory(folder.resolve(name));
        Files.writeString(real.resolve("a.yaml"), Rules.limit(target, 0, 1));
        return real;
    }

    @Test
    void aFolderThatLinksToItselfEnds() throws Exception {
        Files.writeString(folder.resolve("a.yaml"), Rules.limit("/foo", 0, 1));
        Files.createSymbolicLink(folder.resolve("again"), folder);
        watch(folder);
        assertEquals(3, next().accepted());
    }

    @Test
    void whatCannotBeReadLeavesTheRulesAsTheyAre() throws Exception {
        Path rules = Files.createDirectory(folder.resolve("rules"));
        Path file = Files.writeString(rules.resolve("a.yaml"), Rules.limit("/foo", 0, 1));
        Subscription subscription = watch(rules);
        next();

        Path away = Files.move(rules, folder.resolve("away"));
        Await.until(() -> subscription.lastError().isPresent());
        assertTrue(subscription.lastError().orElseThrow().getMessage().contains("rules"));
        assertTrue(blocks("GET:/foo"));

        Files.move(away, rules);
        Await.until(() -> subscription.lastError().isEmpty());
        assertEquals(1, engine.version(), "nothing has changed, so nothing was loaded");

        Files.write(file, new byte[] {(byte) 0xFF, (byte) 0xFE});
        Await.until(() -> subscription.lastError().isPresent());
        assertTrue(subscription.lastError().orElseThrow().getMessage().contains("a.yaml"));
        assertTrue(blocks("GET:/foo"));

        Files.writeString(file, Rules.limit("/bar", 0, 1));
        next();
        assertTrue(subscription.lastError().isEmpty());
        assertTrue(blocks("GET:/bar"));
    }

    @Test
    void aFolderMayComeLater() throws Exception {
        Path later = folder.resolve("later");
        Subscription subscription = watch(later);
        assertTrue(subscription.report().isEmpty());
        assertTrue(subscription.lastError().isPresent());
        Files.createDirectory(later);
        Files.writeString(later.resolve("a.json"), "{}");
        next();
        Await.until(() -> subscription.lastError().isEmpty());
    }

    @Test
    void aListenerThatFailsDoesNotEndTheWatch() throws Exception {
        Path file = Files.writeString(folder.resolve("a.yaml"), "");
        CountDownLatch told = new CountDownLatch(1);
        Thread.UncaughtExceptionHandler before = Thread.getDefaultUncaughtExceptionHandler();
        Thread.setDefaultUncaughtExceptionHandler((thread, failure) -> told.countDown());
        try {
            engine.subscribe(
                    RuleSource.file(file),
                    report -> {
                        reports.add(report);
                        if (report.version() == 2) {
                            throw new IllegalStateException("on purpose");
                        }
                    });
            next();
            Files.writeString(file, Rules.limit("/foo", 0, 1));
            next();
            assertTrue(told.await(Await.PATIENCE, SECONDS));
            Files.writeString(file, Rules.limit("/barbar", 0, 1));
            next();
            assertTrue(blocks("GET:/barbar"));
        } finally {
            Thread.setDefaultUncaughtExceptionHandler(before);
        }
        assertThrows(
                IllegalStateException.class,
                () ->
                        engine.subscribe(
                                RuleSource.file(file),
                                report -> {
                                    throw new IllegalStateException("on purpose");
                                }));
    }

    @Test
    void closingLeavesNoThread() throws Exception {
        List<Thread> before = Await.threads("rules");
        Files.writeString(folder.resolve("a.yaml"), Rules.limit("/foo", 0, 1));
        Subscription one = watch(folder);
        Subscription two = watch(folder);
        assertEquals(before.size() + 2, Await.threads("rules").size());
        one.close();
        one.close();
        assertEquals(before.size() + 1, Await.threads("rules").size());
        assertTrue(blocks("GET:/foo"), "the rules stay");
        engine.close();
        assertEquals(before, Await.threads("rules"));
        two.close();
    }

    @Test
    void theListenerItselfMayClose() throws Exception {
        Path file = Files.writeString(folder.resolve("a.yaml"), "");
        Subscription[] subscription = new Subscription[1];
        CountDownLatch closed = new CountDownLatch(1);
        subscription[0] =
                engine.subscribe(
                        RuleSource.file(file),
                        report -> {
                            if (report.version() == 2) {
                                subscription[0].close();
                                closed.countDown();
                            }
                        });
        Files.writeString(file, Rules.limit("/foo", 0, 1));
        assertTrue(closed.await(Await.PATIENCE, SECONDS));
        Await.until(() -> Await.threads("rules").isEmpty());
    }
}
