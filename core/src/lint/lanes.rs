//! Lanes and labels that an earlier one takes all requests from.

use super::implied::takes;
use super::{Documents, Told, includes};
use crate::spec::code::Code;

/// How many earlier ones each is compared with.
const COMPARED: usize = 64;

pub(super) fn lint(documents: &Documents<'_>, told: &mut Told) {
    let mut lanes = documents.lanes.clone();
    lanes.sort_by(|a, b| a.document.meta.name.cmp(&b.document.meta.name));
    for (i, lane) in lanes.iter().enumerate() {
        let this = lane.document;
        if this.workload.is_some() {
            continue;
        }
        let overruling = lanes.iter().take(i).take(COMPARED).find(|first| {
            let first = first.document;
            first.meta.namespace == this.meta.namespace
                && includes(first.app.as_deref(), &first.selector, this.app.as_deref(), &this.selector)
                && this.traffic.iter().all(|block| first.traffic.iter().any(|wide| takes(wide, &[], block, &[])))
        });
        if let Some(first) = overruling {
            let found = format!(
                "traffic that {} takes, for the lane {:?}: the first by name is the one that counts",
                first.reading.identity, first.document.lane
            );
            let expected = "traffic that no earlier lane takes";
            told.tell(lane.reading, Code::FightingRules, "spec.rules.traffic", &found, expected);
        }
    }
    let mut labels = documents.labels.clone();
    labels.sort_by(|a, b| a.document.meta.name.cmp(&b.document.meta.name));
    for (i, rule) in labels.iter().enumerate() {
        let this = rule.document;
        let overruling = labels.iter().take(i).take(COMPARED).find(|first| {
            let first = first.document;
            first.meta.namespace == this.meta.namespace
                && includes(first.app.as_deref(), &first.selector, this.app.as_deref(), &this.selector)
                && first.matches.iter().all(|condition| this.matches.contains(condition))
        });
        if let Some(first) = overruling {
            let found = format!(
                "requests that {} labels {:?} already: the first by name is the one that counts",
                first.reading.identity, first.document.label
            );
            told.tell(rule.reading, Code::FightingRules, "spec.match", &found, "requests that no earlier rule labels");
        }
    }
}
