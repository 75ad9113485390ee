package io.sergo;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.LongSupplier;

/** Says whose rules an engine enforces. Made by {@link Engine#builder(String)}. */
public final class EngineBuilder {
    private final String app;
    private final Map<String, String> labels = new LinkedHashMap<>();
    private String namespace = "default";
    private LongSupplier clock;
    private boolean samples = true;

    EngineBuilder(String app) {
        this.app = Objects.requireNonNull(app, "app");
    }

    /**
     * The namespace, {@code default} without this; rules of others do nothing here.
     *
     * @param namespace the namespace
     * @return this
     */
    public EngineBuilder namespace(String namespace) {
        this.namespace = Objects.requireNonNull(namespace, "namespace");
        return this;
    }

    /**
     * A label of the workload that the engine runs in.
     *
     * @param name the label's name
     * @param value its value
     * @return this
     */
    public EngineBuilder label(String name, String value) {
        labels.put(Objects.requireNonNull(name, "name"), Objects.requireNonNull(value, "value"));
        return this;
    }

    /**
     * Labels of the workload that the engine runs in.
     *
     * @param labels names and values
     * @return this
     */
    public EngineBuilder labels(Map<String, String> labels) {
        labels.forEach(this::label);
        return this;
    }

    /**
     * The clock that decisions go by, instead of the monotonic clock: for tests. Waits still sleep
     * in real time, and files are watched in real time.
     *
     * @param nanos gives the nanoseconds since the engine was made; it may stand still, jump and go
     *     back, and a negative number counts as 0
     * @return this
     */
    public EngineBuilder clock(LongSupplier nanos) {
        this.clock = nanos;
        return this;
    }

    /**
     * Whether the engine samples the system's load by itself, every 500 ms while rules look at it;
     * true without this. It knows of containers; elsewhere than on Linux all figures are unknown.
     *
     * @param samples false where only {@link Engine#setSystemLoad} shall tell it
     * @return this
     */
    public EngineBuilder sampleSystem(boolean samples) {
        this.samples = samples;
        return this;
    }

    /**
     * Makes the engine. Without rules everything passes.
     *
     * @return the engine
     * @throws SergoException {@code full} when 4,096 engines are open; {@code utf8} for text that
     *     has no UTF-8 form
     * @throws UnsatisfiedLinkError when the native library can't be loaded; it says what was tried
     */
    public Engine build() {
        NativeLibrary.require();
        List<byte[]> flat = new ArrayList<>();
        labels.forEach(
                (name, value) -> {
                    flat.add(Utf8.bytes(name));
                    flat.add(Utf8.bytes(value));
                });
        long handle =
                Native.open(Utf8.bytes(app), Utf8.bytes(namespace), flat.toArray(new byte[0][]));
        return new Engine(app, SergoException.check(handle), clock, samples);
    }
}
