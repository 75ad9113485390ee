package io.sergo;

import java.util.Map;

/**
 * The lane of a request, to be carried on to all calls that are made for it.
 *
 * @param lane the lane
 * @param baggage the key under which it travels, as a header and as a member of the {@code baggage}
 *     header, and the lane
 */
public record Label(String lane, Map<String, String> baggage) {
    /**
     * Copies the map.
     *
     * @param lane the lane
     * @param baggage the key and the lane
     */
    public Label {
        baggage = Map.copyOf(baggage);
    }

    static Label of(Value value) {
        return new Label(value.at("lane").text(), value.at("baggage").texts());
    }
}
