package io.sergo;

import java.time.Duration;
import java.util.Optional;

/** The names behind blocks, each asked for once: the same id always means the same. */
final class Blocks {
    /** What an id stands for. */
    private record Names(String strategy, String name, String rule, Optional<Fallback> fallback) {
        static Names of(Value value) {
            return new Names(
                    value.at("strategy").text(),
                    value.at("name").text(),
                    value.at("rule").text(),
                    value.at("fallback").optional(Fallback::of));
        }
    }

    private final long handle;
    private final Bounded<Long, Names> known = new Bounded<>();

    Blocks(long handle) {
        this.handle = handle;
    }

    /**
     * The block that the core answered; one that it can't describe any more keeps empty names.
     *
     * @param resource the resource that was asked for
     * @param strategy the number of the strategy's kind
     * @param id the block's id
     * @param retryAfterPlusOne in nanoseconds; 0 is unknown
     */
    Decision.Blocked describe(String resource, int strategy, long id, long retryAfterPlusOne) {
        Names names = known.get(id);
        if (names == null) {
            try {
                names = Names.of(Value.of(Native.block(handle, id)));
                known.put(id, names);
            } catch (SergoException gone) {
                names = new Names(Words.kind(strategy), "", "", Optional.empty());
            }
        }
        Optional<Duration> retryAfter =
                retryAfterPlusOne == 0
                        ? Optional.empty()
                        : Optional.of(Duration.ofNanos(retryAfterPlusOne - 1));
        return new Decision.Blocked(
                resource, names.strategy, names.name, names.rule, retryAfter, names.fallback);
    }
}
