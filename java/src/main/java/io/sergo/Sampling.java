package io.sergo;

/**
 * Tells the core how loaded the system is, in a thread that is there only while rules look at it;
 * and never again once the application tells it.
 */
final class Sampling implements AutoCloseable {
    /** The core smooths by this period (bindings/border/src/system.rs). */
    private static final long EVERY_MILLIS = 500;

    private final Engine engine;
    private boolean over;

    /** Null while no rule looks at the figures. */
    private Ticker ticker;

    Sampling(Engine engine, boolean wanted) {
        this.engine = engine;
        this.over = !wanted;
    }

    /** Starts or stops, as the rules in force want it; to be called when they have changed. */
    synchronized void follow() {
        boolean needed = !over && Native.needsSystemLoad(engine.handle()) == 1;
        if (needed && ticker == null) {
            ticker = new Ticker("load", EVERY_MILLIS, this::sample);
            ticker.start();
        } else if (!needed) {
            end();
        }
    }

    private void sample() {
        long now = engine.now(); // the application's clock, so not under the lock
        synchronized (this) {
            if (!over) {
                SergoException.check(Native.sampleSystem(engine.handle(), now));
            }
        }
    }

    /** Ends for good: when this returns, no sample will take the place of the caller's figures. */
    synchronized void leave() {
        over = true;
        end();
    }

    private synchronized Ticker end() {
        Ticker last = ticker;
        ticker = null;
        if (last != null) {
            last.end();
        }
        return last;
    }

    /** Ends for good, thread and all. */
    @Override
    public void close() {
        Ticker last;
        synchronized (this) {
            over = true;
            last = end();
        }
        if (last != null) {
            last.close();
        }
    }
}
