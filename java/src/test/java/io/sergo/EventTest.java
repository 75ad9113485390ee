package io.sergo;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What happens, drained and listened to. */
final class EventTest {
    private final Engine engine = Engine.builder("foo-app").build();
    private final BlockingQueue<Event> heard = new LinkedBlockingQueue<>();

    @AfterEach
    void close() throws Exception {
        engine.close();
        Await.until(() -> Await.threads("events").isEmpty());
    }

    private static Event next(BlockingQueue<Event> heard) throws InterruptedException {
        Event event = heard.poll(Await.PATIENCE, SECONDS);
        assertTrue(event != null, "no event came");
        return event;
    }

    private static List<Event> versions(int from, int to) {
        List<Event> events = new ArrayList<>();
        for (int version = from; version <= to; version++) {
            events.add(new Event.RulesApplied(version));
        }
        return events;
    }

    @Test
    void everyListenerHearsAllFromItsBeginningOn() throws Exception {
        BlockingQueue<Event> later = new LinkedBlockingQueue<>();
        engine.load("");
        engine.onEvent(heard::add);
        engine.load("");
        engine.onEvent(later::add);
        engine.load(Rules.limit("/foo", 0, 1));
        engine.tryEnter("GET:/foo");
        Event blocked = new Event.FirstBlock("/foo", "rate-limit-foo");

        assertEquals(versions(2, 3), List.of(next(heard), next(heard)));
        assertEquals(blocked, next(heard));
        assertEquals(versions(3, 3), List.of(next(later)));
        assertEquals(blocked, next(later));
    }

    @Test
    void drainingAndListeningTakeNothingFromEachOther() throws Exception {
        engine.load("");
        engine.onEvent(heard::add);
        engine.load("");
        assertEquals(versions(1, 2), engine.drainEvents());
        assertEquals(versions(2, 2), List.of(next(heard)), "drained first");
        engine.load("");
        assertEquals(versions(3, 3), List.of(next(heard)));
        assertEquals(versions(3, 3), engine.drainEvents(), "heard first");
        assertEquals(List.of(), engine.drainEvents());
        assertEquals(List.of(), List.copyOf(heard));
    }

    @Test
    void aListenerThatFailsIsReportedAndHarmsNothing() throws Exception {
        BlockingQueue<Throwable> failures = new LinkedBlockingQueue<>();
        Thread.UncaughtExceptionHandler before = Thread.getDefaultUncaughtExceptionHandler();
        Thread.setDefaultUncaughtExceptionHandler(
                (thread, failure) -> {
                    failures.add(failure);
                    throw new IllegalStateException("a handler that fails, on purpose");
                });
        try {
            List<Throwable> thrown =
                    List.of(
                            new IllegalStateException("on purpose"),
                            new AssertionError("on purpose"),
                            SergoException.argument("on purpose"));
            engine.onEvent(event -> Ticker.currentThread().interrupt());
            engine.onEvent(event -> sneak(thrown.get(failures.size())));
            engine.onEvent(heard::add);
            for (int i = 0; i < thrown.size(); i++) {
                engine.load("");
                next(heard);
                assertEquals(thrown.get(i), failures.toArray()[i]);
            }
        } finally {
            Thread.setDefaultUncaughtExceptionHandler(before);
        }
    }

    @SuppressWarnings("unchecked")
    private static <T extends Throwable> void sneak(Throwable failure) throws T {
        throw (T) failure;
    }

    @Test
    void aThreadIsThereOnlyWhileSomebodyListens() throws Exception {
        assertEquals(List.of(), Await.threads("events"));
        Listening one = engine.onEvent(heard::add);
        Listening two = engine.onEvent(heard::add);
        assertEquals(1, Await.threads("events").size());
        assertEquals(true, Await.threads("events").get(0).isDaemon());
        one.close();
        one.close();
        assertEquals(1, Await.threads("events").size());
        two.close();
        Await.until(() -> Await.threads("events").isEmpty());

        engine.load("");
        engine.onEvent(heard::add);
        engine.load("");
        assertEquals(new Event.RulesApplied(2), next(heard), "nobody listened at 1");
        engine.close();
        assertEquals(List.of(), Await.threads("events"));
    }

    @Test
    void aListenerMayCloseItselfAndTheEngine() throws Exception {
        AtomicReference<Listening> self = new AtomicReference<>();
        CountDownLatch registered = new CountDownLatch(1);
        self.set(
                engine.onEvent(
                        event -> {
                            heard.add(event);
                            self.get().close();
                        }));
        engine.load("");
        engine.load("");
        assertEquals(new Event.RulesApplied(1), next(heard));
        Await.until(() -> Await.threads("events").isEmpty());
        assertNull(heard.poll());

        engine.onEvent(
                event -> {
                    engine.close();
                    heard.add(event);
                    registered.countDown();
                });
        engine.load("");
        assertTrue(registered.await(Await.PATIENCE, SECONDS));
        assertEquals(new Event.RulesApplied(3), next(heard));
    }

    @Test
    void ofTooManyTheOldestAreDropped() throws Exception {
        CountDownLatch goOn = new CountDownLatch(1);
        CountDownLatch held = new CountDownLatch(1);
        engine.onEvent(
                event -> {
                    heard.add(event);
                    held.countDown();
                    try {
                        goOn.await();
                    } catch (InterruptedException end) {
                        Thread.currentThread().interrupt();
                    }
                });
        engine.load("");
        assertTrue(held.await(Await.PATIENCE, SECONDS));
        int all = Events.MOST + 10;
        for (int version = 2; version <= all; version++) {
            engine.load("");
            if (version == all / 2) {
                assertEquals(versions(1, version), engine.drainEvents());
            }
        }
        assertEquals(versions(all / 2 + 1, all), engine.drainEvents());
        goOn.countDown();
        assertEquals(new Event.RulesApplied(1), next(heard));
        for (Event event : versions(all - Events.MOST + 1, all)) {
            assertEquals(event, next(heard));
        }
    }
}
