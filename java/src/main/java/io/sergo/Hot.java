package io.sergo;

/**
 * The hot calls, as {@link Native} has them: here by JNI. {@code src/main/java22} has the same for
 * JDK 22 and newer, by foreign function calls.
 */
final class Hot {
    private Hot() {}

    /** How calls cross: {@code jni} or {@code foreign}. */
    static String way() {
        return "jni";
    }

    static int enter(long engine, long resource, int cost, boolean outbound, long now, long out) {
        return Native.enter(engine, resource, cost, outbound, now, out);
    }

    static int exit(long engine, long a, long b, long c, long d, long e, boolean error, long now) {
        return Native.exit(engine, a, b, c, d, e, error, now);
    }

    static long route(long engine, long address, int length, long seed) {
        return Native.route(engine, address, length, seed);
    }

    static int pickId(long engine, long address, int length, long seed, long now, long out) {
        return Native.pickId(engine, address, length, seed, now, out);
    }

    static int reportId(long engine, long address, int length, long number, int outcome, long now) {
        return Native.reportId(engine, address, length, number, outcome, now);
    }
}
