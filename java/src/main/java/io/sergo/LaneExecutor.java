package io.sergo;

import java.util.List;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;

/** Runs each task in the lane of the thread that hands it over; all else is the other's. */
final class LaneExecutor extends AbstractExecutorService {
    private final ExecutorService executor;

    LaneExecutor(ExecutorService executor) {
        this.executor = executor;
    }

    /** All other ways to hand a task over come here. */
    @Override
    public void execute(Runnable task) {
        executor.execute(Lane.current().wrap(task));
    }

    @Override
    public void shutdown() {
        executor.shutdown();
    }

    @Override
    public List<Runnable> shutdownNow() {
        return executor.shutdownNow();
    }

    @Override
    public boolean isShutdown() {
        return executor.isShutdown();
    }

    @Override
    public boolean isTerminated() {
        return executor.isTerminated();
    }

    @Override
    public boolean awaitTermination(long timeout, TimeUnit unit) throws InterruptedException {
        return executor.awaitTermination(timeout, unit);
    }
}
