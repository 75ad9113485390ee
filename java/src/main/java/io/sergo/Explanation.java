package io.sergo;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * What an entry would be answered at one moment, and why. Its {@link #toString()} is for people to
 * read, and the same in every language.
 *
 * @param resource the resource that was asked about
 * @param governed whether a rule names it; overload protections ask every inbound entry, also to
 *     resources that no rule names
 * @param answer the answer: that of the first gate that blocks, else a wait where there is one
 * @param waitTime for a wait: the longest
 * @param retryAfter for a block: after how long the gate that blocks would let the same entry pass,
 *     where that is known
 * @param gates every gate that applies, in the order in which they are asked
 * @param text all of it, in lines for people to read
 */
public record Explanation(
        String resource,
        boolean governed,
        Verdict answer,
        Optional<Duration> waitTime,
        Optional<Duration> retryAfter,
        List<Gate> gates,
        String text) {
    static Explanation of(Value value) {
        return new Explanation(
                value.at("resource").text(),
                value.at("governed").flag(),
                Verdict.of(value.at("answer")),
                value.at("wait").optional(Value::nanos),
                value.at("retryAfter").optional(Value::nanos),
                value.at("gates").list(Gate::of),
                value.at("text").text());
    }

    /** All of it, in lines for people to read. */
    @Override
    public String toString() {
        return text;
    }

    /** What is answered, without the figures. */
    public enum Verdict {
        /** It may go on at once. */
        PASS,
        /** It may go on after a wait. */
        WAIT,
        /** It may not go on. */
        BLOCK;

        static Verdict of(Value value) {
            return switch (value.text()) {
                case "pass" -> PASS;
                case "wait" -> WAIT;
                case "block" -> BLOCK;
                default -> throw new IllegalStateException("no verdict is " + value.text());
            };
        }
    }

    /**
     * What one gate would answer by itself, and why.
     *
     * @param target the target as the rule writes it; empty for an overload protection, which
     *     stands before the instance as a whole
     * @param kind the strategy's kind, as in its document
     * @param strategy the strategy's name
     * @param rule the name of the rule that a block is reported under
     * @param answer the answer
     * @param waitTime for a wait: how long
     * @param retryAfter for a block: after how long the same entry would pass, where that is known
     * @param state the state of a circuit breaker; empty for other kinds
     * @param limit the threshold of a rate limit, the most in flight, the share of bad calls at
     *     which a breaker opens, a queue's timeout in nanoseconds, the figure of the system at
     *     which protection begins
     * @param used what stands against the limit, in the same unit: admitted in the window, in
     *     flight, the share of bad calls, the wait at the queue's end, the figure of the system;
     *     empty where it is not known: a figure that nobody gave, a share of no calls
     * @param why why, in a sentence with the figures
     */
    public record Gate(
            String target,
            String kind,
            String strategy,
            String rule,
            Verdict answer,
            Optional<Duration> waitTime,
            Optional<Duration> retryAfter,
            Optional<BreakerState> state,
            OptionalDouble limit,
            OptionalDouble used,
            String why) {
        static Gate of(Value value) {
            return new Gate(
                    value.at("target").text(),
                    value.at("kind").text(),
                    value.at("strategy").text(),
                    value.at("rule").text(),
                    Verdict.of(value.at("answer")),
                    value.at("wait").optional(Value::nanos),
                    value.at("retryAfter").optional(Value::nanos),
                    value.at("state").optionalText().map(BreakerState::of),
                    value.at("limit").optionalReal(),
                    value.at("used").optionalReal(),
                    value.at("why").text());
        }
    }
}
