package io.sergo.conformance;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.sergo.Engine;
import io.sergo.EngineBuilder;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The conformance port: a vector per line in, its answers per line out, through nothing but the
 * public package.
 */
public final class Port {
    private static final Gson GSON =
            new GsonBuilder().disableHtmlEscaping().serializeNulls().create();

    private Port() {}

    /**
     * Answers until the input ends.
     *
     * @param arguments none
     * @throws IOException when the input can't be read
     */
    public static void main(String[] arguments) throws IOException {
        BufferedReader in =
                new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            JsonObject answer = new JsonObject();
            answer.add("answers", run(JsonParser.parseString(line).getAsJsonObject()));
            out.println(GSON.toJson(answer));
        }
    }

    private static JsonArray run(JsonObject vector) {
        AtomicLong clock = new AtomicLong();
        EngineBuilder builder =
                Engine.builder(vector.get("app").getAsString())
                        .namespace(vector.get("namespace").getAsString())
                        .clock(clock::get)
                        .sampleSystem(false);
        Json.map(vector.get("labels")).forEach(builder::label);
        JsonArray answers = new JsonArray();
        try (Engine engine = builder.build()) {
            Steps steps = new Steps(engine);
            for (JsonElement element : vector.getAsJsonArray("steps")) {
                JsonObject step = element.getAsJsonObject();
                clock.set(step.get("at").getAsLong());
                answers.add(answer(steps, step));
            }
        }
        return answers;
    }

    private static JsonObject answer(Steps steps, JsonObject step) {
        try {
            return steps.run(step);
        } catch (RuntimeException failure) {
            JsonObject error = new JsonObject();
            error.addProperty("error", failure.toString());
            return error;
        }
    }
}
