package peers;

import io.sergo.BlockedException;
import io.sergo.Decision;
import io.sergo.Engine;
import io.sergo.Instance;
import io.sergo.Report;
import io.sergo.RouteRequest;
import io.sergo.Routing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.infra.ThreadParams;

/**
 * Sergo at the job of benches/rules/peers.yaml. A method is called after what it does and the job.
 * Resources are given by name, as the peers have it.
 */
@State(Scope.Benchmark)
public class Sergo {
    private Engine engine;
    private RouteRequest sixHeaders;

    /** What each thread asks for when it has a resource of its own. */
    @State(Scope.Thread)
    public static class Own {
        String both;
        String limit;
        String breaker;

        @Setup
        public void choose(ThreadParams thread) {
            String ending = thread.getThreadIndex() == 0 ? "" : "/2";
            both = "GET:/both" + ending;
            limit = "GET:/limit" + ending;
            breaker = "GET:/breaker" + ending;
        }
    }

    @Setup
    public void load() throws IOException {
        engine = Engine.builder("bench-app").build();
        Report report = engine.load(Files.readString(Path.of("benches/rules/peers.yaml")));
        if (!(report.rejected().isEmpty() && report.waiting().isEmpty() && report.warnings().isEmpty())) {
            throw new IllegalStateException(report.toString());
        }
        sixHeaders =
                RouteRequest.to("service-provider")
                        .path("/foo")
                        .header("accept", "*/*")
                        .header("user-agent", "bench")
                        .header("x-request-id", "7")
                        .header("x-a", "1")
                        .header("x-b", "2")
                        .header("tag", "v2");
        engine.setInstances(
                "service-provider",
                List.of(
                        Instance.of("a", Map.of("version", "v2")),
                        Instance.of("b", Map.of("version", "v2")),
                        Instance.of("c", Map.of("version", "v2")),
                        Instance.of("d", Map.of("version", "v2"))));
    }

    @TearDown
    public void close() {
        engine.close();
    }

    @Benchmark
    public void limitBreaker_pass() {
        engine.enter("GET:/both").close();
    }

    @Benchmark
    @Threads(2)
    public void limitBreaker_shared() {
        engine.enter("GET:/both").close();
    }

    @Benchmark
    @Threads(2)
    public void limitBreaker_own(Own own) {
        engine.enter(own.both).close();
    }

    @Benchmark
    public void limit_pass() {
        engine.enter("GET:/limit").close();
    }

    @Benchmark
    @Threads(2)
    public void limit_shared() {
        engine.enter("GET:/limit").close();
    }

    @Benchmark
    @Threads(2)
    public void limit_own(Own own) {
        engine.enter(own.limit).close();
    }

    @Benchmark
    public void breaker_pass() {
        engine.enter("GET:/breaker").close();
    }

    @Benchmark
    @Threads(2)
    public void breaker_shared() {
        engine.enter("GET:/breaker").close();
    }

    @Benchmark
    @Threads(2)
    public void breaker_own(Own own) {
        engine.enter(own.breaker).close();
    }

    @Benchmark
    public Object limitBreaker_blocked() {
        try {
            engine.enter("GET:/blocked").close();
            throw new IllegalStateException("it passed");
        } catch (BlockedException blocked) {
            return blocked;
        }
    }

    @Benchmark
    public Decision limitBreaker_blockedByValue() {
        return engine.tryEnter("GET:/blocked");
    }

    @Benchmark
    public void limitBreaker_unruled() {
        engine.enter("GET:/unruled").close();
    }

    @Benchmark
    public Routing route_route() {
        return engine.route(sixHeaders);
    }

    @Benchmark
    public void route_pick() {
        engine.pick(sixHeaders).close();
    }
}
