package io.sergo;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The command {@code sergo serve}, in a process of its own, on free ports. */
public final class Plane implements AutoCloseable {
    private final Process process;
    private final String grpc;
    private final String http;

    /** Serves a folder of rules. */
    public Plane(Path rules, String... more) throws IOException {
        Path command = command();
        assertTrue(Files.isExecutable(command), () -> command + " is missing: make native");
        List<String> words = new ArrayList<>(List.of(command.toString(), "serve"));
        words.addAll(List.of("--rules", rules.toString(), "--listen", "127.0.0.1:0"));
        words.addAll(List.of("--http", "127.0.0.1:0", "--format", "json"));
        words.addAll(List.of(more));
        process = new ProcessBuilder(words).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        process.getOutputStream().close();
        BufferedReader out =
                new BufferedReader(
                        new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        JsonObject listening = listening(out);
        grpc = listening.get("grpc").getAsString();
        http = listening.get("http").getAsString();
        Thread rest = new Thread(() -> out.lines().forEach(line -> {}));
        rest.setDaemon(true);
        rest.start();
    }

    private static Path command() {
        String target = System.getenv().getOrDefault("CARGO_TARGET_DIR", "../target");
        return Path.of(target, "release", "sergo");
    }

    private static JsonObject listening(BufferedReader out) throws IOException {
        for (String line = out.readLine(); line != null; line = out.readLine()) {
            JsonObject event = JsonParser.parseString(line).getAsJsonObject();
            if (event.get("event").getAsString().equals("listening")) {
                return event;
            }
        }
        throw new IOException("it ended before it listened");
    }

    /** Where subscribers connect. */
    public String address() {
        return grpc;
    }

    int port() {
        return Integer.parseInt(grpc.substring(grpc.lastIndexOf(':') + 1));
    }

    /** What it says over HTTP. */
    String get(String path) {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://" + http + path)).build();
        try {
            return HttpClient.newHttpClient()
                    .send(request, HttpResponse.BodyHandlers.ofString())
                    .body();
        } catch (IOException | InterruptedException failure) {
            throw new IllegalStateException(failure);
        }
    }

    /** Kills it, as a power failure would. */
    @Override
    public void close() {
        // Unlike the process itself, its handle leaves the pipe to who reads it.
        process.toHandle().destroyForcibly();
        try {
            process.waitFor();
        } catch (InterruptedException sooner) {
            Thread.currentThread().interrupt();
        }
    }
}
