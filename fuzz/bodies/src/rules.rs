//! Rules of a few numbers, as the text that a user would write.

use arbitrary::Arbitrary;
use std::fmt::Write;

/// The resources that are asked; the rules name the last three.
pub(crate) const RESOURCES: [&str; 5] = ["unnamed", "POST:/a", "GET:/a", "/a", "b"];

/// What the rules say for each of the targets `/a`, `GET:/a` and `b`.
#[derive(Arbitrary, Clone, Debug, Default)]
pub(crate) struct Rules {
    pub(crate) limit: Option<Limit>,
    pub(crate) most: Option<u8>,
    pub(crate) pacing: Option<Pacing>,
    pub(crate) breaker: Option<Breaker>,
    /// Percent of CPU, and whether it adapts.
    pub(crate) overload: Option<(u8, bool)>,
    /// Which of the targets are named, by bit; none is all.
    targets: u8,
    /// Whether strategies that are not there are named all the same.
    pub(crate) names_missing: bool,
}

/// Threshold and window of the rate limit.
#[derive(Arbitrary, Clone, Copy, Debug, PartialEq)]
pub(crate) struct Limit {
    threshold: u8,
    /// Adds 4,090 to the threshold, around which the log ends.
    is_high: bool,
    /// One of a few windows.
    window: u8,
}

impl Limit {
    pub(crate) fn threshold(self) -> u64 {
        u64::from(self.threshold % 16) + if self.is_high { 4090 } else { 0 }
    }

    /// In nanoseconds.
    pub(crate) fn window(self) -> u64 {
        [1_000, 256, 7, 1_000_000_000][usize::from(self.window % 4)]
    }
}

#[derive(Arbitrary, Clone, Copy, Debug)]
pub(crate) struct Pacing {
    interval: u16,
    timeout: u16,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
pub(crate) struct Breaker {
    percent: u8,
    recovery: u16,
    least: u8,
    window: u16,
    /// The response time over which it is slow; none is errors.
    slower_than: Option<u8>,
}

const TARGETS: [&str; 3] = ["/a", "GET:/a", "b"];

impl Rules {
    pub(crate) fn names(&self, target: &str) -> bool {
        let all = self.targets.is_multiple_of(8);
        TARGETS.iter().zip([1, 2, 4]).any(|(name, bit)| *name == target && (all || self.targets & bit != 0))
    }

    /// The documents.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        let mut named = String::new();
        let mut add = |kind: &str, name: &str, spec: Option<String>| {
            if spec.is_some() || self.names_missing {
                write!(named, "{{kind: {kind}, name: {name}}}, ").unwrap();
            }
            if let Some(spec) = spec {
                document(&mut text, kind, name, &spec);
            }
        };
        let limit = |limit: Limit| format!("threshold: {}, statDuration: {}ns", limit.threshold(), limit.window());
        add("RateLimitStrategy", "l", self.limit.map(limit));
        add("ConcurrencyLimitStrategy", "c", self.most.map(|most| format!("maxConcurrency: {}", most % 16)));
        let pacing = |Pacing { interval, timeout }: Pacing| {
            format!("minIntervalOfRequests: {interval}ns, queueTimeout: {timeout}ns")
        };
        add("ThrottlingStrategy", "t", self.pacing.map(pacing));
        let breaker = |Breaker { percent, recovery, least, window, slower_than }: Breaker| {
            let (percent, recovery, least, window) =
                (percent % 101, recovery.max(1), least % 8 + 1, u64::from(window) * 10 + 10);
            let strategy = match slower_than {
                Some(rt) => format!("SlowRequestRatio, slowConditions: {{maxAllowedRt: {rt}ns}}"),
                None => "ErrorRequestRatio, errorConditions: {}".to_owned(),
            };
            format!(
                "strategy: {strategy}, triggerRatio: {percent}%, statDuration: {window}ns, \
                 recoveryTimeout: {recovery}ns, minRequestAmount: {least}"
            )
        };
        add("CircuitBreakerStrategy", "k", self.breaker.map(breaker));
        let overload = |(percent, adapts): (u8, bool)| {
            let adaptive = if adapts { "BBR" } else { "NONE" };
            format!("metricType: CpuPercentage, triggerThreshold: {}%, adaptiveStrategy: {adaptive}", percent % 101)
        };
        add("AdaptiveOverloadProtectionStrategy", "o", self.overload.map(overload));
        if !named.is_empty() {
            let targets = TARGETS.iter().filter(|target| self.names(target));
            let targets: Vec<String> = targets.map(|target| format!("{{targetResourceName: '{target}'}}")).collect();
            let spec = format!("targets: [{}], strategies: [{named}]", targets.join(", "));
            document(&mut text, "FaultToleranceRule", "r", &spec);
        }
        text
    }
}

fn document(text: &mut String, kind: &str, name: &str, spec: &str) {
    writeln!(
        text,
        "---\napiVersion: fault-tolerance.opensergo.io/v1alpha1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {{{spec}}}"
    )
    .unwrap();
}
