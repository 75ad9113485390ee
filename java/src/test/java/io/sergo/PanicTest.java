package io.sergo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

/** A panic inside the core is one engine's error, and nobody else's. */
final class PanicTest {
    @Test
    void threadsOfAPoisonedEngineEnd() throws Exception {
        try (Engine bad = Engine.builder("foo-app").build()) {
            bad.load(Rules.OVERLOAD);
            bad.onEvent(event -> {});
            assertEquals(1, Await.threads("load").size());
            assertEquals(1, Await.threads("events").size());
            PanicOnPurpose.panic(bad.handle());
            Await.until(() -> Await.threads("").isEmpty());
        }
    }

    @Test
    void aPanicPoisonsItsEngineAlone() {
        Engine good = Engine.builder("foo-app").build();
        Engine bad = Engine.builder("foo-app").build();
        Entry entry = bad.enter("GET:/foo");
        SergoException panicked =
                assertThrows(
                        SergoException.class,
                        () -> SergoException.check(PanicOnPurpose.panic(bad.handle())));
        assertEquals("panicked", panicked.code());

        SergoException poisoned = assertThrows(SergoException.class, () -> bad.enter("GET:/foo"));
        assertEquals("poisoned", poisoned.code());
        assertEquals(Words.code(-2).sentence(), poisoned.getMessage());
        assertEquals("poisoned", assertThrows(SergoException.class, () -> bad.load("")).code());
        entry.close();

        good.load(Rules.limit("/foo", 1, 1));
        good.enter("GET:/foo").close();
        assertThrows(BlockedException.class, () -> good.enter("GET:/foo"));
        good.close();
        bad.close();
    }
}
