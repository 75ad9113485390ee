package io.sergo.http;

import com.sun.net.httpserver.Filter;
import com.sun.net.httpserver.HttpExchange;
import io.sergo.BlockedException;
import io.sergo.Engine;
import io.sergo.Entry;
import io.sergo.Fallback;
import io.sergo.Lane;
import io.sergo.RouteRequest;
import io.sergo.SergoException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.function.Function;

/**
 * Lets rules govern the requests that a {@link com.sun.net.httpserver.HttpServer} serves.
 *
 * <pre>{@code
 * server.createContext("/foo", handler).getFilters().add(new SergoFilter(engine));
 * }</pre>
 *
 * <p>Each request enters the resource {@code METHOD:template}, inbound, and waits where a rule says
 * so. A blocked one is answered with the rule's fallback, or with 429 and no body, and with {@code
 * Retry-After} where it is known. A request failed when its handler throws, or has answered with a
 * status of 500 or more when it returns. The handler runs in the request's {@link Lane}. While
 * sergo itself can't decide, because the engine is closed, say, requests are served ungoverned.
 */
public final class SergoFilter extends Filter {
    private final Engine engine;
    private final Function<HttpExchange, String> template;
    private final boolean trust;

    /**
     * Names requests by the path of their context: {@code GET:/foo} for a GET under {@code
     * createContext("/foo", ..)}.
     *
     * @param engine what decides
     */
    public SergoFilter(Engine engine) {
        this(engine, exchange -> exchange.getHttpContext().getPath());
    }

    /**
     * Names requests by a function of one's own, for routers within a context.
     *
     * @param engine what decides
     * @param template gives the route's template, as in {@code /users/{id}}: not the path itself,
     *     of which there is no end
     */
    public SergoFilter(Engine engine, Function<HttpExchange, String> template) {
        this(engine, template, true);
    }

    /**
     * Also says whether the lanes that requests say themselves are believed, as they are without
     * this: at the edge, where anyone may send them, they had better not.
     *
     * @param engine what decides
     * @param template gives the route's template
     * @param trust whether they are believed
     */
    public SergoFilter(Engine engine, Function<HttpExchange, String> template, boolean trust) {
        this.engine = Objects.requireNonNull(engine, "engine");
        this.template = Objects.requireNonNull(template, "template");
        this.trust = trust;
    }

    @Override
    public String description() {
        return "governed by OpenSergo rules";
    }

    @Override
    public void doFilter(HttpExchange exchange, Chain chain) throws IOException {
        Lane.Opened lane = lane(exchange).open();
        try {
            govern(exchange, chain);
        } finally {
            lane.close();
        }
    }

    private Lane lane(HttpExchange exchange) {
        RouteRequest request =
                RouteRequest.incoming()
                        .method(exchange.getRequestMethod())
                        .path(exchange.getRequestURI().toString())
                        .headers(exchange.getRequestHeaders())
                        .client(exchange.getRemoteAddress().getAddress().getHostAddress());
        return Lane.of(engine, request, trust);
    }

    private void govern(HttpExchange exchange, Chain chain) throws IOException {
        Entry entry;
        try {
            entry = engine.enter(exchange.getRequestMethod() + ":" + template.apply(exchange));
        } catch (BlockedException blocked) {
            answer(exchange, blocked.decision().response());
            return;
        } catch (CancellationException interrupted) {
            throw (IOException)
                    new InterruptedIOException(interrupted.getMessage()).initCause(interrupted);
        } catch (SergoException ungoverned) {
            chain.doFilter(exchange);
            return;
        }
        try {
            chain.doFilter(exchange);
            entry.error(exchange.getResponseCode() >= 500);
        } catch (Throwable failure) {
            entry.error(failure);
            throw failure;
        } finally {
            entry.close();
        }
    }

    private static void answer(HttpExchange exchange, Fallback response) throws IOException {
        try (exchange) {
            response.headers()
                    .forEach(
                            header ->
                                    exchange.getResponseHeaders()
                                            .add(header.getKey(), header.getValue()));
            byte[] body = response.body().getBytes(StandardCharsets.UTF_8);
            boolean bodiless = body.length == 0 || exchange.getRequestMethod().equals("HEAD");
            exchange.sendResponseHeaders(response.status(), bodiless ? -1 : body.length);
            if (!bodiless) {
                exchange.getResponseBody().write(body);
            }
        }
    }
}
