package io.sergo;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
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
        return read(behindCode(answer));
    }

    /**
     * What stands behind the code.
     *
     * @throws SergoException for any code but 0
     */
    static ByteBuffer behindCode(byte[] answer) {
        if (answer == null) {
            throw SergoException.of(Words.PANICKED);
        }
        ByteBuffer bytes = ByteBuffer.wrap(answer).order(ByteOrder.LITTLE_ENDIAN);
        int code = bytes.getInt();
        if (code != 0) {
            throw SergoException.of(code);
        }
        return bytes;
    }

    /** Whether the answer is that an id is from before the rules changed. */
    static boolean isStale(byte[] answer) {
        return answer != null
                && ByteBuffer.wrap(answer).order(ByteOrder.LITTLE_ENDIAN).getInt() == Words.STALE;
    }

    /** Reads a value, from where the bytes stand. */
    static Value read(ByteBuffer bytes) {
        return new Value(readRaw(bytes));
    }

    private static Object readRaw(ByteBuffer bytes) {
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
                    list.add(read(bytes));
                }
                return list;
            case 'm':
                int size = bytes.getInt();
                Map<String, Value> map = new LinkedHashMap<>();
                for (int i = 0; i < size; i++) {
                    map.put(readText(bytes), read(bytes));
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

    /** The field of this name; an absent value where there is none, or no map. */
    Value at(String name) {
        Object found = raw == null ? null : ((Map<?, ?>) raw).get(name);
        return found == null ? new Value(null) : (Value) found;
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

    OptionalInt optionalInt() {
        return raw == null ? OptionalInt.empty() : OptionalInt.of((int) number());
    }

    double real() {
        return ((Number) raw).doubleValue();
    }

    OptionalDouble optionalReal() {
        return raw == null ? OptionalDouble.empty() : OptionalDouble.of(real());
    }

    /** A length of time as a number of nanoseconds. */
    Duration nanos() {
        return Duration.ofNanos(number());
    }

    Optional<Boolean> optionalFlag() {
        return Optional.ofNullable((Boolean) raw);
    }

    /** A length of time as the core writes one: a whole number of s, ms, us or ns. */
    Optional<Duration> optionalSpan() {
        return optionalText().map(Value::span);
    }

    private static Duration span(String text) {
        int digits = 0;
        while (Character.isDigit(text.charAt(digits))) {
            digits++;
        }
        long count = Long.parseLong(text.substring(0, digits));
        String unit = text.substring(digits);
        return switch (unit) {
            case "s" -> Duration.ofSeconds(count);
            case "ms" -> Duration.ofMillis(count);
            case "us" -> Duration.of(count, ChronoUnit.MICROS);
            case "ns" -> Duration.ofNanos(count);
            default -> throw new IllegalStateException("no unit is " + unit);
        };
    }

    /** A map's texts, in order; an absent map is empty. */
    Map<String, String> texts() {
        Map<String, String> texts = new LinkedHashMap<>();
        if (raw != null) {
            ((Map<?, ?>) raw)
                    .forEach((name, value) -> texts.put((String) name, ((Value) value).text()));
        }
        return Collections.unmodifiableMap(texts);
    }

    boolean flag() {
        return (Boolean) raw;
    }

    <T> Optional<T> optional(Function<Value, T> read) {
        return raw == null ? Optional.empty() : Optional.of(read.apply(this));
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
