package io.sergo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.ConnectException;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Which instance takes a request, and what is made of how that went. */
final class PickTest {
    private static final String HOST = "service-provider";
    private static final Instance V1 = Instance.of("a", Map.of("version", "v1"));
    private static final Instance V2 = Instance.of("b", Map.of("version", "v2")).withZone("z");

    /** Two failures in a row eject for ten seconds. */
    private static final String OUTLIERS =
            """
            ---
            apiVersion: traffic.opensergo.io/v1alpha1
            kind: VirtualWorkload
            metadata: {name: service-provider}
            spec:
              host: service-provider
              trafficPolicy:
                loadBalancer: {simple: ROUND_ROBIN}
                connectionPool:
                  tcp: {maxConnections: 100, connectTimeout: 30ms, tcpKeepalive: {time: 7200s}}
                  http: {http2MaxRequests: 1000, maxRetries: 3}
                outlierDetection:
                  consecutive5xxErrors: 2
                  baseEjectionTime: 10s
                  maxEjectionPercent: 100
            """;

    private final AtomicLong clock = new AtomicLong();
    private final Engine engine = Engine.builder("foo-app").clock(clock::get).build();

    @AfterEach
    void close() {
        engine.close();
    }

    private Instance instance(RouteRequest request) {
        try (Pick pick = engine.pick(request)) {
            return pick.instance().orElseThrow();
        }
    }

    @Test
    void aPickIsARouteDownToTheInstance() {
        engine.load(Rules.ROUTER);
        engine.setInstances(HOST, List.of(V1, V2));
        RouteRequest request = RouteRequest.to(HOST).header("Tag", "v2").header("x-unread", "y");
        try (Pick pick = engine.pick(request)) {
            assertEquals(V2, pick.instance().orElseThrow());
            assertEquals(engine.route(request), pick.routing());
        }
        assertEquals(V1, instance(RouteRequest.to(HOST)));
        assertEquals(V2, instance(request.rolls(0.5)), "in full, where the numbers are given");
    }

    @Test
    void aHostThatNoRouterNamesIsChosenAmongAsAWhole() {
        assertSame(Routing.NOWHERE, engine.pick(RouteRequest.to("cart")).routing());
        engine.setInstances("cart", List.of(V1, V2));
        Set<String> seen = new HashSet<>();
        for (int i = 0; i < 100; i++) {
            try (Pick pick = engine.pick(RouteRequest.to("cart:8080"))) {
                Routing.To to = assertInstanceOf(Routing.To.class, pick.routing());
                assertEquals(
                        new Destination("cart", Optional.empty(), OptionalInt.of(8080)),
                        to.target());
                assertEquals(Optional.empty(), to.route());
                seen.add(pick.instance().orElseThrow().id());
            }
        }
        assertEquals(Set.of("a", "b"), seen);
    }

    @Test
    void whereThereIsNoInstanceThePickSaysWhy() {
        engine.load(Rules.ROUTER);
        engine.setInstances(HOST, List.of());
        try (Pick pick = engine.pick(RouteRequest.to(HOST))) {
            assertEquals(Optional.empty(), pick.instance());
            assertEquals(new Routing.Empty(HOST, Optional.of("v1")), pick.routing());
            pick.report(Outcome.ERROR);
        }
        assertSame(Routing.NOWHERE, engine.pick(RouteRequest.to("elsewhere")).routing());
    }

    @Test
    void aRouteThatVariesIsWorkedOutForEachPick() {
        engine.load(
                Rules.ROUTER.replace(
                        "    - route:\n", "    - rewrite: {uri: /new/}\n      route:\n"));
        engine.setInstances(HOST, List.of(V1, V2));
        try (Pick pick = engine.pick(RouteRequest.to(HOST).path("/old?q=1"))) {
            assertEquals(V1, pick.instance().orElseThrow());
            Routing.To to = assertInstanceOf(Routing.To.class, pick.routing());
            assertEquals("/new/old", to.policy().rewrite().orElseThrow().uri().orElseThrow());
        }
    }

    @Test
    void failuresEjectAndTimeBringsBack() {
        engine.load(Rules.ROUTER + OUTLIERS);
        engine.setInstances(HOST, List.of(V1, V1.withWeight(1), V2));
        RouteRequest request = RouteRequest.to(HOST).header("tag", "v2");
        for (int i = 0; i < 2; i++) {
            Pick pick = engine.pick(request);
            pick.report(Outcome.ofStatus(503));
            pick.report(Outcome.SUCCESS);
            pick.close();
        }
        assertEquals(List.of("b"), engine.ejected(HOST));
        assertEquals(V1, instance(request), "the fallback");
        clock.set(Duration.ofSeconds(10).toNanos());
        assertEquals(List.of(), engine.ejected(HOST));
        assertEquals(V2, instance(request));
    }

    @Test
    void aReportNeedsNoPick() {
        engine.load(Rules.ROUTER + OUTLIERS);
        engine.setInstances(HOST, List.of(V1, V2));
        engine.report(HOST, "a", Outcome.ERROR);
        engine.report(HOST, "a", Outcome.CANCELLED);
        engine.report(HOST, "a", Outcome.GATEWAY_ERROR);
        engine.report(HOST, "nobody", Outcome.ERROR);
        assertEquals(List.of("a"), engine.ejected(HOST));
    }

    @Test
    void aCallReportsHowItEnds() throws Exception {
        engine.load(Rules.ROUTER + OUTLIERS);
        engine.setInstances(HOST, List.of(V1, V2));
        RouteRequest request = RouteRequest.to(HOST);
        assertEquals("done", engine.pick(request).call(() -> "done"));
        for (int i = 0; i < 2; i++) {
            assertThrows(
                    ConnectException.class,
                    () ->
                            engine.pick(request)
                                    .call(
                                            () -> {
                                                throw new ConnectException("on purpose");
                                            }));
        }
        assertEquals(List.of("a"), engine.ejected(HOST));
    }

    @Test
    void outcomesAreReadFromStatusesAndFailures() {
        assertEquals(Outcome.SUCCESS, Outcome.ofStatus(404));
        assertEquals(Outcome.ERROR, Outcome.ofStatus(500));
        assertEquals(Outcome.GATEWAY_ERROR, Outcome.ofStatus(502));
        assertEquals(Outcome.ERROR, Outcome.ofStatus(505));
        assertEquals(Outcome.LOCAL_ERROR, Outcome.ofFailure(new IOException()));
        assertEquals(Outcome.GATEWAY_ERROR, Outcome.ofFailure(new HttpTimeoutException("")));
        assertEquals(Outcome.ERROR, Outcome.ofFailure(new IllegalStateException()));
        assertEquals(Outcome.CANCELLED, Outcome.ofFailure(new InterruptedException()));
    }

    @Test
    void instancesChangeByDifference() {
        engine.setInstances("cart", List.of(V1));
        assertEquals(V1, instance(RouteRequest.to("cart")));
        engine.updateInstances("cart", List.of(V1.withZone("z")), List.of());
        assertEquals(V1.withZone("z"), instance(RouteRequest.to("cart")));
        engine.updateInstances("cart", List.of(V2), List.of("a", "nobody"));
        assertEquals(V2, instance(RouteRequest.to("cart")));
    }

    @Test
    void limitsOfConnectionsAreData() {
        engine.load(OUTLIERS);
        ConnectionPool pool = engine.connectionPool(HOST, Optional.empty()).orElseThrow();
        assertEquals(OptionalInt.of(100), pool.tcp().maxConnections());
        assertEquals(Optional.of(Duration.ofMillis(30)), pool.tcp().connectTimeout());
        assertEquals(
                Optional.of(Duration.ofHours(2)), pool.tcp().tcpKeepalive().orElseThrow().time());
        assertEquals(OptionalInt.of(3), pool.http().maxRetries());
        assertEquals(OptionalInt.empty(), pool.http().http1MaxPendingRequests());
        assertEquals(pool, engine.connectionPool(HOST, Optional.of("v1")).orElseThrow());
        assertEquals(Optional.empty(), engine.connectionPool("cart", Optional.empty()));
    }

    @Test
    void whatIsLookedAtIsKnown() {
        engine.load(Rules.ROUTER);
        Required required = engine.required(HOST);
        assertEquals(1, required.version());
        assertTrue(required.headers().contains("tag"), required.toString());
        assertEquals(Set.of(), required.parameters());
        engine.load(Rules.ROUTER.replace("headers: {tag:", "queryParams: {tag:"));
        assertEquals(Set.of("tag"), engine.required(HOST).parameters());
        assertEquals(Optional.of("testers"), to(RouteRequest.to(HOST).path("/?tag=v2")).route());
    }

    private Routing.To to(RouteRequest request) {
        return assertInstanceOf(Routing.To.class, engine.route(request));
    }

    /** What was selected for one version of the rules is never taken for another's. */
    @Test
    void rulesMayChangeWhatIsLookedAtAtAnyTime() throws Exception {
        String other = Rules.ROUTER.replace("headers: {tag:", "headers: {other:");
        engine.load(Rules.ROUTER);
        engine.setInstances(HOST, List.of(V1, V2));
        AtomicBoolean done = new AtomicBoolean();
        ExecutorService threads = Executors.newCachedThreadPool();
        try {
            Future<?> loader =
                    threads.submit(
                            () -> {
                                for (int i = 0; !done.get(); i++) {
                                    engine.load(i % 2 == 0 ? other : Rules.ROUTER);
                                    engine.updateInstances(HOST, List.of(V1, V2), List.of());
                                }
                            });
            List<Future<?>> callers = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                callers.add(threads.submit(this::callAgainAndAgain));
            }
            for (Future<?> caller : callers) {
                caller.get();
            }
            done.set(true);
            loader.get();
        } finally {
            done.set(true);
            threads.shutdown();
        }
    }

    private void callAgainAndAgain() {
        RouteRequest both = RouteRequest.to(HOST).header("tag", "v2").header("other", "v2");
        for (int i = 0; i < 1000; i++) {
            assertEquals(V2, instance(both));
            assertEquals(Optional.of("testers"), to(both).route());
        }
    }

    @Test
    void aRouteIsExplained() {
        engine.load(Rules.ROUTER);
        RouteExplanation explained = engine.explainRoute(RouteRequest.to(HOST).header("tag", "v3"));
        assertTrue(explained.router().orElseThrow().contains(HOST), explained.toString());
        assertEquals(OptionalInt.of(1), explained.position());
        RouteExplanation.Block block = explained.misses().get(0).blocks().get(0);
        assertEquals("headers.tag", block.field());
        assertTrue(block.expected().contains("v2") && block.found().contains("v3"));
        assertInstanceOf(Routing.To.class, explained.routing());
        assertTrue(explained.toString().contains("headers.tag"), explained.toString());
        RouteExplanation unknown = engine.explainRoute(RouteRequest.to("elsewhere"));
        assertEquals(Optional.empty(), unknown.router());
        assertSame(Routing.NOWHERE, unknown.routing());
    }

    @Test
    void aLabelIsExplained() {
        engine.load(
                """
                apiVersion: traffic.opensergo.io/v1alpha1
                kind: TrafficLane
                metadata: {name: testers}
                spec:
                  rules:
                    traffic: {http: {headers: {x-user: {exact: jason}}}}
                    lane: {name: gray}
                """);
        LabelExplanation told =
                engine.explainLabel(RouteRequest.to(HOST).header("x-user", "jason"), true);
        assertEquals(Optional.of("gray"), told.lane());
        assertEquals(Optional.of("TrafficLane testers"), told.document());
        assertEquals("x-opensergo-traffic=gray", told.goes().orElseThrow().baggage());
        assertTrue(told.toString().startsWith("lane gray: by TrafficLane testers: "), told.text());
        LabelExplanation doubted =
                engine.explainLabel(
                        RouteRequest.to(HOST).header("x-opensergo-traffic", "blue"), false);
        assertEquals(Optional.empty(), doubted.lane());
        assertFalse(doubted.came().orElseThrow().believed());
        assertEquals("headers.x-user", doubted.misses().get(0).blocks().get(0).field());
    }

    @Test
    void aRemoteCallIsRoutedByWhatItCalls() {
        engine.load(
                """
                apiVersion: traffic.opensergo.io/v1alpha1
                kind: RouterRule
                metadata: {name: orders}
                spec:
                  selector: {app: orders}
                  rpc:
                  - rule:
                      match:
                        services: [{exact: Orders}]
                        methods: [{methodName: buy, args: [{index: 1, value: {exact: "7"}}]}]
                        attachments: {tag: {exact: v2}}
                      targets: [{workloads: w, name: v2}]
                    target: [{workloads: w, name: v1}]
                """);
        RouteRequest buy = RouteRequest.to("orders").rpc("Orders", "buy").argument(null, null);
        assertEquals(Optional.of("v1"), to(buy).target().subset());
        buy.argument("int", "7").attachment("tag", "v2");
        assertEquals(Optional.of("v2"), to(buy).target().subset());
        assertSame(Routing.NOWHERE, engine.route(RouteRequest.to("orders")));
    }

    @Test
    void afterClosingNothingIsReportedAndNothingThrown() {
        engine.setInstances("cart", List.of(V1));
        Pick pick = engine.pick(RouteRequest.to("cart"));
        engine.close();
        pick.report(Outcome.ERROR);
        pick.close();
        assertEquals(
                "closed",
                assertThrows(SergoException.class, () -> engine.pick(RouteRequest.to("cart")))
                        .code());
    }
}
