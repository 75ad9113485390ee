package io.sergo;

import java.util.OptionalLong;

/** Something that happened, for {@link Engine#onEvent} and {@link Engine#drainEvents()}. */
public sealed interface Event {
    /**
     * A circuit breaker changed its state.
     *
     * @param resource the target as the rule writes it
     * @param strategy the strategy's name
     * @param from the state that it left
     * @param to the state that it is in
     * @param total for closed to open: the completions that it judged by
     * @param bad for closed to open: how many of them were bad
     */
    record Breaker(
            String resource,
            String strategy,
            BreakerState from,
            BreakerState to,
            OptionalLong total,
            OptionalLong bad)
            implements Event {}

    /**
     * New rules are in force.
     *
     * @param version the version of the rules, counted from 1
     */
    record RulesApplied(long version) implements Event {}

    /**
     * A resource was blocked for the first time after a calm.
     *
     * @param resource the target as the rule writes it
     * @param strategy the strategy's name
     */
    record FirstBlock(String resource, String strategy) implements Event {}
}
