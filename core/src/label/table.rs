//! The lanes and label rules of one version of the rules.

use super::Label;
use crate::matcher::{Attribute, Comparison, query};
use crate::route::colour::{ColourKeys, LABEL_KEY};
use crate::route::condition::{Home, Seen};
use crate::route::rule::Block;
use crate::route::{BlockMiss, Request, cookie};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// A lane.
#[derive(Debug)]
pub struct Lane {
    /// The kind and the name of its document, for explanations.
    pub document: Box<str>,
    /// Its name.
    pub name: Box<str>,
    /// The key under which it travels.
    pub key: Box<str>,
    /// A request of which one of these holds is of it.
    pub blocks: Vec<Block>,
    /// Whether every request of this workload is of it.
    pub is_own: bool,
    /// The label that this workload would have to bear to be of it.
    pub stranger: Option<BlockMiss>,
}

/// A label rule.
#[derive(Debug)]
pub struct Rule {
    /// The kind and the name of its document, for explanations.
    pub document: Box<str>,
    /// The label.
    pub label: Box<str>,
    /// What a request must be; all must hold.
    pub tests: Vec<(Attribute, Comparison)>,
}

/// The lanes and label rules, in order.
#[derive(Debug, Default)]
pub struct Table {
    lanes: Vec<Lane>,
    rules: Vec<Rule>,
    keys: ColourKeys,
}

impl Table {
    /// A table of these.
    #[must_use]
    pub fn new(lanes: Vec<Lane>, rules: Vec<Rule>) -> Table {
        let keys = ColourKeys::new(lanes.iter().map(|lane| &*lane.key));
        Table { lanes, rules, keys }
    }

    /// The lanes, in order.
    pub(super) fn lanes(&self) -> &[Lane] {
        &self.lanes
    }

    /// The label rules, in order.
    pub(super) fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The keys under which requests carry lanes.
    #[must_use]
    pub fn keys(&self) -> &ColourKeys {
        &self.keys
    }

    /// The lane of a request: the one that it carries, where that is believed;
    /// else of the first lane, else of the first label rule, that it is of.
    #[must_use]
    pub fn label(&self, request: &Request<'_>, home: Home<'_>, trust: bool) -> Option<Label> {
        let label = |lane: &str, key: &str| Label { lane: lane.to_owned(), key: key.to_owned() };
        if let Some((key, lane)) = self.keys.read(request).filter(|_| trust) {
            return Some(label(&lane, key));
        }
        let seen = Seen::new(request, home);
        let lane = self.lanes.iter().find(|lane| lane.is_own || lane.blocks.iter().any(|block| block.holds(&seen)));
        if let Some(lane) = lane {
            return Some(label(&lane.name, &lane.key));
        }
        let holds =
            |rule: &&Rule| rule.tests.iter().all(|(attribute, test)| test.holds(value(attribute, request).as_deref()));
        self.rules.iter().find(holds).map(|rule| label(&rule.label, LABEL_KEY))
    }

    /// Adds the headers, in lower case, and the query parameters that are looked
    /// at.
    pub fn required(&self, headers: &mut BTreeSet<String>, parameters: &mut BTreeSet<String>) {
        headers.extend(self.keys.headers().map(str::to_owned));
        let blocks = self.lanes.iter().flat_map(|lane| &lane.blocks);
        blocks.for_each(|block| block.conditions.iter().for_each(|condition| condition.required(headers, parameters)));
        for (attribute, _) in self.rules.iter().flat_map(|rule| &rule.tests) {
            match attribute {
                Attribute::Header(name) => drop(headers.insert(name.to_string())),
                Attribute::Cookie(_) => drop(headers.insert("cookie".to_owned())),
                Attribute::Query(name) => drop(parameters.insert(name.to_string())),
                Attribute::Path | Attribute::Method => {}
            }
        }
    }
}

/// A part of a request; `None` where it is missing.
pub(super) fn value<'a>(attribute: &Attribute, request: &Request<'a>) -> Option<Cow<'a, str>> {
    let (path, parameters) = query::split(request.path);
    match attribute {
        Attribute::Header(name) => request.headers.header(name),
        Attribute::Path => Some(Cow::Borrowed(path)),
        Attribute::Query(name) => query::value(parameters.unwrap_or_default(), name).map(Cow::Borrowed),
        Attribute::Cookie(name) => cookie(request, name),
        Attribute::Method => Some(Cow::Borrowed(request.method)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matcher::Text;
    use crate::route::colour::LANE_KEY;
    use crate::route::condition::Condition;
    use std::collections::BTreeMap;

    fn table() -> Table {
        let lane = |name: &str, path: &str| {
            let conditions = vec![Condition::Path(Text::Prefix(path.into()))];
            let blocks = vec![Block { conditions, prefix: None }];
            Lane {
                document: "TrafficLane l".into(),
                name: name.into(),
                key: LANE_KEY.into(),
                blocks,
                is_own: false,
                stranger: None,
            }
        };
        let test = (Attribute::Cookie("who".into()), Comparison::Is("me".into()));
        Table::new(
            vec![lane("a", "/a"), lane("b", "/")],
            vec![Rule { document: "TrafficLabelRule r".into(), label: "c".into(), tests: vec![test] }],
        )
    }

    fn label(table: &Table, request: &Request<'_>, trust: bool) -> String {
        let labels = BTreeMap::new();
        let label = table.label(request, Home { namespace: "default", labels: &labels }, trust);
        label.map(|label| format!("{}={}", label.key, label.lane)).unwrap_or_default()
    }

    #[test]
    fn what_came_in_stays_where_it_is_believed() {
        let headers: &[(&str, &str)] = &[("x-opensergo-traffic", "z")];
        let request = Request { path: "/a", headers: &headers, ..Request::new("") };
        assert_eq!(label(&table(), &request, true), "x-opensergo-traffic=z");
        assert_eq!(label(&table(), &request, false), "x-opensergo-traffic=a");
        assert_eq!(label(&table(), &Request::new(""), true), "x-opensergo-traffic=b");
    }

    #[test]
    fn label_rules_come_after_lanes() {
        let Table { rules, .. } = table();
        let table = Table::new(vec![], rules);
        let headers: &[(&str, &str)] = &[("Cookie", "a=b; who=me")];
        assert_eq!(label(&table, &Request { headers: &headers, ..Request::new("") }, true), "OpenSergo-Label=c");
        assert_eq!(label(&table, &Request::new(""), true), "");
    }

    #[test]
    fn a_label_is_carried_by_header_and_baggage() {
        let label = Label { lane: "Gräu".into(), key: LANE_KEY.into() };
        assert_eq!(label.header(), (LANE_KEY, "Gräu"));
        assert_eq!(label.baggage("a=1"), "x-opensergo-traffic=Gr%C3%A4u,a=1");
        assert_eq!(
            serde_json::to_string(&label).unwrap(),
            r#"{"lane":"Gräu","baggage":{"x-opensergo-traffic":"Gräu"}}"#
        );
    }
}
