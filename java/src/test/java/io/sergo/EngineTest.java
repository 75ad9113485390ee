package io.sergo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Rules in, decisions out, on a clock that the test moves. */
final class EngineTest {
    private final AtomicLong clock = new AtomicLong();
    private final Engine engine =
            Engine.builder("foo-app").clock(clock::get).sampleSystem(false).build();

    @AfterEach
    void close() {
        engine.close();
    }

    private long passes(String resource, int tries) {
        long passed = 0;
        for (int i = 0; i < tries; i++) {
            if (engine.tryEnter(resource) instanceof Decision.Passed pass) {
                pass.entry().close();
                passed++;
            }
        }
        return passed;
    }

    private Figures.Resource figures(String resource) {
        return engine.figures().resources().stream()
                .filter(figures -> figures.resource().equals(resource))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void withoutRulesEverythingPasses() {
        assertEquals(0, engine.version());
        assertEquals(100, passes("GET:/foo", 100));
        try (Entry entry = engine.enter("GET:/foo")) {
            entry.error(false);
        }
        assertEquals(List.of(), engine.figures().resources());
    }

    @Test
    void aBlockSaysWhoAndWhatToAnswer() {
        Report report = engine.load(Rules.limit("/foo", 2, 1));
        assertEquals(
                new Report(1, 3, List.of(), List.of(), List.of(), List.of(), List.of()), report);
        assertEquals(1, engine.version());
        assertEquals(2, passes("GET:/foo", 2));

        clock.set(400_000_000);
        Decision.Blocked blocked =
                assertInstanceOf(Decision.Blocked.class, engine.tryEnter("GET:/foo"));
        Fallback fallback =
                new Fallback(
                        429, "Blocked by Sentinel", List.of(Map.entry("X-Sentinel-Limit", "foo")));
        assertEquals(
                new Decision.Blocked(
                        "GET:/foo",
                        "RateLimitStrategy",
                        "rate-limit-foo",
                        "my-rule",
                        Optional.of(Duration.ofMillis(600)),
                        Optional.of(fallback)),
                blocked);

        BlockedException thrown =
                assertThrows(BlockedException.class, () -> engine.enter("GET:/foo"));
        assertEquals(blocked, thrown.decision());
        assertEquals("RateLimitStrategy", thrown.strategy());
        assertEquals("rate-limit-foo", thrown.name());
        assertEquals("my-rule", thrown.rule());
        assertEquals(Optional.of(Duration.ofMillis(600)), thrown.retryAfter());
        assertEquals(Optional.of(fallback), thrown.fallback());
        assertEquals(0, thrown.getStackTrace().length);
        assertEquals(
                "GET:/foo is blocked by RateLimitStrategy rate-limit-foo of rule my-rule:"
                        + " retry after PT0.6S",
                thrown.getMessage());

        clock.set(1_000_000_000);
        assertEquals(2, passes("GET:/foo", 3));
    }

    @Test
    void aResourceKeepsItsPlaceWhenRulesChange() {
        Resource known = engine.resource("GET:/foo");
        Resource before = engine.resource("GET:/bar");
        assertInstanceOf(Decision.Passed.class, known.tryEnter());

        engine.load(Rules.limit("/foo", 1, 1));
        assertInstanceOf(Decision.Passed.class, known.tryEnter());
        assertInstanceOf(Decision.Blocked.class, known.tryEnter());

        engine.load(Rules.limit("/bar", 0, 1));
        assertInstanceOf(Decision.Passed.class, known.tryEnter());
        assertInstanceOf(Decision.Blocked.class, before.tryEnter());

        engine.load("");
        assertInstanceOf(Decision.Passed.class, before.tryEnter());
        assertEquals("GET:/bar", before.name());
    }

    @Test
    void costCountsAndMustBePositive() {
        engine.load(Rules.limit("/foo", 5, 1));
        Resource foo = engine.resource("GET:/foo");
        assertInstanceOf(Decision.Passed.class, foo.tryEnter(4, Direction.OUTBOUND));
        assertInstanceOf(Decision.Blocked.class, foo.tryEnter(2, Direction.INBOUND));
        assertInstanceOf(Decision.Passed.class, foo.tryEnter(1, Direction.INBOUND));
        SergoException wrong =
                assertThrows(SergoException.class, () -> foo.enter(0, Direction.INBOUND));
        assertEquals("argument", wrong.code());
        assertEquals("cost: found 0, it must be 1 or more", wrong.getMessage());
    }

    @Test
    void closingAnEntryTwiceCountsOnce() {
        engine.load(Rules.limit("/foo", 10, 1));
        Entry entry = engine.enter("GET:/foo");
        assertEquals(1, figures("/foo").inFlight());
        clock.set(5_000);
        entry.error(new IllegalStateException("it failed"));
        entry.close();
        entry.close();
        Figures.Resource counted = figures("/foo");
        assertEquals(0, counted.inFlight());
        assertEquals(1, counted.completed());
        assertEquals(1, counted.errors());
        assertEquals(Duration.ofNanos(5_000), counted.responseTimes().sum());
    }

    @Test
    void figuresTellEverything() {
        engine.load(Rules.throttle("/foo", "10ms", "20ms") + "---\n" + Rules.OVERLOAD);
        List<Entry> entries = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            if (engine.tryEnter("GET:/foo") instanceof Decision.Passed pass) {
                entries.add(pass.entry());
            }
        }
        Entry other = engine.enter("GET:/other");
        assertEquals(4, engine.figures().inFlight());
        // Without their waits of 0, 10 and 20 ms: 25, 15 and 5 ms.
        clock.set(25_000_000);
        entries.get(0).error(true);
        entries.forEach(Entry::close);
        other.close();

        Figures figures = engine.figures();
        assertEquals(1, figures.version());
        assertEquals(0, figures.inFlight());
        assertEquals(
                List.of(new Figures.Strategy("AdaptiveOverloadProtectionStrategy", "overload", 0)),
                figures.instance());
        Figures.Resource foo = figures("/foo");
        assertEquals(3, foo.passed());
        assertEquals(2, foo.blocked());
        assertEquals(2, foo.waited());
        assertEquals(3, foo.completed());
        assertEquals(1, foo.errors());
        Figures.ResponseTimes times = foo.responseTimes();
        assertEquals(Duration.ofMillis(45), times.sum());
        assertEquals(Duration.ofMillis(5), times.min());
        assertEquals(Duration.ofMillis(25), times.max());
        assertAbout(15, times.p50());
        assertAbout(25, times.p99());
        assertEquals(3, times.histogram().size());
        long[] millis = {5, 15, 25};
        for (int i = 0; i < 3; i++) {
            assertAbout(millis[i], times.histogram().get(i).under());
            assertEquals(1, times.histogram().get(i).count());
        }
    }

    /** At most an eighth too long. */
    private static void assertAbout(long millis, Duration found) {
        assertTrue(found.compareTo(Duration.ofMillis(millis)) >= 0, found.toString());
        assertTrue(found.compareTo(Duration.ofMillis(millis * 9).dividedBy(8)) <= 0, found + "");
    }

    @Test
    void workIsDoneInsideAnEntry() throws Exception {
        engine.load(Rules.limit("/foo", 3, 1));
        assertEquals("done", engine.call("GET:/foo", () -> "done"));
        engine.run("GET:/foo", () -> assertEquals(1, figures("/foo").inFlight()));
        IllegalStateException failure = new IllegalStateException("it failed");
        assertEquals(
                failure,
                assertThrows(
                        IllegalStateException.class,
                        () ->
                                engine.run(
                                        "GET:/foo",
                                        () -> {
                                            throw failure;
                                        })));
        assertThrows(BlockedException.class, () -> engine.call("GET:/foo", () -> "never"));
        Figures.Resource counted = figures("/foo");
        assertEquals(3, counted.completed());
        assertEquals(1, counted.errors());
        assertEquals(1, counted.blocked());
        assertEquals(
                List.of(new Figures.Strategy("RateLimitStrategy", "rate-limit-foo", 1)),
                counted.strategies());
    }

    @Test
    void aBadDocumentIsReportedAndTakesNoOtherWithIt() {
        String bad = Rules.limit("/foo", 2, 1).replace("threshold: 2", "threshold: -2");
        Report report = engine.load(List.of(new RuleText("rules/foo.yaml", bad)));
        assertEquals(2, report.accepted());
        assertEquals(1, report.rejected().size());
        Report.Diagnostic mistake = report.rejected().get(0);
        assertEquals("RateLimitStrategy", mistake.kind());
        assertEquals("default", mistake.namespace());
        assertEquals("rate-limit-foo", mistake.name());
        assertEquals("spec.threshold", mistake.field());
        assertEquals("rules/foo.yaml", mistake.source());
        assertEquals(4, mistake.line());
        assertTrue(mistake.message().contains("rate-limit-foo"), mistake.message());
        assertEquals(mistake.message(), mistake.toString());
        assertEquals("out-of-range", mistake.code());
        assertEquals("rate-limit-foo", report.waiting().get(0).missing());

        assertEquals(3, engine.load(Rules.limit("/foo", 2, 1)).accepted());
        assertEquals(1, engine.load(bad).rejected().size());
        assertEquals(2, passes("GET:/foo", 5), "the last good version stays in force");
    }

    @Test
    void rulesForOthersDoNothing() {
        try (Engine other =
                Engine.builder("bar-app").namespace("other").label("tag", "gray").build()) {
            assertEquals(3, other.load(Rules.limit("/foo", 0, 1)).accepted());
            assertInstanceOf(Decision.Passed.class, other.tryEnter("GET:/foo"));
        }
    }

    @Test
    void eventsAreDrainedOnce() {
        engine.load(Rules.limit("/foo", 0, 1));
        engine.drainEvents();
        engine.tryEnter("GET:/foo");
        assertEquals(List.of(new Event.FirstBlock("/foo", "rate-limit-foo")), engine.drainEvents());
        assertEquals(List.of(), engine.drainEvents());
    }

    @Test
    void aBreakerOpensAndSaysSo() {
        engine.load(Rules.BREAKER);
        assertEquals(Optional.of(BreakerState.CLOSED), engine.breakerState("/foo", "breaker"));
        assertEquals(Optional.empty(), engine.breakerState("/foo", "other"));
        engine.drainEvents();
        for (int i = 0; i < 2; i++) {
            Entry entry = engine.enter("GET:/foo");
            entry.error(true);
            entry.close();
        }
        assertEquals(Optional.of(BreakerState.OPEN), engine.breakerState("/foo", "breaker"));
        assertEquals(
                List.of(
                        new Event.Breaker(
                                "/foo",
                                "breaker",
                                BreakerState.CLOSED,
                                BreakerState.OPEN,
                                OptionalLong.of(2),
                                OptionalLong.of(2))),
                engine.drainEvents());
        assertEquals(
                "CircuitBreakerStrategy",
                assertThrows(BlockedException.class, () -> engine.enter("GET:/foo")).strategy());

        clock.set(5_000_000_000L);
        Entry probe = engine.enter("GET:/foo");
        assertEquals(Optional.of(BreakerState.HALF_OPEN), engine.breakerState("/foo", "breaker"));
        probe.close();
        assertEquals(Optional.of(BreakerState.CLOSED), engine.breakerState("/foo", "breaker"));
        assertEquals("half-open", BreakerState.HALF_OPEN.toString());
    }

    @Test
    void overloadIsJudgedByTheFiguresGiven() {
        assertFalse(engine.needsSystemLoad());
        engine.load(Rules.OVERLOAD);
        assertTrue(engine.needsSystemLoad());
        assertInstanceOf(Decision.Passed.class, engine.tryEnter("GET:/any"));
        OptionalDouble unknown = OptionalDouble.empty();
        engine.setSystemLoad(new SystemLoad(OptionalDouble.of(0.9), unknown, unknown));
        assertEquals(
                "AdaptiveOverloadProtectionStrategy",
                assertThrows(BlockedException.class, () -> engine.enter("GET:/any")).strategy());
        assertInstanceOf(
                Decision.Passed.class, engine.resource("GET:/any").tryEnter(1, Direction.OUTBOUND));
        engine.setSystemLoad(new SystemLoad(unknown, unknown, OptionalDouble.of(1)));
        assertInstanceOf(Decision.Passed.class, engine.tryEnter("GET:/any"));
    }

    @Test
    void aClockThatStandsStillJumpsOrGoesBackAdmitsNoneTooMany() {
        long hour = 3_600_000_000_000L;
        engine.load(Rules.limit("/foo", 5, 1));
        clock.set(hour);
        assertEquals(5, passes("GET:/foo", 20));
        for (long back : new long[] {hour - 1, 1_000_000_000, 0, -1, Long.MIN_VALUE}) {
            clock.set(back);
            assertEquals(0, passes("GET:/foo", 20), "at " + back);
        }
        clock.set(2 * hour);
        assertEquals(5, passes("GET:/foo", 20));
        clock.set(hour);
        assertEquals(0, passes("GET:/foo", 20));
        clock.set(Long.MAX_VALUE);
        assertEquals(5, passes("GET:/foo", 20));
        assertEquals(0, figures("/foo").inFlight());
    }

    @Test
    void manyNamesLeaveNoTrace() {
        for (int i = 0; i < Bounded.LIMIT * 2; i++) {
            engine.enter("GET:/" + i).close();
        }
        assertTrue(engine.knownResources() <= Bounded.LIMIT);
        assertEquals(List.of(), engine.figures().resources());
    }

    @Test
    void textWithoutAUtf8FormIsRefused() {
        String half = "\ud83d";
        assertEquals("utf8", code(() -> engine.load(half)));
        assertEquals("utf8", code(() -> engine.enter(half)));
        assertEquals("utf8", code(() -> engine.route(RouteRequest.to(half))));
        assertEquals("utf8", code(() -> Engine.builder(half).build()));
        assertEquals("utf8", code(() -> engine.setInstances(half, List.of())));
    }

    @Test
    void afterCloseEveryCallIsAnError() {
        Resource foo = engine.resource("GET:/foo");
        Entry entry = foo.enter();
        SystemLoad unknown =
                new SystemLoad(
                        OptionalDouble.empty(), OptionalDouble.empty(), OptionalDouble.empty());
        engine.close();
        engine.close();
        entry.close();
        assertEquals("closed", code(() -> engine.load("")));
        assertEquals("closed", code(() -> engine.enter("GET:/new")));
        assertEquals("closed", code(foo::enter));
        assertEquals("closed", code(foo::tryEnter));
        assertEquals("closed", code(() -> engine.route(RouteRequest.to("a"))));
        assertEquals("closed", code(() -> engine.route(RouteRequest.to("a").rolls(0.5))));
        assertEquals("closed", code(() -> engine.connect(ConnectRequest.to("a"))));
        assertEquals("closed", code(() -> engine.setInstances("a", List.of())));
        assertEquals("closed", code(() -> engine.explain("GET:/foo")));
        assertEquals("closed", code(() -> engine.onEvent(event -> {})));
        assertEquals("closed", code(() -> engine.setSystemLoad(unknown)));
        assertEquals("closed", code(engine::version));
        assertEquals("closed", code(engine::needsSystemLoad));
        assertEquals("closed", code(engine::figures));
        assertEquals("closed", code(engine::drainEvents));
        assertEquals("closed", code(() -> engine.breakerState("/foo", "breaker")));
        assertEquals("closed", code(() -> engine.subscribe(RuleSource.file("nowhere"))));
    }

    @Test
    void theTableHasEveryWordThatThePackageKnows() {
        assertEquals("panicked", Words.code(Words.PANICKED).word());
        assertEquals("utf8", Words.code(Words.UTF8).word());
        assertEquals("stale", Words.code(Words.STALE).word());
        assertEquals("argument", Words.code(-4).word());
        assertEquals("RateLimitStrategy", Words.kind(4));
    }

    private static String code(org.junit.jupiter.api.function.Executable call) {
        return assertThrows(SergoException.class, call).code();
    }
}
