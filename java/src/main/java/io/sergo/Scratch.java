package io.sergo;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Memory outside the heap that a hot call answers in, or carries a request in: a fixed number of
 * places, of which each call takes one for its own length.
 *
 * <p>Places are taken rather than owned by a thread, so that a million virtual threads need no more
 * of them, and no thread keeps this package's class loader alive. A thread begins looking at a
 * place of its own, so threads do not meet in practice.
 */
final class Scratch {
    private static final int PLACES = 64;

    /** Two cache lines each, so that neighbours do not slow each other down. */
    private static final int PLACE_BYTES = 128;

    private static final int FLAG_STRIDE = 128 / Integer.BYTES;

    /** Memory over this is let go at the place's next request. */
    private static final int MOST_KEPT = 64 * 1024;

    private static final ByteBuffer WORDS =
            ByteBuffer.allocateDirect(PLACES * PLACE_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    private static final long ADDRESS = Native.address(WORDS);
    private static final int[] TAKEN = new int[PLACES * FLAG_STRIDE];
    private static final VarHandle FLAG = MethodHandles.arrayElementVarHandle(int[].class);
    private static final Packed[] REQUESTS = new Packed[PLACES];

    private Scratch() {}

    /** Takes a place; the caller gives it back. */
    static int take() {
        int place = (int) Thread.currentThread().getId() & (PLACES - 1);
        for (int tries = 1; ; tries++) {
            if (FLAG.compareAndSet(TAKEN, place * FLAG_STRIDE, 0, 1)) {
                return place;
            }
            place = (place + 1) & (PLACES - 1);
            if (tries % PLACES == 0) {
                Thread.yield();
            }
        }
    }

    /** Gives a place back. */
    static void give(int place) {
        FLAG.setRelease(TAKEN, place * FLAG_STRIDE, 0);
    }

    /** The address of a place's words. */
    static long address(int place) {
        return ADDRESS + (long) place * PLACE_BYTES;
    }

    /** One of a place's words. */
    static long word(int place, int index) {
        return WORDS.getLong(place * PLACE_BYTES + index * Long.BYTES);
    }

    /** A place's memory for a request, emptied. */
    static Packed request(int place) {
        Packed request = REQUESTS[place];
        if (request == null || request.capacity() > MOST_KEPT) {
            request = new Packed();
            REQUESTS[place] = request;
        }
        request.clear();
        return request;
    }
}
