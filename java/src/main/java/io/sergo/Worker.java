package io.sergo;

import java.util.concurrent.atomic.AtomicInteger;

/** A daemon thread of this package's own. */
class Worker extends Thread {
    private static final AtomicInteger NUMBER = new AtomicInteger();

    Worker(String name, Runnable work) {
        // It takes over no thread-local values of whoever happens to make it.
        super(null, work, "sergo-" + name + "-" + NUMBER.incrementAndGet(), 0, false);
        setDaemon(true);
    }

    /** Waits for its end, unless in a worker's own thread, where two could wait for each other. */
    final void awaitEnd() {
        if (Thread.currentThread() instanceof Worker) {
            return;
        }
        boolean interrupted = false;
        while (isAlive()) {
            try {
                join();
            } catch (InterruptedException later) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
