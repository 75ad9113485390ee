package io.sergo.servlet;

import io.sergo.BlockedException;
import io.sergo.Engine;
import io.sergo.Entry;
import io.sergo.Fallback;
import io.sergo.Lane;
import io.sergo.RouteRequest;
import io.sergo.SergoException;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.function.Function;

/**
 * Lets rules govern the requests that a servlet container serves.
 *
 * <p>Each request enters the resource {@code METHOD:template}, inbound, and waits where a rule says
 * so. A blocked one is answered with the rule's fallback, or with 429 and no body, and with {@code
 * Retry-After} where it is known. A request failed when it ends in an exception or with a status of
 * 500 or more; one that goes on asynchronously ends when that does. While sergo itself can't
 * decide, because the engine is closed, say, requests are served ungoverned.
 *
 * <p>What is behind the filter runs in the request's {@link Lane}; work that goes on in other
 * threads finds it as the request's attribute {@link #LANE}.
 */
public final class SergoServletFilter extends HttpFilter {
    private static final long serialVersionUID = 1L;

    /** The name of the request's attribute that holds its {@link Lane}. */
    public static final String LANE = Lane.class.getName();

    private final transient Engine engine;
    private final transient Function<HttpServletRequest, String> template;
    private final boolean trust;

    /**
     * Names requests by the pattern that their servlet is mapped to: {@code GET:/users/*}, say.
     *
     * @param engine what decides
     */
    public SergoServletFilter(Engine engine) {
        this(engine, request -> request.getHttpServletMapping().getPattern());
    }

    /**
     * Names requests by a function of one's own, for frameworks that route within one servlet.
     *
     * @param engine what decides
     * @param template gives the route's template, as in {@code /users/{id}}: not the path itself,
     *     of which there is no end
     */
    public SergoServletFilter(Engine engine, Function<HttpServletRequest, String> template) {
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
    public SergoServletFilter(
            Engine engine, Function<HttpServletRequest, String> template, boolean trust) {
        this.engine = Objects.requireNonNull(engine, "engine");
        this.template = Objects.requireNonNull(template, "template");
        this.trust = trust;
    }

    @Override
    protected void doFilter(
            HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        Lane lane = lane(request);
        request.setAttribute(LANE, lane);
        Lane.Opened opened = lane.open();
        try {
            govern(request, response, chain);
        } finally {
            opened.close();
        }
    }

    private Lane lane(HttpServletRequest request) {
        String query = request.getQueryString();
        RouteRequest asked =
                RouteRequest.incoming()
                        .method(request.getMethod())
                        .path(request.getRequestURI() + (query == null ? "" : "?" + query))
                        .scheme(request.getScheme())
                        .client(request.getRemoteAddr());
        for (String name : Collections.list(request.getHeaderNames())) {
            for (String value : Collections.list(request.getHeaders(name))) {
                asked.header(name, value);
            }
        }
        return Lane.of(engine, asked, trust);
    }

    private void govern(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        Entry entry;
        try {
            entry = engine.enter(request.getMethod() + ":" + template.apply(request));
        } catch (BlockedException blocked) {
            answer(response, blocked.decision().response());
            return;
        } catch (CancellationException interrupted) {
            throw new ServletException(interrupted);
        } catch (SergoException ungoverned) {
            chain.doFilter(request, response);
            return;
        }
        boolean goesOn = false;
        try {
            chain.doFilter(request, response);
            goesOn = request.isAsyncStarted();
            if (goesOn) {
                request.getAsyncContext().addListener(new End(entry, response));
            } else {
                entry.error(response.getStatus() >= 500);
            }
        } catch (Throwable failure) {
            entry.error(failure);
            throw failure;
        } finally {
            if (!goesOn) {
                entry.close();
            }
        }
    }

    private static void answer(HttpServletResponse response, Fallback fallback) throws IOException {
        response.setStatus(fallback.status());
        fallback.headers()
                .forEach(header -> response.addHeader(header.getKey(), header.getValue()));
        byte[] body = fallback.body().getBytes(StandardCharsets.UTF_8);
        response.setContentLength(body.length);
        response.getOutputStream().write(body);
    }

    /** Closes the entry of a request that went on asynchronously. */
    private record End(Entry entry, HttpServletResponse response) implements AsyncListener {
        @Override
        public void onComplete(AsyncEvent event) {
            if (response.getStatus() >= 500) {
                entry.error(true);
            }
            entry.close();
        }

        @Override
        public void onTimeout(AsyncEvent event) {
            entry.error(true);
        }

        @Override
        public void onError(AsyncEvent event) {
            entry.error(true);
        }

        @Override
        public void onStartAsync(AsyncEvent event) {
            // A listener does not go along to the next asynchronous turn by itself.
            event.getAsyncContext().addListener(this);
        }
    }
}
