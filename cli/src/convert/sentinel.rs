//! Sentinel's rules, in the JSON that its Java and Go libraries read, as
//! documents of OpenSergo.

mod go;
mod java;

use super::loss::{Fate, LEFT_OUT, Losses};
use super::tree::{at, bare, entries, list, map, text, text_at, word};
use sergo::spec::diagnostic::Identity;
use sergo::spec::node::Node;
use sergo::spec::quantity::Decimal;
use std::collections::HashSet;

/// What the rules of a file are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum SentinelRules {
    /// Flow control
    Flow,
    /// Circuit breaking: Java's degrade rules, Go's circuit breakers
    Degrade,
    /// Limits by parameter: Java's param-flow rules, Go's hotspot rules
    Hotspot,
    /// The system's load
    System,
    /// Callers that may or may not
    Authority,
    /// Concurrency (Go)
    Isolation,
}

/// A rule and how it is to be written.
pub(super) struct Rule<'r> {
    node: &'r Node,
    path: String,
    losses: Losses,
    wanted: Wanted<'r>,
}

/// What the new documents are to say of themselves.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wanted<'r> {
    pub(super) app: Option<&'r str>,
    pub(super) namespace: Option<&'r str>,
}

/// Why nothing is left of a rule.
struct Gone {
    key: &'static str,
    why: String,
}

fn gone<T>(key: &'static str, why: impl Into<String>) -> Result<T, Gone> {
    Err(Gone { key, why: why.into() })
}

/// A strategy of a kind, with what it is called behind the resource.
struct Strategy {
    kind: &'static str,
    suffix: &'static str,
    spec: Node,
}

/// What a rule is converted by.
type Reader = fn(&mut Rule<'_>) -> Result<Vec<Strategy>, Gone>;

/// A kind of rule: what it is called, how it is read, and what its fields are.
struct Kind {
    name: &'static str,
    read: Reader,
    fields: &'static [&'static str],
}

/// Whether it may be a rule: it has no kind, and names a resource or what a
/// rule about the system has instead.
pub(super) fn is_rule(node: &Node) -> bool {
    let has = |key: &str| node.get(key).is_some();
    let is_one = ["resource", "triggerCount", "highestSystemLoad", "highestCpuUsage", "qps", "avgRt", "maxThread"];
    !has("kind") && !has("metadata") && is_one.into_iter().any(has)
}

/// The documents of each of a list of rules, or of one, and what is lost of it.
pub(super) fn rules(
    root: &Node,
    source: &str,
    hint: Option<SentinelRules>,
    wanted: Wanted<'_>,
    names: &mut HashSet<String>,
) -> Vec<(Vec<Node>, Losses)> {
    let mut converted = Vec::new();
    let is_list = matches!(root.value, sergo::spec::node::Value::List(_));
    let all = if is_list { super::tree::items(root) } else { std::slice::from_ref(root) };
    for (index, node) in all.iter().enumerate() {
        let path = if is_list { format!("[{index}]") } else { String::new() };
        let kind = kind(node, hint.or_else(|| by_name(source)));
        let name = text_at(node, &["resource"]).unwrap_or_default().to_owned();
        let called = kind.map_or("a Sentinel rule", |kind| kind.name);
        let identity = Identity { kind: called.to_owned(), namespace: String::new(), name };
        let mut rule = Rule { node, path, losses: Losses::new(identity, source), wanted };
        let documents = rule.documents(kind, names);
        converted.push((documents, rule.losses));
    }
    converted
}

/// What the name of a file says of its rules.
fn by_name(source: &str) -> Option<SentinelRules> {
    let file = source.rsplit('/').next().unwrap_or(source).to_ascii_lowercase();
    let words = [
        ("param", SentinelRules::Hotspot),
        ("hotspot", SentinelRules::Hotspot),
        ("flow", SentinelRules::Flow),
        ("degrade", SentinelRules::Degrade),
        ("breaker", SentinelRules::Degrade),
        ("system", SentinelRules::System),
        ("authority", SentinelRules::Authority),
        ("isolation", SentinelRules::Isolation),
    ];
    words.iter().find(|(word, _)| file.contains(word)).map(|(_, rules)| *rules)
}

/// What kind of rule it is, by the fields that only one of them has.
fn kind(node: &Node, hint: Option<SentinelRules>) -> Option<&'static Kind> {
    let has = |keys: &[&str]| keys.iter().any(|key| node.get(key).is_some());
    let is_go = has(&["threshold", "triggerCount"]);
    Some(if has(&["paramIdx", "paramFlowItemList"]) {
        &java::PARAM_FLOW
    } else if has(&["paramIndex", "paramKey", "specificItems", "paramsMaxCapacity"]) {
        &go::HOTSPOT
    } else if has(&["triggerCount"]) {
        &go::SYSTEM
    } else if has(&["highestSystemLoad", "highestCpuUsage", "avgRt", "maxThread"]) {
        &java::SYSTEM
    } else if has(&["retryTimeoutMs", "maxAllowedRtMs", "statSlidingWindowBucketCount"]) {
        &go::BREAKER
    } else if has(&["timeWindow", "slowRatioThreshold"]) {
        &java::DEGRADE
    } else if has(&["tokenCalculateStrategy", "relationStrategy", "statIntervalInMs", "warmUpColdFactor"]) {
        &go::FLOW
    } else if let Some(hint) = hint {
        match (hint, is_go) {
            (SentinelRules::Flow, true) => &go::FLOW,
            (SentinelRules::Flow, false) => &java::FLOW,
            (SentinelRules::Degrade, true) => &go::BREAKER,
            (SentinelRules::Degrade, false) => &java::DEGRADE,
            (SentinelRules::Hotspot, true) => &go::HOTSPOT,
            (SentinelRules::Hotspot, false) => &java::PARAM_FLOW,
            (SentinelRules::System, true) => &go::SYSTEM,
            (SentinelRules::System, false) => &java::SYSTEM,
            (SentinelRules::Authority, _) => &java::AUTHORITY,
            (SentinelRules::Isolation, _) => &go::ISOLATION,
        }
    } else if is_go && has(&["controlBehavior", "maxQueueingTimeMs", "warmUpPeriodSec", "refResource"]) {
        &go::FLOW
    } else if is_go && has(&["metricType"]) {
        &go::ISOLATION
    } else if has(&["count", "grade", "controlBehavior", "clusterMode"]) {
        &java::FLOW
    } else if has(&["limitApp"]) {
        &java::AUTHORITY
    } else if has(&["qps"]) && !has(&["resource"]) {
        &java::SYSTEM
    } else {
        return None;
    })
}

impl Rule<'_> {
    fn documents(&mut self, kind: Option<&'static Kind>, names: &mut HashSet<String>) -> Vec<Node> {
        let place = self.node.place;
        let Some(kind) = kind else {
            let why = "its fields do not say what kind of rule it is: give --rules";
            self.losses.whole(Fate::Lost, place, LEFT_OUT, why);
            return Vec::new();
        };
        let is_system = kind.name == "SystemRule";
        let resource = match self.text("resource") {
            Some(resource) if !resource.is_empty() => resource.to_owned(),
            _ if is_system => INBOUND.to_owned(),
            _ => {
                self.losses.whole(Fate::Lost, place, LEFT_OUT, "it names no resource");
                return Vec::new();
            }
        };
        let strategies = match (kind.read)(self) {
            Ok(strategies) => strategies,
            Err(Gone { key, why }) => {
                match self.node.get(key) {
                    Some(node) => self.losses.lost(&self.field(key), node, WHOLE, &why),
                    None => self.losses.whole(Fate::Lost, place, WHOLE, &why),
                }
                return Vec::new();
            }
        };
        for unknown in entries(self.node).iter().filter(|entry| !kind.fields.contains(&entry.key.as_str())) {
            let why = "no such field is known, so it does nothing";
            self.losses.lost(&self.field(&unknown.key), &unknown.node, LEFT_OUT, why);
        }
        if strategies.is_empty() {
            self.losses.whole(Fate::Lost, place, LEFT_OUT, "nothing of it can be said");
            return Vec::new();
        }
        self.written(&resource, strategies, names)
    }

    /// The strategies, and the rule that names them.
    fn written(&self, resource: &str, strategies: Vec<Strategy>, names: &mut HashSet<String>) -> Vec<Node> {
        let base = self.text("id").filter(|id| !id.is_empty()).map_or_else(|| word(resource), word);
        let base = if resource == INBOUND && base == word(resource) { "instance".to_owned() } else { base };
        let suffix = strategies.first().map_or("rule", |strategy| strategy.suffix);
        let (mut documents, mut references) = (Vec::new(), Vec::new());
        let mut free = |wanted: String| {
            let mut name = wanted.clone();
            let mut number = 2u32;
            while !names.insert(name.clone()) {
                name = format!("{wanted}-{number}");
                number = number.saturating_add(1);
            }
            name
        };
        for Strategy { kind, suffix, spec } in strategies {
            let name = free(format!("{base}-{suffix}"));
            references.push(map([("name", text(&name)), ("kind", text(kind))]));
            documents.push(super::tree::document(FAULT_TOLERANCE, kind, self.metadata(&name), spec));
        }
        let name = free(format!("{base}-{suffix}-rule"));
        let selector = self.wanted.app.map(|app| ("selector", map([("app", text(app))])));
        let targets = list([map([("targetResourceName", text(resource))])]);
        let spec = map(selector.into_iter().chain([("targets", targets), ("strategies", list(references))]));
        documents.push(super::tree::document(FAULT_TOLERANCE, "FaultToleranceRule", self.metadata(&name), spec));
        documents
    }

    fn metadata(&self, name: &str) -> Node {
        let mut metadata = vec![("name", text(name))];
        metadata.extend(self.wanted.namespace.map(|namespace| ("namespace", text(namespace))));
        metadata.extend(self.wanted.app.map(|app| ("labels", map([("app", text(app))]))));
        map(metadata)
    }

    fn field(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    fn get(&self, key: &str) -> Option<&Node> {
        at(self.node, &[key])
    }

    fn text(&self, key: &str) -> Option<&str> {
        text_at(self.node, &[key])
    }

    /// A number, quoted or not.
    ///
    /// # Errors
    /// What stands there instead.
    fn number(&self, key: &'static str) -> Result<Option<Decimal>, Gone> {
        let Some(node) = self.get(key) else { return Ok(None) };
        match node.as_text().and_then(Decimal::parse) {
            Some(number) => Ok(Some(number)),
            None => gone(key, format!("{key} is no number")),
        }
    }

    /// The number of one of a few ways.
    fn way(&self, key: &'static str, default: u64) -> Result<u64, Gone> {
        Ok(self.number(key)?.map_or(default, |way| if way.is_negative() { u64::MAX } else { way.floor() }))
    }

    /// A whole number of at least 0.
    fn whole(&self, key: &'static str, default: u64) -> Result<u64, Gone> {
        match self.number(key)? {
            Some(number) if number.is_negative() => gone(key, format!("{key} is under zero")),
            number => Ok(number.map_or(default, Decimal::floor)),
        }
    }

    /// A number of at least 0, as it is written; a whole one without a fraction.
    fn amount(&self, key: &'static str) -> Result<(Node, Decimal), Gone> {
        let Some(number) = self.number(key)? else { return gone(key, format!("it has no {key}")) };
        if number.is_negative() {
            return gone(key, format!("{key} is under zero, so the rule is none"));
        }
        let written = self.text(key).unwrap_or_default();
        Ok((if number.is_whole() { bare(number.floor()) } else { bare(written) }, number))
    }

    /// A share from 0 to 1.
    fn ratio(&self, key: &'static str, default: &str) -> Result<Node, Gone> {
        let written = self.text(key).unwrap_or(default);
        match Decimal::parse(written) {
            Some(ratio) if !ratio.is_negative() && ratio.to_f64() <= 1.0 => Ok(bare(written)),
            _ => gone(key, format!("{key} is no ratio from 0 to 1")),
        }
    }

    fn lost(&mut self, key: &str, becomes: &str, why: &str) {
        if let Some(node) = at(self.node, &[key]) {
            self.losses.lost(&self.field(key), node, becomes, why);
        }
    }

    fn changed(&mut self, key: &str, becomes: &str, why: &str) {
        if let Some(node) = at(self.node, &[key]) {
            self.losses.changed(&self.field(key), node, becomes, why);
        }
    }
}

const FAULT_TOLERANCE: &str = "fault-tolerance.opensergo.io/v1alpha1";

/// What Sentinel calls all inbound traffic: overload protection asks every
/// inbound entry, whatever the target of the rule that names it.
const INBOUND: &str = "__total_inbound_traffic__";

const WHOLE: &str = "the whole rule is left out";

const NO_WARM_UP: &str = "a limit has no warming up";
const FROM_THE_FIRST: &str = "the full limit, from the first request on";

fn millis(millis: u64) -> Node {
    bare(super::shape::span(u128::from(millis).saturating_mul(1_000_000)))
}

/// So many in a time, one after the other.
fn throttling(count: Decimal, interval_millis: u64, queue_millis: u64) -> Strategy {
    let nanos = Decimal::parse(&interval_millis.to_string()).map_or(0.0, Decimal::to_f64) * 1e6 / count.to_f64();
    // Over zero and bounded: what is beyond is as good as never.
    let nanos = format!("{:.0}", nanos.clamp(1.0, 1e18)).parse().unwrap_or(1);
    let spec =
        map([("minIntervalOfRequests", bare(super::shape::span(nanos))), ("queueTimeout", millis(queue_millis))]);
    Strategy { kind: "ThrottlingStrategy", suffix: "throttling", spec }
}

fn rate_limit(threshold: Node, interval: Node, mode: &str) -> Strategy {
    let spec = map([
        ("metricType", text("RequestAmount")),
        ("limitMode", text(mode)),
        ("threshold", threshold),
        ("statDuration", interval),
    ]);
    Strategy { kind: "RateLimitStrategy", suffix: "rate-limit", spec }
}

fn concurrency(most: u64, mode: &str) -> Strategy {
    let spec = map([("maxConcurrency", bare(most)), ("limitMode", text(mode))]);
    Strategy { kind: "ConcurrencyLimitStrategy", suffix: "concurrency", spec }
}

/// A circuit breaker; `slower_than` is what it judges by, else errors.
fn breaker(ratio: Node, interval: u64, recovery: Node, least: u64, slower_than: Option<Node>) -> Strategy {
    let mut spec = vec![
        ("strategy", text(if slower_than.is_some() { "SlowRequestRatio" } else { "ErrorRequestRatio" })),
        ("triggerRatio", ratio),
        ("statDuration", millis(interval)),
        ("recoveryTimeout", recovery),
        ("minRequestAmount", bare(least.max(1))),
    ];
    spec.extend(slower_than.map(|rt| ("slowConditions", map([("maxAllowedRt", rt)]))));
    Strategy { kind: "CircuitBreakerStrategy", suffix: "breaker", spec: map(spec) }
}

fn overload(metric: &str, threshold: Node, adaptive: &str, suffix: &'static str) -> Strategy {
    let spec =
        map([("metricType", text(metric)), ("triggerThreshold", threshold), ("adaptiveStrategy", text(adaptive))]);
    Strategy { kind: "AdaptiveOverloadProtectionStrategy", suffix, spec }
}
