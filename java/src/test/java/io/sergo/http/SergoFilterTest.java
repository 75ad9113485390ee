package io.sergo.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.sergo.Engine;
import io.sergo.Figures;
import io.sergo.Lane;
import io.sergo.Rules;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The filter on a real server, asked over real HTTP. */
final class SergoFilterTest {
    private final AtomicLong clock = new AtomicLong();
    private final Engine engine = Engine.builder("foo-app").clock(clock::get).build();
    private final HttpClient client = HttpClient.newHttpClient();
    private HttpServer server;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/foo", SergoFilterTest::echo)
                .getFilters()
                .add(new SergoFilter(engine));
        server.createContext("/users", SergoFilterTest::echo)
                .getFilters()
                .add(new SergoFilter(engine, exchange -> "/users/{id}"));
        server.createContext("/lane", SergoFilterTest::lane)
                .getFilters()
                .add(new SergoFilter(engine));
        server.createContext("/edge", SergoFilterTest::lane)
                .getFilters()
                .add(new SergoFilter(engine, exchange -> "/edge", false));
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
        engine.close();
    }

    /** Answers with the status that the query names; {@code throw} throws. */
    private static void echo(HttpExchange exchange) throws IOException {
        String query = exchange.getRequestURI().getQuery();
        if ("throw".equals(query)) {
            throw new IllegalStateException("on purpose");
        }
        try (exchange) {
            byte[] body = "hello".getBytes();
            exchange.sendResponseHeaders(
                    query == null ? 200 : Integer.parseInt(query), body.length);
            exchange.getResponseBody().write(body);
        }
    }

    /** Answers with what its lane hands on. */
    private static void lane(HttpExchange exchange) throws IOException {
        try (exchange) {
            byte[] body = Lane.current().headers().toString().getBytes();
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
        }
    }

    private String lane(String path, String... headers) throws Exception {
        URI uri = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + path);
        HttpRequest.Builder request = HttpRequest.newBuilder(uri);
        if (headers.length > 0) {
            request.headers(headers);
        }
        return client.send(request.build(), HttpResponse.BodyHandlers.ofString()).body();
    }

    private HttpResponse<String> ask(String method, String path)
            throws IOException, InterruptedException {
        URI uri = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + path);
        HttpRequest request =
                HttpRequest.newBuilder(uri)
                        .method(method, HttpRequest.BodyPublishers.noBody())
                        .build();
        return client.send(request, HttpResponse.BodyHandlers.ofString());
    }

    @Test
    void aBlockedRequestGetsTheFallback() throws Exception {
        engine.load(Rules.limit("/foo", 1, 60));
        assertEquals("hello", ask("GET", "/foo").body());
        clock.set(500_000_000);
        HttpResponse<String> blocked = ask("GET", "/foo");
        assertEquals(429, blocked.statusCode());
        assertEquals("Blocked by Sentinel", blocked.body());
        assertEquals("foo", blocked.headers().firstValue("X-Sentinel-Limit").orElseThrow());
        assertEquals("60", blocked.headers().firstValue("Retry-After").orElseThrow());

        HttpResponse<String> head = ask("HEAD", "/foo");
        assertEquals(429, head.statusCode());
        assertEquals("foo", head.headers().firstValue("X-Sentinel-Limit").orElseThrow());

        clock.set(60_000_000_000L);
        assertEquals(200, ask("GET", "/foo").statusCode());
    }

    @Test
    void theActionMaySayWhenToRetry() throws Exception {
        engine.load(Rules.limit("/foo", 0, 1).replace("X-Sentinel-Limit", "retry-after"));
        HttpResponse<String> blocked = ask("GET", "/foo");
        assertEquals("foo", blocked.headers().firstValue("Retry-After").orElseThrow());
        assertEquals(1, blocked.headers().allValues("Retry-After").size());
    }

    @Test
    void withoutAnActionItIs429AndNothingElse() throws Exception {
        engine.load(Rules.limit("/foo", 0, 1).replace("  fallbackAction: fallback-foo\n", ""));
        HttpResponse<String> blocked = ask("GET", "/foo");
        assertEquals(429, blocked.statusCode());
        assertEquals("", blocked.body());
        assertFalse(blocked.headers().firstValue("X-Sentinel-Limit").isPresent());
        assertFalse(blocked.headers().firstValue("Retry-After").isPresent());
    }

    @Test
    void theTemplateNamesTheResource() throws Exception {
        engine.load(Rules.limit("GET:/users/{id}", 1, 1));
        assertEquals(200, ask("GET", "/users/1").statusCode());
        assertEquals(429, ask("GET", "/users/2").statusCode());
        assertEquals(200, ask("DELETE", "/users/3").statusCode());
    }

    @Test
    void failuresAreCounted() throws Exception {
        engine.load(Rules.limit("/foo", 10, 1));
        ask("GET", "/foo");
        ask("GET", "/foo?404");
        ask("GET", "/foo?503");
        assertThrows(IOException.class, () -> ask("DELETE", "/foo?throw"));
        // The response is on its way before the filter closes its entry.
        Figures.Resource counted;
        do {
            counted = engine.figures().resources().get(0);
            Thread.onSpinWait();
        } while (counted.inFlight() > 0);
        assertEquals(4, counted.completed());
        assertEquals(2, counted.errors());
    }

    /** The server has one thread for all. */
    @Test
    void theHandlerIsInTheRequestsLane() throws Exception {
        engine.load(Rules.LANE);
        assertEquals(
                "{x-opensergo-traffic=gray, baggage=x-opensergo-traffic=gray,a=1}",
                lane("/lane", "tag", "gray", "baggage", "a=1"));
        assertEquals("{}", lane("/lane"));
        String blue = "x-opensergo-traffic=blue";
        assertEquals("{" + blue + ", baggage=" + blue + "}", lane("/lane", "baggage", blue));
        assertEquals("{}", lane("/edge", "baggage", blue));
        assertEquals(
                "{x-opensergo-traffic=gray, baggage=x-opensergo-traffic=gray}",
                lane("/edge", "baggage", blue, "tag", "gray"));
        engine.close();
        assertEquals("{baggage=" + blue + "}", lane("/lane", "baggage", blue));
        assertEquals("{}", lane("/lane"));
    }

    @Test
    void aClosedEngineLosesNoRequest() throws Exception {
        engine.load(Rules.limit("/foo", 0, 1));
        assertEquals(429, ask("GET", "/foo").statusCode());
        engine.close();
        HttpResponse<String> served = ask("GET", "/foo");
        assertEquals(200, served.statusCode());
        assertTrue(served.body().contains("hello"));
    }
}
