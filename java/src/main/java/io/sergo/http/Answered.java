package io.sergo.http;

import io.sergo.Policy;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.net.ssl.SSLSession;

/** A response that a rule has made or changed. */
record Answered<T>(
        HttpRequest request,
        int statusCode,
        HttpHeaders headers,
        T body,
        Optional<HttpResponse<T>> previousResponse,
        Optional<SSLSession> sslSession,
        URI uri,
        HttpClient.Version version)
        implements HttpResponse<T> {
    private record Info(int statusCode, HttpHeaders headers, HttpClient.Version version)
            implements ResponseInfo {}

    /** The response with its headers changed. */
    static <T> HttpResponse<T> changed(HttpResponse<T> response, Policy.HeaderChanges changes) {
        if (changes.remove().isEmpty() && changes.set().isEmpty() && changes.add().isEmpty()) {
            return response;
        }
        Map<String, List<String>> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        headers.putAll(response.headers().map());
        changes.remove().forEach(headers::remove);
        changes.set().forEach((name, value) -> headers.put(name, List.of(value)));
        changes.add()
                .forEach(
                        (name, value) -> {
                            List<String> more =
                                    new ArrayList<>(headers.getOrDefault(name, List.of()));
                            more.add(value);
                            headers.put(name, more);
                        });
        return new Answered<>(
                response.request(),
                response.statusCode(),
                HttpHeaders.of(headers, (name, value) -> true),
                response.body(),
                response.previousResponse(),
                response.sslSession(),
                response.uri(),
                response.version());
    }

    /** A response of the rule's own, its body as the caller's handler takes it. */
    static <T> CompletionStage<HttpResponse<T>> made(
            HttpRequest request,
            int status,
            Map<String, List<String>> headers,
            String body,
            BodyHandler<T> handler) {
        HttpHeaders own = HttpHeaders.of(headers, (name, value) -> true);
        Info info = new Info(status, own, HttpClient.Version.HTTP_1_1);
        BodySubscriber<T> subscriber = handler.apply(info);
        subscriber.onSubscribe(once(subscriber, body.getBytes(StandardCharsets.UTF_8)));
        return subscriber
                .getBody()
                .thenApply(
                        taken ->
                                new Answered<>(
                                        request,
                                        status,
                                        own,
                                        taken,
                                        Optional.empty(),
                                        Optional.empty(),
                                        request.uri(),
                                        info.version()));
    }

    private static Flow.Subscription once(BodySubscriber<?> subscriber, byte[] body) {
        AtomicBoolean given = new AtomicBoolean();
        return new Flow.Subscription() {
            @Override
            public void request(long count) {
                if (given.compareAndSet(false, true)) {
                    if (body.length > 0) {
                        subscriber.onNext(List.of(ByteBuffer.wrap(body)));
                    }
                    subscriber.onComplete();
                }
            }

            @Override
            public void cancel() {
                given.set(true);
            }
        };
    }

    /** Lets go of a response that nobody will read. */
    static void discard(HttpResponse<?> response) {
        if (response != null && response.body() instanceof AutoCloseable open) {
            try {
                open.close();
            } catch (Exception unread) {
                // There is nothing left to do for it.
            }
        }
    }
}
