package io.sergo.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.sergo.Engine;
import io.sergo.Instance;
import io.sergo.Label;
import io.sergo.Lane;
import io.sergo.Report;
import io.sergo.Rules;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The client with real servers, whose names nobody but rules and discovery knows. */
final class SergoHttpClientTest {
    private final Engine engine = Engine.builder("foo-app").build();
    private final HttpClient client = new SergoHttpClient(engine, HttpClient.newHttpClient());
    private final Map<String, HttpServer> servers = new HashMap<>();
    private final BlockingQueue<HttpExchange> seen = new LinkedBlockingQueue<>();
    private final CountDownLatch stopped = new CountDownLatch(1);

    @BeforeEach
    void start() throws IOException {
        List<Instance> instances = new ArrayList<>();
        for (String version : List.of("v1", "v2")) {
            InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
            HttpServer server = HttpServer.create(any, 0);
            server.createContext("/", exchange -> answer(exchange, version));
            server.setExecutor(task -> daemon(task).start());
            server.start();
            servers.put(version, server);
            instances.add(Instance.of(address(server), Map.of("version", version)));
        }
        engine.setInstances("shop", instances);
    }

    private static Thread daemon(Runnable task) {
        Thread thread = new Thread(task);
        thread.setDaemon(true);
        return thread;
    }

    private static String address(HttpServer server) {
        return "127.0.0.1:" + server.getAddress().getPort();
    }

    @AfterEach
    void stop() {
        stopped.countDown();
        servers.values().forEach(server -> server.stop(0));
        engine.close();
    }

    /** Answers with its version, or with the status in the path. */
    private void answer(HttpExchange exchange, String version) throws IOException {
        seen.add(exchange);
        try (exchange) {
            String path = exchange.getRequestURI().getPath();
            if (path.equals("/never")) {
                stopped.await();
            }
            byte[] body = version.getBytes();
            exchange.getRequestBody().readAllBytes();
            exchange.getResponseHeaders().set("x-version", version);
            boolean isStatus = path.matches("/[0-9]+");
            exchange.sendResponseHeaders(
                    isStatus ? Integer.parseInt(path.substring(1)) : 200, body.length);
            exchange.getResponseBody().write(body);
        } catch (InterruptedException end) {
            Thread.currentThread().interrupt();
        }
    }

    private void route(String http) {
        String router =
                """
                apiVersion: traffic.opensergo.io/v1alpha1
                kind: TrafficRouter
                metadata: {name: shop}
                spec:
                  hosts: [shop]
                  http: [%s]
                """;
        Report report = engine.load(router.formatted(http.replace("\n", " ")));
        assertEquals(1, report.accepted(), report::toString);
    }

    private static HttpRequest request(String path) {
        return HttpRequest.newBuilder(URI.create("http://shop" + path)).build();
    }

    private HttpResponse<String> get(String path) throws Exception {
        return client.send(request(path), HttpResponse.BodyHandlers.ofString());
    }

    @Test
    void aHostThatDiscoveryKnowsIsCalledAtItsInstances() throws Exception {
        Set<String> versions = new HashSet<>();
        while (versions.size() < 2) {
            versions.add(get("/x?y=1").body());
        }
        assertEquals("/x?y=1", seen.take().getRequestURI().toString());
    }

    @Test
    void aRouteIsFollowed() throws Exception {
        route(
                """
                {match: [{uri: {prefix: /old}}], rewrite: {uri: /new},
                 headers: {request: {set: {x-set: s}, add: {x-add: b}, remove: [x-gone]},
                           response: {set: {x-answer: a}, remove: [x-version]}},
                 route: [{destination: {host: shop, subset: v2}}]}
                """);
        HttpRequest request =
                HttpRequest.newBuilder(request("/old/x?q=%20"), (name, value) -> true)
                        .header("x-gone", "g")
                        .header("x-add", "a")
                        .POST(HttpRequest.BodyPublishers.ofString("body"))
                        .build();
        HttpResponse<String> response =
                client.sendAsync(request, HttpResponse.BodyHandlers.ofString()).get();
        assertEquals("v2", response.body());
        assertEquals("a", response.headers().firstValue("x-answer").orElseThrow());
        assertEquals(Optional.empty(), response.headers().firstValue("x-version"));
        HttpExchange came = seen.take();
        assertEquals("POST", came.getRequestMethod());
        assertEquals("/new/x?q=%20", came.getRequestURI().toString());
        assertEquals(List.of("s"), came.getRequestHeaders().get("x-set"));
        assertEquals(List.of("a", "b"), came.getRequestHeaders().get("x-add"));
        assertFalse(came.getRequestHeaders().containsKey("x-gone"));
    }

    @Test
    void theLaneGoesAlong() throws Exception {
        Label gray = new Label("gray", Map.of("x-opensergo-traffic", "gray"));
        try (Lane.Opened lane = Lane.of(Optional.of(gray), "user=alice").open()) {
            assertEquals(200, get("/").statusCode(), lane::toString);
        }
        HttpExchange came = seen.take();
        assertEquals("gray", came.getRequestHeaders().getFirst("x-opensergo-traffic"));
        assertEquals(
                "x-opensergo-traffic=gray,user=alice",
                came.getRequestHeaders().getFirst("baggage"));
        get("/");
        assertFalse(seen.take().getRequestHeaders().containsKey("baggage"));
    }

    @Test
    void aRuleMayAnswerByItself() throws Exception {
        route(
                """
                {match: [{uri: {prefix: /teapot}}],
                 directResponse: {status: 418, body: {string: short}}},
                {match: [{uri: {prefix: /moved}}],
                 redirect: {uri: /there, authority: other, redirectCode: 302}},
                {match: [{uri: {prefix: /broken}}],
                 fault: {abort: {httpStatus: 555, percentage: {value: 100}}},
                 route: [{destination: {host: shop}}]},
                {route: [{destination: {host: shop, subset: v9}}]}
                """);
        HttpResponse<String> direct = get("/teapot");
        assertEquals(418, direct.statusCode());
        assertEquals("short", direct.body());
        HttpRequest secure = HttpRequest.newBuilder(URI.create("https://shop/teapot")).build();
        HttpResponse<Void> same = client.send(secure, HttpResponse.BodyHandlers.discarding());
        assertEquals(418, same.statusCode());
        HttpResponse<java.io.InputStream> moved =
                client.send(request("/moved?a=b"), HttpResponse.BodyHandlers.ofInputStream());
        assertEquals(302, moved.statusCode());
        assertEquals(
                "http://other/there?a=b", moved.headers().firstValue("location").orElseThrow());
        assertEquals(0, moved.body().readAllBytes().length);
        assertEquals(555, get("/broken").statusCode());
        HttpResponse<String> none = get("/");
        assertEquals(503, none.statusCode());
        assertEquals("no healthy instance of shop, subset v9", none.body());
        assertTrue(seen.isEmpty());
    }

    @Test
    void anInstanceThatIsNotThereIsNotTriedTwice() throws Exception {
        String dead;
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            dead = "127.0.0.1:" + taken.getLocalPort();
        }
        String alive = address(servers.get("v1"));
        engine.setInstances(
                "shop", List.of(Instance.of(dead, Map.of()), Instance.of(alive, Map.of())));
        route("{route: [{destination: {host: shop}}]}");
        for (int i = 0; i < 20; i++) {
            assertEquals("v1", get("/").body());
        }
        engine.setInstances("shop", List.of(Instance.of(dead, Map.of())));
        assertThrows(ConnectException.class, () -> get("/"));
    }

    @Test
    void statusesAreRetriedWhereTheRuleSaysSo() throws Exception {
        route(
                """
                {match: [{uri: {prefix: /503}}], retries: {attempts: 2, retryOn: "5xx"},
                 route: [{destination: {host: shop}}]},
                {route: [{destination: {host: shop}}]}
                """);
        assertEquals(503, get("/503").statusCode());
        assertEquals(3, seen.size());
        seen.clear();
        assertEquals(500, get("/500").statusCode());
        assertEquals(1, seen.size());
        HttpRequest stream =
                HttpRequest.newBuilder(request("/503"), (name, value) -> true)
                        .POST(
                                HttpRequest.BodyPublishers.ofInputStream(
                                        () -> new java.io.ByteArrayInputStream(new byte[9])))
                        .build();
        seen.clear();
        HttpResponse<Void> once = client.send(stream, HttpResponse.BodyHandlers.discarding());
        assertEquals(503, once.statusCode());
        assertEquals(1, seen.size(), "a body of unknown length is sent once");
    }

    @Test
    void outcomesAreReported() throws Exception {
        engine.load(
                """
                apiVersion: traffic.opensergo.io/v1alpha1
                kind: VirtualWorkload
                metadata: {name: shop}
                spec:
                  host: shop
                  trafficPolicy: {outlierDetection: {consecutive5xxErrors: 1}}
                """);
        assertEquals("v1", get("/").body().replace("v2", "v1"));
        assertEquals(List.of(), engine.ejected("shop"));
        String version = get("/500").body();
        assertEquals(List.of(address(servers.get(version))), engine.ejected("shop"));
    }

    @Test
    void aTimeoutIsTheRoutes() {
        route("{timeout: 50ms, route: [{destination: {host: shop}}]}");
        assertThrows(HttpTimeoutException.class, () -> get("/never"));
        CompletableFuture<HttpResponse<String>> failed =
                client.sendAsync(request("/never"), HttpResponse.BodyHandlers.ofString());
        Exception failure = assertThrows(Exception.class, failed::get);
        assertInstanceOf(HttpTimeoutException.class, failure.getCause());
    }

    @Test
    void aDelayIsWaitedForUnlessCalledOff() throws Exception {
        route(
                """
                {match: [{uri: {prefix: /long}}],
                 fault: {delay: {fixedDelay: 1h, percentage: {value: 100}}},
                 route: [{destination: {host: shop}}]},
                {fault: {delay: {fixedDelay: 1ms, percentage: {value: 100}}},
                 route: [{destination: {host: shop, subset: v2}}]}
                """);
        assertEquals("v2", get("/").body());
        CompletableFuture<HttpResponse<String>> sent =
                client.sendAsync(request("/long"), HttpResponse.BodyHandlers.ofString());
        assertFalse(sent.isDone());
        assertTrue(sent.cancel(true));
    }

    @Test
    void aMirrorGetsACopy() throws Exception {
        String mirror = servers.get("v2").getAddress().getPort() + "";
        String destination = "{host: 127.0.0.1, port: {number: %s}}".formatted(mirror);
        route(
                """
                {mirrors: [{destination: %s, percentage: {value: 100}}],
                 route: [{destination: {host: shop, subset: v1}}]}
                """
                        .formatted(destination));
        assertEquals("v1", get("/x").body());
        Set<Integer> ports = new HashSet<>();
        for (int i = 0; i < 2; i++) {
            HttpExchange came = seen.take();
            assertEquals("/x", came.getRequestURI().toString());
            ports.add(came.getLocalAddress().getPort());
        }
        assertEquals(2, ports.size());
    }

    @Test
    void anInstanceThatIsNoAddressIsReachedByTheDestination() throws Exception {
        HttpServer v1 = servers.get("v1");
        engine.setInstances("127.0.0.1", List.of(Instance.of("pod-7", Map.of())));
        URI uri = URI.create("http://" + address(v1) + "/x");
        HttpRequest request = HttpRequest.newBuilder(uri).build();
        assertEquals("v1", client.send(request, HttpResponse.BodyHandlers.ofString()).body());
    }

    @Test
    void aCancelledRequestIsCalledOff() throws Exception {
        CompletableFuture<HttpResponse<String>> sent =
                client.sendAsync(request("/never"), HttpResponse.BodyHandlers.ofString());
        seen.take();
        assertTrue(sent.cancel(true));
        assertEquals(List.of(), engine.ejected("shop"));
    }

    @Test
    void withoutTheEngineNoRequestIsLost() throws Exception {
        URI uri = URI.create("http://" + address(servers.get("v1")) + "/");
        engine.load(Rules.ROUTER);
        engine.close();
        HttpRequest request = HttpRequest.newBuilder(uri).build();
        Label gray = new Label("gray", Map.of("x-opensergo-traffic", "gray"));
        try (Lane.Opened lane = Lane.of(Optional.of(gray), "").open()) {
            HttpResponse<String> response =
                    client.send(request, HttpResponse.BodyHandlers.ofString());
            assertEquals("v1", response.body(), lane::toString);
        }
        assertEquals("gray", seen.take().getRequestHeaders().getFirst("x-opensergo-traffic"));
    }
}
