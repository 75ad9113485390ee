//! The kinds that rules are written in, each with what its documents may say.

use super::scalar::{anything, filled, text};
use super::shape::{Shape, map};
use super::{flow, lanes, routes, workload};
use clap::builder::{PossibleValue, TypedValueParser};
use clap::error::ErrorKind;
use sergo::spec::document::OTHER_METADATA;
use sergo::spec::kind;
use sergo::spec::reader::nearest;

/// A kind.
#[derive(Debug)]
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    /// What it is for, in a line.
    pub(crate) summary: &'static str,
    /// What `spec` may say.
    pub(crate) spec: fn() -> Shape,
}

const fn of(name: &'static str, summary: &'static str, spec: fn() -> Shape) -> Kind {
    Kind { name, summary, spec }
}

/// All kinds, in the order in which somebody new meets them.
pub(crate) static KINDS: [Kind; 16] = [
    of("FaultToleranceRule", "which resources are governed by which strategies", flow::rule),
    of("RateLimitStrategy", "at most so many requests in any window of time", flow::rate_limit),
    of("ThrottlingStrategy", "requests at a steady pace, waiting for their turn", flow::throttling),
    of("ConcurrencyLimitStrategy", "at most so many requests at once", flow::concurrency_limit),
    of("CircuitBreakerStrategy", "no requests to what mostly fails or is slow", flow::circuit_breaker),
    of("AdaptiveOverloadProtectionStrategy", "fewer requests while the machine has too much to do", flow::overload),
    of("HttpRequestFallbackAction", "what a blocked HTTP request is answered", flow::action),
    of("TrafficRouter", "which requests to which hosts go where", routes::router),
    of("VirtualWorkload", "the subsets of a host, and how an instance is chosen", workload::workload),
    of("TrafficLane", "requests that stay in a lane from service to service", lanes::lane),
    of("TrafficLabelRule", "which requests get a label", lanes::traffic_label),
    of("WorkloadLabelRule", "which instances get a label", lanes::workload_label),
    of("RouterRule", "where requests to an app go: the older form of TrafficRouter", workload::router_rule),
    of("VirtualWorkloads", "the groups of an app's instances: the older form of VirtualWorkload", workload::older),
    of("VirtualService", "Istio's TrafficRouter, read as one", routes::router),
    of("DestinationRule", "Istio's VirtualWorkload, read as one", workload::workload),
];

impl Kind {
    /// The versions of its API, the first one ours.
    pub(crate) fn versions(&self) -> &'static [&'static str] {
        kind::all().find(|(name, _)| *name == self.name).map_or(&[], |(_, versions)| versions)
    }

    /// The kind of this name, in whichever case.
    ///
    /// # Errors
    /// A sentence that says what was most likely meant.
    pub(crate) fn find(name: &str) -> Result<&'static Kind, String> {
        let same = |kind: &&Kind| kind.name.eq_ignore_ascii_case(name);
        KINDS.iter().find(same).ok_or_else(|| match nearest(name, &KINDS.each_ref().map(|kind| kind.name)) {
            Some(near) => format!("there is no kind {name:?}: did you mean {near}?"),
            None => format!("there is no kind {name:?}; `sergo new` lists all of them"),
        })
    }

    /// What a document of this kind may say.
    pub(crate) fn document(&self) -> Shape {
        let versions = super::scalar::words("The version of the kind", self.versions());
        map(&format!("{}: {}", self.name, self.summary))
            .required("apiVersion", versions.example(self.versions().first().copied().unwrap_or_default()))
            .required("kind", super::scalar::words("The kind", &[self.name]).example(self.name))
            .required("metadata", metadata())
            .required("spec", (self.spec)())
            .silent("status", anything("What a cluster says of it"))
    }
}

fn metadata() -> Shape {
    let labels = map("Labels; app is the app that a rule is for, or the service that a router is about")
        .others(text("").or_nothing());
    let shape = map("Which document it is")
        .required("name", filled("Its name; no two of a kind and namespace share one").example("{name}"))
        .more(
            "namespace",
            text("The namespace, `default` without it: rules are for the services of theirs").example("default"),
        )
        .silent("labels", labels)
        .silent("creationTimestamp", text("When it was made: of two routers of one host the older routes"));
    OTHER_METADATA
        .into_iter()
        .fold(shape, |shape, key| shape.silent(key, anything("Kubernetes' own, without a meaning here")))
}

/// Reads a kind on the command line, and tells shells which there are.
#[derive(Clone)]
pub(crate) struct KindParser;

impl TypedValueParser for KindParser {
    type Value = &'static Kind;

    fn parse_ref(
        &self,
        command: &clap::Command,
        _: Option<&clap::Arg>,
        value: &std::ffi::OsStr,
    ) -> Result<&'static Kind, clap::Error> {
        let found = Kind::find(&value.to_string_lossy());
        found.map_err(|message| clap::Error::raw(ErrorKind::InvalidValue, message + "\n").with_cmd(command))
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(KINDS.iter().map(|kind| PossibleValue::new(kind.name).help(kind.summary))))
    }
}
