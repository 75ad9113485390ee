package peers;

import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig.SlidingWindowType;
import io.github.resilience4j.ratelimiter.RateLimiter;
import io.github.resilience4j.ratelimiter.RateLimiterConfig;
import io.github.resilience4j.ratelimiter.RequestNotPermitted;
import java.time.Duration;
import java.util.function.Supplier;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.infra.ThreadParams;

/** resilience4j's rate limiter around its circuit breaker at the same job; it knows no resource without rules. */
@State(Scope.Benchmark)
public class Resilience4j {
    private final Supplier<Object> first = governed("first", 1_000_000_000, Duration.ofSeconds(1));
    private final Supplier<Object> second = governed("second", 1_000_000_000, Duration.ofSeconds(1));
    private final Supplier<Object> blocked = governed("blocked", 1, Duration.ofHours(1));

    /** What each thread calls when it has a resource of its own. */
    @State(Scope.Thread)
    public static class Own {
        Supplier<Object> governed;

        @Setup
        public void choose(Resilience4j all, ThreadParams thread) {
            governed = thread.getThreadIndex() == 0 ? all.first : all.second;
        }
    }

    private static Supplier<Object> governed(String name, int limit, Duration period) {
        RateLimiter limiter =
                RateLimiter.of(
                        name,
                        RateLimiterConfig.custom()
                                .limitForPeriod(limit)
                                .limitRefreshPeriod(period)
                                .timeoutDuration(Duration.ZERO)
                                .build());
        CircuitBreaker breaker =
                CircuitBreaker.of(
                        name,
                        CircuitBreakerConfig.custom()
                                .failureRateThreshold(50)
                                .slidingWindow(10, 100, SlidingWindowType.TIME_BASED)
                                .build());
        return RateLimiter.decorateSupplier(limiter, CircuitBreaker.decorateSupplier(breaker, () -> name));
    }

    @Setup
    public void spend() {
        blocked.get();
    }

    @Benchmark
    public Object limitBreaker_pass() {
        return first.get();
    }

    @Benchmark
    @Threads(2)
    public Object limitBreaker_shared() {
        return first.get();
    }

    @Benchmark
    @Threads(2)
    public Object limitBreaker_own(Own own) {
        return own.governed.get();
    }

    @Benchmark
    public Object limitBreaker_blocked() {
        try {
            return new IllegalStateException("it passed: " + blocked.get());
        } catch (RequestNotPermitted refused) {
            return refused;
        }
    }
}
