package io.sergo.bench;

import io.sergo.Decision;
import io.sergo.Engine;
import io.sergo.Instance;
import io.sergo.Resource;
import io.sergo.RouteRequest;
import io.sergo.Routing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** What one governed call costs, by the rules that every language is measured under. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class EnterBench {
    private Engine engine;
    private Resource governed;
    private Resource unnamed;
    private Resource closed;
    private RouteRequest request;
    private RouteRequest sixHeaders;

    /**
     * Loads the rules.
     *
     * @throws IOException when not run from the repository's root
     */
    @Setup
    public void load() throws IOException {
        engine = Engine.builder("foo-app").build();
        engine.load(Files.readString(Path.of("benches/rules/limit.yaml")));
        governed = engine.resource("GET:/foo");
        unnamed = engine.resource("GET:/unnamed");
        closed = engine.resource("GET:/closed");
        request = RouteRequest.to("service-provider").header("tag", "v2");
        sixHeaders =
                RouteRequest.to("service-provider")
                        .path("/orders/7")
                        .header("host", "service-provider")
                        .header("user-agent", "bench/1.0")
                        .header("accept", "application/json")
                        .header("content-type", "application/json")
                        .header("x-request-id", "0af7651916cd43dd8448eb211c80319c")
                        .header("tag", "v2");
        engine.setInstances(
                "service-provider",
                List.of(
                        Instance.of("10.0.0.1:80", Map.of("version", "v1")),
                        Instance.of("10.0.0.2:80", Map.of("version", "v2")),
                        Instance.of("10.0.0.3:80", Map.of("version", "v2"))));
    }

    /** Closes the engine. */
    @TearDown
    public void close() {
        engine.close();
    }

    /** Enter and exit under a limit that is never reached, by a resource looked up before. */
    @Benchmark
    public void enterAndExit() {
        governed.enter().close();
    }

    /** The same by name. */
    @Benchmark
    public void enterAndExitByName() {
        engine.enter("GET:/foo").close();
    }

    /** Enter and exit of a resource that no rule names. */
    @Benchmark
    public void enterAndExitUnnamed() {
        unnamed.enter().close();
    }

    /**
     * An entry that is blocked, as a value.
     *
     * @return the block
     */
    @Benchmark
    public Decision block() {
        return closed.tryEnter();
    }

    /**
     * A route by a header.
     *
     * @return where to
     */
    @Benchmark
    public Routing route() {
        return engine.route(request);
    }

    /**
     * A route by one of six headers.
     *
     * @return where to
     */
    @Benchmark
    public Routing routeWithSixHeaders() {
        return engine.route(sixHeaders);
    }

    /** A pick and its report, by one of six headers. */
    @Benchmark
    public void pickWithSixHeaders() {
        engine.pick(sixHeaders).close();
    }
}
