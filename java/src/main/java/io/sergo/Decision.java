package io.sergo;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** The answer of {@link Engine#tryEnter(String)}: a pass, perhaps after a wait, or a block. */
public sealed interface Decision {
    /**
     * The entry may go on: at once, or once the caller has waited. There is no second question.
     *
     * @param entry what to close when the work is done; it counts from now on, also while the
     *     caller waits
     * @param waitTime how long to wait before going on; zero is not at all
     */
    record Passed(Entry entry, Duration waitTime) implements Decision {}

    /**
     * The entry may not go on, and has left no trace.
     *
     * @param resource the resource that was asked for
     * @param strategy the kind of the strategy that blocked, as in {@code RateLimitStrategy}
     * @param name the strategy's name; empty when rules have changed so often since that it is no
     *     longer known
     * @param rule the name of the rule that blocked; empty likewise
     * @param retryAfter after how long the same entry would pass this strategy, where that is known
     * @param fallback the response that the rule gives, if it gives one
     */
    record Blocked(
            String resource,
            String strategy,
            String name,
            String rule,
            Optional<Duration> retryAfter,
            Optional<Fallback> fallback)
            implements Decision {
        private static final Fallback TOO_MANY_REQUESTS = new Fallback(429, "", List.of());

        /**
         * The HTTP response to give, for an adapter: the rule's fallback, or 429 without a body;
         * and {@code Retry-After} in whole seconds, rounded up, where it is known and the fallback
         * does not set it.
         *
         * @return the response
         */
        public Fallback response() {
            Fallback response = fallback.orElse(TOO_MANY_REQUESTS);
            if (retryAfter.isEmpty() || response.sets("Retry-After")) {
                return response;
            }
            Duration wait = retryAfter.get();
            long seconds = wait.getSeconds() + (wait.getNano() > 0 ? 1 : 0);
            return response.with("Retry-After", Long.toString(seconds));
        }

        /**
         * The block as an exception, for the caller's own flow.
         *
         * @return a new exception, without a stack trace
         */
        public BlockedException toException() {
            return new BlockedException(this);
        }
    }
}
