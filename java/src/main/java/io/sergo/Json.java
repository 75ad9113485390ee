package io.sergo;

import java.util.Map;

/** Writes the little JSON that crosses to the core. */
final class Json {
    private Json() {}

    /** Writes a text, or null. */
    static StringBuilder text(StringBuilder json, String text) {
        if (text == null) {
            return json.append("null");
        }
        json.append('"');
        for (int i = 0; i < text.length(); i++) {
            char character = text.charAt(i);
            if (character == '"' || character == '\\') {
                json.append('\\').append(character);
            } else if (character < ' ') {
                json.append(String.format("\\u%04x", (int) character));
            } else {
                json.append(character);
            }
        }
        return json.append('"');
    }

    /** A list of texts. */
    static String list(Iterable<String> texts) {
        StringBuilder json = new StringBuilder("[");
        String separator = "";
        for (String text : texts) {
            text(json.append(separator), text);
            separator = ",";
        }
        return json.append(']').toString();
    }

    /** Writes a map of names and texts, or null. */
    static StringBuilder texts(StringBuilder json, Map<String, String> texts) {
        if (texts == null) {
            return json.append("null");
        }
        String separator = "{";
        for (Map.Entry<String, String> pair : texts.entrySet()) {
            text(json.append(separator), pair.getKey());
            text(json.append(':'), pair.getValue());
            separator = ",";
        }
        return json.append(texts.isEmpty() ? "{}" : "}");
    }
}
