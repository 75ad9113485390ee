package io.sergo;

/** Reads the answers that are interfaces, which can have no reader of their own out of sight. */
final class Answers {
    private Answers() {}

    static Routing routing(Value value) {
        Value empty = value.at("empty");
        if (empty.isPresent()) {
            return new Routing.Empty(empty.at("host").text(), empty.at("subset").optionalText());
        }
        return new Routing.To(
                value.at("route").optionalText(),
                Destination.of(value.at("destination")),
                value.at("fallback").flag());
    }

    static Event event(Value value) {
        String kind = value.at("event").text();
        return switch (kind) {
            case "breaker" ->
                    new Event.Breaker(
                            value.at("resource").text(),
                            value.at("strategy").text(),
                            BreakerState.of(value.at("from").text()),
                            BreakerState.of(value.at("to").text()),
                            value.at("total").optionalNumber(),
                            value.at("bad").optionalNumber());
            case "rulesApplied" -> new Event.RulesApplied(value.at("version").number());
            case "firstBlock" ->
                    new Event.FirstBlock(value.at("resource").text(), value.at("strategy").text());
            default -> throw new IllegalStateException("no event is " + kind);
        };
    }
}
