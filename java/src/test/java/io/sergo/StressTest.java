package io.sergo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.junit.jupiter.api.Test;

/** Many threads, counted: never over the limit, none lost, none left at the end. */
final class StressTest {
    private static final int THREADS = 8;
    private static final int ENTRIES = 20_000;

    private static long all(Callable<Long> work) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        try {
            List<Future<Long>> results = new ArrayList<>();
            for (int i = 0; i < THREADS; i++) {
                results.add(threads.submit(work));
            }
            long sum = 0;
            for (Future<Long> result : results) {
                sum += result.get();
            }
            return sum;
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void exactlyTheLimitIsAdmitted() throws Exception {
        AtomicLong clock = new AtomicLong();
        try (Engine engine = Engine.builder("foo-app").clock(clock::get).build()) {
            engine.load(Rules.limit("/foo", 3_000, 1));
            for (int window = 1; window <= 3; window++) {
                long passed =
                        all(
                                () -> {
                                    long mine = 0;
                                    for (int i = 0; i < 1_000; i++) {
                                        Decision decision = engine.tryEnter("GET:/foo");
                                        if (decision instanceof Decision.Passed pass) {
                                            pass.entry().close();
                                            mine++;
                                        }
                                    }
                                    return mine;
                                });
                assertEquals(3_000, passed);
                clock.addAndGet(1_000_000_000);
            }
            Figures.Resource counted = engine.figures().resources().get(0);
            assertEquals(9_000, counted.passed());
            assertEquals(15_000, counted.blocked());
            assertEquals(0, counted.inFlight());
        }
    }

    /**
     * Every entry is told a time that no other thread moves before it is answered, so that the
     * times of what was admitted can be laid against every window there is.
     */
    @Test
    void noWindowEverHoldsMoreThanTheLimit() throws Exception {
        int limit = 50;
        AtomicLong clock = new AtomicLong();
        ReadWriteLock time = new ReentrantReadWriteLock();
        AtomicBoolean done = new AtomicBoolean();
        Queue<Long> admitted = new ConcurrentLinkedQueue<>();
        try (Engine engine = Engine.builder("foo-app").clock(clock::get).build()) {
            engine.load(Rules.limit("/foo", limit, 1));
            Thread mover =
                    new Thread(
                            () -> {
                                Random random = new Random(1);
                                while (!done.get()) {
                                    time.writeLock().lock();
                                    clock.addAndGet(random.nextInt(20_000_000));
                                    time.writeLock().unlock();
                                    Thread.yield();
                                }
                            });
            Thread pusher =
                    new Thread(
                            () -> {
                                for (int i = 0; !done.get(); i++) {
                                    engine.load(
                                            Rules.limit("/foo", limit, 1)
                                                    + "---\n"
                                                    + Rules.concurrency("/other" + i % 3, 1));
                                }
                            });
            mover.start();
            pusher.start();
            long passed;
            try {
                passed =
                        all(
                                () -> {
                                    long mine = 0;
                                    for (int i = 0; i < ENTRIES; i++) {
                                        time.readLock().lock();
                                        try {
                                            if (engine.tryEnter("GET:/foo")
                                                    instanceof Decision.Passed pass) {
                                                admitted.add(clock.get());
                                                pass.entry().close();
                                                mine++;
                                            }
                                        } finally {
                                            time.readLock().unlock();
                                        }
                                    }
                                    return mine;
                                });
            } finally {
                done.set(true);
                mover.join();
                pusher.join();
            }
            long[] times = admitted.stream().mapToLong(Long::longValue).sorted().toArray();
            assertEquals(passed, times.length);
            for (int i = limit; i < times.length; i++) {
                assertTrue(times[i] - times[i - limit] >= 1_000_000_000, "at " + times[i]);
            }
            Figures.Resource counted = engine.figures().resources().get(0);
            assertEquals("/foo", counted.resource());
            assertEquals(passed, counted.passed());
            assertEquals(passed, counted.completed());
            assertEquals((long) THREADS * ENTRIES, counted.passed() + counted.blocked());
            assertEquals(0, counted.inFlight());
        }
    }

    @Test
    void neverMoreAtOnceWhileRulesAreLoadedAnew() throws Exception {
        int most = 3;
        AtomicInteger atOnce = new AtomicInteger();
        AtomicInteger worst = new AtomicInteger();
        AtomicBoolean done = new AtomicBoolean();
        try (Engine engine = Engine.builder("foo-app").build()) {
            engine.load(Rules.concurrency("/foo", most));
            Thread pusher =
                    new Thread(
                            () -> {
                                for (int i = 0; !done.get(); i++) {
                                    // Names come and go, so ids grow stale under way.
                                    engine.load(
                                            Rules.concurrency("/foo", most)
                                                    + "---\n"
                                                    + Rules.limit("/other" + i % 3, 1, 1));
                                }
                            });
            pusher.start();
            long passed =
                    all(
                            () -> {
                                long mine = 0;
                                for (int i = 0; i < ENTRIES; i++) {
                                    if (engine.tryEnter("GET:/foo")
                                            instanceof Decision.Passed pass) {
                                        int now = atOnce.incrementAndGet();
                                        worst.accumulateAndGet(now, Math::max);
                                        Thread.onSpinWait();
                                        atOnce.decrementAndGet();
                                        pass.entry().close();
                                        mine++;
                                    }
                                }
                                return mine;
                            });
            done.set(true);
            pusher.join();
            assertTrue(worst.get() <= most, "at once: " + worst.get());
            Figures.Resource counted = engine.figures().resources().get(0);
            assertEquals("/foo", counted.resource());
            assertEquals(passed, counted.passed());
            assertEquals((long) THREADS * ENTRIES, counted.passed() + counted.blocked());
            assertEquals(0, counted.inFlight());
        }
    }

    @Test
    void cancelledWaitsGiveTheirPermitBackOnce() throws Exception {
        try (Engine engine = Engine.builder("foo-app").build()) {
            engine.load(Rules.throttle("/foo", "100us", "1h"));
            long entered =
                    all(
                            () -> {
                                long mine = 0;
                                for (int i = 0; i < 200; i++) {
                                    CompletableFuture<Entry> waiting =
                                            engine.enterAsync("GET:/foo");
                                    // Half are cancelled, some of them just as their wait ends.
                                    if (i % 2 == 0 || !waiting.cancel(false)) {
                                        waiting.get().close();
                                        mine++;
                                    }
                                }
                                return mine;
                            });
            Figures.Resource counted = engine.figures().resources().get(0);
            assertTrue(entered >= THREADS * 100, "entered: " + entered);
            assertEquals(THREADS * 200, counted.passed());
            assertEquals(entered, counted.completed());
            assertEquals(THREADS * 200 - entered, counted.cancelled());
            assertEquals(0, counted.inFlight());
        }
    }

    @Test
    void routesAndClosesUnderWay() throws Exception {
        Engine engine = Engine.builder("foo-app").build();
        engine.load(Rules.ROUTER);
        AtomicInteger routed = new AtomicInteger();
        long closed =
                all(
                        () -> {
                            RouteRequest request =
                                    RouteRequest.to("service-provider").header("tag", "v2");
                            try {
                                while (true) {
                                    Destination to =
                                            engine.route(request).destination().orElseThrow();
                                    assertEquals("v2", to.subset().orElseThrow());
                                    engine.enter("GET:/foo").close();
                                    if (routed.incrementAndGet() == ENTRIES) {
                                        engine.close();
                                    }
                                }
                            } catch (SergoException end) {
                                assertEquals("closed", end.code());
                                return 1L;
                            }
                        });
        assertEquals(THREADS, closed);
    }
}
