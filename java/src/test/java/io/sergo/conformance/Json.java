package io.sergo.conformance;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** Reading and making the JSON of a port, where an absent field and null are one. */
final class Json {
    private Json() {}

    static Optional<JsonElement> get(JsonObject from, String name) {
        return Optional.ofNullable(from.get(name)).filter(value -> !value.isJsonNull());
    }

    static Optional<String> text(JsonObject from, String name) {
        return get(from, name).map(JsonElement::getAsString);
    }

    static int number(JsonObject from, String name, int otherwise) {
        return get(from, name).map(JsonElement::getAsInt).orElse(otherwise);
    }

    static boolean flag(JsonObject from, String name, boolean otherwise) {
        return get(from, name).map(JsonElement::getAsBoolean).orElse(otherwise);
    }

    static Map<String, String> map(JsonElement from) {
        Map<String, String> map = new LinkedHashMap<>();
        if (from != null && !from.isJsonNull()) {
            from.getAsJsonObject()
                    .entrySet()
                    .forEach(entry -> map.put(entry.getKey(), entry.getValue().getAsString()));
        }
        return map;
    }

    static <T> JsonArray list(List<T> from, Function<T, JsonObject> make) {
        JsonArray list = new JsonArray();
        from.forEach(element -> list.add(make.apply(element)));
        return list;
    }

    /** An object of names and texts in turn; null stays null. */
    static JsonObject object(String... namesAndTexts) {
        JsonObject object = new JsonObject();
        for (int i = 0; i < namesAndTexts.length; i += 2) {
            object.addProperty(namesAndTexts[i], namesAndTexts[i + 1]);
        }
        return object;
    }
}
