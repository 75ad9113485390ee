package io.sergo;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.function.Consumer;

/**
 * Keeps an engine's rules as its source has them. Made by {@link Engine#subscribe(RuleSource)};
 * {@link #close()} ends it.
 *
 * <p>Files are looked at about every 200 ms, and read once they have not changed between two looks,
 * so that a file is not taken half written. While something can't be read, the rules stay as they
 * are and {@link #lastError()} says why.
 */
public final class Subscription implements Feed {
    private static final long LOOK_EVERY_MILLIS = 200;

    private final Engine engine;
    private final FileSource source;
    private final Consumer<Report> listener;
    private final Ticker ticker;
    private boolean closed;
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
        this.ticker = new Ticker("rules", LOOK_EVERY_MILLIS, this::watch);
    }

    /** Loads at once, then goes on in its thread. */
    void start() {
        try {
            // Open until here means that closing the engine will find this subscription.
            engine.version();
            if (apply(source.look())) {
                listener.accept(report);
            }
        } catch (IOException failure) {
            lastError = failure;
        } catch (RuntimeException failure) {
            engine.forget(this);
            throw failure;
        }
        synchronized (this) {
            if (!closed) {
                ticker.start();
            }
        }
    }

    private void watch() {
        try {
            look();
        } catch (IOException failure) {
            seen = null;
            lastError = failure;
        } catch (SergoException failure) {
            lastError = failure;
            throw failure;
        }
    }

    /** Looks once; what has changed is taken when it looks the same for the second time. */
    void look() throws IOException {
        SortedMap<String, FileSource.Stamp> now = source.look();
        if (now.equals(applied)) {
            seen = null;
            lastError = null;
        } else if (!now.equals(seen)) {
            seen = now;
        } else if (apply(now)) {
            Ticker.shield(() -> listener.accept(report));
        }
    }

    /** Whether the files are in force now: not if they were written to meanwhile. */
    private boolean apply(SortedMap<String, FileSource.Stamp> files) throws IOException {
        List<RuleText> texts = FileSource.read(files.keySet());
        if (applied != null && !source.look().equals(files)) {
            return false; // the next look sees it
        }
        report = engine.load(texts);
        applied = files;
        seen = null;
        lastError = null;
        return true;
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
     * unless a listener itself is calling. Closing twice does nothing.
     */
    @Override
    public void close() {
        synchronized (this) {
            closed = true;
        }
        engine.forget(this);
        ticker.close();
    }
}
