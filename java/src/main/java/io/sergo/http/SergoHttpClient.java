package io.sergo.http;

import io.sergo.Engine;
import io.sergo.Lane;
import java.io.IOException;
import java.net.Authenticator;
import java.net.ConnectException;
import java.net.CookieHandler;
import java.net.ProxySelector;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;

/**
 * An HTTP client whose requests go where the rules say, in the lane of the thread that sends them.
 *
 * <pre>{@code
 * HttpClient client = new SergoHttpClient(engine, HttpClient.newHttpClient());
 * client.send(HttpRequest.newBuilder(URI.create("http://orders/")).build(), handler);
 * }</pre>
 *
 * <p>For a host that rules or discovery know, each request
 *
 * <ul>
 *   <li>takes the headers of {@link Lane#current()} along;
 *   <li>goes to the instance that {@link Engine#pick} chooses, where its id is {@code host:port},
 *       else to the destination's host and port, and what comes of it is reported;
 *   <li>is changed, delayed, ended, answered, redirected, copied to mirrors, limited in time and
 *       sent again as the route says. Retries are made on {@code connect-failure}, {@code reset},
 *       {@code gateway-error}, {@code 5xx}, {@code retriable-4xx}, status codes, and gRPC's
 *       conditions where the status is among the headers; once a connection was made, only for
 *       bodies of known length.
 * </ul>
 *
 * A host without a healthy instance is answered with 503. A redirect of a rule's own is a response,
 * and is not followed. Requests to other hosts are sent as they are, in their lane; and so are all
 * while sergo itself can't decide, because the engine is closed, say: none is lost.
 *
 * <p>What the JDK's client does not let it do: over https the instance is not addressed by its
 * number, because certificates are for names, so no outcome is reported there; {@code Host} stays
 * the request's own, or becomes what a rewrite says, only under {@code
 * -Djdk.httpclient.allowRestrictedHeaders=host}, and is the address that the request goes to
 * otherwise. A mirror's subset is not heeded, CORS is the server's to act on, and an error of
 * gRPC's on purpose is a 503.
 *
 * <p>Closing it, where the JDK can, closes nothing: the wrapped client is its owner's to close.
 */
public final class SergoHttpClient extends HttpClient {
    private final Engine engine;
    private final HttpClient client;

    /**
     * Wraps a client.
     *
     * @param engine what decides
     * @param client what sends
     */
    public SergoHttpClient(Engine engine, HttpClient client) {
        this.engine = Objects.requireNonNull(engine, "engine");
        this.client = Objects.requireNonNull(client, "client");
    }

    @Override
    public <T> HttpResponse<T> send(HttpRequest request, HttpResponse.BodyHandler<T> handler)
            throws IOException, InterruptedException {
        CompletableFuture<HttpResponse<T>> answer = sendAsync(request, handler);
        try {
            return answer.get();
        } catch (InterruptedException interrupted) {
            answer.cancel(true);
            throw interrupted;
        } catch (ExecutionException failed) {
            throw rethrown(failed.getCause());
        }
    }

    /** The same kind of exception with this thread's trace, as the JDK's client does it. */
    private static IOException rethrown(Throwable cause) {
        if (cause instanceof RuntimeException unchecked) {
            throw unchecked;
        }
        if (cause instanceof Error error) {
            throw error;
        }
        String message = cause.getMessage();
        IOException mine;
        if (cause instanceof HttpConnectTimeoutException) {
            mine = new HttpConnectTimeoutException(message);
        } else if (cause instanceof HttpTimeoutException) {
            mine = new HttpTimeoutException(message);
        } else if (cause instanceof ConnectException) {
            mine = new ConnectException(message);
        } else {
            mine = new IOException(message);
        }
        mine.initCause(cause);
        return mine;
    }

    @Override
    public <T> CompletableFuture<HttpResponse<T>> sendAsync(
            HttpRequest request, HttpResponse.BodyHandler<T> handler) {
        return sendAsync(request, handler, null);
    }

    @Override
    public <T> CompletableFuture<HttpResponse<T>> sendAsync(
            HttpRequest request,
            HttpResponse.BodyHandler<T> handler,
            HttpResponse.PushPromiseHandler<T> pushes) {
        Objects.requireNonNull(request, "request");
        Objects.requireNonNull(handler, "handler");
        return new Call<>(engine, client, request, handler, pushes).start();
    }

    @Override
    public Optional<CookieHandler> cookieHandler() {
        return client.cookieHandler();
    }

    @Override
    public Optional<Duration> connectTimeout() {
        return client.connectTimeout();
    }

    @Override
    public Redirect followRedirects() {
        return client.followRedirects();
    }

    @Override
    public Optional<ProxySelector> proxy() {
        return client.proxy();
    }

    @Override
    public SSLContext sslContext() {
        return client.sslContext();
    }

    @Override
    public SSLParameters sslParameters() {
        return client.sslParameters();
    }

    @Override
    public Optional<Authenticator> authenticator() {
        return client.authenticator();
    }

    @Override
    public Version version() {
        return client.version();
    }

    @Override
    public Optional<Executor> executor() {
        return client.executor();
    }

    @Override
    public WebSocket.Builder newWebSocketBuilder() {
        return client.newWebSocketBuilder();
    }
}
