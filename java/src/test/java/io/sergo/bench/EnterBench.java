package io.sergo.bench;

import io.sergo.Decision;
import io.sergo.Engine;
import io.sergo.Resource;
import io.sergo.RouteRequest;
import io.sergo.Routing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
}
