package io.sergo;

/** The calls into a session with a control plane, as they cross; see {@link Native}. */
final class SessionCalls {
    private SessionCalls() {}

    static native long open(long engine, byte[] options, long seed);

    static native long close(long session);

    static native long connected(long session, long stream);

    static native long received(long session, long stream, byte[] message);

    static native long closed(long session, long stream, byte[] reason);

    static native long time(long session);

    static native long waitNanos(long session);

    static native byte[] poll(long session);

    static native byte[] state(long session);

    static native byte[] save(long session);

    static native byte[] restore(long session, byte[] saved);

    static native long subscribe(long session, byte[] app, byte[] kind);

    static native long unsubscribe(long session, byte[] app, byte[] kind);

    static native long end(long session);

    static native byte[] metadata(byte[] app, byte[] node, byte[] services);
}
