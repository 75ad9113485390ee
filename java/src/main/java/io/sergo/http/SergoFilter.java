package io.sergo.http;

import com.sun.net.httpserver.Filter;
import com.sun.net.httpserver.HttpExchange;
import io.sergo.BlockedException;
import io.sergo.Engine;
import io.sergo.Entry;
import io.sergo.Fallback;
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
 * status of 500 or more when it returns. While sergo itself can't decide, because the engine is
 * closed, say, requests are served ungoverned.
 */
public final class SergoFilter extends Filter {
    private final Engine engine;
    private final Function<HttpExchange, String> template;

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
        this.engine = Objects.requireNonNull(engine, "engine");
        this.template = Objects.requireNonNull(template, "template");
    }

    @Override
    public String description() {
        return "governed by OpenSergo rules";
    }

    @Override
    public void doFilter(HttpExchange exchange, Chain chain) throws IOException {
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
