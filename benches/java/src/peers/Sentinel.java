package peers;

import com.alibaba.csp.sentinel.EntryType;
import com.alibaba.csp.sentinel.SphU;
import com.alibaba.csp.sentinel.slots.block.BlockException;
import com.alibaba.csp.sentinel.slots.block.RuleConstant;
import com.alibaba.csp.sentinel.slots.block.degrade.DegradeRule;
import com.alibaba.csp.sentinel.slots.block.degrade.DegradeRuleManager;
import com.alibaba.csp.sentinel.slots.block.flow.FlowRule;
import com.alibaba.csp.sentinel.slots.block.flow.FlowRuleManager;
import java.util.List;
import java.util.stream.Stream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Threads;

/** Sentinel at the same job, with the same two rules. */
@State(Scope.Benchmark)
public class Sentinel {
    private static final List<String> GOVERNED = List.of("GET:/both", "GET:/both/2", "GET:/blocked");

    @Setup
    public void load() {
        Stream<FlowRule> limits =
                GOVERNED.stream()
                        .map(
                                resource ->
                                        new FlowRule(resource)
                                                .setGrade(RuleConstant.FLOW_GRADE_QPS)
                                                .setCount(resource.endsWith("blocked") ? 0 : 1e9));
        Stream<DegradeRule> breakers =
                GOVERNED.stream()
                        .map(
                                resource ->
                                        new DegradeRule(resource)
                                                .setGrade(RuleConstant.DEGRADE_GRADE_EXCEPTION_RATIO)
                                                .setCount(0.5)
                                                .setMinRequestAmount(100)
                                                .setStatIntervalMs(10_000)
                                                .setTimeWindow(10));
        FlowRuleManager.loadRules(limits.toList());
        DegradeRuleManager.loadRules(breakers.toList());
    }

    private static void enter(String resource) {
        try {
            SphU.entry(resource, EntryType.IN).exit();
        } catch (BlockException blocked) {
            throw new IllegalStateException(blocked);
        }
    }

    @Benchmark
    public void limitBreaker_pass() {
        enter("GET:/both");
    }

    @Benchmark
    @Threads(2)
    public void limitBreaker_shared() {
        enter("GET:/both");
    }

    @Benchmark
    @Threads(2)
    public void limitBreaker_own(Sergo.Own own) {
        enter(own.both);
    }

    @Benchmark
    public Object limitBreaker_blocked() {
        try {
            SphU.entry("GET:/blocked", EntryType.IN).exit();
            throw new IllegalStateException("it passed");
        } catch (BlockException blocked) {
            return blocked;
        }
    }

    @Benchmark
    public void limitBreaker_unruled() {
        enter("GET:/unruled");
    }
}
