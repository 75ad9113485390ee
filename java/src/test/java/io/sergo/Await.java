package io.sergo;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.function.BooleanSupplier;

/** Waits for what must come, and never says how soon. */
final class Await {
    /** In seconds; longer than any machine takes, only a failing test takes it. */
    static final int PATIENCE = 30;

    private Await() {}

    static void until(BooleanSupplier holds) throws InterruptedException {
        for (int tries = 0; !holds.getAsBoolean(); tries++) {
            assertTrue(tries < PATIENCE * 100, "it never came to hold");
            Thread.sleep(10);
        }
    }

    /** The package's threads of a kind: {@code rules}, {@code load} or {@code events}. */
    static List<Thread> threads(String kind) {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("sergo-" + kind))
                .toList();
    }
}
