package io.sergo;

/**
 * Entering and leaving, as {@link Native} has them: here by JNI. {@code src/main/java22} has the
 * same for JDK 22 and newer, by foreign function calls. Routes go by JNI everywhere: patterns in
 * rules may take long, and no gain was to be measured.
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
}
