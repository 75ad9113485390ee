package io.sergo.conformance;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.sergo.ConnectRequest;
import io.sergo.Destination;
import io.sergo.Engine;
import io.sergo.Instance;
import io.sergo.Outcome;
import io.sergo.Pick;
import io.sergo.RouteRequest;
import io.sergo.Routing;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;

/** The steps that are about routing. */
record Routes(Engine engine) {
    JsonObject endpoints(JsonObject step) {
        List<Instance> instances = new ArrayList<>();
        for (JsonElement element : step.getAsJsonArray("instances")) {
            JsonObject one = element.getAsJsonObject();
            instances.add(
                    new Instance(
                            one.get("id").getAsString(),
                            Json.map(one.get("labels")),
                            Json.flag(one, "healthy", true),
                            Json.number(one, "weight", 1),
                            Json.text(one, "zone")));
        }
        engine.setInstances(step.get("host").getAsString(), instances);
        return new JsonObject();
    }

    JsonObject route(JsonObject step) {
        RouteRequest request = request(step);
        return repeat(step, () -> engine.route(request));
    }

    JsonObject pick(JsonObject step) {
        RouteRequest request = request(step);
        int repeat = Json.number(step, "repeat", 1);
        if (repeat == 1) {
            Pick pick = engine.pick(request);
            JsonObject answer = answer(pick.routing());
            answer.addProperty("instance", pick.instance().map(Instance::id).orElse(null));
            answer.addProperty(
                    "subset",
                    pick.routing().destination().flatMap(Destination::subset).orElse(null));
            return answer;
        }
        Map<String, Integer> share = new TreeMap<>();
        for (int i = 0; i < repeat; i++) {
            engine.pick(request)
                    .instance()
                    .ifPresent(instance -> share.merge(instance.id(), 1, Integer::sum));
        }
        return share(share);
    }

    JsonObject report(JsonObject step) {
        Outcome outcome =
                switch (step.get("outcome").getAsString()) {
                    case "success" -> Outcome.SUCCESS;
                    case "error" -> Outcome.ERROR;
                    case "gateway-error" -> Outcome.GATEWAY_ERROR;
                    case "local-error" -> Outcome.LOCAL_ERROR;
                    default -> throw new IllegalArgumentException("unknown outcome in " + step);
                };
        for (int i = 0; i < Json.number(step, "repeat", 1); i++) {
            engine.report(
                    step.get("host").getAsString(), step.get("instance").getAsString(), outcome);
        }
        return new JsonObject();
    }

    JsonObject ejected(JsonObject step) {
        JsonArray ids = new JsonArray();
        engine.ejected(step.get("host").getAsString()).forEach(ids::add);
        JsonObject answer = new JsonObject();
        answer.add("ejected", ids);
        return answer;
    }

    JsonObject label(JsonObject step) {
        JsonObject answer = new JsonObject();
        engine.label(fill(RouteRequest.incoming(), step), Json.flag(step, "trust", true))
                .ifPresentOrElse(
                        label -> {
                            answer.addProperty("lane", label.lane());
                            JsonObject baggage = new JsonObject();
                            label.baggage().forEach(baggage::addProperty);
                            answer.add("baggage", baggage);
                        },
                        () -> answer.addProperty("none", true));
        return answer;
    }

    JsonObject connect(JsonObject step) {
        ConnectRequest request = connection(step);
        return repeat(step, () -> engine.connect(request));
    }

    /** Asks as often as the step says. */
    private static JsonObject repeat(JsonObject step, Supplier<Routing> ask) {
        int repeat = Json.number(step, "repeat", 1);
        if (repeat == 1) {
            return answer(ask.get());
        }
        Map<String, Integer> share = new TreeMap<>();
        for (int i = 0; i < repeat; i++) {
            ask.get()
                    .destination()
                    .map(to -> to.subset().orElse(to.host()))
                    .ifPresent(name -> share.merge(name, 1, Integer::sum));
        }
        return share(share);
    }

    private static JsonObject share(Map<String, Integer> share) {
        JsonObject counts = new JsonObject();
        share.forEach(counts::addProperty);
        JsonObject answer = new JsonObject();
        answer.add("share", counts);
        return answer;
    }

    private static RouteRequest request(JsonObject step) {
        return fill(RouteRequest.to(step.get("host").getAsString()), step);
    }

    private static RouteRequest fill(RouteRequest request, JsonObject step) {
        Json.text(step, "method").ifPresent(request::method);
        Json.text(step, "path").ifPresent(request::path);
        Json.text(step, "scheme").ifPresent(request::scheme);
        Json.get(step, "port").ifPresent(port -> request.port(port.getAsInt()));
        Json.text(step, "client").ifPresent(request::client);
        Json.text(step, "hash").ifPresent(request::hash);
        Json.get(step, "headers").ifPresent(headers -> headers(request, headers.getAsJsonArray()));
        Json.get(step, "source").ifPresent(source -> source(request, source.getAsJsonObject()));
        Json.get(step, "rpc").ifPresent(rpc -> rpc(request, rpc.getAsJsonObject()));
        Json.get(step, "rolls").ifPresent(rolls -> request.rolls(numbers(rolls.getAsJsonArray())));
        return request;
    }

    private static void rpc(RouteRequest request, JsonObject rpc) {
        request.rpc(Json.text(rpc, "service").orElse(""), Json.text(rpc, "method").orElse(""));
        Json.get(rpc, "args")
                .ifPresent(
                        args ->
                                args.getAsJsonArray()
                                        .forEach(arg -> argument(request, arg.getAsJsonObject())));
        Json.map(rpc.get("attachments")).forEach(request::attachment);
    }

    private static void argument(RouteRequest request, JsonObject argument) {
        request.argument(
                Json.text(argument, "type").orElse(null),
                Json.text(argument, "value").orElse(null));
    }

    private static ConnectRequest connection(JsonObject step) {
        ConnectRequest request = ConnectRequest.to(step.get("host").getAsString());
        Json.get(step, "port").ifPresent(port -> request.port(port.getAsInt()));
        Json.text(step, "sni").ifPresent(request::sni);
        Json.text(step, "address").ifPresent(request::address);
        Json.text(step, "client").ifPresent(request::client);
        Json.text(step, "hash").ifPresent(request::hash);
        Json.get(step, "source").ifPresent(source -> source(request, source.getAsJsonObject()));
        Json.get(step, "rolls").ifPresent(rolls -> request.rolls(numbers(rolls.getAsJsonArray())));
        return request;
    }

    private static void source(ConnectRequest request, JsonObject source) {
        Json.get(source, "labels").ifPresent(labels -> request.callerLabels(Json.map(labels)));
        Json.text(source, "namespace").ifPresent(request::callerNamespace);
        Json.text(source, "gateway").ifPresent(request::callerGateway);
    }

    private static void headers(RouteRequest request, JsonArray headers) {
        for (JsonElement element : headers) {
            JsonArray pair = element.getAsJsonArray();
            request.header(pair.get(0).getAsString(), pair.get(1).getAsString());
        }
    }

    private static void source(RouteRequest request, JsonObject source) {
        Json.get(source, "labels").ifPresent(labels -> request.callerLabels(Json.map(labels)));
        Json.text(source, "namespace").ifPresent(request::callerNamespace);
        Json.text(source, "gateway").ifPresent(request::callerGateway);
    }

    private static double[] numbers(JsonArray rolls) {
        double[] numbers = new double[rolls.size()];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = rolls.get(i).getAsDouble();
        }
        return numbers;
    }

    private static JsonObject answer(Routing routing) {
        JsonObject answer = new JsonObject();
        if (routing instanceof Routing.To to) {
            answer.addProperty("route", to.route().orElse(null));
            answer.add("destination", destination(to.target()));
            answer.addProperty("fallback", to.fallback());
            Policies.add(answer, to.policy());
        } else if (routing instanceof Routing.Redirect redirect) {
            answer.addProperty("route", redirect.route().orElse(null));
            answer.add("redirect", redirect(redirect));
            Policies.add(answer, redirect.policy());
        } else if (routing instanceof Routing.Respond respond) {
            answer.addProperty("route", respond.route().orElse(null));
            answer.add("directResponse", response(respond));
            Policies.add(answer, respond.policy());
        } else if (routing instanceof Routing.Empty empty) {
            answer.add(
                    "none",
                    Json.object("host", empty.host(), "subset", empty.subset().orElse(null)));
        } else {
            answer.addProperty("none", true);
        }
        return answer;
    }

    private static JsonObject redirect(Routing.Redirect to) {
        JsonObject answer =
                Json.object("uri", to.uri(), "authority", to.authority(), "scheme", to.scheme());
        to.port().ifPresent(port -> answer.addProperty("port", port));
        answer.addProperty("redirectCode", to.code());
        return answer;
    }

    private static JsonObject response(Routing.Respond respond) {
        JsonObject answer = new JsonObject();
        answer.addProperty("status", respond.status());
        respond.body().ifPresent(body -> answer.add("body", Json.object("string", body)));
        return answer;
    }

    static JsonObject destination(Destination to) {
        JsonObject answer = Json.object("host", to.host(), "subset", to.subset().orElse(null));
        answer.addProperty("port", to.port().isPresent() ? to.port().getAsInt() : null);
        return answer;
    }
}
