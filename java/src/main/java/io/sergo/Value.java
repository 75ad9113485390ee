package io.sergo;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Function;

/**
 * A cold answer of the core: null, a boolean, a number, a text, a list or a map. The native side
 * has parsed it already (bindings/jni/src/value.rs has the format), so that this package needs no
 * JSON library.
 */
record Value(Object raw) {
    /**
     * Reads an answer: a code, then the value.
     *
     * @throws SergoException for any code but 0
     */
    static Value of(byte[] answer) {
        if (answer == null) {
            throw SergoException.of(Words.PANICKED);
        }
        ByteBuffer bytes = ByteBuffer.wrap(answer).order(ByteOrder.LITTLE_ENDIAN);
        int code = bytes.getInt();
        if (code != 0) {
            throw SergoException.of(code);
        }
        return new Value(read(bytes));
    }

    private static Object read(ByteBuffer bytes) {
        char tag = (char) bytes.get();
        switch (tag) {
            case 'n':
                return null;
            case 't':
                return true;
            case 'f':
                return false;
            case 'i':
                return bytes.getLong();
            case 'd':
                return bytes.getDouble();
            case 's':
                return readText(bytes);
            case 'l':
                int length = bytes.getInt();
                List<Value> list = new ArrayList<>(length);
                for (int i = 0; i < length; i++) {
                    list.add(new Value(read(bytes)));
                }
                return list;
            case 'm':
                int size = bytes.getInt();
                Map<String, Value> map = new LinkedHashMap<>();
                for (int i = 0; i < size; i++) {
                    map.put(readText(bytes), new Value(read(bytes)));
                }
                return map;
            default:
                throw new IllegalStateException("no value starts with " + tag);
        }
    }

    private static String readText(ByteBuffer bytes) {
        int length = bytes.getInt();
        int start = bytes.arrayOffset() + bytes.position();
        bytes.position(bytes.position() + length);
        return new String(bytes.array(), start, length, StandardCharsets.UTF_8);
    }

    /** The field of this name, or an absent value. */
    Value at(String name) {
        Value found = ((Map<?, ?>) raw).get(name) instanceof Value value ? value : null;
        return found == null ? new Value(null) : found;
    }

    boolean isPresent() {
        return raw != null;
    }

    String text() {
        return (String) raw;
    }

    Optional<String> optionalText() {
        return Optional.ofNullable((String) raw);
    }

    long number() {
        return ((Number) raw).longValue();
    }

    OptionalLong optionalNumber() {
        return raw == null ? OptionalLong.empty() : OptionalLong.of(number());
    }

    boolean flag() {
        return (Boolean) raw;
    }

    /** The list's elements as {@code read} reads each; an absent list is empty. */
    <T> List<T> list(Function<Value, T> read) {
        if (raw == null) {
            return List.of();
        }
        List<T> list = new ArrayList<>();
        for (Object element : (List<?>) raw) {
            list.add(read.apply((Value) element));
        }
        return List.copyOf(list);
    }
}
