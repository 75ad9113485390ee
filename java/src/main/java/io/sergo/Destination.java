package io.sergo;

import java.util.Optional;
import java.util.OptionalInt;

/**
 * Where a request goes, as the rule writes it.
 *
 * @param host the host
 * @param subset the subset of the host's instances, if the rule names one
 * @param port the port, if the rule names one
 */
public record Destination(String host, Optional<String> subset, OptionalInt port) {
    static Destination of(Value value) {
        return new Destination(
                value.at("host").text(),
                value.at("subset").optionalText(),
                value.at("port").optionalInt());
    }
}
