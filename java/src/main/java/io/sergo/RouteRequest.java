package io.sergo;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.StringJoiner;

/**
 * A request to be routed: {@code RouteRequest.to("orders").method("POST").header("tag", "v2")}.
 *
 * <p>It may be filled once and routed many times; one thread at a time.
 */
public final class RouteRequest {
    private final String host;
    private final List<String> headers = new ArrayList<>();
    private String method;
    private String path;
    private String scheme;
    private int port = Packed.ABSENT;
    private String client;
    private String hash;
    private String callerNamespace;
    private String callerGateway;
    private Map<String, String> callerLabels;
    private double[] rolls;
    private String service;
    private String procedure;
    private final List<String> arguments = new ArrayList<>();
    private final List<String> attachments = new ArrayList<>();

    private RouteRequest(String host) {
        this.host = Objects.requireNonNull(host, "host");
    }

    /**
     * A request to a host: {@code GET /} over http without headers, from the engine's own workload.
     *
     * @param host the host that is called, perhaps with a port
     * @return the request
     */
    public static RouteRequest to(String host) {
        return new RouteRequest(host);
    }

    /**
     * A request that came in, for {@link Engine#label(RouteRequest)}, which does not look at the
     * host: {@code GET /} over http without headers.
     *
     * @return the request
     */
    public static RouteRequest incoming() {
        return new RouteRequest("");
    }

    /**
     * The method.
     *
     * @param method the method, as in {@code POST}
     * @return this
     */
    public RouteRequest method(String method) {
        this.method = method;
        return this;
    }

    /**
     * The path.
     *
     * @param path the path, perhaps with {@code ?query}
     * @return this
     */
    public RouteRequest path(String path) {
        this.path = path;
        return this;
    }

    /**
     * The scheme.
     *
     * @param scheme {@code http} or {@code https}
     * @return this
     */
    public RouteRequest scheme(String scheme) {
        this.scheme = scheme;
        return this;
    }

    /**
     * The destination port.
     *
     * @param port 0 to 65535
     * @return this
     * @throws SergoException {@code argument} for any other number
     */
    public RouteRequest port(int port) {
        this.port = checkedPort(port);
        return this;
    }

    static int checkedPort(int port) {
        if (port < 0 || port > 0xFFFF) {
            throw SergoException.argument("port: found " + port + ", it must be 0 to 65535");
        }
        return port;
    }

    /**
     * One more header; a name may come several times.
     *
     * @param name the name, in any case
     * @param value the value
     * @return this
     */
    public RouteRequest header(String name, String value) {
        headers.add(Objects.requireNonNull(name, "name"));
        headers.add(Objects.requireNonNull(value, "value"));
        return this;
    }

    /**
     * More headers, each with all its values.
     *
     * @param headers names, in any case, and values
     * @return this
     */
    public RouteRequest headers(Map<String, ? extends Iterable<String>> headers) {
        headers.forEach((name, values) -> values.forEach(value -> header(name, value)));
        return this;
    }

    /**
     * The lane that the request is to stay in: its headers.
     *
     * @param lane the lane, {@link Lane#current()} say
     * @return this
     */
    public RouteRequest lane(Lane lane) {
        lane.headers().forEach(this::header);
        return this;
    }

    /**
     * That it calls a remote procedure.
     *
     * @param service the service, as in {@code com.example.Orders}
     * @param method the service's method
     * @return this
     */
    public RouteRequest rpc(String service, String method) {
        this.service = Objects.requireNonNull(service, "service");
        this.procedure = Objects.requireNonNull(method, "method");
        return this;
    }

    /**
     * The next argument of the remote call, for {@link #rpc}.
     *
     * @param type its type; null where unknown
     * @param value its value as text; null where unknown
     * @return this
     */
    public RouteRequest argument(String type, String value) {
        arguments.add(type);
        arguments.add(value);
        return this;
    }

    /**
     * One more attachment of the remote call, for {@link #rpc}.
     *
     * @param name its name
     * @param value its value
     * @return this
     */
    public RouteRequest attachment(String name, String value) {
        attachments.add(Objects.requireNonNull(name, "name"));
        attachments.add(Objects.requireNonNull(value, "value"));
        return this;
    }

    /**
     * The caller's address.
     *
     * @param address an IP address
     * @return this
     */
    public RouteRequest client(String address) {
        this.client = address;
        return this;
    }

    /**
     * A sticky key: the same key always gets the same destination.
     *
     * @param key the key
     * @return this
     */
    public RouteRequest hash(String key) {
        this.hash = key;
        return this;
    }

    /**
     * The labels of the calling workload, where it is not the engine's own.
     *
     * @param labels names and values
     * @return this
     */
    public RouteRequest callerLabels(Map<String, String> labels) {
        this.callerLabels = new LinkedHashMap<>(labels);
        return this;
    }

    /**
     * The namespace of the caller, where it is not the engine's own.
     *
     * @param namespace the namespace
     * @return this
     */
    public RouteRequest callerNamespace(String namespace) {
        this.callerNamespace = namespace;
        return this;
    }

    /**
     * The gateway that the request comes through; {@code mesh} without this.
     *
     * @param gateway the gateway
     * @return this
     */
    public RouteRequest callerGateway(String gateway) {
        this.callerGateway = gateway;
        return this;
    }

    /**
     * The random numbers to pick by, instead of the package's own: for tests. They are used in
     * order, and the last serves every further pick.
     *
     * @param rolls numbers from 0 to below 1; none is the package's own again
     * @return this
     */
    public RouteRequest rolls(double... rolls) {
        this.rolls = rolls.length == 0 ? null : rolls.clone();
        return this;
    }

    double[] givenRolls() {
        return rolls;
    }

    String host() {
        return host;
    }

    int port() {
        return port;
    }

    /** The values of a header as one; empty for none. */
    String header(String name) {
        StringJoiner values = new StringJoiner(",");
        for (int i = 0; i < headers.size(); i += 2) {
            if (headers.get(i).equalsIgnoreCase(name)) {
                values.add(headers.get(i + 1));
            }
        }
        return values.toString();
    }

    /** Writes it as bindings/border/src/packed.rs reads it: what rules look at, or all for null. */
    void pack(Packed to, HostRules rules) {
        packHead(to);
        if (rules == null) {
            packPairs(to, headers);
        } else {
            packHeaders(to, rules);
        }
        if (service != null) {
            to.text(service).text(procedure);
            packPairs(to, arguments);
            packPairs(to, attachments);
        }
    }

    private void packHead(Packed to) {
        to.number(port).text(host).text(method).text(path).text(scheme).text(client).text(hash);
        to.text(callerNamespace).text(callerGateway);
        if (callerLabels == null) {
            to.number(Packed.ABSENT);
        } else {
            to.number(callerLabels.size());
            callerLabels.forEach((name, value) -> to.text(name).text(value));
        }
    }

    private void packHeaders(Packed to, HostRules rules) {
        to.number(Packed.ABSENT).number(rules.version);
        int place = to.length();
        to.number(0);
        int count = 0;
        for (int i = 0; i < headers.size(); i += 2) {
            if (rules.wants(headers.get(i))) {
                to.text(headers.get(i)).text(headers.get(i + 1));
                count++;
            }
        }
        to.numberAt(place, count);
    }

    private static void packPairs(Packed to, List<String> pairs) {
        to.number(pairs.size() / 2);
        pairs.forEach(to::text);
    }
}
