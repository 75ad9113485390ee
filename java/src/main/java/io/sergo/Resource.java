package io.sergo;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * A resource of an engine, looked up once: the quickest way to enter one again and again. It stays
 * valid when rules change. Made by {@link Engine#resource(String)}; safe for many threads.
 */
public final class Resource {
    private final Engine engine;
    private final String name;
    private volatile long id;

    Resource(Engine engine, String name) {
        this.engine = engine;
        this.name = name;
        resolve();
    }

    private long resolve() {
        id = SergoException.check(Native.resolve(engine.handle(), Utf8.bytes(name)));
        return id;
    }

    /**
     * The resource's name.
     *
     * @return the name, as given
     */
    public String name() {
        return name;
    }

    static int checked(int cost) {
        if (cost < 1) {
            throw SergoException.argument("cost: found " + cost + ", it must be 1 or more");
        }
        return cost;
    }

    /**
     * Asks once: fills the entry in for a pass and answers null, or answers the block. What is rare
     * stands in methods that the entry is not handed to, so that this one is compiled into its
     * caller, and the entry away: see {@link Entry}.
     */
    private Decision.Blocked ask(Entry entry, int cost, Direction direction) {
        checked(cost);
        boolean outbound = direction == Direction.OUTBOUND;
        // Asked before a place is taken: a clock is the application's.
        long now = engine.now();
        int place = Scratch.take();
        try {
            int answer =
                    Hot.enter(engine.handle(), id, cost, outbound, now, Scratch.address(place));
            if (answer < 0) {
                answer = askAgain(answer, cost, outbound, now, place);
            }
            if (answer > 0) {
                return blocked(answer, place);
            }
            entry.read(place);
            return null;
        } finally {
            Scratch.give(place);
        }
    }

    /** Looks the name up and asks again, as long as rules change in between. */
    private int askAgain(int code, int cost, boolean outbound, long now, int place) {
        int answer = code;
        while (answer == Words.STALE) {
            answer =
                    Hot.enter(
                            engine.handle(),
                            resolve(),
                            cost,
                            outbound,
                            now,
                            Scratch.address(place));
        }
        if (answer < 0) {
            throw SergoException.of(answer);
        }
        return answer;
    }

    private Decision.Blocked blocked(int strategy, int place) {
        return engine.blocks()
                .describe(name, strategy, Scratch.word(place, 6), Scratch.word(place, 7));
    }

    /**
     * Asks to enter, at cost 1 and inbound; see {@link #tryEnter(int, Direction)}.
     *
     * @return the decision
     * @throws SergoException {@code closed}, {@code poisoned} or {@code panicked}
     */
    public Decision tryEnter() {
        return tryEnter(1, Direction.INBOUND);
    }

    /**
     * Asks to enter. It never sleeps, and a block is an answer, not an exception.
     *
     * @param cost what the entry costs, 1 or more
     * @param direction which way the call goes
     * @return the decision
     * @throws SergoException {@code argument} for a cost below 1; {@code closed}, {@code poisoned}
     *     or {@code panicked}
     */
    public Decision tryEnter(int cost, Direction direction) {
        Entry entry = new Entry(engine);
        Decision.Blocked blocked = ask(entry, cost, direction);
        if (blocked != null) {
            return blocked;
        }
        long wait = entry.waitNanos();
        return new Decision.Passed(entry, wait == 0 ? Duration.ZERO : Duration.ofNanos(wait));
    }

    /**
     * Enters, at cost 1 and inbound; see {@link #enter(int, Direction)}.
     *
     * @return the entry, to be closed when the work is done
     * @throws BlockedException when a rule blocks
     * @throws CancellationException when the thread is interrupted while it waits
     * @throws SergoException {@code closed}, {@code poisoned} or {@code panicked}
     */
    public Entry enter() {
        return enter(1, Direction.INBOUND);
    }

    /**
     * Enters, and waits first where the decision is to wait.
     *
     * @param cost what the entry costs, 1 or more
     * @param direction which way the call goes
     * @return the entry, to be closed when the work is done
     * @throws BlockedException when a rule blocks
     * @throws CancellationException when the thread is interrupted while it waits; the entry is
     *     cancelled, and the thread stays interrupted
     * @throws SergoException {@code argument} for a cost below 1; {@code closed}, {@code poisoned}
     *     or {@code panicked}
     */
    public Entry enter(int cost, Direction direction) {
        Entry entry = new Entry(engine);
        Decision.Blocked blocked = ask(entry, cost, direction);
        if (blocked != null) {
            throw new BlockedException(blocked);
        }
        long wait = entry.waitNanos();
        if (wait > 0 && !sleep(wait)) {
            entry.withdraw(engine.handle(), engine.now());
            throw new CancellationException("interrupted while waiting to enter " + name);
        }
        return entry;
    }

    /**
     * Sleeps so long; whether it was not interrupted. The entry is not seen here: see {@link
     * Entry}.
     */
    private boolean sleep(long wait) {
        long end = System.nanoTime() + wait;
        for (long left = wait; left > 0; left = end - System.nanoTime()) {
            if (Thread.currentThread().isInterrupted()) {
                return false;
            }
            LockSupport.parkNanos(this, left);
        }
        return true;
    }

    /**
     * Enters without blocking the thread, at cost 1 and inbound; see {@link #enterAsync(int,
     * Direction)}.
     *
     * @return the entry to come
     */
    public CompletableFuture<Entry> enterAsync() {
        return enterAsync(1, Direction.INBOUND);
    }

    /**
     * Enters without blocking the thread: the future completes when the wait is over, or fails with
     * a {@link BlockedException}. Cancelling it cancels the entry; after a wait it completes in the
     * common pool.
     *
     * @param cost what the entry costs, 1 or more
     * @param direction which way the call goes
     * @return the entry to come; an unusable engine or argument is its failure too
     */
    public CompletableFuture<Entry> enterAsync(int cost, Direction direction) {
        Entry entry = new Entry(engine);
        try {
            Decision.Blocked blocked = ask(entry, cost, direction);
            if (blocked != null) {
                return CompletableFuture.failedFuture(new BlockedException(blocked));
            }
        } catch (SergoException failure) {
            return CompletableFuture.failedFuture(failure);
        }
        if (entry.waitNanos() == 0) {
            return CompletableFuture.completedFuture(entry);
        }
        CompletableFuture<Entry> waiting = new CompletableFuture<>();
        Executor later = CompletableFuture.delayedExecutor(entry.waitNanos(), TimeUnit.NANOSECONDS);
        later.execute(() -> waiting.complete(entry));
        waiting.whenComplete(
                (done, failure) -> {
                    // Cancelled, or completed by someone else: nobody holds the entry.
                    if (done != entry) {
                        entry.cancel();
                    }
                });
        return waiting;
    }

    /**
     * Does the work inside an entry; an exception marks the entry as failed.
     *
     * @param <T> what the work gives
     * @param work the work
     * @return what the work gave
     * @throws BlockedException when a rule blocks
     * @throws Exception what the work throws
     */
    public <T> T call(Callable<T> work) throws Exception {
        Entry entry = enter();
        try {
            return work.call();
        } catch (Throwable failure) {
            entry.error(failure);
            throw failure;
        } finally {
            entry.close();
        }
    }

    /**
     * Does the work inside an entry; an exception marks the entry as failed.
     *
     * @param work the work
     * @throws BlockedException when a rule blocks
     */
    public void run(Runnable work) {
        Entry entry = enter();
        try {
            work.run();
        } catch (Throwable failure) {
            entry.error(failure);
            throw failure;
        } finally {
            entry.close();
        }
    }
}
