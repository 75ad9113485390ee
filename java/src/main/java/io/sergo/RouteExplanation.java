package io.sergo;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Which route a request goes by, and why none of those before it. Its {@link #toString()} is for
 * people to read, and the same in every language.
 *
 * @param router the kind and name of the router of the host; empty where there is none
 * @param misses the routes that don't match, in order, up to the one that does; the first 1,000 of
 *     them
 * @param position the place of the route that matches, as in {@code spec.http[2]}
 * @param routing where the request goes, and what is done with it on the way
 * @param text all of it, in lines for people to read
 */
public record RouteExplanation(
        Optional<String> router,
        List<Miss> misses,
        OptionalInt position,
        Routing routing,
        String text) {
    static RouteExplanation of(Value value) {
        return new RouteExplanation(
                value.at("router").optionalText(),
                value.at("misses").list(Miss::of),
                value.at("position").optionalInt(),
                value.at("directions").optional(Answers::routing).orElse(Routing.NOWHERE),
                value.at("text").text());
    }

    /** All of it, in lines for people to read. */
    @Override
    public String toString() {
        return text;
    }

    /**
     * A route that does not match.
     *
     * @param position its place in the document's list, from 0
     * @param blocks for each of its match blocks, why that one does not hold
     */
    public record Miss(int position, List<Block> blocks) {
        static Miss of(Value value) {
            return new Miss(
                    (int) value.at("position").number(), value.at("blocks").list(Block::of));
        }
    }

    /**
     * The first field of a match block that does not hold.
     *
     * @param field the field, as in {@code headers.tag}
     * @param expected what the rule asks for
     * @param found what the request has
     */
    public record Block(String field, String expected, String found) {
        static Block of(Value value) {
            return new Block(
                    value.at("field").text(),
                    value.at("expected").text(),
                    value.at("found").text());
        }
    }
}
