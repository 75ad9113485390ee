package io.sergo;

import java.util.Optional;
import java.util.OptionalInt;

/** The answer of {@link Engine#route(RouteRequest)}. */
public sealed interface Routing {
    /** No route says where the request goes: the caller does what it would do without rules. */
    Routing NOWHERE = new Nowhere();

    /**
     * Where the request goes, if it goes anywhere.
     *
     * @return the destination; empty unless this is {@link To}
     */
    default Optional<Destination> destination() {
        return this instanceof To to ? Optional.of(to.target()) : Optional.empty();
    }

    /**
     * The request goes to a destination.
     *
     * @param route the matched route's name, if it has one
     * @param target the destination
     * @param fallback whether this is a fallback for the destination that was picked
     * @param policy what is done with the request beside sending it on
     */
    record To(Optional<String> route, Destination target, boolean fallback, Policy policy)
            implements Routing {}

    /**
     * The caller is sent elsewhere.
     *
     * @param route the matched route's name, if it has one
     * @param uri the path to go to, without the query, which the caller keeps
     * @param authority the host to go to; with a port only where the request's own stays
     * @param scheme the scheme
     * @param port the port, where the rule decides it
     * @param code the status code, 301 say
     * @param policy what is done with the response
     */
    record Redirect(
            Optional<String> route,
            String uri,
            String authority,
            String scheme,
            OptionalInt port,
            int code,
            Policy policy)
            implements Routing {}

    /**
     * The rule has the response itself.
     *
     * @param route the matched route's name, if it has one
     * @param status the status code
     * @param body the body, if there is one
     * @param policy what is done with the response
     */
    record Respond(Optional<String> route, int status, Optional<String> body, Policy policy)
            implements Routing {}

    /**
     * The picked destination and all its fallbacks have no healthy instance.
     *
     * @param host the last host that was looked at
     * @param subset its subset, if one was asked for
     */
    record Empty(String host, Optional<String> subset) implements Routing {}

    /** No route says. */
    record Nowhere() implements Routing {}
}
