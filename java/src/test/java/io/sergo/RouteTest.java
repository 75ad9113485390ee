package io.sergo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Where requests go. */
final class RouteTest {
    private static final String HOST = "service-provider";
    private static final Instance V1 = Instance.of("a", Map.of("version", "v1"));
    private static final Instance V2 = Instance.of("b", Map.of("version", "v2"));

    private final Engine engine = Engine.builder("foo-app").build();

    @BeforeEach
    void load() {
        assertEquals(1, engine.load(Rules.ROUTER).accepted());
    }

    @AfterEach
    void close() {
        engine.close();
    }

    private static RouteRequest request(String tag) {
        return RouteRequest.to(HOST).method("GET").path("/x?y=1").header("Tag", tag);
    }

    @Test
    void aHeaderChoosesTheSubset() {
        Routing.To v2 = to(request("v2"));
        assertEquals(Optional.of("testers"), v2.route());
        assertEquals(new Destination(HOST, Optional.of("v2"), OptionalInt.of(8080)), v2.target());
        assertEquals(false, v2.fallback());
        assertEquals(Optional.empty(), v2.policy().timeout());
        assertEquals(2, v2.policy().retries().attempts());
        Routing.To v1 = to(request("v3"));
        assertEquals(Optional.empty(), v1.route());
        assertEquals(new Destination(HOST, Optional.of("v1"), OptionalInt.empty()), v1.target());
    }

    private Routing.To to(RouteRequest request) {
        return assertInstanceOf(Routing.To.class, engine.route(request));
    }

    @Test
    void whatIsDoneOnTheWayIsWorkedOutForEachRequest() {
        engine.load(
                """
                apiVersion: traffic.opensergo.io/v1alpha1
                kind: TrafficRouter
                metadata: {name: shop}
                spec:
                  hosts: [shop]
                  http:
                    - match: [{uri: {prefix: /old}}]
                      redirect: {uri: /new, redirectCode: 308}
                    - match: [{uri: {prefix: /down}}]
                      directResponse: {status: 503, body: {string: closed}}
                    - name: api
                      match: [{uri: {prefix: /api/}}]
                      rewrite: {uri: /}
                      timeout: 1.5s
                      headers: {request: {set: {x-by: rule}, remove: [x-gone]}}
                      fault: {delay: {fixedDelay: 2s, percentage: {value: 10}}}
                      mirrors: [{destination: {host: copy}}]
                      corsPolicy: {allowOrigins: [{prefix: "https://"}], maxAge: 24h}
                      route: [{destination: {host: shop}}]
                """);
        RouteRequest request = RouteRequest.to("shop").path("/old/x");
        assertEquals(
                "/new http 308",
                engine.route(request) instanceof Routing.Redirect redirect
                        ? redirect.uri() + " " + redirect.scheme() + " " + redirect.code()
                        : "no redirect");
        Routing.Respond closed =
                assertInstanceOf(Routing.Respond.class, engine.route(request.path("/down")));
        assertEquals(503, closed.status());
        assertEquals(Optional.of("closed"), closed.body());

        for (String path : List.of("/api/users?id=1", "/api/orders")) {
            Policy policy = to(request.path(path).rolls(0.05)).policy();
            String rewritten = path.replace("/api", "").replace("?id=1", "");
            assertEquals(
                    Optional.of(new Policy.Rewrite(Optional.of(rewritten), Optional.empty())),
                    policy.rewrite());
            assertEquals(Optional.of(Duration.ofMillis(1500)), policy.timeout());
            assertEquals(
                    new Policy.HeaderChanges(List.of("x-gone"), Map.of("x-by", "rule"), Map.of()),
                    policy.requestHeaders());
            assertEquals(Optional.of(new Policy.Delay(Duration.ofSeconds(2), 10)), policy.delay());
            assertEquals("copy", policy.mirrors().get(0).destination().host());
            assertEquals(
                    List.of(Map.of("prefix", "https://")),
                    policy.cors().orElseThrow().allowOrigins());
            assertEquals(Optional.of(Duration.ofHours(24)), policy.cors().orElseThrow().maxAge());
        }
        assertEquals(Optional.empty(), to(request.rolls(0.5)).policy().delay());
        assertEquals(Optional.of("api"), to(RouteRequest.to("shop").path("/api/")).route());
    }

    @Test
    void whatNoRuleNamesGoesNowhere() {
        Routing routing = engine.route(RouteRequest.to("elsewhere"));
        assertSame(Routing.NOWHERE, routing);
        assertEquals(Optional.empty(), routing.destination());
    }

    @Test
    void anotherSubsetStandsInForAnIllOne() {
        engine.setInstances(HOST, List.of(V1, V2.withHealthy(false)));
        Routing.To to = assertInstanceOf(Routing.To.class, engine.route(request("v2")));
        assertEquals(Optional.of("v1"), to.target().subset());
        assertEquals(true, to.fallback());

        engine.setInstances(HOST, List.of(V1, V2.withHealthy(true).withWeight(3).withZone("z")));
        assertEquals(
                Optional.of("v2"),
                engine.route(request("v2")).destination().flatMap(Destination::subset));

        engine.setInstances(HOST, List.of());
        assertEquals(new Routing.Empty(HOST, Optional.of("v1")), engine.route(request("v2")));
    }

    @Test
    void everyAttributeCrosses() {
        engine.load(
                """
                apiVersion: traffic.opensergo.io/v1alpha1
                kind: TrafficRouter
                metadata: {name: all}
                spec:
                  hosts: [all]
                  http:
                    - match:
                        - method: {exact: PUT}
                          uri: {exact: "/ü"}
                          headers:
                            long: {prefix: "long,long,"}
                            two: {exact: "1,zwei €😀"}
                            ":scheme": {exact: https}
                      route: [{destination: {host: hit}}]
                """);
        RouteRequest request =
                RouteRequest.to("all:443")
                        .method("PUT")
                        .path("/ü")
                        .scheme("https")
                        .port(443)
                        .client("127.0.0.1")
                        .hash("key")
                        .callerNamespace("default")
                        .callerGateway("mesh")
                        .callerLabels(Map.of("tag", "gray"))
                        .headers(Map.of("two", List.of("1", "zwei €😀")));
        for (int i = 0; i < 3000; i++) {
            request.header("Long", "long");
        }
        Optional<String> hit = Optional.of("hit");
        assertEquals(hit, engine.route(request).destination().map(Destination::host));
        request.rolls(0.25, 0.5);
        assertEquals(hit, engine.route(request).destination().map(Destination::host));
        assertEquals(Routing.NOWHERE, engine.route(request.scheme("http")));
    }

    @Test
    void rollsChooseAmongWeights() {
        engine.load(
                """
                apiVersion: traffic.opensergo.io/v1alpha1
                kind: TrafficRouter
                metadata: {name: split}
                spec:
                  hosts: [split]
                  http:
                    - route:
                        - {destination: {host: a}, weight: 90}
                        - {destination: {host: b}, weight: 10}
                """);
        RouteRequest request = RouteRequest.to("split");
        assertEquals("a", host(request.rolls(0.899)));
        assertEquals("b", host(request.rolls(0.9)));
        request.rolls();
        int toA = 0;
        for (int i = 0; i < 10_000; i++) {
            toA += host(request).equals("a") ? 1 : 0;
        }
        assertEquals(9000, toA, 300, "the share of random picks");
        assertEquals(host(request.hash("k")), host(request.hash("k")));
    }

    private String host(RouteRequest request) {
        return engine.route(request).destination().orElseThrow().host();
    }

    @Test
    void argumentsAreChecked() {
        SergoException port =
                assertThrows(SergoException.class, () -> RouteRequest.to("a").port(70_000));
        assertEquals("argument", port.code());
        assertEquals("port: found 70000, it must be 0 to 65535", port.getMessage());
        assertThrows(SergoException.class, () -> V1.withWeight(-1));
        engine.setInstances("a", List.of(Instance.of("\"\\\n\u0001é", Map.of("a\"", "\tb"))));
    }
}
