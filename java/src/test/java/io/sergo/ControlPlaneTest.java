package io.sergo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rules from a real control plane, over real connections. */
final class ControlPlaneTest {
    private static final Duration PATIENCE = Duration.ofSeconds(Await.PATIENCE);

    private final AtomicLong clock = new AtomicLong();
    private final Engine engine = Engine.builder("foo-app").clock(clock::get).build();
    private final List<AutoCloseable> open = new ArrayList<>();

    @TempDir Path folder;
    private Path rules;

    @BeforeEach
    void writeRules() throws IOException {
        rules = Files.createDirectory(folder.resolve("rules"));
        write("limit.yaml", Rules.limit("/foo", 0, 60));
    }

    @AfterEach
    void close() throws Exception {
        engine.close();
        for (AutoCloseable one : open) {
            one.close();
        }
    }

    private void write(String name, String text) throws IOException {
        Path beside = folder.resolve(name + ".new");
        Files.writeString(beside, text);
        Files.move(beside, rules.resolve(name), StandardCopyOption.ATOMIC_MOVE);
    }

    private Plane plane(String... options) throws IOException {
        Plane plane = new Plane(rules, options);
        open.add(plane);
        return plane;
    }

    private Proxy proxy(Plane plane) throws IOException {
        Proxy proxy = new Proxy(plane.port());
        open.add(proxy);
        return proxy;
    }

    private static ControlPlane at(String address) {
        return ControlPlane.at(address).firstRules(PATIENCE);
    }

    private boolean isBlocked(String resource) {
        return engine.tryEnter(resource) instanceof Decision.Blocked;
    }

    @Test
    void rulesArriveAndChangeAndGo() throws Exception {
        Plane plane = plane();
        LinkedBlockingQueue<Report> reports = new LinkedBlockingQueue<>();
        ControlPlaneSubscription subscription = engine.subscribe(at(plane.address()), reports::add);
        assertTrue(isBlocked("GET:/foo"), "from the first request on");
        // Kinds come one by one, and are put in force as they come.
        Await.until(() -> reports.stream().anyMatch(report -> report.accepted() == 3));
        ControlPlaneState state = subscription.state();
        assertEquals(ControlPlaneState.Phase.CONNECTED, state.phase());
        assertTrue(state.isSynced() && state.connectedFor().isPresent());
        assertTrue(state.lastPushAgo().isPresent());
        assertEquals("", state.lastError());
        assertTrue(
                state.subscriptions().stream()
                        .anyMatch(one -> one.documents() == 1 && one.version().isPresent()));

        write("limit.yaml", Rules.limit("/bar", 0, 60));
        Await.until(() -> isBlocked("GET:/bar"));
        assertFalse(isBlocked("GET:/foo"));
        Files.delete(rules.resolve("limit.yaml"));
        Await.until(() -> !isBlocked("GET:/bar"));
    }

    @Test
    void aBadDocumentIsRefusedAndTheLastGoodOneStays() throws Exception {
        Plane plane = plane();
        ControlPlaneSubscription subscription = engine.subscribe(at(plane.address()));
        write("more.yaml", Rules.concurrency("/more", 0).replace("at-once", "more"));
        write("limit.yaml", Rules.limit("/foo", 0, 60).replace("threshold: 0", "threshold: many"));
        Await.until(() -> rejected(subscription).size() == 1);
        assertEquals("spec.threshold", rejected(subscription).get(0).field());
        Await.until(() -> isBlocked("GET:/more"));
        assertTrue(isBlocked("GET:/foo"));
        Await.until(() -> plane.get("/v1/clients").contains("spec.threshold"));
        write("limit.yaml", Rules.limit("/foo", 0, 60));
        Await.until(() -> !plane.get("/v1/clients").contains("spec.threshold"));
    }

    private static List<Report.Diagnostic> rejected(ControlPlaneSubscription subscription) {
        return subscription.report().map(Report::rejected).orElse(List.of());
    }

    @Test
    void aControlPlaneThatDiesLeavesTheRulesAndIsFoundAgain() throws Exception {
        Plane first = plane();
        Proxy proxy = proxy(first);
        ControlPlaneSubscription subscription = engine.subscribe(at(proxy.address()));
        first.close();
        assertTrue(
                subscription.await(
                        state -> state.phase() != ControlPlaneState.Phase.CONNECTED, PATIENCE));
        assertTrue(isBlocked("GET:/foo"));
        assertFalse(subscription.state().lastError().isEmpty());
        write("limit.yaml", Rules.limit("/bar", 0, 60));
        proxy.leadTo(plane().port());
        while (!isBlocked("GET:/bar")) {
            assertTrue(isBlocked("GET:/foo") || isBlocked("GET:/bar"), "never ungoverned");
        }
        assertTrue(subscription.await(ControlPlaneState::isSynced, PATIENCE));
    }

    @Test
    void aConnectionThatGoesDeadWithoutAWordIsNoticed() throws Exception {
        Plane plane = plane();
        Proxy proxy = proxy(plane);
        ControlPlaneSubscription subscription =
                engine.subscribe(at(proxy.address()).keepAlive(Duration.ofSeconds(10)));
        proxy.freeze();
        write("limit.yaml", Rules.limit("/bar", 0, 60));
        assertTrue(
                subscription.await(
                        state -> state.phase() != ControlPlaneState.Phase.CONNECTED,
                        PATIENCE.multipliedBy(3)));
        assertTrue(isBlocked("GET:/foo"));
        proxy.thaw();
        Await.until(() -> isBlocked("GET:/bar"));
    }

    @Test
    void aControlPlaneThatIsKilledDuringAPushLeavesTheRulesOfBefore() throws Exception {
        Plane first = plane();
        Proxy proxy = proxy(first);
        ControlPlaneSubscription subscription = engine.subscribe(at(proxy.address()));
        StringBuilder text = new StringBuilder(Rules.limit("/bar", 0, 60));
        for (int number = 0; number < 500; number++) {
            String more = Rules.concurrency("/more/" + number, 0);
            text.append("---\n").append(more.replace("at-once", "at-once-" + number));
        }
        write("limit.yaml", text.toString());
        Plane second = plane();
        CountDownLatch killed = new CountDownLatch(1);
        proxy.cutAfter(
                20_000,
                () -> {
                    second.close();
                    killed.countDown();
                });
        proxy.leadTo(second.port());
        first.close();
        assertTrue(killed.await(Await.PATIENCE, TimeUnit.SECONDS));
        assertTrue(
                subscription.await(
                        state -> state.phase() != ControlPlaneState.Phase.CONNECTED, PATIENCE));
        assertTrue(isBlocked("GET:/foo") && !isBlocked("GET:/bar"), "no half of a push");
        proxy.thaw();
        proxy.leadTo(plane().port());
        Await.until(() -> isBlocked("GET:/bar") && isBlocked("GET:/more/499"));
        assertFalse(isBlocked("GET:/foo"));
    }

    @Test
    void aProcessThatStartsWithoutItsControlPlaneHasTheLastGoodRules() throws Exception {
        Path file = folder.resolve("last-good");
        Plane plane = plane();
        ControlPlaneSubscription before = engine.subscribe(at(plane.address()).lastGood(file));
        before.close();
        plane.close();
        try (Engine next = Engine.builder("foo-app").build()) {
            ControlPlane gone = ControlPlane.at(plane.address()).firstRules(Duration.ZERO);
            ControlPlaneSubscription after = next.subscribe(gone.lastGood(file));
            assertInstanceOf(Decision.Blocked.class, next.tryEnter("GET:/foo"));
            assertFalse(after.state().isSynced());
            assertEquals(3, after.report().orElseThrow().accepted());
            assertTrue(after.fileError().isEmpty());
        }
        Files.writeString(file, Files.readString(file).replace("foo", "oof"));
        try (Engine next = Engine.builder("foo-app").build()) {
            ControlPlane gone = ControlPlane.at(plane.address()).firstRules(Duration.ZERO);
            ControlPlaneSubscription after = next.subscribe(gone.lastGood(file));
            assertInstanceOf(Decision.Passed.class, next.tryEnter("GET:/foo"));
            String why = after.fileError().orElseThrow().getMessage();
            assertTrue(why.startsWith(file.toString()), why);
        }
        try (var left = Files.list(folder)) {
            assertEquals(0, left.filter(one -> one.toString().endsWith(".new")).count());
        }
    }

    @Test
    void aWrongTokenIsTurnedAway() throws Exception {
        Path tokens = folder.resolve("tokens.yaml");
        Files.writeString(
                tokens, "tokens: [{name: me, token: a-token-of-mine-1, namespaces: [default]}]");
        Plane plane = plane("--tokens", tokens.toString());
        String[] token = {"a-token-of-another"};
        ControlPlane options = ControlPlane.at(plane.address()).firstRules(Duration.ZERO);
        ControlPlaneSubscription subscription = engine.subscribe(options.token(() -> token[0]));
        assertTrue(
                subscription.await(
                        state -> state.lastError().contains("UNAUTHENTICATED"), PATIENCE),
                () -> subscription.state().toString());
        assertFalse(isBlocked("GET:/foo"));
        token[0] = "a-token-of-mine-1";
        assertTrue(subscription.await(ControlPlaneState::isSynced, PATIENCE));
        assertTrue(isBlocked("GET:/foo"));
    }

    @Test
    void servicesAreReported() throws Exception {
        Plane plane = plane();
        ControlPlaneSubscription subscription = engine.subscribe(at(plane.address()));
        subscription.reportServices(
                "[{\"protocols\": [\"http\"], \"serviceContract\": {\"services\": [{\"name\":"
                        + " \"orders\"}]}}]");
        assertTrue(plane.get("/v1/services").contains("orders"), plane.get("/v1/services"));
        assertEquals(
                "argument",
                assertThrows(SergoException.class, () -> subscription.reportServices("7")).code());
        plane.close();
        IOException away = assertThrows(IOException.class, () -> subscription.reportServices("[]"));
        assertTrue(away.getMessage().startsWith(plane.address()), away.getMessage());
    }

    @Test
    void kindsComeAndGo() throws Exception {
        String kind = "traffic.opensergo.io/v1alpha1/TrafficRouter";
        write("router.yaml", Rules.ROUTER);
        ControlPlane options = at(plane().address()).kinds();
        ControlPlaneSubscription subscription = engine.subscribe(options.firstRules(Duration.ZERO));
        RouteRequest request = RouteRequest.to("service-provider");
        assertEquals(Routing.NOWHERE, engine.route(request));
        assertTrue(subscription.subscribe("foo-app", kind));
        Await.until(() -> engine.route(request) != Routing.NOWHERE);
        assertTrue(subscription.unsubscribe("foo-app", kind));
        Await.until(() -> engine.route(request) == Routing.NOWHERE);
        assertFalse(subscription.unsubscribe("foo-app", kind));
    }

    @Test
    void closingLeavesNothingBehind() throws Exception {
        Plane plane = plane();
        ControlPlaneSubscription subscription = engine.subscribe(at(plane.address()));
        subscription.close();
        subscription.close();
        assertEquals(List.of(), Await.threads("plane"));
        assertThrows(SergoException.class, subscription::state);
        assertTrue(isBlocked("GET:/foo"), "the rules stay");
        Await.until(() -> !plane.get("/v1/clients").contains("foo-app"));

        Engine other = Engine.builder("foo-app").build();
        ControlPlane nobody = ControlPlane.at("127.0.0.1:1").firstRules(Duration.ZERO);
        other.subscribe(nobody);
        other.close();
        assertEquals(List.of(), Await.threads("plane"));
        // What gRPC shares among all its users it lets go of after a second.
        Await.until(
                () ->
                        Thread.getAllStackTraces().keySet().stream()
                                .noneMatch(thread -> thread.getName().startsWith("grpc")));
    }

    @Test
    void withoutGrpcItSaysWhatToAdd() throws Exception {
        URL[] own = {
            Engine.class.getProtectionDomain().getCodeSource().getLocation(),
            Path.of("target", "native").toUri().toURL()
        };
        try (URLClassLoader bare = new URLClassLoader(own, ClassLoader.getPlatformClassLoader())) {
            Class<?> engineClass = bare.loadClass("io.sergo.Engine");
            Object builder = engineClass.getMethod("builder", String.class).invoke(null, "foo-app");
            Object bareEngine = builder.getClass().getMethod("build").invoke(builder);
            Class<?> planeClass = bare.loadClass("io.sergo.ControlPlane");
            Object somewhere =
                    planeClass
                            .getMethod("at", String[].class)
                            .invoke(null, (Object) new String[] {"127.0.0.1:1"});
            InvocationTargetException thrown =
                    assertThrows(
                            InvocationTargetException.class,
                            () ->
                                    engineClass
                                            .getMethod("subscribe", planeClass)
                                            .invoke(bareEngine, somewhere));
            IllegalStateException missing =
                    assertInstanceOf(IllegalStateException.class, thrown.getCause());
            assertTrue(missing.getMessage().contains("grpc-okhttp"), missing.getMessage());
            engineClass.getMethod("close").invoke(bareEngine);
        }
    }
}
