package io.sergo.conformance;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import io.sergo.BreakerState;
import io.sergo.Decision;
import io.sergo.Direction;
import io.sergo.Engine;
import io.sergo.Entry;
import io.sergo.Event;
import io.sergo.Fallback;
import io.sergo.Report;
import io.sergo.SystemLoad;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/** The steps of one vector, on one engine. */
final class Steps {
    /** Entries under one name: those still open, oldest first, and those closed already. */
    private record Entries(List<Entry> open, List<Entry> closed) {}

    private final Engine engine;
    private final Routes routes;
    private final Map<String, Entries> entries = new HashMap<>();

    Steps(Engine engine) {
        this.engine = engine;
        this.routes = new Routes(engine);
    }

    JsonObject run(JsonObject step) {
        String op = step.get("op").getAsString();
        return switch (op) {
            case "rules" -> report(engine.load(step.get("text").getAsString()));
            case "enter" -> enter(step);
            case "exit" -> exit(step);
            case "state" -> state(step);
            case "events" -> events();
            case "load" -> load(step);
            case "endpoints" -> routes.endpoints(step);
            case "route" -> routes.route(step);
            case "pick" -> routes.pick(step);
            case "report" -> routes.report(step);
            case "ejected" -> routes.ejected(step);
            case "label" -> routes.label(step);
            case "connect" -> routes.connect(step);
            default -> Json.object("error", "unknown op: " + op);
        };
    }

    private static JsonObject report(Report report) {
        JsonObject answer = new JsonObject();
        answer.addProperty("accepted", report.accepted());
        answer.add("rejected", Json.list(report.rejected(), Steps::diagnostic));
        answer.add(
                "waiting",
                Json.list(
                        report.waiting(),
                        waiting ->
                                Json.object(
                                        "kind", waiting.kind(),
                                        "name", waiting.name(),
                                        "missing", waiting.missing())));
        answer.add("warnings", Json.list(report.warnings(), Steps::diagnostic));
        answer.add("shadowed", Json.list(report.shadowed(), Steps::diagnostic));
        return answer;
    }

    private static JsonObject diagnostic(Report.Diagnostic one) {
        return Json.object(
                "kind", one.kind(),
                "name", one.name(),
                "field", one.field(),
                "message", one.message());
    }

    private JsonObject enter(JsonObject step) {
        int repeat = Json.number(step, "repeat", 1);
        String resource = step.get("resource").getAsString();
        int cost = Json.number(step, "cost", 1);
        Direction direction =
                Json.text(step, "direction").orElse("inbound").equals("outbound")
                        ? Direction.OUTBOUND
                        : Direction.INBOUND;
        int passed = 0;
        JsonObject answer = new JsonObject();
        for (int i = 0; i < repeat; i++) {
            Decision decision = engine.resource(resource).tryEnter(cost, direction);
            if (decision instanceof Decision.Passed pass) {
                passed++;
                Json.text(step, "as").ifPresent(name -> named(name).open.add(pass.entry()));
            }
            answer = decision(decision);
        }
        if (repeat != 1) {
            answer = new JsonObject();
            answer.addProperty("passed", passed);
            answer.addProperty("blocked", repeat - passed);
        }
        return answer;
    }

    private Entries named(String name) {
        return entries.computeIfAbsent(
                name, unused -> new Entries(new ArrayList<>(), new ArrayList<>()));
    }

    private static JsonObject decision(Decision decision) {
        JsonObject answer = new JsonObject();
        if (decision instanceof Decision.Blocked blocked) {
            answer.addProperty("block", blocked.strategy());
            answer.addProperty("strategy", blocked.name());
            answer.addProperty("rule", blocked.rule());
            answer.addProperty(
                    "retryAfter", blocked.retryAfter().map(after -> after.toNanos()).orElse(null));
            answer.add(
                    "fallback",
                    blocked.fallback().<JsonElement>map(Steps::fallback).orElse(JsonNull.INSTANCE));
        } else if (decision instanceof Decision.Passed passed && passed.waitTime().isZero()) {
            answer.addProperty("pass", true);
        } else if (decision instanceof Decision.Passed passed) {
            answer.addProperty("wait", passed.waitTime().toNanos());
        }
        return answer;
    }

    private static JsonObject fallback(Fallback fallback) {
        JsonObject headers = new JsonObject();
        fallback.headers()
                .forEach(header -> headers.addProperty(header.getKey(), header.getValue()));
        JsonObject answer = new JsonObject();
        answer.addProperty("status", fallback.status());
        answer.addProperty("body", fallback.body());
        answer.add("headers", headers);
        return answer;
    }

    private JsonObject exit(JsonObject step) {
        Entries under = named(step.get("entry").getAsString());
        boolean error = Json.flag(step, "error", false);
        if (Json.flag(step, "again", false)) {
            under.closed.forEach(entry -> close(entry, error));
            return new JsonObject();
        }
        int count = Math.min(Json.number(step, "count", under.open.size()), under.open.size());
        for (int i = 0; i < count; i++) {
            Entry entry = under.open.remove(0);
            close(entry, error);
            under.closed.add(entry);
        }
        return new JsonObject();
    }

    private static void close(Entry entry, boolean error) {
        entry.error(error);
        entry.close();
    }

    private JsonObject state(JsonObject step) {
        String resource = step.get("resource").getAsString();
        String strategy = step.get("strategy").getAsString();
        return Json.object(
                "state",
                engine.breakerState(resource, strategy).map(BreakerState::toString).orElse(null));
    }

    private JsonObject events() {
        JsonArray list = new JsonArray();
        for (Event event : engine.drainEvents()) {
            if (event instanceof Event.Breaker breaker) {
                JsonObject one =
                        Json.object(
                                "resource", breaker.resource(),
                                "strategy", breaker.strategy(),
                                "from", breaker.from().toString(),
                                "to", breaker.to().toString());
                breaker.total().ifPresent(total -> one.addProperty("total", total));
                breaker.bad().ifPresent(bad -> one.addProperty("bad", bad));
                list.add(one);
            }
        }
        JsonObject answer = new JsonObject();
        answer.add("events", list);
        return answer;
    }

    private JsonObject load(JsonObject step) {
        engine.setSystemLoad(
                new SystemLoad(figure(step, "cpu"), figure(step, "load1"), figure(step, "memory")));
        return new JsonObject();
    }

    private static OptionalDouble figure(JsonObject step, String name) {
        return Json.get(step, name)
                .map(figure -> OptionalDouble.of(figure.getAsDouble()))
                .orElse(OptionalDouble.empty());
    }
}
