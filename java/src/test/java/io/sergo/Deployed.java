package io.sergo;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.function.BiFunction;

/**
 * A web application that uses all that has threads, sockets, files or memory of its own, and closes
 * it. It is loaded by a class loader of its own: see {@link RedeployTest}.
 */
public final class Deployed implements BiFunction<String, String, String> {
    /**
     * Lives from its start to its end.
     *
     * @param rules a file of rules that block {@code /foo}
     * @param plane a control plane that has them too; empty for none
     * @return what it did, in a word
     */
    @Override
    public String apply(String rules, String plane) {
        try (Engine engine = Engine.builder("foo-app").build()) {
            Lane lane = Lane.of(Optional.empty(), "a=b");
            return lane.wrap(() -> live(engine, rules, plane)).call();
        } catch (Exception failure) {
            throw new IllegalStateException(failure);
        }
    }

    private static String live(Engine engine, String rules, String plane) throws Exception {
        engine.onEvent(event -> {});
        Subscription files = engine.subscribe(RuleSource.file(rules));
        if (!plane.isEmpty()) {
            ControlPlane options = ControlPlane.at(plane);
            options.firstRules(Duration.ofSeconds(Await.PATIENCE));
            engine.subscribe(options.lastGood(Path.of(rules + ".good")));
        }
        engine.label(RouteRequest.to("shop").lane(Lane.current()), true);
        engine.explain("GET:/foo");
        // A change, so that what watches has worked.
        Report before = files.report().orElseThrow();
        Files.writeString(Path.of(rules), Rules.limit("/foo", 0, 60) + "# " + plane);
        Await.until(() -> files.report().orElseThrow() != before);
        return engine.tryEnter("GET:/foo") instanceof Decision.Blocked ? "blocked" : "passed";
    }
}
