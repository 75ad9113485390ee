package io.sergo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** The lane of a request, and how it gets from one thread to another and no further. */
final class LaneTest {
    private static final String KEY = "x-opensergo-traffic";

    private static Lane lane(String name) {
        return Lane.of(Optional.of(new Label(name, Map.of(KEY, name))), "user=alice");
    }

    @Test
    void aRuleLabelsARequest() {
        try (Engine engine = Engine.builder("foo-app").build()) {
            engine.load(Rules.LANE);
            Label gray = new Label("gray", Map.of(KEY, "gray"));
            RouteRequest tagged = RouteRequest.incoming().header("tag", "gray");
            assertEquals(Optional.of(gray), engine.label(tagged));
            assertEquals(Optional.empty(), engine.label(RouteRequest.incoming()));

            RouteRequest coloured = RouteRequest.incoming().header(KEY, "blue");
            Label blue = new Label("blue", Map.of(KEY, "blue"));
            assertEquals(Optional.of(blue), engine.label(coloured));
            assertEquals(Optional.empty(), engine.label(coloured, false));
            assertEquals(Optional.of(gray), engine.label(coloured.header("tag", "gray"), false));
        }
    }

    @Test
    void theNextCallGetsTheHeaderAndTheBaggage() {
        assertEquals(
                Map.of(KEY, "gray", "baggage", KEY + "=gray,user=alice"), lane("gray").headers());
        assertEquals(Map.of(), Lane.NONE.headers());
        Lane unlabelled = Lane.of(Optional.empty(), "user=alice");
        assertEquals(Map.of("baggage", "user=alice"), unlabelled.headers());
        Map<String, List<String>> own =
                Map.of("X-OpenSergo-Traffic", List.of("mine"), "Baggage", List.of("a=1", "b=2"));
        assertEquals(Map.of("baggage", KEY + "=gray,a=1,b=2"), lane("gray").headers(own));
    }

    @Test
    void whatIsNotTrustedIsNotHandedOn() {
        Engine engine = Engine.builder("foo-app").build();
        RouteRequest request = RouteRequest.incoming().header("Baggage", KEY + "=gray,user=alice");
        assertEquals("gray", Lane.of(engine, request, true).label().orElseThrow().lane());
        assertSame(Lane.NONE, Lane.of(engine, request, false));
        engine.close();
        Lane unknown = Lane.of(engine, request, true);
        assertEquals(Map.of("baggage", KEY + "=gray,user=alice"), unknown.headers());
    }

    @Test
    void lanesOpenAndCloseInsideEachOther() {
        assertSame(Lane.NONE, Lane.current());
        Lane outer = lane("outer");
        try (Lane.Opened first = outer.open()) {
            try (Lane.Opened second = lane("inner").open()) {
                assertEquals("lane inner", Lane.current().toString());
                try (Lane.Opened third = Lane.NONE.open()) {
                    assertSame(Lane.NONE, Lane.current(), () -> first + " " + second + third);
                }
            }
            assertSame(outer, Lane.current());
        }
        assertSame(Lane.NONE, Lane.current());
    }

    @Test
    void workIsWrapped() throws Exception {
        Lane gray = lane("gray");
        List<Lane> seen = new ArrayList<>();
        Runnable work = gray.wrap((Runnable) () -> seen.add(Lane.current()));
        Callable<Lane> callable = gray.wrap((Callable<Lane>) Lane::current);
        CompletableFuture.runAsync(work).get();
        seen.add(CompletableFuture.supplyAsync(gray.wrapSupplier(Lane::current)).get());
        seen.add(callable.call());
        assertEquals(List.of(gray, gray, gray), seen);
        Runnable failing =
                gray.wrap(
                        (Runnable)
                                () -> {
                                    throw new IllegalStateException("on purpose");
                                });
        assertThrows(IllegalStateException.class, failing::run);
        assertSame(Lane.NONE, Lane.current());
    }

    /** One thread does the work of all, and none sees the lane of another. */
    @Test
    void nothingLeaksFromOneRequestIntoAnotherInAPool() throws Exception {
        ExecutorService one = Executors.newSingleThreadExecutor();
        ExecutorService carrying = Lane.carrying(one);
        try {
            List<Future<Lane>> seen = new ArrayList<>();
            List<Lane> opened = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                Lane lane = i % 3 == 0 ? Lane.NONE : lane("lane-" + i);
                try (Lane.Opened open = lane.open()) {
                    seen.add(carrying.submit(() -> open == null ? null : Lane.current()));
                    opened.add(lane);
                }
                seen.add(one.submit(Lane::current));
                opened.add(Lane.NONE);
            }
            for (int i = 0; i < seen.size(); i++) {
                assertSame(opened.get(i), seen.get(i).get());
            }
            try (Lane.Opened open = lane("gray").open()) {
                CompletableFuture<Lane> future = new CompletableFuture<>();
                Lane.carrying((java.util.concurrent.Executor) one)
                        .execute(() -> future.complete(Lane.current()));
                assertEquals("lane gray", future.get().toString(), open::toString);
            }
        } finally {
            carrying.shutdown();
        }
        assertTrue(one.isShutdown());
        assertTrue(
                carrying.awaitTermination(Await.PATIENCE, java.util.concurrent.TimeUnit.SECONDS));
    }
}
