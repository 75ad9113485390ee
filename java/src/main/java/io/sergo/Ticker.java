package io.sergo;

import java.util.concurrent.locks.LockSupport;

/**
 * A worker that does its work at once and then again and again, until it is told to end or the
 * engine can't be used any more. Whatever else the work throws harms no later turn.
 */
class Ticker extends Worker implements AutoCloseable {
    private final long everyNanos;
    private final Runnable work;
    private volatile boolean ended;

    Ticker(String name, long everyMillis, Runnable work) {
        super(name, null);
        this.everyNanos = everyMillis * 1_000_000;
        this.work = work;
    }

    @Override
    public void run() {
        while (!ended) {
            try {
                work.run();
            } catch (SergoException unusable) {
                return; // nothing but a new engine heals a closed or poisoned one
            } catch (Throwable failure) {
                report(failure);
            }
            Thread.interrupted(); // of a listener, perhaps: it would keep the thread from parking
            if (!ended) {
                rest();
            }
        }
    }

    /** Waits for the next turn; {@link #end} ends it, and so does an interrupt. */
    void rest() {
        LockSupport.parkNanos(this, everyNanos);
    }

    /** Calls what is not this package's own; its failure is reported and goes no further. */
    static void shield(Runnable foreign) {
        try {
            foreign.run();
        } catch (Throwable failure) {
            report(failure);
        }
    }

    /** Hands a failure to this thread's handler of uncaught exceptions. */
    private static void report(Throwable failure) {
        Thread thread = Thread.currentThread();
        try {
            thread.getUncaughtExceptionHandler().uncaughtException(thread, failure);
        } catch (Throwable ofTheHandler) {
            // Ignored, as the JVM does.
        }
    }

    /** Ends the thread after the turn that is under way. */
    void end() {
        ended = true;
        LockSupport.unpark(this);
    }

    /** Ends the thread, interrupts the turn that is under way, and waits for its end. */
    @Override
    public void close() {
        end();
        if (!(Thread.currentThread() instanceof Worker)) {
            interrupt();
        }
        awaitEnd();
    }
}
