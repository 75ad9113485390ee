package io.sergo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What nobody should do, and somebody will. */
final class AbuseTest {
    private static final String HUGE = "x".repeat(1 << 20);
    private static final String ODD = "GET:/a\u0000b/\ud83d\ude80/\u00e9\uffff";

    private final Engine engine = Engine.builder("foo-app").build();

    @AfterEach
    void close() {
        engine.close();
    }

    @Test
    void namesOfAnyShape() {
        engine.load(Rules.limit("GET:/a\\0b/\\U0001F680/\\u00e9\\uFFFF", 1, 1000));
        assertEquals(ODD, engine.figures().resources().get(0).resource());
        engine.enter(ODD).close();
        assertEquals(
                ODD,
                assertThrows(BlockedException.class, () -> engine.enter(ODD))
                        .decision()
                        .resource());
        assertEquals(ODD, engine.explain(ODD).resource());

        for (String name : List.of("", HUGE, "\u0000", "\ud83d\ude80")) {
            engine.enter(name).close();
            engine.resource(name).enter().close();
            assertInstanceOf(Decision.Passed.class, engine.tryEnter(name));
            assertEquals(false, engine.explain(name).governed());
            assertSame(Routing.NOWHERE, engine.route(RouteRequest.to(name).header(name, name)));
            assertSame(Routing.NOWHERE, engine.connect(ConnectRequest.to(name).sni(name)));
            engine.setInstances(name, List.of(Instance.of(name, Map.of(name, name))));
            assertEquals(true, engine.breakerState(name, name).isEmpty());
        }
        assertEquals(1, engine.load(HUGE).rejected().size());
        try (Engine odd = Engine.builder(ODD).namespace("").label(HUGE, ODD).build()) {
            assertEquals(0, odd.version());
        }
    }

    @Test
    void halfASurrogatePairIsRefused() {
        String half = "GET:/\ud83d";
        for (org.junit.jupiter.api.function.Executable call :
                List.<org.junit.jupiter.api.function.Executable>of(
                        () -> engine.tryEnter(half),
                        () -> engine.explain(half),
                        () -> engine.breakerState(half, ""),
                        () -> engine.connect(ConnectRequest.to("a").sni(half)),
                        () -> engine.route(RouteRequest.to("a").path(half)),
                        () -> engine.setInstances("a", List.of(Instance.of(half, Map.of()))))) {
            assertEquals("utf8", assertThrows(SergoException.class, call).code());
        }
    }

    @Test
    void nullIsNoName() {
        assertThrows(NullPointerException.class, () -> engine.enter(null));
        assertThrows(NullPointerException.class, () -> engine.load((String) null));
        assertThrows(NullPointerException.class, () -> engine.onEvent(null));
        assertThrows(NullPointerException.class, () -> RouteRequest.to(null));
        assertThrows(NullPointerException.class, () -> ConnectRequest.to(null));
        assertEquals(0, engine.version(), "the engine goes on");
    }

    @Test
    void anEntryThatManyThreadsCloseIsClosedOnce() throws Exception {
        engine.load(Rules.concurrency("/foo", 1));
        for (int round = 0; round < 200; round++) {
            Entry entry = engine.enter("GET:/foo");
            CountDownLatch go = new CountDownLatch(1);
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                Thread thread =
                        new Thread(
                                () -> {
                                    try {
                                        go.await();
                                    } catch (InterruptedException end) {
                                        return;
                                    }
                                    entry.close();
                                });
                thread.start();
                threads.add(thread);
            }
            go.countDown();
            for (Thread thread : threads) {
                thread.join();
            }
        }
        Figures.Resource counted = engine.figures().resources().get(0);
        assertEquals(200, counted.completed());
        assertEquals(0, counted.inFlight());
    }

    @Test
    void anEntryOutlivesItsRulesAndItsEngine() {
        engine.load(Rules.limit("/foo", 5, 1));
        Entry one = engine.enter("GET:/foo");
        Entry two = engine.enter("GET:/foo");
        engine.load("");
        one.close();
        engine.close();
        two.error(true);
        two.close();
        two.close();
        try (Engine next = Engine.builder("foo-app").build()) {
            next.load(Rules.concurrency("/foo", 1));
            one.close();
            two.close();
            assertEquals(0, next.figures().resources().get(0).completed());
        }
    }
}
