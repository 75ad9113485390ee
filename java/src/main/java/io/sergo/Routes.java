package io.sergo;

import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Asks where requests go, with as much of them as rules look at. What an id stands for never
 * changes, so it is asked for once.
 */
final class Routes {
    /** An answer; null where there is more to it for each request. */
    private record Known(long id, Routing plain) {}

    /** A power of two. */
    private static final int NEAR = 256;

    private final long handle;
    private final Bounded<String, HostRules> hosts = new Bounded<>();
    private final Bounded<Long, Known> answers = new Bounded<>();

    /** Of those, the last to be asked for in each place: found without a hash and a boxed id. */
    private final Known[] near = new Known[NEAR];

    Routes(long handle) {
        this.handle = handle;
    }

    /** What the rules say that were in force when it was last asked. */
    HostRules host(String name) {
        HostRules known = hosts.get(name);
        if (known == null) {
            byte[] required = Native.required(handle, Utf8.bytes(name));
            known = new HostRules(Required.of(Value.of(required)));
            hosts.put(name, known);
        }
        return known;
    }

    /** Other rules are in force than {@link #host} knows of. */
    void forget(String host) {
        hosts.remove(host);
    }

    Routing route(RouteRequest request) {
        long seed = ThreadLocalRandom.current().nextLong();
        while (true) {
            HostRules rules = host(request.host());
            long id = id(request, rules, seed);
            if (id == 0) {
                return Routing.NOWHERE;
            }
            if (id != Words.STALE) {
                Routing plain = plain(SergoException.check(id));
                if (plain != null) {
                    return plain;
                }
                byte[] block = Packed.of(request, rules);
                byte[] whole = Native.direct(handle, block, seed, request.givenRolls());
                if (!Value.isStale(whole)) {
                    return routing(whole);
                }
            }
            forget(request.host());
        }
    }

    private long id(RouteRequest request, HostRules rules, long seed) {
        double[] rolls = request.givenRolls();
        int place = Scratch.take();
        try {
            Packed packed = Scratch.request(place);
            request.pack(packed, rules);
            return rolls == null
                    ? Native.route(handle, packed.address(), packed.length(), seed)
                    : Native.routeBy(handle, packed.copy(), rolls);
        } finally {
            Scratch.give(place);
        }
    }

    /** The answer behind an id; null where only the whole answer to the request will do. */
    Routing plain(long id) {
        Known last = near[(int) id & (NEAR - 1)];
        if (last != null && last.id == id) {
            return last.plain;
        }
        Known known = answers.get(id);
        if (known == null) {
            byte[] answer = Native.answer(handle, id);
            if (Value.isStale(answer)) {
                return null;
            }
            Value value = Value.of(answer);
            boolean varies = value.at("varies").optionalFlag().orElse(false);
            known = new Known(id, varies ? null : Answers.routing(value));
            answers.put(id, known);
        }
        near[(int) id & (NEAR - 1)] = known;
        return known.plain;
    }

    Routing connect(ConnectRequest connection) {
        byte[] json = Utf8.bytes(connection.json());
        long seed = ThreadLocalRandom.current().nextLong();
        return routing(Native.connect(handle, json, seed, connection.givenRolls()));
    }

    private static Routing routing(byte[] answer) {
        return Value.of(answer).optional(Answers::routing).orElse(Routing.NOWHERE);
    }

    RouteExplanation explain(RouteRequest request, long now) {
        long seed = ThreadLocalRandom.current().nextLong();
        byte[] block = Packed.of(request, null);
        return RouteExplanation.of(
                Value.of(Native.explainRoute(handle, block, seed, request.givenRolls(), now)));
    }

    LabelExplanation explainLabel(RouteRequest request, boolean trust) {
        byte[] block = Packed.of(request, null);
        return LabelExplanation.of(Value.of(Native.explainLabel(handle, block, trust)));
    }

    Optional<Label> label(RouteRequest request, boolean trust) {
        while (true) {
            byte[] block = Packed.of(request, host(""));
            byte[] label = Native.label(handle, block, trust);
            if (!Value.isStale(label)) {
                return Value.of(label).optional(Label::of);
            }
            forget("");
        }
    }
}
