package io.sergo;

import java.util.concurrent.ThreadLocalRandom;

/**
 * Chooses instances, and reports what came of calls to them. The core knows an instance by a number
 * that is never another's, so its description is asked for once; but discovery and rules may change
 * it, and then all are forgotten.
 */
final class Picks {
    private final Engine engine;
    private final Routes routes;
    private final Bounded<Long, Instance> instances = new Bounded<>();

    Picks(Engine engine, Routes routes) {
        this.engine = engine;
        this.routes = routes;
    }

    /** Rules or discovery have changed. */
    void forgetInstances() {
        instances.clear();
    }

    Pick pick(RouteRequest request) {
        long seed = ThreadLocalRandom.current().nextLong();
        while (true) {
            HostRules host = routes.host(request.host());
            boolean isKnown = host.unrouted(request.port()) != null;
            Pick pick = null;
            if (isKnown && request.givenRolls() == null) {
                pick = quick(request, host, seed);
            }
            if (pick == null) {
                pick = whole(request, host, seed);
            }
            if (pick != null) {
                return pick;
            }
            routes.forget(request.host());
        }
    }

    /** Picks by numbers; null where that has to be asked for in full. */
    private Pick quick(RouteRequest request, HostRules host, long seed) {
        long answer;
        long number;
        long now = engine.now();
        int place = Scratch.take();
        try {
            Packed packed = Scratch.request(place);
            request.pack(packed, host);
            int code =
                    Native.pickId(
                            engine.handle(),
                            packed.address(),
                            packed.length(),
                            seed,
                            now,
                            Scratch.address(place));
            if (code == Words.STALE) {
                return null;
            }
            SergoException.check(code);
            answer = Scratch.word(place, 0);
            number = Scratch.word(place, 1);
        } finally {
            Scratch.give(place);
        }
        if (number == 0) {
            return null;
        }
        Routing routing = answer == 0 ? host.unrouted(request.port()) : routes.plain(answer);
        if (routing == null) {
            // Many rules came in between: this one has not been made.
            report(request.host(), number, Outcome.CANCELLED);
            return null;
        }
        return picked(routing, number);
    }

    /** Picks, with all that is to be said; null where other rules are in force. */
    private Pick whole(RouteRequest request, HostRules host, long seed) {
        byte[] block = Packed.of(request, host);
        byte[] answer =
                Native.pick(engine.handle(), block, seed, request.givenRolls(), engine.now());
        if (Value.isStale(answer)) {
            return null;
        }
        Value value = Value.of(answer);
        Routing routing = value.optional(Answers::routing).orElse(Routing.NOWHERE);
        long number = value.at("number").optionalNumber().orElse(0);
        if (number == 0) {
            return new Pick(this, routing, null, 0);
        }
        host.learn(request.port(), routing);
        return picked(routing, number);
    }

    /** A pick that counts; null where discovery has dropped the instance meanwhile. */
    private Pick picked(Routing routing, long number) {
        Instance instance = instances.get(number);
        if (instance == null) {
            String host = routing.destination().orElseThrow().host();
            byte[] answer = Native.instance(engine.handle(), Utf8.bytes(host), number);
            if (Value.isStale(answer)) {
                return null;
            }
            instance = Instance.of(Value.of(answer));
            instances.put(number, instance);
        }
        return new Pick(this, routing, instance, number);
    }

    /** Tells what came of a call; a code would mean that the engine is gone, counts and all. */
    void report(String host, long number, Outcome outcome) {
        long now = engine.now();
        int place = Scratch.take();
        try {
            Packed name = Scratch.request(place);
            name.text(host);
            Native.reportId(
                    engine.handle(),
                    name.address() + Integer.BYTES,
                    name.length() - Integer.BYTES,
                    number,
                    outcome.ordinal(),
                    now);
        } finally {
            Scratch.give(place);
        }
    }
}
