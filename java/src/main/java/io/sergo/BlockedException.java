package io.sergo;

import java.io.IOException;
import java.io.ObjectOutputStream;
import java.time.Duration;
import java.util.Optional;

/**
 * A rule blocked the entry. It has no stack trace: it says what a rule decided, not where the
 * program went wrong, and it must stay cheap when most requests are blocked.
 */
public final class BlockedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Who blocked; lost where the exception is serialized. */
    private final transient Decision.Blocked decision;

    /** Made when it is first asked for, which mostly nobody does. */
    private String sentence;

    BlockedException(Decision.Blocked decision) {
        super(null, null, false, false);
        this.decision = decision;
    }

    @Override
    public String getMessage() {
        if (sentence == null) {
            sentence = sentence();
        }
        return sentence;
    }

    private void writeObject(ObjectOutputStream out) throws IOException {
        getMessage();
        out.defaultWriteObject();
    }

    private String sentence() {
        return decision.resource()
                + " is blocked by "
                + decision.strategy()
                + " "
                + decision.name()
                + " of rule "
                + decision.rule()
                + decision.retryAfter().map(after -> ": retry after " + after).orElse("");
    }

    /**
     * The decision behind it.
     *
     * @return who blocked, and what to answer
     */
    public Decision.Blocked decision() {
        return decision;
    }

    /**
     * The kind of the strategy that blocked.
     *
     * @return the kind of its document, as in {@code RateLimitStrategy}
     */
    public String strategy() {
        return decision.strategy();
    }

    /**
     * The name of the strategy that blocked.
     *
     * @return the name; empty when it is no longer known
     */
    public String name() {
        return decision.name();
    }

    /**
     * The rule that blocked.
     *
     * @return its name; empty when it is no longer known
     */
    public String rule() {
        return decision.rule();
    }

    /**
     * After how long the same entry would pass the strategy that blocked.
     *
     * @return how long, to the nanosecond; empty where it is not known
     */
    public Optional<Duration> retryAfter() {
        return decision.retryAfter();
    }

    /**
     * The response that the rule gives to what it blocks.
     *
     * @return the response; empty when the rule names none
     */
    public Optional<Fallback> fallback() {
        return decision.fallback();
    }
}
