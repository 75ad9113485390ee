package io.sergo;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The HTTP response that a rule gives to what it blocks ({@code HttpRequestFallbackAction}).
 *
 * @param status the status code, 429 where the action names none
 * @param body the body, perhaps empty
 * @param headers names and values as written and in order
 */
public record Fallback(int status, String body, List<Map.Entry<String, String>> headers) {
    /**
     * Copies the headers.
     *
     * @param status the status code
     * @param body the body
     * @param headers names and values
     */
    public Fallback {
        headers = List.copyOf(headers);
    }

    boolean sets(String header) {
        return headers.stream().anyMatch(pair -> pair.getKey().equalsIgnoreCase(header));
    }

    Fallback with(String header, String value) {
        List<Map.Entry<String, String>> more = new ArrayList<>(headers);
        more.add(Map.entry(header, value));
        return new Fallback(status, body, more);
    }

    static Fallback of(Value value) {
        return new Fallback(
                (int) value.at("status").number(),
                value.at("body").text(),
                value.at("headers").list(Fallback::header));
    }

    private static Map.Entry<String, String> header(Value pair) {
        List<String> parts = pair.list(Value::text);
        return Map.entry(parts.get(0), parts.get(1));
    }
}
