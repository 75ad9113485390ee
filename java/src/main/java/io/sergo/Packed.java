package io.sergo;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** A block of numbers and texts in memory of its own (bindings/border/src/packed.rs). */
final class Packed {
    /** The length of an absent text, and the count of an absent list. */
    static final int ABSENT = -1;

    private ByteBuffer bytes;
    private long address;

    Packed() {
        renew(1024);
    }

    private void renew(int capacity) {
        bytes = ByteBuffer.allocateDirect(capacity).order(ByteOrder.LITTLE_ENDIAN);
        address = Native.address(bytes);
    }

    void clear() {
        bytes.clear();
    }

    int capacity() {
        return bytes.capacity();
    }

    /** The address of the first byte; valid until more is written. */
    long address() {
        return address;
    }

    int length() {
        return bytes.position();
    }

    /** A request in bytes of its own, for a cold call: what rules look at, or all for null. */
    static byte[] of(RouteRequest request, HostRules rules) {
        int place = Scratch.take();
        try {
            Packed packed = Scratch.request(place);
            request.pack(packed, rules);
            return packed.copy();
        } finally {
            Scratch.give(place);
        }
    }

    byte[] copy() {
        byte[] copy = new byte[length()];
        bytes.get(0, copy);
        return copy;
    }

    Packed number(int number) {
        room(Integer.BYTES).putInt(number);
        return this;
    }

    Packed number(long number) {
        room(Long.BYTES).putLong(number);
        return this;
    }

    /** Writes over a number that stands at a place already. */
    void numberAt(int place, int number) {
        bytes.putInt(place, number);
    }

    /**
     * Writes a text, or that it is absent for null.
     *
     * @throws SergoException {@code utf8} for half a surrogate pair
     */
    Packed text(String text) {
        if (text == null) {
            return number(ABSENT);
        }
        int length = text.length();
        ByteBuffer to = room(Integer.BYTES + length);
        int start = to.position() + Integer.BYTES;
        for (int i = 0; i < length; i++) {
            char character = text.charAt(i);
            if (character >= 0x80) {
                return encoded(Utf8.bytes(text));
            }
            to.put(start + i, (byte) character);
        }
        to.putInt(length).position(start + length);
        return this;
    }

    private Packed encoded(byte[] text) {
        room(Integer.BYTES + text.length).putInt(text.length).put(text);
        return this;
    }

    private ByteBuffer room(int needed) {
        if (bytes.remaining() < needed) {
            ByteBuffer before = bytes.flip();
            renew(Math.max(Math.addExact(before.limit(), needed), bytes.capacity() * 2));
            bytes.put(before);
        }
        return bytes;
    }
}
