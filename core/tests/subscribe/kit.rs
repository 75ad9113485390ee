//! Documents in all their forms.

use prost::Message;
use serde_json::{Value, json};
use sergo::subscribe::payload::{FaultToleranceRule, PACKAGE, RateLimitStrategy, Reference, TargetRef};
use sergo::subscribe::structure;
use sergo::subscribe::wire::{Any, STRUCT_URL};

pub(crate) const RULE: &str = "fault-tolerance.opensergo.io/v1alpha1/FaultToleranceRule";
pub(crate) const LIMIT: &str = "fault-tolerance.opensergo.io/v1alpha1/RateLimitStrategy";
pub(crate) const BREAKER: &str = "fault-tolerance.opensergo.io/v1alpha1/CircuitBreakerStrategy";
pub(crate) const ACTION: &str = "fault-tolerance.opensergo.io/v1alpha1/HttpRequestFallbackAction";
pub(crate) const ROUTER: &str = "traffic.opensergo.io/v1alpha1/TrafficRouter";

/// A document in its two forms on the wire.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Item {
    pub(crate) whole: Value,
    /// None is a kind without a message.
    pub(crate) message: Option<Any>,
}

impl Item {
    pub(crate) fn whole(kind: &str, name: &str, spec: Value) -> Item {
        let (api_version, kind) = kind.rsplit_once('/').unwrap();
        let metadata = json!({"name": name, "namespace": "default"});
        let whole = json!({"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec});
        Item { whole, message: None }
    }

    pub(crate) fn and(self, message: &impl Message) -> Item {
        let kind = self.whole.get("kind").unwrap().as_str().unwrap();
        let type_url = format!("type.googleapis.com/{PACKAGE}{kind}");
        Item { message: Some(Any { type_url, value: message.encode_to_vec() }), ..self }
    }

    pub(crate) fn any(&self, documents: bool) -> Option<Any> {
        if !documents {
            return self.message.clone();
        }
        let value = structure::from_json(self.whole.as_object().unwrap()).encode_to_vec();
        Some(Any { type_url: STRUCT_URL.into(), value })
    }
}

/// A rule that puts the limit of the same name on a resource.
pub(crate) fn rule(resource: &str) -> Item {
    let spec = json!({"targets": [{"targetResourceName": resource}], "strategies": [{"name": resource}]});
    Item::whole(RULE, resource, spec).and(&FaultToleranceRule {
        targets: vec![TargetRef { target_resource_name: resource.into() }],
        strategies: vec![Reference { name: resource.into(), kind: String::new() }],
        action: None,
    })
}

/// A limit; a negative threshold is a mistake.
pub(crate) fn limit(name: &str, threshold: i64) -> Item {
    Item::whole(LIMIT, name, json!({"threshold": threshold, "statDuration": "1h"})).and(&RateLimitStrategy {
        name: name.into(),
        metric_type: 0,
        limit_mode: 0,
        threshold,
        stat_duration: 3600,
        stat_duration_time_unit: 0,
    })
}
