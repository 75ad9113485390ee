package io.sergo;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * An OpenSergo control plane that rules come from, for {@link Engine#subscribe(ControlPlane)}:
 * {@code ControlPlane.at("plane:10246").lastGood(Path.of("/var/lib/app/rules"))}.
 *
 * <p>It wants gRPC on the class path: {@code io.grpc:grpc-netty-shaded} or {@code
 * io.grpc:grpc-okhttp}. It may be filled once and subscribed to many times; one thread at a time.
 */
public final class ControlPlane {
    private final List<String> addresses;
    private final Map<String, Supplier<String>> metadata = new LinkedHashMap<>();
    private final List<String> services = new ArrayList<>();
    private List<String> kinds;
    private Map<String, String> labels;
    private boolean isSecure;
    private Path roots;
    private Path certificate;
    private Path key;
    private String serverName;
    private Path lastGood;
    private Duration firstRules = Duration.ofSeconds(5);
    private Duration keepAlive = Duration.ofMinutes(5);

    private ControlPlane(List<String> addresses) {
        this.addresses = addresses;
    }

    /**
     * A control plane, spoken to in plain text.
     *
     * @param addresses where it listens, {@code host:port} each; they are tried in turn
     * @return the control plane
     * @throws SergoException {@code argument} for none
     */
    public static ControlPlane at(String... addresses) {
        if (addresses.length == 0) {
            throw SergoException.argument("addresses: found none, there must be one or more");
        }
        return new ControlPlane(List.of(addresses));
    }

    /**
     * Speaks TLS, and trusts the roots that the JVM trusts.
     *
     * @return this
     */
    public ControlPlane tls() {
        isSecure = true;
        return this;
    }

    /**
     * Speaks TLS, and trusts these roots alone.
     *
     * @param certificates a file of certificates in PEM; read at each connection
     * @return this
     */
    public ControlPlane roots(Path certificates) {
        this.roots = Objects.requireNonNull(certificates, "certificates");
        return tls();
    }

    /**
     * Speaks TLS, and shows a certificate of its own.
     *
     * @param certificate a file with the certificate and its chain in PEM; read at each connection
     * @param key a file with its private key in PEM (PKCS 8)
     * @return this
     */
    public ControlPlane certificate(Path certificate, Path key) {
        this.certificate = Objects.requireNonNull(certificate, "certificate");
        this.key = Objects.requireNonNull(key, "key");
        return tls();
    }

    /**
     * The name that the control plane's certificate is for, where it is not that of the address.
     *
     * @param name the name
     * @return this
     */
    public ControlPlane serverName(String name) {
        this.serverName = Objects.requireNonNull(name, "name");
        return this;
    }

    /**
     * A bearer token.
     *
     * @param token the token
     * @return this
     */
    public ControlPlane token(String token) {
        Objects.requireNonNull(token, "token");
        return token(() -> token);
    }

    /**
     * A bearer token that changes with time.
     *
     * @param token gives the token, for each connection
     * @return this
     */
    public ControlPlane token(Supplier<String> token) {
        Objects.requireNonNull(token, "token");
        return metadata("authorization", () -> "Bearer " + token.get());
    }

    /**
     * One more item of metadata to send.
     *
     * @param name its name, in lower case
     * @param value gives its value, for each connection
     * @return this
     */
    public ControlPlane metadata(String name, Supplier<String> value) {
        metadata.put(Objects.requireNonNull(name, "name"), Objects.requireNonNull(value, "value"));
        return this;
    }

    /**
     * The labels to subscribe with, in place of the engine's own.
     *
     * @param labels names and values
     * @return this
     */
    public ControlPlane labels(Map<String, String> labels) {
        this.labels = new LinkedHashMap<>(labels);
        return this;
    }

    /**
     * The kinds to subscribe to; all that the engine enforces without this.
     *
     * @param kinds kinds, as in {@code traffic.opensergo.io/v1alpha1/TrafficRouter}
     * @return this
     */
    public ControlPlane kinds(String... kinds) {
        this.kinds = List.of(kinds);
        return this;
    }

    /**
     * The services that the app calls: some control planes file a service's routes under its name.
     *
     * @param services names of apps
     * @return this
     */
    public ControlPlane services(String... services) {
        this.services.addAll(List.of(services));
        return this;
    }

    /**
     * How long {@link Engine#subscribe(ControlPlane)} waits for the first rules before it goes on
     * without them; 5 s without this.
     *
     * @param most how long; zero does not wait
     * @return this
     */
    public ControlPlane firstRules(Duration most) {
        this.firstRules = Objects.requireNonNull(most, "most");
        return this;
    }

    /**
     * A file for the last good rules: they are in force from the start, until the control plane
     * sends others, so that a process that starts while it is away is governed all the same.
     *
     * @param file the file; it need not be there yet, its folder must
     * @return this
     */
    public ControlPlane lastGood(Path file) {
        this.lastGood = Objects.requireNonNull(file, "file");
        return this;
    }

    /**
     * After how much silence the connection is pinged; 5 minutes without this, for servers may
     * close the connection on whoever does so more often. Dead connections are noticed within about
     * 45 s all the same, where the control plane answers every subscription.
     *
     * @param silence how long; 10 s or more
     * @return this
     */
    public ControlPlane keepAlive(Duration silence) {
        this.keepAlive = Objects.requireNonNull(silence, "silence");
        return this;
    }

    List<String> addresses() {
        return addresses;
    }

    Map<String, Supplier<String>> metadata() {
        return metadata;
    }

    boolean isSecure() {
        return isSecure;
    }

    Optional<Path> roots() {
        return Optional.ofNullable(roots);
    }

    Optional<Path> certificate() {
        return Optional.ofNullable(certificate);
    }

    Path key() {
        return key;
    }

    Optional<String> serverName() {
        return Optional.ofNullable(serverName);
    }

    Optional<Path> lastGood() {
        return Optional.ofNullable(lastGood);
    }

    Duration firstRules() {
        return firstRules;
    }

    Duration keepAlive() {
        return keepAlive;
    }

    /** As bindings/border/src/session.rs reads it. */
    String json() {
        StringBuilder json = new StringBuilder("{\"addresses\":").append(Json.list(addresses));
        json.append(",\"services\":").append(Json.list(services));
        json.append(",\"kinds\":").append(kinds == null ? "null" : Json.list(kinds));
        return Json.texts(json.append(",\"labels\":"), labels).append('}').toString();
    }
}
