package io.sergo;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/**
 * Keeps an engine's rules as its source has them. Made by {@link Engine#subscribe(RuleSource)};
 * {@link #close()} ends it.
 *
 * <p>The system tells of changes where it can ({@link #polling()} says why it can't), and files are
 * looked at all the same: every second, or every 200 ms where nothing is told. They are read once
 * they have not changed between two looks, so that a file is not taken half written. While
 * something can't be read, the rules stay as they are and {@link #lastError()} says why.
 */
public final class Subscription implements Feed {
    private static final Duration WHERE_TOLD = Duration.ofSeconds(1);
    private static final Duration WHERE_NOT_TOLD = Duration.ofMillis(200);

    /** How long files must stay the same before they count as written. */
    private static final Duration CALM = Duration.ofMillis(30);

    /** The shortest time between two looks. */
    private static final Duration SHORTEST = Duration.ofMillis(10);

    private static final int MOST_FOLDERS = 4096;

    /** How often it looks again because there are new folders to watch. */
    private static final int MOST_AGAIN = 8;

    private final Engine engine;
    private final FileSource source;
    private final Consumer<Report> listener;
    private final Notices notices;
    private final Ticker ticker;
    private boolean closed;
    private volatile Report report;
    private volatile Exception lastError;

    /** What is in force; null before the first. */
    private SortedMap<String, FileSource.Stamp> applied;

    /** What the last look saw, when it is not in force. */
    private SortedMap<String, FileSource.Stamp> seen;

    Subscription(Engine engine, FileSource source, Consumer<Report> listener) {
        this(engine, source, listener, MOST_FOLDERS);
    }

    Subscription(Engine engine, FileSource source, Consumer<Report> listener, int mostFolders) {
        this.engine = engine;
        this.source = source;
        this.listener = listener;
        this.notices = new Notices(mostFolders);
        this.ticker =
                new Ticker("rules", WHERE_NOT_TOLD.toMillis(), this::watch) {
                    @Override
                    void rest() {
                        Subscription.this.rest();
                    }
                };
    }

    /** Loads at once, then goes on in its thread. */
    void start() {
        try {
            // Open until here means that closing the engine will find this subscription.
            engine.version();
            if (apply(see())) {
                listener.accept(report);
            }
        } catch (IOException failure) {
            lastError = failure;
        } catch (RuntimeException failure) {
            engine.forget(this);
            notices.close();
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

    /** Waits until there is a reason to look. */
    private void rest() {
        boolean told = notices.areGiven();
        Duration every = source.every().orElse(told ? WHERE_TOLD : WHERE_NOT_TOLD);
        if (seen != null && told && every.compareTo(CALM) > 0) {
            every = CALM;
        }
        if (seen != null || !told) {
            LockSupport.parkNanos(this, every.toNanos());
            return;
        }
        try {
            notices.await(every.toNanos());
            // What is written nearby without a rest does not keep it looking without one.
            LockSupport.parkNanos(this, SHORTEST.toNanos());
        } catch (InterruptedException end) {
            // Of a listener, or because it is closed.
        }
    }

    /** The files as they are, watched from now on. */
    private SortedMap<String, FileSource.Stamp> see() throws IOException {
        for (int again = 0; again < MOST_AGAIN; again++) {
            Places places = new Places();
            try {
                SortedMap<String, FileSource.Stamp> files = source.look(places);
                if (!notices.watch(places)) {
                    return files;
                }
            } catch (IOException failure) {
                if (!notices.watch(places)) {
                    throw failure;
                }
            }
        }
        return source.look();
    }

    /** Looks once; what has changed is taken when it looks the same for the second time. */
    void look() throws IOException {
        SortedMap<String, FileSource.Stamp> now = see();
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
     * Why the system does not tell of changes, so that files are only looked at.
     *
     * @return the reason; empty where it does tell
     */
    public Optional<String> polling() {
        return notices.trouble();
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
        notices.close();
        ticker.close();
    }
}
