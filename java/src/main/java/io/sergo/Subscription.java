package io.sergo;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * Keeps an engine's rules as its source has them. Made by {@link Engine#subscribe(RuleSource)};
 * {@link #close()} ends it.
 *
 * <p>Files are looked at about every 200 ms, and read once they have not changed between two looks,
 * so that a file is not taken half written. While something can't be read, the rules stay as they
 * are and {@link #lastError()} says why.
 */
public final class Subscription implements AutoCloseable {
    private static final long LOOK_EVERY_MILLIS = 200;
    private static final AtomicInteger NUMBER = new AtomicInteger();

    private final Engine engine;
    private final FileSource source;
    private final Consumer<Report> listener;
    private final Thread thread;
    private volatile boolean closed;
    private volatile Report report;
    private volatile Exception lastError;

    /** What is in force; null before the first. */
    private SortedMap<String, FileSource.Stamp> applied;

    /** What the last look saw, when it is not in force. */
    private SortedMap<String, FileSource.Stamp> seen;

    Subscription(Engine engine, FileSource source, Consumer<Report> listener) {
        this.engine = engine;
        this.source = source;
        this.listener = listener;
        this.thread = new Thread(this::watch, "sergo-rules-" + NUMBER.incrementAndGet());
        thread.setDaemon(true);
    }

    /** Loads at once, then goes on in its thread. */
    void start() {
        try {
            // Open until here means that closing the engine will find this subscription.
            engine.version();
            apply(source.look());
        } catch (IOException failure) {
            lastError = failure;
        } catch (RuntimeException failure) {
            engine.forget(this);
            throw failure;
        }
        synchronized (this) {
            if (!closed) {
                thread.start();
            }
        }
    }

    private void watch() {
        while (!closed) {
            try {
                Thread.sleep(LOOK_EVERY_MILLIS);
                look();
            } catch (IOException failure) {
                seen = null;
                lastError = failure;
            } catch (SergoException failure) {
                // Nothing but a new engine heals a poisoned or closed one.
                lastError = failure;
                return;
            } catch (InterruptedException end) {
                return;
            } catch (RuntimeException failure) {
                // The listener's; it shall not end the watch.
                thread.getUncaughtExceptionHandler().uncaughtException(thread, failure);
            }
        }
    }

    /** Looks once; what has changed is taken when it looks the same for the second time. */
    void look() throws IOException {
        SortedMap<String, FileSource.Stamp> now = source.look();
        if (now.equals(applied)) {
            seen = null;
            lastError = null;
        } else if (now.equals(seen)) {
            apply(now);
        } else {
            seen = now;
        }
    }

    private void apply(SortedMap<String, FileSource.Stamp> files) throws IOException {
        List<RuleText> texts = FileSource.read(files.keySet());
        if (applied != null && !source.look().equals(files)) {
            return; // written to meanwhile: the next look sees it
        }
        Report latest = engine.load(texts);
        applied = files;
        seen = null;
        report = latest;
        lastError = null;
        listener.accept(latest);
    }

    /**
     * The report of the last time that rules were loaded.
     *
     * @return the report; empty when nothing could be read yet
     */
    public Optional<Report> report() {
        return Optional.ofNullable(report);
    }

    /**
     * Why the source could not be read at the last look.
     *
     * @return what went wrong, naming the file; empty when all is well
     */
    public Optional<Exception> lastError() {
        return Optional.ofNullable(lastError);
    }

    /**
     * Ends the subscription; the rules stay as they are. When it returns, the thread has ended,
     * unless this is the listener itself calling. Closing twice does nothing.
     */
    @Override
    public void close() {
        synchronized (this) {
            closed = true;
        }
        engine.forget(this);
        thread.interrupt();
        if (Thread.currentThread() == thread) {
            return;
        }
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException later) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
