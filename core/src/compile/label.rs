//! Lanes and label rules, in the form in which requests are asked about them.

use super::route::conditions;
use crate::label::{Lane, Rule, Table};
use crate::route::BlockMiss;
use crate::route::rule::Block;
use crate::route::workload::APP_LABEL;
use crate::spec::lane::{TrafficLabelRule, TrafficLane};
use crate::sync::Arc;
use std::collections::BTreeMap;

/// The table of these lanes and rules, each in the order of their names, for a
/// workload of this app with these labels.
#[must_use]
pub fn label(
    lanes: &[Arc<TrafficLane>],
    rules: &[Arc<TrafficLabelRule>],
    app: &str,
    labels: &BTreeMap<String, String>,
) -> Table {
    let bears = |(key, value): (&String, &String)| match labels.get(key) {
        Some(own) => own == value,
        None => key == APP_LABEL && value == app,
    };
    let stranger = |selector: &BTreeMap<String, String>| {
        let (key, value) = selector.iter().find(|label| !bears(*label))?;
        let found = labels.get(key).map_or_else(|| "nothing".to_owned(), |own| format!("{own:?}"));
        Some(BlockMiss { field: format!("workload.selector.{key}"), expected: format!("{value:?}"), found })
    };
    let lanes = lanes.iter().map(|lane| Lane {
        document: format!("TrafficLane {}", lane.meta.name).into(),
        name: lane.lane.as_str().into(),
        key: lane.key.as_deref().unwrap_or(crate::route::colour::LANE_KEY).into(),
        blocks: lane.traffic.iter().map(|block| Block { conditions: conditions(block), prefix: None }).collect(),
        is_own: lane.workload.as_ref().is_some_and(|selector| selector.iter().all(bears)),
        stranger: lane.workload.as_ref().and_then(stranger),
    });
    let rules = rules.iter().map(|rule| Rule {
        document: format!("TrafficLabelRule {}", rule.meta.name).into(),
        label: rule.label.as_str().into(),
        tests: rule.matches.clone(),
    });
    Table::new(lanes.collect(), rules.collect())
}
