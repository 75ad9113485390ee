package io.sergo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sergo.Explanation.Verdict;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What would be answered, and why. */
final class ExplainTest {
    private final AtomicLong clock = new AtomicLong();
    private final Engine engine =
            Engine.builder("foo-app").clock(clock::get).sampleSystem(false).build();

    @AfterEach
    void close() {
        engine.close();
    }

    @Test
    void whatNoRuleNamesPasses() {
        Explanation explained = engine.explain("GET:/foo");
        assertEquals("GET:/foo", explained.resource());
        assertEquals(false, explained.governed());
        assertEquals(Verdict.PASS, explained.answer());
        assertEquals(List.of(), explained.gates());
        assertEquals("GET:/foo: pass (no rule names it)", explained.toString());
    }

    @Test
    void aBlockIsExplainedWithItsFigures() {
        engine.load(Rules.limit("/foo", 2, 1));
        engine.enter("GET:/foo").close();
        engine.enter("GET:/foo").close();
        clock.set(400_000_000);
        Explanation explained = engine.explain("GET:/foo");
        assertEquals(true, explained.governed());
        assertEquals(Verdict.BLOCK, explained.answer());
        assertEquals(Optional.of(Duration.ofMillis(600)), explained.retryAfter());
        assertEquals(Optional.empty(), explained.waitTime());
        Explanation.Gate gate = explained.gates().get(0);
        assertEquals(
                new Explanation.Gate(
                        "/foo",
                        "RateLimitStrategy",
                        "rate-limit-foo",
                        "my-rule",
                        Verdict.BLOCK,
                        Optional.empty(),
                        Optional.of(Duration.ofMillis(600)),
                        Optional.empty(),
                        OptionalDouble.of(2),
                        OptionalDouble.of(2),
                        gate.why()),
                gate);
        String text = explained.toString();
        assertEquals(explained.text(), text);
        assertTrue(text.startsWith("GET:/foo: block, retry after 600ms\n"), text);
        assertTrue(text.contains("RateLimitStrategy rate-limit-foo"), text);
        assertTrue(text.contains(gate.why()), text);
    }

    @Test
    void aWaitIsExplained() {
        engine.load(Rules.throttle("/foo", "20ms", "40ms"));
        engine.tryEnter("GET:/foo");
        Explanation explained = engine.explain("GET:/foo");
        assertEquals(Verdict.WAIT, explained.answer());
        assertEquals(Optional.of(Duration.ofMillis(20)), explained.waitTime());
        Explanation.Gate gate = explained.gates().get(0);
        assertEquals(Optional.of(Duration.ofMillis(20)), gate.waitTime());
        assertEquals(OptionalDouble.of(40_000_000), gate.limit());
        assertEquals(OptionalDouble.of(20_000_000), gate.used());
    }

    @Test
    void aBreakerTellsItsState() {
        engine.load(Rules.BREAKER);
        Explanation.Gate closed = engine.explain("GET:/foo").gates().get(0);
        assertEquals(Optional.of(BreakerState.CLOSED), closed.state());
        assertEquals(OptionalDouble.of(0.6), closed.limit());
        assertEquals(OptionalDouble.empty(), closed.used(), "a share of no calls");
        for (int i = 0; i < 2; i++) {
            Entry entry = engine.enter("GET:/foo");
            entry.error(true);
            entry.close();
        }
        assertEquals(Optional.of(BreakerState.OPEN), engine.explain("/foo").gates().get(0).state());
    }

    @Test
    void costAndDirectionCount() {
        engine.load(Rules.limit("/foo", 2, 1) + "---\n" + Rules.OVERLOAD);
        assertEquals(Verdict.PASS, engine.explain("/foo", 2, Direction.INBOUND).answer());
        Explanation tooMuch = engine.explain("/foo", 3, Direction.INBOUND);
        assertEquals(Verdict.BLOCK, tooMuch.answer());
        assertEquals(Optional.empty(), tooMuch.retryAfter());
        assertEquals(2, tooMuch.gates().size());
        assertEquals("", tooMuch.gates().get(0).target());
        assertEquals(1, engine.explain("/foo", 1, Direction.OUTBOUND).gates().size());
        SergoException wrong =
                assertThrows(
                        SergoException.class, () -> engine.explain("/foo", 0, Direction.INBOUND));
        assertEquals("cost: found 0, it must be 1 or more", wrong.getMessage());
    }

    @Test
    void lookingChangesNothing() {
        engine.load(Rules.limit("/foo", 2, 1));
        engine.drainEvents();
        Figures before = engine.figures();
        for (int i = 0; i < 100; i++) {
            assertEquals(Verdict.PASS, engine.explain("GET:/foo").answer());
        }
        assertEquals(before, engine.figures());
        assertEquals(List.of(), engine.drainEvents());
        engine.enter("GET:/foo").close();
        engine.enter("GET:/foo").close();
    }
}
