package io.sergo;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** Closing an entry from several threads. */
final class EntryTest {
    @Test
    void anEntryThatTwoThreadsCloseIsClosedOnce() throws InterruptedException {
        try (Engine engine = Engine.builder("foo-app").build()) {
            engine.load(Rules.concurrency("/foo", 1));
            for (int i = 0; i < 2_000; i++) {
                Entry entry = engine.enter("GET:/foo");
                Thread other = new Thread(entry::close);
                other.start();
                entry.close();
                other.join();
            }
            Figures.Resource counted = engine.figures().resources().get(0);
            assertEquals(2_000, counted.completed());
            assertEquals(0, counted.inFlight());
        }
    }
}
