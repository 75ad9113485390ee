package io.sergo;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** Text as UTF-8. A Java string can hold half a surrogate pair, which has no such form. */
final class Utf8 {
    private Utf8() {}

    /**
     * Encodes text.
     *
     * @throws SergoException {@code utf8} for half a surrogate pair
     */
    static byte[] bytes(String text) {
        try {
            ByteBuffer bytes = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text));
            byte[] exact = new byte[bytes.remaining()];
            bytes.get(exact);
            return exact;
        } catch (CharacterCodingException half) {
            throw SergoException.of(Words.UTF8);
        }
    }
}
