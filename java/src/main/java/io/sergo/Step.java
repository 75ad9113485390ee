package io.sergo;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** What a session with a control plane wants to be done (bindings/jni/src/session.rs). */
sealed interface Step {
    /** Open a stream to an address. */
    record Dial(long stream, String address) implements Step {}

    /** Send a message. */
    record Send(long stream, byte[] message) implements Step {}

    /** Close a stream. */
    record Close(long stream, String reason) implements Step {}

    /** Hear that rules were applied. */
    record Applied(Report report) implements Step {}

    /**
     * Reads a step; null for none.
     *
     * @throws SergoException for any code but 0
     */
    static Step of(byte[] answer) {
        ByteBuffer bytes = Value.behindCode(answer);
        char tag = (char) bytes.get();
        return switch (tag) {
            case 'n' -> null;
            case 'a' -> new Applied(Report.of(Value.read(bytes)));
            case 'd' -> new Dial(bytes.getLong(), text(bytes));
            case 's' -> new Send(bytes.getLong(), rest(bytes));
            case 'c' -> new Close(bytes.getLong(), text(bytes));
            default -> throw new IllegalStateException("no step is " + tag);
        };
    }

    private static byte[] rest(ByteBuffer bytes) {
        byte[] rest = new byte[bytes.remaining()];
        bytes.get(rest);
        return rest;
    }

    private static String text(ByteBuffer bytes) {
        return new String(rest(bytes), StandardCharsets.UTF_8);
    }
}
