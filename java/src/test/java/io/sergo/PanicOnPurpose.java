package io.sergo;

/** The call that panics on purpose; only a library built for tests has it. */
final class PanicOnPurpose {
    private PanicOnPurpose() {}

    static native long panic(long engine);
}
