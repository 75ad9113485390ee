package io.sergo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Entries that may go on only after a wait. */
final class WaitTest {
    private final AtomicLong clock = new AtomicLong();
    private final Engine engine = Engine.builder("foo-app").clock(clock::get).build();
    private final Resource foo = engine.resource("GET:/foo");

    @AfterEach
    void close() {
        engine.close();
    }

    private long inFlight() {
        return engine.figures().resources().get(0).inFlight();
    }

    @Test
    void theWaitIsAnAnswer() {
        engine.load(Rules.throttle("/foo", "20ms", "40ms"));
        for (int millis = 0; millis <= 40; millis += 20) {
            Decision.Passed passed = assertInstanceOf(Decision.Passed.class, foo.tryEnter());
            assertEquals(Duration.ofMillis(millis), passed.waitTime());
        }
        Decision.Blocked blocked = assertInstanceOf(Decision.Blocked.class, foo.tryEnter());
        assertEquals(Duration.ofMillis(20), blocked.retryAfter().orElseThrow());
        assertEquals("ThrottlingStrategy", blocked.strategy());
    }

    @Test
    void enterReturnsWhenTheWaitIsOver() throws Exception {
        engine.load(Rules.throttle("/foo", "1ms", "1s"));
        for (int i = 0; i < 5; i++) {
            foo.enter().close();
            foo.enterAsync().get().close();
        }
        assertEquals(0, inFlight());
        assertEquals(9, engine.figures().resources().get(0).waited());
    }

    @Test
    void anInterruptedWaitGivesItsPermitBack() {
        engine.load(Rules.throttle("/foo", "1h", "10h"));
        foo.enter().close();
        Thread.currentThread().interrupt();
        assertThrows(CancellationException.class, foo::enter);
        assertTrue(Thread.interrupted(), "the thread stays interrupted");
        assertEquals(0, inFlight());
    }

    @Test
    void aCancelledWaitGivesItsPermitBack() {
        engine.load(Rules.throttle("/foo", "1h", "10h"));
        assertTrue(foo.enterAsync().isDone());
        CompletableFuture<Entry> waiting = foo.enterAsync();
        assertFalse(waiting.isDone());
        assertEquals(2, inFlight());
        assertTrue(waiting.cancel(false));
        assertEquals(1, inFlight());
    }

    @Test
    void aThreadInterruptedInItsWaitGivesItsPermitBack() throws Exception {
        engine.load(Rules.throttle("/foo", "1h", "10h"));
        foo.enter().close();
        CompletableFuture<Throwable> ended = new CompletableFuture<>();
        Thread waiting =
                new Thread(
                        () -> {
                            try {
                                foo.enter();
                            } catch (CancellationException end) {
                                ended.complete(end);
                            }
                        });
        waiting.start();
        Await.until(() -> waiting.getState() == Thread.State.TIMED_WAITING);
        assertEquals(1, inFlight());
        waiting.interrupt();
        assertInstanceOf(CancellationException.class, ended.get(Await.PATIENCE, TimeUnit.SECONDS));
        assertEquals(0, inFlight());
    }

    @Test
    void aCancelledWaitFreesItsPlaceAndItsProbe() {
        engine.load(
                Rules.BREAKER
                        + "---\n"
                        + Rules.throttle("/foo", "1h", "10h")
                        + "---\n"
                        + Rules.concurrency("/foo", 1));
        for (int i = 0; i < 2; i++) {
            Entry failed = assertInstanceOf(Decision.Passed.class, foo.tryEnter()).entry();
            failed.error(true);
            failed.close();
        }
        assertEquals(Optional.of(BreakerState.OPEN), engine.breakerState("/foo", "breaker"));
        clock.set(5_000_000_000L);
        CompletableFuture<Entry> probe = foo.enterAsync();
        assertFalse(probe.isDone());
        assertEquals(Optional.of(BreakerState.HALF_OPEN), engine.breakerState("/foo", "breaker"));
        assertEquals(
                "ConcurrencyLimitStrategy",
                assertInstanceOf(Decision.Blocked.class, foo.tryEnter()).strategy());

        assertTrue(probe.cancel(true));
        assertEquals(0, inFlight());
        // Nothing was called, so nothing is known: the next entry probes.
        assertEquals(Optional.of(BreakerState.HALF_OPEN), engine.breakerState("/foo", "breaker"));
        Decision next = foo.tryEnter();
        assertInstanceOf(Decision.Passed.class, next, "neither the place nor the probe is held");
    }

    @Test
    void aFutureCompletedByAnotherGivesItsPermitBack() throws Exception {
        engine.load(Rules.throttle("/foo", "1h", "10h"));
        foo.enter().close();
        assertTrue(foo.enterAsync().completeExceptionally(new IllegalStateException("enough")));
        assertTrue(foo.enterAsync().complete(null));
        assertEquals(0, inFlight());
        foo.enterAsync().orTimeout(1, TimeUnit.MILLISECONDS).exceptionally(late -> null).get();
        Await.until(() -> inFlight() == 0);
    }

    @Test
    void aBlockedFutureFails() {
        engine.load(Rules.limit("/foo", 0, 1));
        ExecutionException failure =
                assertThrows(ExecutionException.class, () -> engine.enterAsync("GET:/foo").get());
        assertEquals(
                "my-rule", assertInstanceOf(BlockedException.class, failure.getCause()).rule());
        engine.close();
        failure = assertThrows(ExecutionException.class, () -> foo.enterAsync().get());
        assertEquals("closed", assertInstanceOf(SergoException.class, failure.getCause()).code());
    }
}
