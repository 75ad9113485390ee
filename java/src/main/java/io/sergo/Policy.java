package io.sergo;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What a route asks to be done with a request, or with its response, beside sending it on; named as
 * in the {@code TrafficRouter}. Worked out, and drawn, for the one request that was routed.
 *
 * @param timeout how long the whole call may take; empty is no limit
 * @param retries how often and on what the call is made again
 * @param requestHeaders changes to the request's headers
 * @param responseHeaders changes to the response's headers
 * @param cors which other origins may read the response, where the rule says
 * @param rewrite the path and host that the destination sees instead, where they change
 * @param abort the error to end this request with, if it was drawn
 * @param delay how long to hold this request up, if it was drawn
 * @param mirrors who gets a copy of this request
 */
public record Policy(
        Optional<Duration> timeout,
        Retries retries,
        HeaderChanges requestHeaders,
        HeaderChanges responseHeaders,
        Optional<Cors> cors,
        Optional<Rewrite> rewrite,
        Optional<Abort> abort,
        Optional<Delay> delay,
        List<Mirror> mirrors) {
    static Policy of(Value value) {
        Value fault = value.at("fault");
        return new Policy(
                value.at("timeout").optionalSpan(),
                Retries.of(value.at("retries")),
                HeaderChanges.of(value.at("headers").at("request")),
                HeaderChanges.of(value.at("headers").at("response")),
                value.at("corsPolicy").optional(Cors::of),
                value.at("rewrite").optional(Rewrite::of),
                fault.at("abort").optional(Abort::of),
                fault.at("delay").optional(Delay::of),
                value.at("mirror").list(Mirror::of));
    }

    /**
     * How often and on what a call is made again.
     *
     * @param attempts the most retries; 0 is none
     * @param perTryTimeout how long each attempt may take, where the rule says
     * @param retryOn the conditions and status codes, with commas between them; empty where there
     *     are no retries
     * @param retryRemoteLocalities whether other localities are tried, where the rule says
     * @param retryIgnorePreviousHosts whether hosts that were tried are left out, where it says
     * @param backoff the least wait between attempts, where the rule says
     */
    public record Retries(
            int attempts,
            Optional<Duration> perTryTimeout,
            String retryOn,
            Optional<Boolean> retryRemoteLocalities,
            Optional<Boolean> retryIgnorePreviousHosts,
            Optional<Duration> backoff) {
        static Retries of(Value value) {
            return new Retries(
                    value.at("attempts").optionalInt().orElse(0),
                    value.at("perTryTimeout").optionalSpan(),
                    value.at("retryOn").optionalText().orElse(""),
                    value.at("retryRemoteLocalities").optionalFlag(),
                    value.at("retryIgnorePreviousHosts").optionalFlag(),
                    value.at("backoff").optionalSpan());
        }
    }

    /**
     * Changes to one set of headers, made in the order remove, set, add.
     *
     * @param remove headers that are taken away
     * @param set headers that get this one value
     * @param add headers that get this value beside those they have
     */
    public record HeaderChanges(
            List<String> remove, Map<String, String> set, Map<String, String> add) {
        static HeaderChanges of(Value value) {
            return new HeaderChanges(
                    value.at("remove").list(Value::text),
                    value.at("set").texts(),
                    value.at("add").texts());
        }
    }

    /**
     * Which other origins may read the response.
     *
     * @param allowOrigins the origins: each a map from {@code exact}, {@code prefix} or {@code
     *     regex} to the text
     * @param allowMethods the methods that they may use
     * @param allowHeaders the headers that they may send
     * @param exposeHeaders the headers that they may read
     * @param maxAge how long a browser may keep what a preflight said, where the rule says
     * @param allowCredentials whether credentials may be sent, where the rule says
     * @param unmatchedPreflights what becomes of preflights from other origins, where the rule
     *     says: {@code FORWARD} or {@code IGNORE}
     */
    public record Cors(
            List<Map<String, String>> allowOrigins,
            List<String> allowMethods,
            List<String> allowHeaders,
            List<String> exposeHeaders,
            Optional<Duration> maxAge,
            Optional<Boolean> allowCredentials,
            Optional<String> unmatchedPreflights) {
        static Cors of(Value value) {
            return new Cors(
                    value.at("allowOrigins").list(Value::texts),
                    value.at("allowMethods").list(Value::text),
                    value.at("allowHeaders").list(Value::text),
                    value.at("exposeHeaders").list(Value::text),
                    value.at("maxAge").optionalSpan(),
                    value.at("allowCredentials").optionalFlag(),
                    value.at("unmatchedPreflights").optionalText());
        }
    }

    /**
     * What the destination sees instead.
     *
     * @param uri the path, without the query, which the caller keeps; empty where it stays
     * @param authority the host; empty where it stays
     */
    public record Rewrite(Optional<String> uri, Optional<String> authority) {
        static Rewrite of(Value value) {
            return new Rewrite(
                    value.at("uri").optionalText(), value.at("authority").optionalText());
        }
    }

    /**
     * An error on purpose: one of the two statuses.
     *
     * @param httpStatus the HTTP status to end the request with
     * @param grpcStatus the gRPC status to end it with, as in {@code UNAVAILABLE}
     * @param percentage how many requests in a hundred get it
     */
    public record Abort(OptionalInt httpStatus, Optional<String> grpcStatus, double percentage) {
        static Abort of(Value value) {
            return new Abort(
                    value.at("httpStatus").optionalInt(),
                    value.at("grpcStatus").optionalText(),
                    value.at("percentage").at("value").real());
        }
    }

    /**
     * A delay on purpose.
     *
     * @param fixedDelay how long
     * @param percentage how many requests in a hundred get it
     */
    public record Delay(Duration fixedDelay, double percentage) {
        static Delay of(Value value) {
            return new Delay(
                    value.at("fixedDelay").optionalSpan().orElseThrow(),
                    value.at("percentage").at("value").real());
        }
    }

    /**
     * A destination that gets a copy of the request.
     *
     * @param destination where the copy goes
     * @param percentage how many requests in a hundred are copied
     */
    public record Mirror(Destination destination, double percentage) {
        static Mirror of(Value value) {
            return new Mirror(
                    Destination.of(value.at("destination")),
                    value.at("percentage").at("value").real());
        }
    }
}
