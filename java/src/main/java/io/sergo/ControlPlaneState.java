package io.sergo;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What a subscription to a control plane is doing, at one moment.
 *
 * @param phase what it does about its connection
 * @param address the address of the connection, or of the next try
 * @param identifier its name on this stream; empty without one
 * @param controlPlane who serves, as far as it has said; empty where it has not
 * @param connectedFor how long it is connected; empty where it is not
 * @param dialsIn after how long it will dial again, while it waits to
 * @param failures how many times it has waited to dial since something good came
 * @param lastPushAgo how long ago the last push came that counted
 * @param lastError what went wrong last, which stays when it is over; empty where nothing has
 * @param isSynced whether on this stream each subscription has been answered and what came has been
 *     applied
 * @param subscriptions each subscription
 */
public record ControlPlaneState(
        Phase phase,
        String address,
        String identifier,
        String controlPlane,
        Optional<Duration> connectedFor,
        Optional<Duration> dialsIn,
        int failures,
        Optional<Duration> lastPushAgo,
        String lastError,
        boolean isSynced,
        List<Subscribed> subscriptions) {
    static ControlPlaneState of(Value value) {
        return new ControlPlaneState(
                Phase.of(value.at("phase").text()),
                value.at("address").text(),
                value.at("identifier").text(),
                value.at("controlPlane").text(),
                value.at("connectedFor").optional(Value::nanos),
                value.at("dialsIn").optional(Value::nanos),
                (int) value.at("failures").number(),
                value.at("lastPushAgo").optional(Value::nanos),
                value.at("lastError").text(),
                value.at("isSynced").flag(),
                value.at("subscriptions").list(Subscribed::of));
    }

    /** What it does about its connection. */
    public enum Phase {
        /** It waits to dial again. */
        WAITING,
        /** It is dialling. */
        DIALING,
        /** It is connected. */
        CONNECTED,
        /** It has been closed. */
        ENDED;

        static Phase of(String word) {
            return switch (word) {
                case "waiting" -> WAITING;
                case "dialing" -> DIALING;
                case "connected" -> CONNECTED;
                case "ended" -> ENDED;
                default -> throw new IllegalStateException("no phase is " + word);
            };
        }
    }

    /**
     * One kind of documents, as it is subscribed to.
     *
     * @param app the app that it is for
     * @param kind the kind, as in {@code traffic.opensergo.io/v1alpha1/TrafficRouter}
     * @param version the version of its last push
     * @param documents how many documents are in force, or wait to be
     * @param isAnswered whether anything has come for it on this stream
     * @param refused why the control plane does not serve it
     */
    public record Subscribed(
            String app,
            String kind,
            OptionalLong version,
            int documents,
            boolean isAnswered,
            Optional<String> refused) {
        static Subscribed of(Value value) {
            return new Subscribed(
                    value.at("app").text(),
                    value.at("kind").text(),
                    value.at("version").optionalNumber(),
                    (int) value.at("documents").number(),
                    value.at("isAnswered").flag(),
                    value.at("refused").optionalText());
        }
    }
}
