package io.sergo.servlet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.sergo.Engine;
import io.sergo.Figures;
import io.sergo.Lane;
import io.sergo.Rules;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.EnumSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.eclipse.jetty.ee10.servlet.FilterHolder;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The filter in a real container, asked over real HTTP. */
final class SergoServletFilterTest {
    private static final CountDownLatch GO_ON = new CountDownLatch(1);

    private final AtomicLong clock = new AtomicLong();
    private final Engine engine = Engine.builder("foo-app").clock(clock::get).build();
    private final HttpClient client = HttpClient.newHttpClient();
    private final Server server = new Server();
    private final ServerConnector connector = new ServerConnector(server);

    /** Answers as the query says: a status, an exception, or asynchronously. */
    public static final class Echo extends HttpServlet {
        private static final long serialVersionUID = 1L;

        @Override
        protected void service(HttpServletRequest request, HttpServletResponse response)
                throws ServletException, IOException {
            String query = request.getQueryString();
            if ("throw".equals(query)) {
                throw new ServletException("on purpose");
            } else if ("lane".equals(query)) {
                Lane lane = (Lane) request.getAttribute(SergoServletFilter.LANE);
                response.getOutputStream().print(Lane.current() + " " + lane.headers());
            } else if ("later".equals(query)) {
                AsyncContext later = request.startAsync();
                later.start(
                        () -> {
                            awaitGo();
                            response.setStatus(503);
                            later.complete();
                        });
            } else {
                response.setStatus(query == null ? 200 : Integer.parseInt(query));
                response.getOutputStream().print("hello");
            }
        }

        private static void awaitGo() {
            try {
                GO_ON.await();
            } catch (InterruptedException end) {
                Thread.currentThread().interrupt();
            }
        }
    }

    @BeforeEach
    void start() throws Exception {
        connector.setHost("127.0.0.1");
        server.addConnector(connector);
        ServletContextHandler servlets = new ServletContextHandler("/");
        servlets.addServlet(Echo.class, "/foo").setAsyncSupported(true);
        servlets.addServlet(Echo.class, "/users/*");
        FilterHolder filter = new FilterHolder(new SergoServletFilter(engine));
        filter.setAsyncSupported(true);
        servlets.addFilter(filter, "/*", EnumSet.of(DispatcherType.REQUEST));
        server.setHandler(servlets);
        server.start();
    }

    @AfterEach
    void stop() throws Exception {
        server.stop();
        engine.close();
    }

    private HttpRequest request(String path) {
        return HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + connector.getLocalPort() + path))
                .build();
    }

    private HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return client.send(request(path), HttpResponse.BodyHandlers.ofString());
    }

    /** The counters of /foo, once so many entries are in flight. */
    private Figures.Resource figures(long inFlight) {
        Figures.Resource counted;
        do {
            // The response is on its way before the filter closes its entry.
            counted = engine.figures().resources().get(0);
            Thread.onSpinWait();
        } while (counted.inFlight() != inFlight);
        return counted;
    }

    @Test
    void aBlockedRequestGetsTheFallback() throws Exception {
        engine.load(Rules.limit("/foo", 1, 60));
        assertEquals("hello", get("/foo").body());
        clock.set(1);
        HttpResponse<String> blocked = get("/foo");
        assertEquals(429, blocked.statusCode());
        assertEquals("Blocked by Sentinel", blocked.body());
        assertEquals("foo", blocked.headers().firstValue("X-Sentinel-Limit").orElseThrow());
        assertEquals("60", blocked.headers().firstValue("Retry-After").orElseThrow());
    }

    @Test
    void withoutAnActionItIs429AndNothingElse() throws Exception {
        engine.load(Rules.limit("/foo", 0, 1).replace("  fallbackAction: fallback-foo\n", ""));
        HttpResponse<String> blocked = get("/foo");
        assertEquals(429, blocked.statusCode());
        assertEquals("", blocked.body());
        assertFalse(blocked.headers().firstValue("Retry-After").isPresent());
    }

    @Test
    void theMappingNamesTheResource() throws Exception {
        engine.load(Rules.limit("GET:/users/*", 1, 1));
        assertEquals(200, get("/users/1").statusCode());
        assertEquals(429, get("/users/2").statusCode());
        assertEquals(200, get("/foo").statusCode());
    }

    @Test
    void failuresAreCountedAlsoLateOnes() throws Exception {
        engine.load(Rules.limit("/foo", 10, 1));
        get("/foo");
        get("/foo?404");
        get("/foo?503");
        assertEquals(500, get("/foo?throw").statusCode());
        assertEquals(2, figures(0).errors());

        var later = client.sendAsync(request("/foo?later"), HttpResponse.BodyHandlers.ofString());
        assertEquals(4, figures(1).completed());
        GO_ON.countDown();
        assertEquals(503, later.get().statusCode());
        Figures.Resource counted = figures(0);
        assertEquals(5, counted.completed());
        assertEquals(3, counted.errors());
    }

    @Test
    void aClosedEngineLosesNoRequest() throws Exception {
        engine.load(Rules.limit("/foo", 0, 1));
        assertEquals(429, get("/foo").statusCode());
        engine.close();
        assertEquals(200, get("/foo").statusCode());
    }

    @Test
    void theServletIsInTheRequestsLane() throws Exception {
        engine.load(Rules.LANE);
        URI uri = URI.create("http://127.0.0.1:" + connector.getLocalPort() + "/foo?lane");
        HttpRequest tagged = HttpRequest.newBuilder(uri).header("tag", "gray").build();
        assertEquals(
                "lane gray {x-opensergo-traffic=gray, baggage=x-opensergo-traffic=gray}",
                client.send(tagged, HttpResponse.BodyHandlers.ofString()).body());
        for (int i = 0; i < 20; i++) {
            HttpRequest plain = HttpRequest.newBuilder(uri).build();
            assertEquals(
                    "no lane {}", client.send(plain, HttpResponse.BodyHandlers.ofString()).body());
        }
    }
}
