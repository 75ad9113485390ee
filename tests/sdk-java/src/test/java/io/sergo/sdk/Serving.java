package io.sergo.sdk;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.function.UnaryOperator;

/** A running {@code sergo serve}, and the rule file that it serves. */
final class Serving implements AutoCloseable {
    private final Process process;
    private final Path file;
    private final String http;
    final int port;

    Serving(Path folder) throws IOException {
        file = folder.resolve("rules.yaml");
        Files.copy(Path.of(System.getProperty("rules")), file);
        process =
                new ProcessBuilder(
                                System.getProperty("sergo"),
                                "serve",
                                "--rules",
                                folder.toString(),
                                "--listen",
                                "127.0.0.1:0",
                                "--format",
                                "json")
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
        BufferedReader log = process.inputReader(StandardCharsets.UTF_8);
        JsonObject listening = null;
        for (String line = log.readLine(); line != null; line = log.readLine()) {
            JsonObject event = JsonParser.parseString(line).getAsJsonObject();
            if (event.get("event").getAsString().equals("listening")) {
                listening = event;
                break;
            }
        }
        if (listening == null) {
            throw new IOException("sergo serve ended before it listened");
        }
        String grpc = listening.get("grpc").getAsString();
        port = Integer.parseInt(grpc.substring(grpc.lastIndexOf(':') + 1));
        http = listening.get("http").getAsString();
        // Nobody reads the rest, and a full pipe would hold it up.
        Thread reader = new Thread(() -> log.lines().forEach(line -> {}));
        reader.setDaemon(true);
        reader.start();
    }

    /** Puts another text in the place of the rules, at once. */
    void change(UnaryOperator<String> edit) throws IOException {
        Path beside = file.resolveSibling(".rules.yaml");
        Files.writeString(beside, edit.apply(Files.readString(file)));
        Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE);
    }

    /** What it says over HTTP. */
    JsonElement ask(String path) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://" + http + path)).build();
        HttpResponse<String> response =
                HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
        return JsonParser.parseString(response.body());
    }

    @Override
    public void close() {
        // Unlike the process itself, its handle leaves the pipe to who reads it.
        process.toHandle().destroy();
    }
}
