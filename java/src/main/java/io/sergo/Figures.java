package io.sergo;

import java.time.Duration;
import java.util.List;

/**
 * All counters of an engine at one moment. Each is read by itself: under traffic their sums may be
 * off by what happens meanwhile.
 *
 * @param version the version of the rules in force, 0 before the first
 * @param inFlight inbound entries in flight, those of resources without rules included
 * @param resources one per target that rules name, in the order of their names
 * @param instance the overload protections, which ask for the instance as a whole
 */
public record Figures(
        long version, long inFlight, List<Resource> resources, List<Strategy> instance) {
    static Figures of(Value value) {
        return new Figures(
                value.at("version").number(),
                value.at("inFlight").number(),
                value.at("resources").list(Resource::of),
                value.at("instance").list(Strategy::of));
    }

    /**
     * The counters of one target since it was first named by a rule.
     *
     * @param resource the target as the rule writes it
     * @param passed entries that passed, those that wait included
     * @param blocked entries that were blocked
     * @param waited entries that passed after a wait
     * @param cancelled entries that passed and were cancelled
     * @param inFlight entries that passed and have neither been closed nor cancelled
     * @param completed entries that were closed
     * @param errors of these, those that failed
     * @param responseTimes how long these took
     * @param strategies how often each strategy blocked, in the order in which they are asked
     */
    public record Resource(
            String resource,
            long passed,
            long blocked,
            long waited,
            long cancelled,
            long inFlight,
            long completed,
            long errors,
            ResponseTimes responseTimes,
            List<Strategy> strategies) {
        static Resource of(Value value) {
            return new Resource(
                    value.at("resource").text(),
                    value.at("passed").number(),
                    value.at("blocked").number(),
                    value.at("waited").number(),
                    value.at("cancelled").number(),
                    value.at("inFlight").number(),
                    value.at("completed").number(),
                    value.at("errors").number(),
                    ResponseTimes.of(value),
                    value.at("strategies").list(Strategy::of));
        }
    }

    /**
     * How long the entries of a target took that were closed; each from the end of its wait.
     *
     * @param sum all together
     * @param min the shortest; zero without any
     * @param max the longest; zero without any
     * @param p50 the median, at most an eighth too long
     * @param p99 the 99th percentile, likewise
     * @param histogram how they spread, shortest first; a bucket that would be empty is left out
     */
    public record ResponseTimes(
            Duration sum,
            Duration min,
            Duration max,
            Duration p50,
            Duration p99,
            List<Bucket> histogram) {
        static ResponseTimes of(Value value) {
            return new ResponseTimes(
                    value.at("rtSumNanos").nanos(),
                    value.at("rtMinNanos").nanos(),
                    value.at("rtMaxNanos").nanos(),
                    value.at("rtP50Nanos").nanos(),
                    value.at("rtP99Nanos").nanos(),
                    value.at("rtHistogram").list(Bucket::of));
        }
    }

    /**
     * Response times of about one length.
     *
     * @param under all of them were under this, and not under that of the bucket before
     * @param count how many
     */
    public record Bucket(Duration under, long count) {
        static Bucket of(Value value) {
            List<Value> pair = value.list(number -> number);
            return new Bucket(pair.get(0).nanos(), pair.get(1).number());
        }
    }

    /**
     * How often one strategy blocked.
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
