package io.sergo;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.lang.ref.WeakReference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Memory outside the heap that a hot call answers in, or carries a request in: a fixed number of
 * places, of which each call takes one for its own length. Nothing of the application's may run in
 * between, as it might call again.
 *
 * <p>Most threads find a place of their own, which costs no atomic instruction: it is theirs until
 * they have ended, and then another's. The others share some, so that a million virtual threads
 * need no more of them, and no thread keeps this package's class loader alive.
 */
final class Scratch {
    /** Places of threads, from 0 on. */
    private static final int OWN = 128;

    /** Places that are shared, after those. */
    private static final int SHARED = 64;

    /** Two cache lines each, so that neighbours do not slow each other down. */
    private static final int PLACE_BYTES = 128;

    private static final int FLAG_STRIDE = 128 / Integer.BYTES;

    /** Memory over this is let go at the place's next request. */
    private static final int MOST_KEPT = 64 * 1024;

    private static final ByteBuffer WORDS =
            ByteBuffer.allocateDirect((OWN + SHARED) * PLACE_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    private static final long ADDRESS = Native.address(WORDS);
    private static final Packed[] REQUESTS = new Packed[OWN + SHARED];

    private static final Owner[] OWNERS = new Owner[OWN];
    private static final VarHandle OWNER = MethodHandles.arrayElementVarHandle(Owner[].class);
    private static final int[] TAKEN = new int[SHARED * FLAG_STRIDE];
    private static final VarHandle FLAG = MethodHandles.arrayElementVarHandle(int[].class);

    /** Whose a place is. */
    private static final class Owner extends WeakReference<Thread> {
        Owner(Thread thread) {
            super(thread);
        }

        boolean hasEnded() {
            Thread thread = get();
            return thread == null || !thread.isAlive();
        }
    }

    private Scratch() {}

    /** Takes a place; the caller gives it back. */
    static int take() {
        Thread thread = Thread.currentThread();
        int place = (int) thread.getId() & (OWN - 1);
        // Only a thread itself ever writes that a place is its own, so an old value is no matter.
        Owner owner = OWNERS[place];
        return owner != null && owner.refersTo(thread) ? place : find(thread, place);
    }

    /** The place, made the thread's own where it can be; or one that is shared. */
    private static int find(Thread thread, int place) {
        Owner owner = (Owner) OWNER.getAcquire(OWNERS, place);
        boolean isFree = owner == null || owner.hasEnded();
        if (isFree && OWNER.compareAndSet(OWNERS, place, owner, new Owner(thread))) {
            return place;
        }
        int shared = place & (SHARED - 1);
        for (int tries = 1; !FLAG.compareAndSet(TAKEN, shared * FLAG_STRIDE, 0, 1); tries++) {
            shared = (shared + 1) & (SHARED - 1);
            if (tries % SHARED == 0) {
                Thread.yield();
            }
        }
        return OWN + shared;
    }

    /** Gives a place back. */
    static void give(int place) {
        if (place >= OWN) {
            FLAG.setRelease(TAKEN, (place - OWN) * FLAG_STRIDE, 0);
        }
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
