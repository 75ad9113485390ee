package io.sergo.http;

import io.sergo.Engine;
import io.sergo.Instance;
import io.sergo.Lane;
import io.sergo.Outcome;
import io.sergo.Pick;
import io.sergo.Policy;
import io.sergo.RouteRequest;
import io.sergo.Routing;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** One request on its way, with all its attempts. */
final class Call<T> {
    /** How often another instance is asked for, before one that was tried is tried again. */
    private static final int MOST_PICKS = 5;

    private final Engine engine;
    private final HttpClient client;
    private final HttpRequest request;
    private final HttpResponse.BodyHandler<T> handler;
    private final HttpResponse.PushPromiseHandler<T> pushes;
    private final CompletableFuture<HttpResponse<T>> answer = new CompletableFuture<>();
    private final Set<String> tried = new HashSet<>();

    /** By {@link System#nanoTime()}; null is without end. */
    private Long deadline;

    private int attempts;

    Call(
            Engine engine,
            HttpClient client,
            HttpRequest request,
            HttpResponse.BodyHandler<T> handler,
            HttpResponse.PushPromiseHandler<T> pushes) {
        this.engine = engine;
        this.client = client;
        this.request = Changed.inLane(request, Lane.current());
        this.handler = handler;
        this.pushes = pushes;
    }

    CompletableFuture<HttpResponse<T>> start() {
        attempt();
        return answer;
    }

    private void attempt() {
        try {
            RouteRequest asked = asked();
            if (isSecure()) {
                go(engine.route(asked), null);
            } else {
                Pick pick = another(asked);
                whenCancelled(() -> pick.report(Outcome.CANCELLED));
                governed(pick, () -> go(pick.routing(), pick));
            }
        } catch (RuntimeException failure) {
            ungoverned(null, failure);
        }
    }

    /** Does a step on the way of a pick, which is called off where the step fails. */
    private void governed(Pick pick, Runnable step) {
        try {
            step.run();
        } catch (RuntimeException failure) {
            ungoverned(pick, failure);
        }
    }

    /** The engine is closed, say, or a rule makes no request of it: it is not lost. */
    private void ungoverned(Pick pick, RuntimeException failure) {
        if (pick != null) {
            pick.report(Outcome.CANCELLED);
        }
        try {
            send(request, null, null);
        } catch (RuntimeException also) {
            also.addSuppressed(failure);
            answer.completeExceptionally(also);
        }
    }

    private boolean isSecure() {
        return "https".equalsIgnoreCase(request.uri().getScheme());
    }

    private RouteRequest asked() {
        URI uri = request.uri();
        int port = uri.getPort() >= 0 ? uri.getPort() : isSecure() ? 443 : 80;
        return RouteRequest.to(Changed.authority(uri))
                .port(port)
                .method(request.method())
                .path(Changed.path(uri))
                .scheme(uri.getScheme())
                .headers(request.headers().map());
    }

    /** A pick, if possible of an instance that was not tried. */
    private Pick another(RouteRequest asked) {
        Pick pick = engine.pick(asked);
        for (int picks = 1; picks < MOST_PICKS; picks++) {
            if (pick.instance().map(Instance::id).filter(tried::contains).isEmpty()) {
                break;
            }
            pick.report(Outcome.CANCELLED);
            pick = engine.pick(asked);
        }
        pick.instance().ifPresent(instance -> tried.add(instance.id()));
        return pick;
    }

    private void go(Routing routing, Pick pick) {
        attempts++;
        if (routing instanceof Routing.To to) {
            go(to, pick);
        } else if (routing instanceof Routing.Respond respond) {
            String body = respond.body().orElse("");
            answer(respond.status(), Map.of(), body, respond.policy());
        } else if (routing instanceof Routing.Redirect redirect) {
            String location = Changed.location(request.uri(), redirect);
            answer(redirect.code(), Map.of("location", List.of(location)), "", redirect.policy());
        } else if (routing instanceof Routing.Empty empty) {
            String subset = empty.subset().map(name -> ", subset " + name).orElse("");
            answer(503, Map.of(), "no healthy instance of " + empty.host() + subset, null);
        } else {
            send(request, null, null);
        }
    }

    /** Faults are for the request, not for each attempt. */
    private void go(Routing.To to, Pick pick) {
        Policy policy = to.policy();
        boolean isFirst = attempts == 1;
        if (isFirst && policy.delay().isPresent()) {
            after(policy.delay().get().fixedDelay(), pick, () -> begin(to, pick));
        } else {
            begin(to, pick);
        }
    }

    private void begin(Routing.To to, Pick pick) {
        Policy policy = to.policy();
        if (attempts == 1) {
            if (policy.abort().isPresent()) {
                if (pick != null) {
                    pick.report(Outcome.CANCELLED);
                }
                answer(policy.abort().get().httpStatus().orElse(503), Map.of(), "", null);
                return;
            }
            deadline =
                    policy.timeout().map(span -> System.nanoTime() + span.toNanos()).orElse(null);
            if (isReplayable()) {
                policy.mirrors().forEach(this::copy);
            }
        }
        Optional<Instance> instance = pick == null ? Optional.empty() : pick.instance();
        HttpRequest changed = Changed.to(request, to, instance, timeout(policy));
        send(changed, to, pick);
    }

    /** Whatever becomes of the copy, the request goes its way. */
    private void copy(Policy.Mirror mirror) {
        try {
            HttpRequest copy = Changed.copy(request, mirror);
            client.sendAsync(copy, HttpResponse.BodyHandlers.discarding());
        } catch (RuntimeException unsent) {
            // A mirror that is no address, say.
        }
    }

    /** How long the next attempt may take; empty for what the caller said. */
    private Optional<Duration> timeout(Policy policy) {
        Optional<Duration> left =
                Optional.ofNullable(deadline)
                        .map(end -> Duration.ofNanos(Math.max(1, end - System.nanoTime())));
        return Stream.of(left, policy.retries().perTryTimeout(), request.timeout())
                .flatMap(Optional::stream)
                .min(Duration::compareTo);
    }

    /** Sends it; where it goes by no rule {@code to} is null. */
    private void send(HttpRequest changed, Routing.To to, Pick pick) {
        CompletableFuture<HttpResponse<T>> sent = client.sendAsync(changed, handler, pushes);
        whenCancelled(() -> sent.cancel(true));
        sent.whenComplete(
                (response, thrown) -> {
                    try {
                        ended(response, bare(thrown), to, pick);
                    } catch (RuntimeException failure) {
                        answer.completeExceptionally(failure);
                    }
                });
    }

    private void whenCancelled(Runnable work) {
        answer.whenComplete(
                (unused, failure) -> {
                    if (answer.isCancelled()) {
                        work.run();
                    }
                });
    }

    private static Throwable bare(Throwable thrown) {
        boolean isWrapped = thrown instanceof CompletionException && thrown.getCause() != null;
        return isWrapped ? thrown.getCause() : thrown;
    }

    private void ended(HttpResponse<T> response, Throwable failure, Routing.To to, Pick pick) {
        if (pick != null) {
            pick.report(
                    failure == null
                            ? Outcome.ofStatus(response.statusCode())
                            : Outcome.ofFailure(failure));
        }
        if (to != null && again(response, failure, to.policy().retries())) {
            Answered.discard(response);
            after(pause(to.policy().retries()), null, this::attempt);
        } else if (failure != null) {
            answer.completeExceptionally(failure);
        } else {
            answer.complete(
                    to == null
                            ? response
                            : Answered.changed(response, to.policy().responseHeaders()));
        }
    }

    private boolean again(HttpResponse<T> response, Throwable failure, Policy.Retries retries) {
        if (answer.isDone() || attempts > retries.attempts()) {
            return false;
        }
        if (deadline != null && System.nanoTime() - deadline >= 0) {
            return false;
        }
        return failure == null
                ? isReplayable() && RetryOn.holds(retries.retryOn(), response)
                : RetryOn.holds(retries.retryOn(), failure, isReplayable());
    }

    /** A body of unknown length may be there only once. */
    private boolean isReplayable() {
        return request.bodyPublisher().map(body -> body.contentLength() >= 0).orElse(true);
    }

    /** Longer each time, and never the same for all who wait. */
    private Duration pause(Policy.Retries retries) {
        long base = retries.backoff().orElse(Duration.ofMillis(25)).toNanos();
        long most = base * Math.min(10, 1L << Math.min(attempts, 10));
        return Duration.ofNanos(
                retries.backoff().isPresent()
                        ? ThreadLocalRandom.current().nextLong(base, most + 1)
                        : ThreadLocalRandom.current().nextLong(most + 1));
    }

    private void after(Duration span, Pick pick, Runnable step) {
        CompletableFuture.delayedExecutor(span.toNanos(), TimeUnit.NANOSECONDS)
                .execute(
                        () -> {
                            if (!answer.isDone()) {
                                governed(pick, step);
                            }
                        });
    }

    /** Answers in place of a server. */
    private void answer(int status, Map<String, List<String>> headers, String body, Policy policy) {
        Answered.<T>made(request, status, headers, body, handler)
                .whenComplete(
                        (response, failure) -> {
                            if (failure != null) {
                                answer.completeExceptionally(bare(failure));
                            } else {
                                answer.complete(
                                        policy == null
                                                ? response
                                                : Answered.changed(
                                                        response, policy.responseHeaders()));
                            }
                        });
    }
}
