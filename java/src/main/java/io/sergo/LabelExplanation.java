package io.sergo;

import java.util.List;
import java.util.Optional;

/**
 * Which lane a request is of, and why. Its {@link #toString()} is for people to read, and the same
 * in every language.
 *
 * @param lane the lane; empty where it has none
 * @param why why it is of that lane, or of none
 * @param document the document that gives it the lane; empty where it came with it
 * @param came the lane that it came with, believed or not
 * @param goes what the calls that are made for it carry; empty where it is of no lane
 * @param misses the lanes and label rules that were asked before and are not for it; the first
 *     1,000 of them
 * @param text all of it, in lines for people to read
 */
public record LabelExplanation(
        Optional<String> lane,
        String why,
        Optional<String> document,
        Optional<CameWith> came,
        Optional<GoesOn> goes,
        List<Miss> misses,
        String text) {
    static LabelExplanation of(Value value) {
        return new LabelExplanation(
                value.at("lane").optionalText(),
                value.at("why").text(),
                value.at("document").optionalText(),
                value.at("came").optional(CameWith::of),
                value.at("goes").optional(GoesOn::of),
                value.at("misses").list(Miss::of),
                value.at("text").text());
    }

    /** All of it, in lines for people to read. */
    @Override
    public String toString() {
        return text;
    }

    /**
     * The lane that a request came with.
     *
     * @param lane the lane
     * @param key the key that it stood under
     * @param header the header that it stood in: that key, or {@code baggage}
     * @param believed whether it was believed
     */
    public record CameWith(String lane, String key, String header, boolean believed) {
        static CameWith of(Value value) {
            return new CameWith(
                    value.at("lane").text(),
                    value.at("key").text(),
                    value.at("header").text(),
                    value.at("believed").flag());
        }
    }

    /**
     * What the calls that are made for a request carry.
     *
     * @param key the name of the header, whose value is the lane
     * @param baggage the value of the {@code baggage} header
     */
    public record GoesOn(String key, String baggage) {
        static GoesOn of(Value value) {
            return new GoesOn(value.at("key").text(), value.at("baggage").text());
        }
    }

    /**
     * A lane or label rule that is not for a request.
     *
     * @param document its kind and name
     * @param blocks for each of its matches, the first field that does not hold
     */
    public record Miss(String document, List<RouteExplanation.Block> blocks) {
        static Miss of(Value value) {
            return new Miss(
                    value.at("document").text(),
                    value.at("blocks").list(RouteExplanation.Block::of));
        }
    }
}
