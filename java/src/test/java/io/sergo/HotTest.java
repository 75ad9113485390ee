package io.sergo;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** The way by which hot calls cross. */
final class HotTest {
    /** What all other tests here test: java/build.mk says it where it is not JNI. */
    @Test
    void callsCrossByTheWayThatIsTested() {
        try (Engine engine = Engine.builder("foo-app").build()) {
            engine.enter("GET:/foo").close();
            assertEquals(System.getProperty("sergo.test.way", "jni"), Hot.way());
        }
    }
}
