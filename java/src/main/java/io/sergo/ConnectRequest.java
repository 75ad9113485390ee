package io.sergo;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * A TLS or TCP connection to be routed: {@code ConnectRequest.to("db").port(5432)}.
 *
 * <p>It may be filled once and routed many times; one thread at a time.
 */
public final class ConnectRequest {
    private final String host;
    private Integer port;
    private String sni;
    private String address;
    private String client;
    private String hash;
    private String callerNamespace;
    private String callerGateway;
    private Map<String, String> callerLabels;
    private double[] rolls;

    private ConnectRequest(String host) {
        this.host = Objects.requireNonNull(host, "host");
    }

    /**
     * A connection to a host, from the engine's own workload.
     *
     * @param host the host that is called, perhaps with a port
     * @return the connection
     */
    public static ConnectRequest to(String host) {
        return new ConnectRequest(host);
    }

    /**
     * The destination port.
     *
     * @param port 0 to 65535
     * @return this
     * @throws SergoException {@code argument} for any other number
     */
    public ConnectRequest port(int port) {
        this.port = RouteRequest.checkedPort(port);
        return this;
    }

    /**
     * The name that the TLS client asks for, which TLS routes go by.
     *
     * @param name the server name, in any case
     * @return this
     */
    public ConnectRequest sni(String name) {
        this.sni = name;
        return this;
    }

    /**
     * The destination's address.
     *
     * @param address an IP address
     * @return this
     */
    public ConnectRequest address(String address) {
        this.address = address;
        return this;
    }

    /**
     * The caller's address.
     *
     * @param address an IP address
     * @return this
     */
    public ConnectRequest client(String address) {
        this.client = address;
        return this;
    }

    /**
     * A sticky key: the same key always gets the same destination.
     *
     * @param key the key
     * @return this
     */
    public ConnectRequest hash(String key) {
        this.hash = key;
        return this;
    }

    /**
     * The labels of the calling workload, where it is not the engine's own.
     *
     * @param labels names and values
     * @return this
     */
    public ConnectRequest callerLabels(Map<String, String> labels) {
        this.callerLabels = new LinkedHashMap<>(labels);
        return this;
    }

    /**
     * The namespace of the caller, where it is not the engine's own.
     *
     * @param namespace the namespace
     * @return this
     */
    public ConnectRequest callerNamespace(String namespace) {
        this.callerNamespace = namespace;
        return this;
    }

    /**
     * The gateway that the connection comes through; {@code mesh} without this.
     *
     * @param gateway the gateway
     * @return this
     */
    public ConnectRequest callerGateway(String gateway) {
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
    public ConnectRequest rolls(double... rolls) {
        this.rolls = rolls.length == 0 ? null : rolls.clone();
        return this;
    }

    double[] givenRolls() {
        return rolls;
    }

    /** The connection as it crosses to the core. */
    String json() {
        StringBuilder json = new StringBuilder("{\"port\":").append(port);
        Json.text(json.append(",\"host\":"), host);
        Json.text(json.append(",\"sni\":"), sni);
        Json.text(json.append(",\"address\":"), address);
        Json.text(json.append(",\"client\":"), client);
        Json.text(json.append(",\"hash\":"), hash);
        Json.texts(json.append(",\"source\":{\"labels\":"), callerLabels);
        Json.text(json.append(",\"namespace\":"), callerNamespace);
        Json.text(json.append(",\"gateway\":"), callerGateway);
        return json.append("}}").toString();
    }
}
