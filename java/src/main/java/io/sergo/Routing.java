package io.sergo;

import java.util.Optional;

/** The answer of {@link Engine#route(RouteRequest)}. */
public sealed interface Routing {
    /** No route says where the request goes: the caller does what it would do without rules. */
    Routing NOWHERE = new Nowhere();

    /**
     * Where the request goes, if it goes anywhere.
     *
     * @return the destination; empty for {@link Nowhere} and {@link Empty}
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
     */
    record To(Optional<String> route, Destination target, boolean fallback) implements Routing {}

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
