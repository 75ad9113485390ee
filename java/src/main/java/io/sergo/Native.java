package io.sergo;

import java.nio.ByteBuffer;

/**
 * The calls into the core, as they cross: integers, and text as UTF-8. A number below zero is a
 * code; an array of bytes is read by {@link Value#of}.
 */
final class Native {
    /** As a time: let the core read the monotonic clock. */
    static final long NOW = -1;

    private Native() {}

    static native byte[] words();

    static native long address(ByteBuffer direct);

    static native long open(byte[] app, byte[] namespace, byte[][] labels);

    static native long close(long engine);

    static native long resolve(long engine, byte[] resource);

    static native int enter(
            long engine, long resource, int cost, boolean outbound, long now, long out);

    static native int exit(
            long engine, long a, long b, long c, long d, long e, boolean error, long now);

    static native int cancel(long engine, long a, long b, long c, long d, long e, long now);

    static native byte[] block(long engine, long id);

    static native long route(long engine, long address, int length, long seed);

    static native long routeBy(long engine, byte[] request, double[] rolls);

    static native byte[] direct(long engine, byte[] request, long seed, double[] rolls);

    static native byte[] answer(long engine, long id);

    static native byte[] connect(long engine, byte[] connection, long seed, double[] rolls);

    static native byte[] explain(
            long engine, byte[] resource, int cost, boolean outbound, long now);

    static native byte[] pick(long engine, byte[] request, long seed, double[] rolls, long now);

    static native int pickId(long engine, long address, int length, long seed, long now, long out);

    static native byte[] instance(long engine, byte[] host, long number);

    static native int reportId(
            long engine, long address, int length, long number, int outcome, long now);

    static native long report(long engine, byte[] host, byte[] instance, int outcome, long now);

    static native byte[] ejected(long engine, byte[] host, long now);

    static native byte[] connectionPool(long engine, byte[] host, byte[] subset);

    static native byte[] required(long engine, byte[] host);

    static native byte[] explainRoute(
            long engine, byte[] request, long seed, double[] rolls, long now);

    static native byte[] label(long engine, byte[] request, boolean trust);

    static native byte[] explainLabel(long engine, byte[] request, boolean trust);

    static native byte[] baggage(byte[] incoming, byte[] key, byte[] lane);

    static native long updateInstances(long engine, byte[] host, byte[] changed, byte[] gone);

    static native long setInstances(long engine, byte[] host, byte[] instances);

    static native byte[] apply(long engine, byte[][] sources);

    static native long version(long engine);

    static native byte[] breakerState(long engine, byte[] target, byte[] strategy);

    static native long setSystemLoad(
            long engine, double cpu, double load1, double memory, long now);

    static native long sampleSystem(long engine, long now);

    static native long needsSystemLoad(long engine);

    static native byte[] drainEvents(long engine);

    static native byte[] figures(long engine);
}
