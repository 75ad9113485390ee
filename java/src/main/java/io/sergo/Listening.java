package io.sergo;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.function.Consumer;

/** Hands events to a listener. Made by {@link Engine#onEvent}; {@link #close()} ends it. */
public final class Listening implements AutoCloseable {
    private final Events events;
    private final Consumer<Event> listener;

    /** What has happened and is not handed over yet; guarded by {@link Events}. */
    final Queue<Event> waiting = new ArrayDeque<>();

    Listening(Events events, Consumer<Event> listener) {
        this.events = events;
        this.listener = listener;
    }

    /** Hands over what is waiting, in the ticker's thread. */
    void deliver() {
        for (Event event = events.next(this); event != null; event = events.next(this)) {
            Event next = event;
            Ticker.shield(() -> listener.accept(next));
        }
    }

    /**
     * Ends it: no further event is handed over, though a call that is under way goes on. Closing
     * twice does nothing.
     */
    @Override
    public void close() {
        events.forget(this);
    }
}
