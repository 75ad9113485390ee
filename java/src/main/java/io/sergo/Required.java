package io.sergo;

import java.util.Set;

/**
 * The parts of a request, beside its host, method, path and scheme, that rules look at. The engine
 * heeds this by itself; it is for whoever has to fetch such parts from afar.
 *
 * @param version the version of the rules that this holds for
 * @param headers the headers, in lower case
 * @param parameters the query parameters
 */
public record Required(long version, Set<String> headers, Set<String> parameters) {
    static Required of(Value value) {
        return new Required(
                value.at("version").number(),
                Set.copyOf(value.at("headers").list(Value::text)),
                Set.copyOf(value.at("parameters").list(Value::text)));
    }
}
