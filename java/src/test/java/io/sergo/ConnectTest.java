package io.sergo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Where TLS and TCP connections go. */
final class ConnectTest {
    private final Engine engine = Engine.builder("foo-app").build();

    @BeforeEach
    void load() {
        Report report =
                engine.load(
                        """
                        apiVersion: traffic.opensergo.io/v1alpha1
                        kind: TrafficRouter
                        metadata: {name: shop}
                        spec:
                          hosts: ['*.example.com']
                          tls:
                          - match: [{sniHosts: [login.example.com], port: 443}]
                            route: [{destination: {host: login}}]
                          - match: [{sniHosts: ['*.example.com']}]
                            route:
                            - {destination: {host: web, subset: v1}, weight: 90}
                            - {destination: {host: web, subset: v2}, weight: 10}
                        ---
                        apiVersion: traffic.opensergo.io/v1alpha1
                        kind: TrafficRouter
                        metadata: {name: db}
                        spec:
                          hosts: [db]
                          tcp:
                          - match: [{destinationSubnets: [10.1.0.0/16], port: 5432}]
                            route: [{destination: {host: near, fallback: {host: spare}}}]
                          - match: [{sourceSubnet: 192.168.0.0/24}]
                            route: [{destination: {host: replica}}]
                          - match: [{sourceLabels: {app: 'the "report"'}}]
                            route: [{destination: {host: report}}]
                          - match: [{gateways: [edge]}]
                            route: [{destination: {host: edge}}]
                          - match: [{sourceNamespace: other}]
                            route: [{destination: {host: guest}}]
                          - route: [{destination: {host: far}}]
                        """);
        assertEquals(List.of(), report.rejected());
    }

    @AfterEach
    void close() {
        engine.close();
    }

    private String host(ConnectRequest request) {
        return assertInstanceOf(Routing.To.class, engine.connect(request)).target().host();
    }

    private Optional<String> subset(ConnectRequest request) {
        return engine.connect(request).destination().orElseThrow().subset();
    }

    @Test
    void aTlsConnectionGoesByItsName() {
        ConnectRequest login = ConnectRequest.to("login.example.com").sni("Login.example.com");
        assertEquals("login", host(login.port(443)));
        assertEquals(Optional.of("v1"), subset(login.port(8443).rolls(0)));
        assertEquals(Optional.of("v2"), subset(login.rolls(0.95)));
        assertSame(Routing.NOWHERE, engine.connect(ConnectRequest.to("login.example.com")));
        assertSame(Routing.NOWHERE, engine.connect(ConnectRequest.to("other").sni("other")));
    }

    @Test
    void anAccountKeepsItsSubset() {
        ConnectRequest request = ConnectRequest.to("a.example.com").sni("a.example.com");
        Set<Optional<String>> all = new HashSet<>();
        for (int account = 0; account < 200; account++) {
            Optional<String> first = subset(request.hash("account " + account));
            assertEquals(first, subset(request));
            all.add(first);
        }
        assertEquals(Set.of(Optional.of("v1"), Optional.of("v2")), all);
    }

    @Test
    void theEnginesOwnRandomNumbersPickByWeight() {
        ConnectRequest request = ConnectRequest.to("a.example.com").sni("a.example.com");
        Set<Optional<String>> seen = new HashSet<>();
        for (int i = 0; i < 1_000; i++) {
            seen.add(subset(request));
        }
        assertEquals(2, seen.size());
    }

    @Test
    void aTcpConnectionGoesByPortAddressesAndCaller() {
        assertEquals("near", host(ConnectRequest.to("db").port(5432).address("10.1.200.3")));
        assertEquals("far", host(ConnectRequest.to("db").port(5433).address("10.1.200.3")));
        assertEquals("replica", host(ConnectRequest.to("db").client("192.168.0.77")));
        assertEquals(
                "report",
                host(ConnectRequest.to("db").callerLabels(Map.of("app", "the \"report\""))));
        assertEquals("far", host(ConnectRequest.to("db").callerLabels(Map.of())));
        assertEquals("edge", host(ConnectRequest.to("db").callerGateway("edge")));
        assertEquals("guest", host(ConnectRequest.to("db").callerNamespace("other")));
        assertEquals("far", host(ConnectRequest.to("db")));
    }

    @Test
    void anEmptyHostHasItsFallback() {
        ConnectRequest request = ConnectRequest.to("db").port(5432).address("10.1.0.1");
        engine.setInstances("near", List.of());
        Routing.To to = assertInstanceOf(Routing.To.class, engine.connect(request));
        assertEquals("spare", to.target().host());
        assertEquals(true, to.fallback());
        engine.setInstances("spare", List.of());
        assertEquals(new Routing.Empty("spare", Optional.empty()), engine.connect(request));
    }

    @Test
    void aPortIsChecked() {
        SergoException wrong =
                assertThrows(SergoException.class, () -> ConnectRequest.to("db").port(65_536));
        assertEquals("port: found 65536, it must be 0 to 65535", wrong.getMessage());
    }
}
