package io.sergo.bench;

import io.sergo.ControlPlane;
import io.sergo.Decision;
import io.sergo.Engine;
import io.sergo.Entry;
import io.sergo.Plane;
import io.sergo.Resource;
import io.sergo.Rules;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Arrays;

/**
 * Changes a file of 10,000 rules that a control plane serves, and tells how long it takes until the
 * change is in force here, and how long entering takes (the 99th percentile) before and meanwhile.
 */
public final class PushBench {
    /** Each has a rule, a strategy and an action. */
    private static final int TRIPLES = 10_000 / 3;

    private static final int ROUNDS = 10;
    private static final int ENTRIES = 200_000;

    private final Path folder = Files.createTempDirectory("sergo-push");
    private final Engine engine = Engine.builder("foo-app").build();
    private final Resource foo = engine.resource("GET:/foo");
    private final Resource elsewhere = engine.resource("GET:/elsewhere");

    private PushBench() throws IOException {}

    /**
     * Measures, and prints a line.
     *
     * @param arguments none
     * @throws IOException when there is no command to serve, or no place for files
     */
    public static void main(String[] arguments) throws IOException {
        PushBench bench = new PushBench();
        try (Plane plane = bench.serve();
                Engine subscribed = bench.engine) {
            subscribed.subscribe(
                    ControlPlane.at(plane.address()).firstRules(Duration.ofMinutes(1)));
            bench.run();
        } finally {
            Files.deleteIfExists(bench.folder.resolve("rules.yaml"));
            Files.delete(bench.folder);
        }
    }

    private Plane serve() throws IOException {
        write(Integer.MAX_VALUE);
        return new Plane(folder);
    }

    /** Puts a file of rules in its place at once; only the first one differs. */
    private void write(int threshold) throws IOException {
        StringBuilder text = new StringBuilder(Rules.limit("/foo", threshold, 60));
        for (int number = 1; number < TRIPLES; number++) {
            String more = Rules.limit("/bar/" + number + "/" + threshold, 0, 60);
            text.append("---\n")
                    .append(
                            more.replace("limit-foo", "limit-" + number)
                                    .replace("fallback-foo", "fallback-" + number)
                                    .replace("my-rule", "rule-" + number));
        }
        Path beside = folder.resolve(".new");
        Files.writeString(beside, text);
        Files.move(beside, folder.resolve("rules.yaml"), StandardCopyOption.REPLACE_EXISTING);
    }

    private void run() throws IOException {
        until(false);
        long arrival = 0;
        long[] before = new long[ENTRIES];
        long[] meanwhile = new long[1 << 24];
        int count = 0;
        for (int round = 0; round < ROUNDS; round++) {
            for (int entry = 0; entry < ENTRIES; entry++) {
                before[entry] = entering();
            }
            write(0);
            long start = System.nanoTime();
            while (!isBlocked()) {
                meanwhile[count++ % meanwhile.length] = entering();
            }
            arrival += System.nanoTime() - start;
            write(Integer.MAX_VALUE);
            until(false);
        }
        System.out.printf(
                "10,000 documents arrive in %d ms; p99 of enter and exit %d ns before, %d ns"
                        + " meanwhile%n",
                arrival / ROUNDS / 1_000_000,
                p99(before),
                p99(Arrays.copyOf(meanwhile, Math.min(count, meanwhile.length))));
    }

    private void until(boolean blocked) {
        while (isBlocked() != blocked) {
            Thread.onSpinWait();
        }
    }

    private boolean isBlocked() {
        Decision decision = foo.tryEnter();
        if (decision instanceof Decision.Passed passed) {
            passed.entry().close();
        }
        return decision instanceof Decision.Blocked;
    }

    private long entering() {
        long start = System.nanoTime();
        if (elsewhere.tryEnter() instanceof Decision.Passed passed) {
            Entry entry = passed.entry();
            entry.close();
        }
        return System.nanoTime() - start;
    }

    private static long p99(long[] times) {
        Arrays.sort(times);
        return times[(int) (times.length * 99L / 100)];
    }
}
