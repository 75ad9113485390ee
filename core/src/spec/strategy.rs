//! The strategies of `fault-tolerance.opensergo.io/v1alpha1`.

use super::Meta;
use super::code::Code;
use super::quantity::{DURATION, Decimal};
use super::reader::{Field, Object};
use crate::name::StrategyKind;
use crate::ratio::Ratio;
use crate::sync::Arc;
use crate::time::Span;

/// A strategy document: its metadata and what it asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Strategy {
    /// Its metadata.
    pub meta: Meta,
    /// What it asks for.
    pub spec: Arc<StrategySpec>,
}

/// What a strategy asks for, by kind.
#[derive(Clone, Debug, PartialEq)]
pub enum StrategySpec {
    /// `RateLimitStrategy`.
    RateLimit(RateLimit),
    /// `ThrottlingStrategy`.
    Throttling(Throttling),
    /// `ConcurrencyLimitStrategy`.
    ConcurrencyLimit(ConcurrencyLimit),
    /// `CircuitBreakerStrategy`.
    CircuitBreaker(CircuitBreaker),
    /// `AdaptiveOverloadProtectionStrategy`.
    AdaptiveOverloadProtection(AdaptiveOverloadProtection),
}

impl StrategySpec {
    /// The kind of the document.
    #[must_use]
    pub const fn kind(&self) -> StrategyKind {
        match self {
            StrategySpec::RateLimit(_) => StrategyKind::RateLimit,
            StrategySpec::Throttling(_) => StrategyKind::Throttling,
            StrategySpec::ConcurrencyLimit(_) => StrategyKind::ConcurrencyLimit,
            StrategySpec::CircuitBreaker(_) => StrategyKind::CircuitBreaker,
            StrategySpec::AdaptiveOverloadProtection(_) => StrategyKind::AdaptiveOverloadProtection,
        }
    }
}

/// At most `threshold` admitted in any window of `stat_duration`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// Whole cost that may be admitted: what was written, rounded down, since
    /// costs are whole numbers.
    pub threshold: u64,
    /// The window's length; over zero.
    pub stat_duration: Span,
    /// Where it counts. Everything behaves as `Local` until there is a backend.
    pub limit_mode: LimitMode,
}

/// Where a limit counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LimitMode {
    /// In this instance.
    #[default]
    Local,
    /// Over all instances.
    Global,
    /// Over all instances, in this one when the backend is away.
    GlobalToLocal,
}

/// Entries `min_interval` apart, waiting in a queue of at most `queue_timeout`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Throttling {
    /// The least distance of two entries; zero is no limit.
    pub min_interval: Span,
    /// The longest wait; zero is no queue.
    pub queue_timeout: Span,
}

/// At most `max_concurrency` in flight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConcurrencyLimit {
    /// The most cost in flight at once.
    pub max_concurrency: u64,
    /// Where it counts.
    pub limit_mode: LimitMode,
}

/// Opens when too many completions are bad.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CircuitBreaker {
    /// What counts as bad.
    pub bad: Bad,
    /// The share of bad completions that opens it.
    pub trigger_ratio: Ratio,
    /// The window's length; over zero.
    pub stat_duration: Span,
    /// How long it stays open before a probe; over zero.
    pub recovery_timeout: Span,
    /// The fewest completions that it judges by; at least 1.
    pub min_request_amount: u64,
}

/// What a breaker counts as a bad completion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bad {
    /// `SlowRequestRatio`: a response time over this.
    SlowerThan(Span),
    /// `ErrorRequestRatio`: exited with an error.
    Error,
}

/// Sheds inbound load while the instance is overloaded.
#[derive(Clone, Debug, PartialEq)]
pub struct AdaptiveOverloadProtection {
    /// The figure that is watched.
    pub metric: Metric,
    /// From which value on it triggers: 0 to 1 for the percentages, a load for
    /// `SystemLoad`.
    pub trigger_threshold: f64,
    /// How it decides once triggered.
    pub adaptive: Adaptive,
}

/// A figure of the system that overload protection watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Metric {
    /// `CpuPercentage`.
    Cpu,
    /// `SystemLoad`: the one-minute load average.
    Load1,
    /// `MemoryPercentage`.
    Memory,
}

/// How overload protection decides once its metric is over the threshold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Adaptive {
    /// `NONE`: block everything inbound.
    #[default]
    None,
    /// `BBR`: block what exceeds the throughput that was seen to work.
    Bbr,
}

/// Reads the `spec` of a strategy of this kind.
#[must_use]
pub fn read(kind: StrategyKind, meta: Meta, mut spec: Object<'_>) -> Option<Strategy> {
    let read = match kind {
        StrategyKind::RateLimit => read_rate_limit(&mut spec).map(StrategySpec::RateLimit),
        StrategyKind::Throttling => read_throttling(&mut spec).map(StrategySpec::Throttling),
        StrategyKind::ConcurrencyLimit => read_concurrency_limit(&mut spec).map(StrategySpec::ConcurrencyLimit),
        StrategyKind::CircuitBreaker => read_circuit_breaker(&mut spec).map(StrategySpec::CircuitBreaker),
        StrategyKind::AdaptiveOverloadProtection => {
            read_overload_protection(&mut spec).map(StrategySpec::AdaptiveOverloadProtection)
        }
    };
    spec.finish();
    Some(Strategy { meta, spec: Arc::new(read?) })
}

// Every field is asked for before the first `?`, so that all mistakes are told
// at once and no known field is called unknown.

fn read_rate_limit(spec: &mut Object<'_>) -> Option<RateLimit> {
    let _ = spec.take("metricType").one_of(&[("RequestAmount", ())]);
    let limit_mode = read_limit_mode(&spec.take("limitMode"), &LIMIT_MODES);
    let threshold = spec.take("threshold").required().number();
    let stat_duration = read_stat_duration(spec);
    Some(RateLimit { threshold: threshold?.floor(), stat_duration: stat_duration?, limit_mode })
}

fn read_throttling(spec: &mut Object<'_>) -> Option<Throttling> {
    let min_interval = spec.take("minIntervalOfRequests").required().duration();
    let queue_timeout = spec.take("queueTimeout").required().duration();
    Some(Throttling { min_interval: min_interval?, queue_timeout: queue_timeout? })
}

fn read_concurrency_limit(spec: &mut Object<'_>) -> Option<ConcurrencyLimit> {
    // Only a rate can be split among instances.
    let limit_mode = read_limit_mode(&spec.take("limitMode"), &LIMIT_MODES[..2]);
    let max_concurrency = spec.take("maxConcurrency").required().integer(0..=u64::MAX);
    Some(ConcurrencyLimit { max_concurrency: max_concurrency?, limit_mode })
}

fn read_circuit_breaker(spec: &mut Object<'_>) -> Option<CircuitBreaker> {
    let slow = spec.take("strategy").required().one_of(&[("SlowRequestRatio", true), ("ErrorRequestRatio", false)]);
    let trigger_ratio = spec.take("triggerRatio").required().ratio();
    let stat_duration = read_stat_duration(spec);
    let recovery_timeout = spec.take("recoveryTimeout").required().duration_over_zero();
    let min_request_amount = spec.take("minRequestAmount").required().integer(1..=u64::MAX);
    let max_allowed_rt = read_max_allowed_rt(&spec.take("slowConditions"), slow == Some(true));
    warn_of_error_type(&spec.take("errorConditions"));
    let bad = if slow? { Bad::SlowerThan(max_allowed_rt?) } else { Bad::Error };
    Some(CircuitBreaker {
        bad,
        trigger_ratio: trigger_ratio?,
        stat_duration: stat_duration?,
        recovery_timeout: recovery_timeout?,
        min_request_amount: min_request_amount?,
    })
}

fn read_overload_protection(spec: &mut Object<'_>) -> Option<AdaptiveOverloadProtection> {
    let metrics = [("CpuPercentage", Metric::Cpu), ("SystemLoad", Metric::Load1), ("MemoryPercentage", Metric::Memory)];
    let metric = spec.take("metricType").required().one_of(&metrics);
    let threshold = spec.take("triggerThreshold").required();
    let trigger_threshold = match metric {
        Some(Metric::Load1) => threshold.number().map(Decimal::to_f64),
        Some(Metric::Cpu | Metric::Memory) => threshold.ratio().map(Ratio::as_f64),
        // Which of the two it should be is not known.
        None => threshold.filled("a ratio or a load").and(None),
    };
    let adaptive = spec.take("adaptiveStrategy").required().one_of(&[("NONE", Adaptive::None), ("BBR", Adaptive::Bbr)]);
    Some(AdaptiveOverloadProtection { metric: metric?, trigger_threshold: trigger_threshold?, adaptive: adaptive? })
}

const LIMIT_MODES: [(&str, LimitMode); 3] =
    [("Local", LimitMode::Local), ("Global", LimitMode::Global), ("GlobalToLocal", LimitMode::GlobalToLocal)];

fn read_limit_mode(field: &Field<'_>, modes: &[(&str, LimitMode)]) -> LimitMode {
    let mode = field.one_of(modes).unwrap_or_default();
    if mode != LimitMode::Local {
        let found = format!("{mode:?}, for which there is no shared backend, so that it counts as Local");
        field.tell(Code::GlobalLimit, &found, "Local");
    }
    mode
}

/// `statDuration`, or `statDurationSeconds` as a whole number.
fn read_stat_duration(spec: &mut Object<'_>) -> Option<Span> {
    let (duration, seconds) = (spec.take("statDuration"), spec.take("statDurationSeconds"));
    match (duration.is_present(), seconds.is_present()) {
        (true, true) => {
            let found = "statDuration and statDurationSeconds, which are one field";
            duration.tell(Code::ConflictingFields, found, "only one of them");
            None
        }
        // The longest span in whole seconds.
        (false, true) => seconds.integer(1..=18_446_744_073).map(Span::from_secs),
        _ => duration.required().duration_over_zero(),
    }
}

/// `slowConditions.maxAllowedRt`, which is what is missing also where the whole
/// map is.
fn read_max_allowed_rt(field: &Field<'_>, required: bool) -> Option<Span> {
    if !field.is_present() {
        if required {
            let path = format!("{}.maxAllowedRt", field.path());
            field.notes().tell(Code::MissingField, &path, field.place(), "nothing", DURATION);
        }
        return None;
    }
    let mut conditions = field.object()?;
    let max_allowed_rt = conditions.take("maxAllowedRt");
    let max_allowed_rt = if required { max_allowed_rt.required() } else { max_allowed_rt }.duration();
    conditions.finish();
    max_allowed_rt
}

fn warn_of_error_type(field: &Field<'_>) {
    if !field.is_present() {
        return;
    }
    let Some(mut conditions) = field.object() else { return };
    let error_type = conditions.take("errorType");
    if error_type.is_present() {
        error_type.tell(Code::NoEffect, "an errorType, which filters nothing yet: every error counts", "no errorType");
    }
    conditions.finish();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::diagnostic::Identity;
    use crate::spec::reader::Notes;
    use crate::spec::yaml;

    /// The strategy, and the paths of its mistakes and of its warnings.
    fn read(kind: StrategyKind, spec: &str) -> (Option<StrategySpec>, Vec<String>, Vec<String>) {
        let node = yaml::documents(spec).remove(0).unwrap();
        let notes = Notes::new(Identity::default(), "");
        let strategy = super::read(kind, Meta::default(), Object::root(&node, &notes).unwrap());
        let (errors, warnings) = notes.into_parts();
        let fields = |told: Vec<crate::spec::diagnostic::Diagnostic>| told.into_iter().map(|one| one.field).collect();
        (strategy.map(|strategy| (*strategy.spec).clone()), fields(errors), fields(warnings))
    }

    #[track_caller]
    fn reads(spec: &str, expected: StrategySpec) {
        assert_eq!(read(expected.kind(), spec), (Some(expected), vec![], vec![]), "{spec}");
    }

    #[test]
    fn a_rate_limit_in_both_its_forms() {
        let limit = |threshold, millis, limit_mode| {
            StrategySpec::RateLimit(RateLimit { threshold, stat_duration: Span::from_millis(millis), limit_mode })
        };
        reads("{metricType: RequestAmount, threshold: 10, statDuration: 1.5s}", limit(10, 1500, LimitMode::Local));
        reads("{threshold: 2.9, statDurationSeconds: 60}", limit(2, 60_000, LimitMode::Local));
        let (global, errors, warnings) =
            read(StrategyKind::RateLimit, "{limitMode: Global, threshold: 1, statDuration: 20}");
        assert_eq!((global, errors), (Some(limit(1, 20, LimitMode::Global)), vec![]));
        assert_eq!(warnings, ["limitMode"]);
    }

    #[test]
    fn throttling_and_concurrency() {
        let (min_interval, queue_timeout) = (Span::from_millis(20), Span::from_millis(500));
        let throttling = StrategySpec::Throttling(Throttling { min_interval, queue_timeout });
        reads("{minIntervalOfRequests: '20ms', queueTimeout: 500}", throttling);
        let limit = ConcurrencyLimit { max_concurrency: 8, limit_mode: LimitMode::Local };
        reads("{maxConcurrency: 8, limitMode: 'Local'}", StrategySpec::ConcurrencyLimit(limit));
        let (none, errors, _) = read(StrategyKind::ConcurrencyLimit, "{maxConcurrency: 8, limitMode: GlobalToLocal}");
        assert_eq!((none.is_some(), errors), (true, vec!["limitMode".to_owned()]));
    }

    #[test]
    fn a_breaker_by_slowness_or_by_errors() {
        let breaker = |bad| {
            StrategySpec::CircuitBreaker(CircuitBreaker {
                bad,
                trigger_ratio: Ratio::new(6, 10).unwrap(),
                stat_duration: Span::from_secs(30),
                recovery_timeout: Span::from_secs(5),
                min_request_amount: 5,
            })
        };
        let common = "triggerRatio: '60%', statDuration: '30s', recoveryTimeout: '5s', minRequestAmount: 5";
        let slow = format!("{{strategy: SlowRequestRatio, {common}, slowConditions: {{maxAllowedRt: '500ms'}}}}");
        reads(&slow, breaker(Bad::SlowerThan(Span::from_millis(500))));
        reads(&format!("{{strategy: ErrorRequestRatio, {common}, errorConditions: {{}}}}"), breaker(Bad::Error));
        let (_, errors, _) = read(StrategyKind::CircuitBreaker, &format!("{{strategy: SlowRequestRatio, {common}}}"));
        assert_eq!(errors, ["slowConditions.maxAllowedRt"]);
    }

    #[test]
    fn overload_protection_watches_a_share_or_a_load() {
        let overload = |metric, trigger_threshold, adaptive| {
            let protection = AdaptiveOverloadProtection { metric, trigger_threshold, adaptive };
            StrategySpec::AdaptiveOverloadProtection(protection)
        };
        let cpu = "{metricType: CpuPercentage, triggerThreshold: 70%, adaptiveStrategy: BBR}";
        reads(cpu, overload(Metric::Cpu, 0.7, Adaptive::Bbr));
        let load = "{metricType: SystemLoad, triggerThreshold: 4.5, adaptiveStrategy: NONE}";
        reads(load, overload(Metric::Load1, 4.5, Adaptive::None));
        let (_, errors, warnings) = read(StrategyKind::AdaptiveOverloadProtection, "{metricTyp: CpuPercentage}");
        assert_eq!(errors, ["metricType", "triggerThreshold", "adaptiveStrategy"]);
        assert_eq!(warnings, ["metricTyp"]);
    }
}
