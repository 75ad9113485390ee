package io.sergo.conformance;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.sergo.Policy;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A policy in the shape that a TrafficRouter gives it; what there is none of is left out. */
final class Policies {
    private Policies() {}

    /** Adds what is done with the request, or with its response, to the answer. */
    static void add(JsonObject answer, Policy policy) {
        add(answer, "timeout", policy.timeout().map(Policies::span));
        answer.add("retries", retries(policy.retries()));
        JsonObject headers = new JsonObject();
        add(headers, "request", changes(policy.requestHeaders()));
        add(headers, "response", changes(policy.responseHeaders()));
        add(answer, "headers", unlessEmpty(headers));
        add(answer, "corsPolicy", policy.cors().map(Policies::cors));
        add(answer, "rewrite", policy.rewrite().map(Policies::rewrite));
        JsonObject fault = new JsonObject();
        add(fault, "abort", policy.abort().map(Policies::abort));
        add(fault, "delay", policy.delay().map(Policies::delay));
        add(answer, "fault", unlessEmpty(fault));
        if (!policy.mirrors().isEmpty()) {
            answer.add("mirror", Json.list(policy.mirrors(), Policies::mirror));
        }
    }

    private static void add(JsonObject to, String name, Optional<? extends JsonElement> value) {
        value.ifPresent(present -> to.add(name, present));
    }

    private static Optional<JsonObject> unlessEmpty(JsonObject object) {
        return Optional.of(object).filter(full -> full.size() > 0);
    }

    private static JsonElement span(Duration span) {
        return text(span.toNanos() + "ns");
    }

    private static JsonElement text(String text) {
        return new JsonPrimitive(text);
    }

    private static JsonElement flag(boolean flag) {
        return new JsonPrimitive(flag);
    }

    private static JsonObject retries(Policy.Retries retries) {
        JsonObject object = new JsonObject();
        object.addProperty("attempts", retries.attempts());
        object.addProperty("retryOn", retries.retryOn());
        add(object, "perTryTimeout", retries.perTryTimeout().map(Policies::span));
        add(object, "backoff", retries.backoff().map(Policies::span));
        add(object, "retryRemoteLocalities", retries.retryRemoteLocalities().map(Policies::flag));
        add(
                object,
                "retryIgnorePreviousHosts",
                retries.retryIgnorePreviousHosts().map(Policies::flag));
        return object;
    }

    private static Optional<JsonObject> changes(Policy.HeaderChanges changes) {
        JsonObject object = new JsonObject();
        add(object, "set", pairs(changes.set()));
        add(object, "add", pairs(changes.add()));
        add(object, "remove", texts(changes.remove()));
        return unlessEmpty(object);
    }

    private static Optional<JsonObject> pairs(Map<String, String> pairs) {
        JsonObject object = new JsonObject();
        pairs.forEach(object::addProperty);
        return unlessEmpty(object);
    }

    private static Optional<JsonArray> texts(List<String> texts) {
        JsonArray array = new JsonArray();
        texts.forEach(array::add);
        return Optional.of(array).filter(full -> full.size() > 0);
    }

    private static JsonObject cors(Policy.Cors cors) {
        JsonObject object = new JsonObject();
        JsonArray origins = new JsonArray();
        cors.allowOrigins().forEach(origin -> pairs(origin).ifPresent(origins::add));
        object.add("allowOrigins", origins);
        add(object, "allowMethods", texts(cors.allowMethods()));
        add(object, "allowHeaders", texts(cors.allowHeaders()));
        add(object, "exposeHeaders", texts(cors.exposeHeaders()));
        add(object, "maxAge", cors.maxAge().map(Policies::span));
        add(object, "allowCredentials", cors.allowCredentials().map(Policies::flag));
        add(object, "unmatchedPreflights", cors.unmatchedPreflights().map(Policies::text));
        return object;
    }

    private static JsonObject rewrite(Policy.Rewrite rewrite) {
        JsonObject object = new JsonObject();
        add(object, "uri", rewrite.uri().map(Policies::text));
        add(object, "authority", rewrite.authority().map(Policies::text));
        return object;
    }

    private static JsonObject abort(Policy.Abort abort) {
        JsonObject object = new JsonObject();
        abort.httpStatus().ifPresent(status -> object.addProperty("httpStatus", status));
        abort.grpcStatus().ifPresent(status -> object.addProperty("grpcStatus", status));
        object.add("percentage", percentage(abort.percentage()));
        return object;
    }

    private static JsonObject delay(Policy.Delay delay) {
        JsonObject object = new JsonObject();
        object.add("fixedDelay", span(delay.fixedDelay()));
        object.add("percentage", percentage(delay.percentage()));
        return object;
    }

    private static JsonObject mirror(Policy.Mirror mirror) {
        JsonObject object = new JsonObject();
        object.add("destination", Routes.destination(mirror.destination()));
        object.add("percentage", percentage(mirror.percentage()));
        return object;
    }

    private static JsonObject percentage(double value) {
        JsonObject object = new JsonObject();
        object.addProperty("value", value);
        return object;
    }
}
