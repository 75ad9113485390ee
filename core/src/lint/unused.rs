//! Strategies and actions that no rule names.

use super::{Documents, Told};
use crate::name::StrategyKind;
use crate::spec::code::Code;
use std::collections::BTreeSet;

pub(super) fn lint(documents: &Documents<'_>, told: &mut Told) {
    let mut namespaces: BTreeSet<&str> = BTreeSet::new();
    let mut strategies: BTreeSet<(&str, StrategyKind, &str)> = BTreeSet::new();
    let mut actions: BTreeSet<(&str, &str)> = BTreeSet::new();
    for rule in documents.rules.iter().map(|rule| rule.document) {
        let namespace = rule.meta.namespace.as_str();
        namespaces.insert(namespace);
        for named in &rule.strategies {
            let kinds = StrategyKind::ALL.into_iter().filter(|kind| named.kind.is_none_or(|named| named == *kind));
            strategies.extend(kinds.map(|kind| (namespace, kind, named.name.as_str())));
        }
        actions.extend(rule.fallback.as_ref().map(|name| (namespace, name.as_str())));
    }
    // What a bad rule would name is not known, and where there is no rule at all
    // the rules are elsewhere.
    let knows = |namespace: &str| {
        let has_unread = documents.unread.contains(&None) || documents.unread.contains(&Some(namespace));
        namespaces.contains(namespace) && !has_unread
    };
    for strategy in &documents.strategies {
        let meta = &strategy.document.meta;
        let kind = strategy.document.spec.kind();
        if knows(&meta.namespace) && !strategies.contains(&(&meta.namespace, kind, &meta.name)) {
            let found = format!("{:?}, which no FaultToleranceRule names", meta.name);
            let expected = "a rule that has it among its strategies";
            told.tell(strategy.reading, Code::UnusedDocument, "metadata.name", &found, expected);
        }
    }
    for action in &documents.actions {
        let meta = &action.document.meta;
        if knows(&meta.namespace) && !actions.contains(&(&meta.namespace, &meta.name)) {
            let found = format!("{:?}, which no FaultToleranceRule names", meta.name);
            told.tell(
                action.reading,
                Code::UnusedDocument,
                "metadata.name",
                &found,
                "a rule with it as its fallbackAction",
            );
        }
    }
}
