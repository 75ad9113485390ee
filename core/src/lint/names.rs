//! What a name that stands for nothing most likely stands for.

use crate::compile::report::Waiting;
use crate::name::StrategyKind;
use crate::spec::document::Reading;
use crate::spec::fault_tolerance::ACTION;
use crate::spec::reader::nearest;
use std::collections::{BTreeMap, BTreeSet};

/// What documents of a namespace can be referred to as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum As {
    Strategy,
    Action,
    Router,
}

/// The names of a push, bad documents' as well.
#[derive(Debug, Default)]
pub(crate) struct Names(BTreeMap<(String, As), BTreeSet<String>>);

impl Names {
    pub(crate) fn of(push: &[Reading<'_>]) -> Names {
        let mut names = Names::default();
        for identity in push.iter().map(|reading| &reading.identity) {
            let referred = match identity.kind.as_str() {
                ACTION => As::Action,
                "TrafficRouter" | "VirtualService" => As::Router,
                kind if StrategyKind::from_document_kind(kind).is_some() => As::Strategy,
                _ => continue,
            };
            names.0.entry((identity.namespace.clone(), referred)).or_default().insert(identity.name.clone());
        }
        names
    }

    /// The name that is most like the one that is missing.
    pub(crate) fn nearest(&self, waiting: &Waiting) -> Option<String> {
        let referred = match waiting.field.as_str() {
            field if field.ends_with(".delegate.name") => As::Router,
            field if field.starts_with("spec.fallbackAction") => As::Action,
            _ => As::Strategy,
        };
        let names = self.0.get(&(waiting.namespace.clone(), referred))?;
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        nearest(&waiting.missing, &names).filter(|near| *near != waiting.missing).map(str::to_owned)
    }
}
