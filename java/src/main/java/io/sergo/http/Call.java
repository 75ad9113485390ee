package io.sergo.http;

import io.sergo.Engine;
import io.sergo.Instance;
import io.sergo.Lane;
import io.sergo.Outcome;
import io.sergo.Pick;
import io.sergo.Policy;
import io.sergo.RouteRequest;
import io.sergo.Routing;
import io.sergo.SergoException;
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
        Pick pick = null;
        try {
            boolean isSecure = "https".equalsIgnoreCase(request.uri().getScheme());
            RouteRequest asked = asked();
            pick = isSecure ? null : another(asked);
            go(pick == null ? engine.route(asked) : pick.routing(), pick);
        } catch (SergoException | IllegalArgumentException ungoverned) {
            // The engine is closed, say, or a rule makes no request of it: none is lost.
            if (pick != null) {
                pick.report(Outcome.CANCELLED);
            }
            send(request, null, null);
        } catch (RuntimeException failure) {
            answer.completeExceptionally(failure);
        }
    }

    private RouteRequest asked() {
        RouteRequest asked =
                RouteRequest.to(request.uri().getAuthority())
                        .method(request.method())
                        .path(Changed.path(request.uri()))
                        .scheme(request.uri().getScheme())
                        .headers(request.headers().map());
        if (request.uri().getPort() < 0) {
            asked.port("https".equalsIgnoreCase(request.uri().getScheme()) ? 443 : 80);
        }
        return asked;
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
            after(policy.delay().get().fixedDelay(), () -> begin(to, pick));
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
            deadline = policy.timeout().map(span -> System.nanoTime() + span.toNanos()).orElse(null);
            if (isReplayable()) {
                policy.mirrors().forEach(this::copy);
            }
        }
        Optional<Instance> instance = pick == null ? Optional.empty() : pick.instance();
        HttpRequest changed = Changed.to(request, to, instance, timeout(policy));
        send(changed, to, pick);
    }

    private void copy(Policy.Mirror mirror) {
        HttpRequest copy = Changed.copy(request, mirror);
        client.sendAsync(copy, HttpResponse.BodyHandlers.discarding());
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
        answer.whenComplete(
                (unused, failure) -> {
                    if (answer.isCancelled()) {
                        sent.cancel(true);
                    }
                });
        sent.whenComplete(
                (response, thrown) -> {
                    try {
                        ended(response, bare(thrown), to, pick);
                    } catch (RuntimeException failure) {
                        answer.completeExceptionally(failure);
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
                    answer.isCancelled()
                            ? Outcome.CANCELLED
                            : failure == null
                                    ? Outcome.ofStatus(response.statusCode())
                                    : Outcome.ofFailure(failure));
        }
        if (to != null && again(response, failure, to.policy().retries())) {
            Answered.discard(response);
            after(pause(to.policy().retries()), this::attempt);
        } else if (failure != null) {
            answer.completeExceptionally(failure);
        } else {
            answer.complete(
                    to == null ? response : Answered.changed(response, to.policy().responseHeaders()));
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

    private void after(Duration span, Runnable work) {
        CompletableFuture.delayedExecutor(span.toNanos(), TimeUnit.NANOSECONDS)
                .execute(
                        () -> {
                            if (!answer.isDone()) {
                                work.run();
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
