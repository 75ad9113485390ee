//! The kinds of document, each with the versions of its API.

use super::code::Code;
use super::reader::nearest;
use crate::name::StrategyKind;

/// A kind that this version enforces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `FaultToleranceRule`.
    Rule,
    /// A strategy.
    Strategy(StrategyKind),
    /// `HttpRequestFallbackAction`.
    Action,
    /// `TrafficRouter`, or `VirtualService`, which is read as one.
    Router(&'static str),
    /// `RouterRule`.
    OlderRouter,
    /// `VirtualWorkload`, or `DestinationRule`, which is read as one.
    Workload(&'static str),
    /// `VirtualWorkloads`.
    OlderWorkload,
    /// `TrafficLane`.
    Lane,
    /// `TrafficLabelRule`.
    TrafficLabel,
    /// `WorkloadLabelRule`.
    WorkloadLabel,
}

/// Why a kind is none that this version enforces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// Whether the kind is unknown, or the version of its API.
    pub code: Code,
    /// What was found.
    pub found: String,
    /// What would be right.
    pub expected: String,
}

const FAULT_TOLERANCE: &[&str] = &["fault-tolerance.opensergo.io/v1alpha1"];
const TRAFFIC: &[&str] = &["traffic.opensergo.io/v1alpha1"];
const ISTIO: &[&str] = &["networking.istio.io/v1", "networking.istio.io/v1beta1", "networking.istio.io/v1alpha3"];

/// Each kind, the versions of its API, and what it is.
const KINDS: [(&str, &[&str], Kind); 16] = [
    ("FaultToleranceRule", FAULT_TOLERANCE, Kind::Rule),
    ("RateLimitStrategy", FAULT_TOLERANCE, Kind::Strategy(StrategyKind::RateLimit)),
    ("ThrottlingStrategy", FAULT_TOLERANCE, Kind::Strategy(StrategyKind::Throttling)),
    ("ConcurrencyLimitStrategy", FAULT_TOLERANCE, Kind::Strategy(StrategyKind::ConcurrencyLimit)),
    ("CircuitBreakerStrategy", FAULT_TOLERANCE, Kind::Strategy(StrategyKind::CircuitBreaker)),
    ("AdaptiveOverloadProtectionStrategy", FAULT_TOLERANCE, Kind::Strategy(StrategyKind::AdaptiveOverloadProtection)),
    ("HttpRequestFallbackAction", FAULT_TOLERANCE, Kind::Action),
    ("TrafficRouter", TRAFFIC, Kind::Router("TrafficRouter")),
    ("VirtualWorkload", TRAFFIC, Kind::Workload("VirtualWorkload")),
    ("TrafficLane", TRAFFIC, Kind::Lane),
    ("TrafficLabelRule", TRAFFIC, Kind::TrafficLabel),
    ("WorkloadLabelRule", TRAFFIC, Kind::WorkloadLabel),
    ("RouterRule", TRAFFIC, Kind::OlderRouter),
    ("VirtualWorkloads", TRAFFIC, Kind::OlderWorkload),
    ("VirtualService", ISTIO, Kind::Router("VirtualService")),
    ("DestinationRule", ISTIO, Kind::Workload("DestinationRule")),
];

/// The kind of this name in this version of its API.
///
/// # Errors
/// [`Unknown`] for everything else, with what was most likely meant.
pub fn find(api_version: &str, kind: &str) -> Result<Kind, Unknown> {
    match KINDS.iter().find(|(name, ..)| *name == kind) {
        Some((_, versions, _)) if !versions.contains(&api_version) => Err(Unknown {
            code: Code::WrongApiVersion,
            found: match api_version {
                "" => format!("{kind} without an apiVersion"),
                other => format!("{kind} of the apiVersion {other:?}"),
            },
            expected: format!("the apiVersion {}", versions.join(" or ")),
        }),
        Some((_, _, kind)) => Ok(*kind),
        None => Err(Unknown {
            code: Code::UnknownKind,
            found: match kind {
                "" => "no kind".to_owned(),
                other => format!("the unknown kind {other:?}, which does nothing"),
            },
            expected: match nearest(kind, &KINDS.map(|(name, ..)| name)) {
                Some(name) => format!("{name:?}: did you mean that?"),
                None => format!("one of {}", KINDS.map(|(name, ..)| name).join(", ")),
            },
        }),
    }
}

/// The name of each kind with the versions of its API, the first one ours.
pub fn all() -> impl Iterator<Item = (&'static str, &'static [&'static str])> {
    KINDS.into_iter().map(|(name, versions, _)| (name, versions))
}

/// What a subscription calls each kind: the first version of its API and its
/// name, as in `traffic.opensergo.io/v1alpha1/TrafficRouter`.
pub fn on_the_wire() -> impl Iterator<Item = String> {
    KINDS.iter().filter_map(|(name, versions, _)| Some(format!("{}/{name}", versions.first()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_known_in_its_own_api_only() {
        assert_eq!(find(FAULT_TOLERANCE[0], "FaultToleranceRule"), Ok(Kind::Rule));
        let unknown = find("fault-tolerance.opensergo.io/v1", "FaultToleranceRule").unwrap_err();
        assert_eq!(unknown.found, "FaultToleranceRule of the apiVersion \"fault-tolerance.opensergo.io/v1\"");
        assert_eq!(unknown.expected, "the apiVersion fault-tolerance.opensergo.io/v1alpha1");
        assert!(find(TRAFFIC[0], "FaultToleranceRule").is_err());
        assert_eq!(find("", "FaultToleranceRule").unwrap_err().found, "FaultToleranceRule without an apiVersion");
    }

    #[test]
    fn an_unknown_kind_is_told_what_was_most_likely_meant() {
        let unknown = find(FAULT_TOLERANCE[0], "RateLimitStategy").unwrap_err();
        assert_eq!(unknown.expected, "\"RateLimitStrategy\": did you mean that?");
        assert!(find("apps/v1", "Deployment").unwrap_err().expected.starts_with("one of FaultToleranceRule, "));
        assert_eq!(find("", "").unwrap_err().found, "no kind");
    }

    #[test]
    fn istios_kinds_are_read_as_ours() {
        for version in ISTIO {
            assert_eq!(find(version, "VirtualService"), Ok(Kind::Router("VirtualService")));
            assert_eq!(find(version, "DestinationRule"), Ok(Kind::Workload("DestinationRule")));
        }
        assert!(find(TRAFFIC[0], "DestinationRule").is_err());
    }
}
