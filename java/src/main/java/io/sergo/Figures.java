package io.sergo;

import java.time.Duration;
import java.util.List;

/**
 * All counters of an engine at one moment. Each is read by itself: under traffic their sums may be
 * off by what happens meanwhile.
 *
 * @param version the version of the rules in force, 0 before the first
 * @param resources one per target that rules name, in the order of their names
 */
public record Figures(long version, List<Resource> resources) {
    static Figures of(Value value) {
        return new Figures(value.at("version").number(), value.at("resources").list(Resource::of));
    }

    /**
     * The counters of one target since it was first named by a rule.
     *
     * @param resource the target as the rule writes it
     * @param passed entries that passed, those that wait included
     * @param blocked entries that were blocked
     * @param waited entries that passed after a wait
     * @param inFlight entries that passed and have not been closed
     * @param completed entries that were closed
     * @param errors of these, those that failed
     * @param responseTime the sum of their response times
     * @param strategies how often each strategy blocked, in the order in which they are asked
     */
    public record Resource(
            String resource,
            long passed,
            long blocked,
            long waited,
            long inFlight,
            long completed,
            long errors,
            Duration responseTime,
            List<Strategy> strategies) {
        static Resource of(Value value) {
            return new Resource(
                    value.at("resource").text(),
                    value.at("passed").number(),
                    value.at("blocked").number(),
                    value.at("waited").number(),
                    value.at("inFlight").number(),
                    value.at("completed").number(),
                    value.at("errors").number(),
                    Duration.ofNanos(value.at("rtSumNanos").number()),
                    value.at("strategies").list(Strategy::of));
        }
    }

    /**
     * How often one strategy of a target blocked.
     *
     * @param kind the strategy's kind, as in its document
     * @param strategy the strategy's name
     * @param blocked entries that it blocked
     */
    public record Strategy(String kind, String strategy, long blocked) {
        static Strategy of(Value value) {
            return new Strategy(
                    value.at("kind").text(),
                    value.at("strategy").text(),
                    value.at("blocked").number());
        }
    }
}
