package io.sergo;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.function.Supplier;

/**
 * What the request that a thread is serving hands on to the calls that are made for it: its label,
 * and the baggage that it came with. The inbound filters open it, {@link
 * io.sergo.http.SergoHttpClient} takes it along, and work for other threads is wrapped:
 *
 * <pre>{@code
 * ExecutorService threads = Lane.carrying(Executors.newCachedThreadPool());
 * threads.submit(() -> client.send(request, handler)); // in the lane of whoever submits it
 * }</pre>
 *
 * <p>It never changes, and any thread may have it.
 */
public final class Lane {
    /** Of a request without a label and without baggage; of a thread that serves none. */
    public static final Lane NONE = new Lane(null, "");

    private static final String BAGGAGE = "baggage";

    /** Nothing stays behind for {@link #NONE}, so that no thread keeps this class alive. */
    private static final ThreadLocal<Lane> CURRENT = new ThreadLocal<>();

    private final Label label;
    private final String baggage;

    private Lane(Label label, String baggage) {
        this.label = label;
        this.baggage = baggage;
    }

    /**
     * What a request hands on.
     *
     * @param label its label, as {@link Engine#label(RouteRequest)} says it
     * @param baggage the {@code baggage} header that it came with; null or empty for none
     * @return the lane
     */
    public static Lane of(Optional<Label> label, String baggage) {
        String carried = baggage == null ? "" : baggage;
        return label.isEmpty() && carried.isEmpty() ? NONE : new Lane(label.orElse(null), carried);
    }

    /**
     * What a request that came in hands on: for inbound filters. While the engine can't decide,
     * because it is closed, say, the request has no label; nothing is thrown.
     *
     * @param engine what decides
     * @param request the request; its host is not looked at
     * @param trust whether the lane that it says itself is believed; where it is not, none of its
     *     baggage is handed on either
     * @return the lane
     */
    public static Lane of(Engine engine, RouteRequest request, boolean trust) {
        Optional<Label> label = Optional.empty();
        try {
            label = engine.label(request, trust);
        } catch (SergoException unknown) {
            // What it came with is handed on all the same.
        }
        return of(label, trust ? request.header(BAGGAGE) : "");
    }

    /**
     * The lane of this thread.
     *
     * @return the one that was opened last and is not closed yet, else {@link #NONE}
     */
    public static Lane current() {
        Lane current = CURRENT.get();
        return current == null ? NONE : current;
    }

    private static void set(Lane lane) {
        if (lane == NONE) {
            CURRENT.remove();
        } else {
            CURRENT.set(lane);
        }
    }

    /**
     * The label.
     *
     * @return the label, if the request has one
     */
    public Optional<Label> label() {
        return Optional.ofNullable(label);
    }

    /**
     * The headers that carry it on to the next call.
     *
     * @return for a label the header of its key; and {@code baggage}, which holds the label and all
     *     else that came in it, as far as the limits of W3C's baggage allow
     */
    public Map<String, String> headers() {
        return headers(baggage);
    }

    /** The same for a call that has baggage of its own already. */
    Map<String, String> headers(String baggage) {
        Map<String, String> headers = new LinkedHashMap<>();
        String merged = baggage;
        if (label != null) {
            NativeLibrary.require();
            for (Map.Entry<String, String> member : label.baggage().entrySet()) {
                headers.put(member.getKey(), member.getValue());
                byte[] key = Utf8.bytes(member.getKey());
                byte[] lane = Utf8.bytes(member.getValue());
                merged = Value.of(Native.baggage(Utf8.bytes(merged), key, lane)).text();
            }
        }
        if (!merged.isEmpty()) {
            headers.put(BAGGAGE, merged);
        }
        return headers;
    }

    /**
     * The headers that carry it on with a call that has headers of its own already, which stay: its
     * {@code baggage} takes the place of the one that came in.
     *
     * @param own the call's headers, each with all its values
     * @return what to set on the call
     */
    public Map<String, String> headers(Map<String, ? extends Iterable<String>> own) {
        String ownBaggage = "";
        for (Map.Entry<String, ? extends Iterable<String>> header : own.entrySet()) {
            if (header.getKey() != null && header.getKey().equalsIgnoreCase(BAGGAGE)) {
                ownBaggage = String.join(",", header.getValue());
            }
        }
        Map<String, String> headers = headers(ownBaggage.isEmpty() ? baggage : ownBaggage);
        headers.keySet()
                .removeIf(
                        name ->
                                !name.equals(BAGGAGE)
                                        && own.keySet().stream().anyMatch(name::equalsIgnoreCase));
        return headers;
    }

    /**
     * Makes it the lane of this thread, until what this gives is closed, in this thread and before
     * what was opened earlier: best by try-with-resources.
     *
     * @return what brings back the lane that was
     */
    public Opened open() {
        Lane before = current();
        set(this);
        return () -> set(before);
    }

    /** An open lane; closing it brings back the one before. */
    @FunctionalInterface
    public interface Opened extends AutoCloseable {
        @Override
        void close();
    }

    /**
     * Work in this lane.
     *
     * @param work the work
     * @return the same work; whichever thread runs it is in this lane meanwhile
     */
    public Runnable wrap(Runnable work) {
        Objects.requireNonNull(work, "work");
        return () -> {
            Opened lane = open();
            try {
                work.run();
            } finally {
                lane.close();
            }
        };
    }

    /**
     * Work in this lane.
     *
     * @param <T> what the work gives
     * @param work the work
     * @return the same work; whichever thread runs it is in this lane meanwhile
     */
    public <T> Callable<T> wrap(Callable<T> work) {
        Objects.requireNonNull(work, "work");
        return () -> {
            Opened lane = open();
            try {
                return work.call();
            } finally {
                lane.close();
            }
        };
    }

    /**
     * Work in this lane; named so that a lambda tells it from {@link #wrap(Callable)}.
     *
     * @param <T> what the work gives
     * @param work the work
     * @return the same work; whichever thread runs it is in this lane meanwhile
     */
    public <T> Supplier<T> wrapSupplier(Supplier<T> work) {
        Objects.requireNonNull(work, "work");
        return () -> {
            Opened lane = open();
            try {
                return work.get();
            } finally {
                lane.close();
            }
        };
    }

    /**
     * An executor that runs each task in the lane of the thread that hands it over.
     *
     * @param executor who runs them
     * @return the executor to hand tasks to
     */
    public static Executor carrying(Executor executor) {
        Objects.requireNonNull(executor, "executor");
        return task -> executor.execute(current().wrap(task));
    }

    /**
     * An executor service that runs each task in the lane of the thread that hands it over.
     *
     * @param executor who runs them; shutting the answer down shuts it down
     * @return the executor service to hand tasks to
     */
    public static ExecutorService carrying(ExecutorService executor) {
        return new LaneExecutor(Objects.requireNonNull(executor, "executor"));
    }

    /** The lane in words. */
    @Override
    public String toString() {
        return label == null ? "no lane" : "lane " + label.lane();
    }
}
