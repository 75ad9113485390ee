package io.sergo;

import static java.lang.foreign.ValueLayout.JAVA_BOOLEAN;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;

/**
 * Entering and leaving, as {@link Native} has them, by foreign function calls, which cross at a
 * fraction of what JNI costs: the thread stays where the collector waits for it, as it does for any
 * piece of compiled code. That is right for calls that are done in well under a microsecond and
 * never call back.
 *
 * <p>By JNI where the package's module may make no such calls without a warning. Since JDK 24 a
 * module that may load a library may make them too.
 */
final class Hot {
    /** The system property that, where it is {@code false}, keeps all calls to JNI. */
    private static final String PROPERTY = "sergo.foreign";

    private static final boolean FOREIGN =
            Hot.class.getModule().isNativeAccessEnabled()
                    && !"false".equals(System.getProperty(PROPERTY));

    private static final MethodHandle ENTER =
            find(
                    "enter",
                    JAVA_INT,
                    JAVA_LONG,
                    JAVA_LONG,
                    JAVA_INT,
                    JAVA_BOOLEAN,
                    JAVA_LONG,
                    JAVA_LONG);
    private static final MethodHandle EXIT =
            find(
                    "exit",
                    JAVA_INT,
                    JAVA_LONG,
                    JAVA_LONG,
                    JAVA_LONG,
                    JAVA_LONG,
                    JAVA_LONG,
                    JAVA_LONG,
                    JAVA_BOOLEAN,
                    JAVA_LONG);

    private Hot() {}

    /** The function with a name in the library that this class loader has loaded; null for JNI. */
    @SuppressWarnings("restricted") // FOREIGN says that it is allowed.
    private static MethodHandle find(String name, MemoryLayout answer, MemoryLayout... arguments) {
        if (!FOREIGN) {
            return null;
        }
        return Linker.nativeLinker()
                .downcallHandle(
                        SymbolLookup.loaderLookup().find("sergo_java_" + name).orElseThrow(),
                        FunctionDescriptor.of(answer, arguments),
                        Linker.Option.critical(false));
    }

    /** How calls cross: {@code jni} or {@code foreign}. */
    static String way() {
        return FOREIGN ? "foreign" : "jni";
    }

    /** None is declared by any of the functions, and none of them throws. */
    private static AssertionError thrown(Throwable impossible) {
        return new AssertionError(impossible);
    }

    static int enter(long engine, long resource, int cost, boolean outbound, long now, long out) {
        if (!FOREIGN) {
            return Native.enter(engine, resource, cost, outbound, now, out);
        }
        try {
            return (int) ENTER.invokeExact(engine, resource, cost, outbound, now, out);
        } catch (Throwable impossible) {
            throw thrown(impossible);
        }
    }

    static int exit(long engine, long a, long b, long c, long d, long e, boolean error, long now) {
        if (!FOREIGN) {
            return Native.exit(engine, a, b, c, d, e, error, now);
        }
        try {
            return (int) EXIT.invokeExact(engine, a, b, c, d, e, error, now);
        } catch (Throwable impossible) {
            throw thrown(impossible);
        }
    }
}
