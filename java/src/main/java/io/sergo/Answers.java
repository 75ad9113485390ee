package io.sergo;

import java.util.Optional;

/** Reads the answers that are interfaces, which can have no reader of their own out of sight. */
final class Answers {
    private Answers() {}

    static Routing routing(Value value) {
        Value empty = value.at("empty");
        if (empty.isPresent()) {
            return new Routing.Empty(empty.at("host").text(), empty.at("subset").optionalText());
        }
        Optional<String> route = value.at("route").optionalText();
        Policy policy = Policy.of(value);
        Value redirect = value.at("redirect");
        if (redirect.isPresent()) {
            return new Routing.Redirect(
                    route,
                    redirect.at("uri").text(),
                    redirect.at("authority").text(),
                    redirect.at("scheme").text(),
                    redirect.at("port").optionalInt(),
                    (int) redirect.at("redirectCode").number(),
                    policy);
        }
        Value response = value.at("directResponse");
        if (response.isPresent()) {
            return new Routing.Respond(
                    route,
                    (int) response.at("status").number(),
                    response.at("body").at("string").optionalText(),
                    policy);
        }
        return new Routing.To(
                route,
                Destination.of(value.at("destination")),
                value.at("fallback").flag(),
                policy);
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
