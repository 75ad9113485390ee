package io.sergo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The system's figures, sampled while rules look at them. */
final class SamplingTest {
    private final Engine engine = Engine.builder("foo-app").build();

    @TempDir Path folder;

    @AfterEach
    void close() {
        engine.close();
        assertEquals(List.of(), Await.threads("load"));
    }

    /** Looks at a figure, and blocks by it next to never. */
    private static String looksAt(String metric) {
        String most = metric.equals("SystemLoad") ? "1000000" : "100%";
        return Rules.OVERLOAD.replace("CpuPercentage", metric).replace("80%", most);
    }

    private OptionalDouble used() {
        return engine.explain("GET:/any").gates().get(0).used();
    }

    @Test
    void whatARuleLooksAtArrives() throws Exception {
        for (String metric : List.of("SystemLoad", "MemoryPercentage", "CpuPercentage")) {
            assertEquals(2, engine.load(looksAt(metric)).accepted());
            Await.until(() -> used().isPresent());
            assertEquals(1, Await.threads("load").size());
        }
    }

    @Test
    void nothingRunsWhileNoRuleLooks() throws Exception {
        assertEquals(List.of(), Await.threads("load"));
        engine.load(Rules.limit("/foo", 1, 1));
        assertEquals(List.of(), Await.threads("load"));
        engine.load(looksAt("SystemLoad"));
        engine.load(looksAt("SystemLoad"));
        assertEquals(1, Await.threads("load").size());
        engine.load("");
        Await.until(() -> Await.threads("load").isEmpty());
        engine.load(looksAt("SystemLoad"));
        assertEquals(1, Await.threads("load").size());
    }

    @Test
    void aSubscriptionsRulesCountToo() throws Exception {
        Path file = Files.writeString(folder.resolve("a.yaml"), "");
        engine.subscribe(RuleSource.file(file));
        assertEquals(List.of(), Await.threads("load"));
        Files.writeString(file, looksAt("SystemLoad"));
        Await.until(() -> engine.needsSystemLoad() && used().isPresent());
    }

    @Test
    void theApplicationsOwnFiguresWin() throws Exception {
        OptionalDouble own = OptionalDouble.of(12_345);
        engine.load(looksAt("SystemLoad"));
        Await.until(() -> used().isPresent());
        engine.setSystemLoad(new SystemLoad(OptionalDouble.empty(), own, OptionalDouble.empty()));
        assertEquals(own, used());
        Await.until(() -> Await.threads("load").isEmpty());
        assertEquals(own, used());
        engine.load("");
        engine.load(looksAt("SystemLoad"));
        assertEquals(List.of(), Await.threads("load"), "for good");
        assertEquals(own, used());
    }

    @Test
    void itCanBeTurnedOff() {
        try (Engine own = Engine.builder("foo-app").sampleSystem(false).build()) {
            own.load(Rules.OVERLOAD);
            assertEquals(List.of(), Await.threads("load"));
            assertInstanceOf(Decision.Passed.class, own.tryEnter("GET:/foo"));
        }
    }

    @Test
    void closingEndsIt() {
        engine.load(looksAt("SystemLoad"));
        assertEquals(true, Await.threads("load").get(0).isDaemon());
        engine.close();
        assertEquals(List.of(), Await.threads("load"));
    }
}
