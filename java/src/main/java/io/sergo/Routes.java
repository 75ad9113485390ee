package io.sergo;

import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;

/** Asks where requests go. What an id stands for never changes, so it is asked for once. */
final class Routes {
    /** An answer, and whether there is more to it for each request. */
    private record Known(Routing routing, boolean varies) {}

    private static final Known VARIES = new Known(Routing.NOWHERE, true);

    private final long handle;
    private final Bounded<Long, Known> answers = new Bounded<>();

    Routes(long handle) {
        this.handle = handle;
    }

    Routing route(RouteRequest request) {
        double[] rolls = request.givenRolls();
        long seed = ThreadLocalRandom.current().nextLong();
        int place = Scratch.take();
        try {
            Packed packed = Scratch.request(place);
            request.pack(packed);
            long id =
                    rolls == null
                            ? Native.route(handle, packed.address(), packed.length(), seed)
                            : Native.routeBy(handle, packed.copy(), rolls);
            if (SergoException.check(id) == 0) {
                return Routing.NOWHERE;
            }
            Known known = answer(id);
            return known.varies ? direct(packed.copy(), seed, rolls) : known.routing;
        } finally {
            Scratch.give(place);
        }
    }

    private Known answer(long id) {
        Known known = answers.get(id);
        if (known == null) {
            byte[] answer = Native.answer(handle, id);
            if (Value.isStale(answer)) {
                return VARIES; // the whole answer needs no id
            }
            Value value = Value.of(answer);
            boolean varies = value.at("varies").optionalFlag().orElse(false);
            known = varies ? VARIES : new Known(Answers.routing(value), false);
            answers.put(id, known);
        }
        return known;
    }

    private Routing direct(byte[] request, long seed, double[] rolls) {
        return routing(Native.direct(handle, request, seed, rolls));
    }

    Pick pick(Engine engine, RouteRequest request) {
        long seed = ThreadLocalRandom.current().nextLong();
        byte[] block = Packed.of(request);
        Value value =
                Value.of(Native.pick(handle, block, seed, request.givenRolls(), engine.now()));
        if (!value.isPresent()) {
            return new Pick(engine, Routing.NOWHERE, null);
        }
        return new Pick(engine, Answers.routing(value), value.at("instance").text());
    }

    RouteExplanation explain(RouteRequest request, long now) {
        long seed = ThreadLocalRandom.current().nextLong();
        byte[] block = Packed.of(request);
        return RouteExplanation.of(
                Value.of(Native.explainRoute(handle, block, seed, request.givenRolls(), now)));
    }

    Optional<Label> label(RouteRequest request, boolean trust) {
        return Value.of(Native.label(handle, Packed.of(request), trust)).optional(Label::of);
    }

    Routing connect(ConnectRequest connection) {
        byte[] json = Utf8.bytes(connection.json());
        long seed = ThreadLocalRandom.current().nextLong();
        return routing(Native.connect(handle, json, seed, connection.givenRolls()));
    }

    private static Routing routing(byte[] answer) {
        Value value = Value.of(answer);
        return value.isPresent() ? Answers.routing(value) : Routing.NOWHERE;
    }
}
