package io.sergo;

import java.util.ArrayDeque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Hands events out, to whoever drains and to every listener, each all of them. The core gives each
 * event once; so whoever asks it puts what came on everyone's queue.
 */
final class Events implements AutoCloseable {
    private static final long LOOK_EVERY_MILLIS = 200;

    /** As many as the core keeps: of more, the oldest are dropped. */
    static final int MOST = 1024;

    private final long handle;
    private final Queue<Event> undrained = new ArrayDeque<>();
    private final Set<Listening> listeners = new LinkedHashSet<>();

    /** Null while nobody listens. */
    private Ticker ticker;

    Events(long handle) {
        this.handle = handle;
    }

    synchronized List<Event> drain() {
        fetch();
        List<Event> drained = List.copyOf(undrained);
        undrained.clear();
        return drained;
    }

    /** Adds a listener, which hears of what happens from now on. */
    synchronized Listening listen(Consumer<Event> listener) {
        fetch();
        Listening listening = new Listening(this, listener);
        listeners.add(listening);
        if (ticker == null) {
            ticker = new Ticker("events", LOOK_EVERY_MILLIS, this::deliver);
            ticker.start();
        }
        return listening;
    }

    synchronized void forget(Listening listening) {
        listeners.remove(listening);
        if (listeners.isEmpty() && ticker != null) {
            ticker.end();
            ticker = null;
        }
    }

    /** The listener's next event; null when there is none, or it listens no more. */
    synchronized Event next(Listening listening) {
        return listeners.contains(listening) ? listening.waiting.poll() : null;
    }

    private void deliver() {
        List<Listening> all;
        synchronized (this) {
            fetch();
            all = List.copyOf(listeners);
        }
        all.forEach(Listening::deliver);
    }

    private void fetch() {
        for (Event event : Value.of(Native.drainEvents(handle)).list(Answers::event)) {
            add(undrained, event);
            listeners.forEach(listening -> add(listening.waiting, event));
        }
    }

    private static void add(Queue<Event> queue, Event event) {
        if (queue.size() == MOST) {
            queue.remove();
        }
        queue.add(event);
    }

    /** Ends all listening; the handle is closed already, so that none begins anew. */
    @Override
    public void close() {
        Ticker last;
        synchronized (this) {
            listeners.clear();
            last = ticker;
            ticker = null;
        }
        if (last != null) {
            last.close();
        }
    }
}
