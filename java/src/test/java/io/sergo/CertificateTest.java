package io.sergo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.Key;
import java.security.KeyStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Certificates, at both ends of a connection to a real control plane. */
final class CertificateTest {
    private static final Duration PATIENCE = Duration.ofSeconds(Await.PATIENCE);

    private final Engine engine = Engine.builder("foo-app").build();

    @TempDir Path folder;
    private Plane plane;

    @AfterEach
    void close() {
        engine.close();
        plane.close();
    }

    private boolean isBlocked() {
        return engine.tryEnter("GET:/foo") instanceof Decision.Blocked;
    }

    /** A control plane that shows the certificate of the server. */
    private void serve(String... more) throws Exception {
        Path rules = Files.createDirectory(folder.resolve("rules"));
        Files.writeString(rules.resolve("limit.yaml"), Rules.limit("/foo", 0, 60));
        certificate("server");
        List<String> options = new ArrayList<>();
        options.addAll(List.of("--tls-cert", folder.resolve("server.crt").toString()));
        options.addAll(List.of("--tls-key", folder.resolve("server.key").toString()));
        options.addAll(List.of(more));
        plane = new Plane(rules, options.toArray(String[]::new));
    }

    private ControlPlane trusting(Path roots) {
        return ControlPlane.at(plane.address())
                .serverName("localhost")
                .roots(roots)
                .firstRules(Duration.ZERO);
    }

    @Test
    void anUnknownCertificateIsNotTrusted() throws Exception {
        certificate("stranger");
        serve();
        Path roots = folder.resolve("roots.pem");
        Files.copy(folder.resolve("stranger.crt"), roots);
        ControlPlane options = trusting(roots);
        ControlPlaneSubscription subscription = engine.subscribe(options);
        assertTrue(
                subscription.await(state -> state.lastError().contains("UNAVAILABLE"), PATIENCE),
                () -> subscription.state().toString());
        assertFalse(subscription.state().isSynced() || isBlocked());
        Files.copy(folder.resolve("server.crt"), roots, StandardCopyOption.REPLACE_EXISTING);
        assertTrue(subscription.await(ControlPlaneState::isSynced, PATIENCE));
        assertTrue(isBlocked());
    }

    @Test
    void aClientShowsACertificateOfTheRightRoot() throws Exception {
        certificate("client");
        certificate("stranger");
        serve("--tls-client-ca", folder.resolve("client.crt").toString());
        ControlPlane none = trusting(folder.resolve("server.crt"));
        isTurnedAway(none);
        ControlPlane options =
                none.certificate(folder.resolve("shown.crt"), folder.resolve("shown.key"));
        show("stranger");
        isTurnedAway(options);
        // The files are read for each connection, so that a renewed one is shown.
        ControlPlaneSubscription subscription = engine.subscribe(options);
        show("client");
        assertTrue(subscription.await(ControlPlaneState::isSynced, PATIENCE));
        assertTrue(isBlocked());
        assertTrue(plane.get("/v1/clients").contains("\"certificate\":true"));
    }

    private void isTurnedAway(ControlPlane options) throws Exception {
        try (ControlPlaneSubscription subscription = engine.subscribe(options)) {
            assertTrue(
                    subscription.await(state -> !state.lastError().isEmpty(), PATIENCE),
                    () -> subscription.state().toString());
            assertFalse(subscription.state().isSynced() || isBlocked());
        }
    }

    private void show(String name) throws IOException {
        for (String kind : List.of(".crt", ".key")) {
            Path from = folder.resolve(name + kind);
            Files.copy(from, folder.resolve("shown" + kind), StandardCopyOption.REPLACE_EXISTING);
        }
    }

    /** A certificate for localhost that is its own root, and its key. */
    private void certificate(String name) throws Exception {
        Path store = folder.resolve(name + ".p12");
        Path keytool = Path.of(System.getProperty("java.home"), "bin", "keytool");
        Process process =
                new ProcessBuilder(
                                keytool.toString(),
                                "-genkeypair",
                                "-alias",
                                name,
                                "-keyalg",
                                "RSA",
                                "-dname",
                                "CN=" + name,
                                "-ext",
                                "san=dns:localhost",
                                "-keystore",
                                store.toString(),
                                "-storepass",
                                "password")
                        .redirectErrorStream(true)
                        .start();
        process.getOutputStream().close();
        String said = new String(process.getInputStream().readAllBytes());
        assertEquals(0, process.waitFor(), said);
        char[] password = "password".toCharArray();
        KeyStore keys = KeyStore.getInstance(store.toFile(), password);
        pem(name + ".crt", "CERTIFICATE", keys.getCertificate(name).getEncoded());
        Key key = keys.getKey(name, password);
        pem(name + ".key", "PRIVATE KEY", key.getEncoded());
    }

    private void pem(String file, String kind, byte[] bytes) throws IOException {
        String body = Base64.getMimeEncoder().encodeToString(bytes);
        String pem = "-----BEGIN %s-----\n%s\n-----END %s-----\n".formatted(kind, body, kind);
        Files.writeString(folder.resolve(file), pem);
    }
}
