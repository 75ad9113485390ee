package io.sergo;

/**
 * A permit to go on. Close it when the work is done, best by try-with-resources:
 *
 * <pre>{@code
 * try (Entry entry = engine.enter("GET:/foo")) {
 *     ...
 * }
 * }</pre>
 *
 * <p>Any thread may close it.
 */
public final class Entry implements AutoCloseable {
    private final Engine engine;
    private long a;
    private long b;
    private long c;
    private long d;
    private long e;
    private long wait;
    private volatile boolean error;
    private boolean closed;

    Entry(Engine engine) {
        this.engine = engine;
    }

    /** Takes the permit and the wait from where the core wrote them. */
    void read(int place) {
        a = Scratch.word(place, 0);
        b = Scratch.word(place, 1);
        c = Scratch.word(place, 2);
        d = Scratch.word(place, 3);
        e = Scratch.word(place, 4);
        wait = Scratch.word(place, 5);
    }

    /** How long to wait before going on, in nanoseconds. */
    long waitNanos() {
        return wait;
    }

    /**
     * Says whether the work failed; what was said last counts. Without it, it succeeded.
     *
     * @param failed whether it failed
     */
    public void error(boolean failed) {
        error = failed;
    }

    /**
     * Says that the work failed.
     *
     * @param cause why; null is no failure
     */
    public void error(Throwable cause) {
        error(cause != null);
    }

    /**
     * Gives the permit back. Closing twice does nothing, nor does closing after the engine was
     * closed: it never throws, so that it never hides how the work ended.
     */
    @Override
    public void close() {
        if (ends()) {
            // A code would mean that the engine is gone, and the permit with it.
            Hot.exit(engine.handle(), a, b, c, d, e, error, engine.now());
        }
    }

    /**
     * Instead of {@link #close} for work that never began: it is no longer in flight, no breaker
     * judges by it, and if it was to probe, the next entry may. What rate limits and queues
     * admitted stays spent. Never throws either.
     */
    public void cancel() {
        if (ends()) {
            Native.cancel(engine.handle(), a, b, c, d, e, engine.now());
        }
    }

    /**
     * As {@link #cancel()} before anyone has the entry; short, so that it is compiled in anywhere.
     */
    void withdraw(long handle, long now) {
        Native.cancel(handle, a, b, c, d, e, now);
    }

    /** Whether there is something to give back; true once. */
    private boolean ends() {
        // A permit of nothing but zeroes is of a resource that nothing governs.
        return (a | b | c | d | e) != 0 && endsNow();
    }

    /**
     * A lock and not an atomic exchange: where an entry is closed in the method that has made it,
     * the compiler sees that no other thread can have it, and leaves out the lock and then the
     * object. It never leaves out an atomic instruction, nor the object that it is for.
     */
    private synchronized boolean endsNow() {
        boolean first = !closed;
        closed = true;
        return first;
    }
}
