//! `TrafficLane`, `TrafficLabelRule` and `WorkloadLabelRule`: which lane a
//! request and a workload are of.

use super::Meta;
use super::code::Code;
use super::fault_tolerance::read_selector;
use super::node::{Node, Value};
use super::reader::{Field, Object};
use super::traffic_router::HttpMatch;
use super::traffic_router::matches::{older_block, pattern};
use crate::matcher::baggage;
use crate::matcher::{Attribute, Comparison};
use std::collections::BTreeMap;

/// Which requests are of a lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrafficLane {
    /// Its metadata.
    pub meta: Meta,
    /// The one app that it is for; `None` is every app of the namespace.
    pub app: Option<String>,
    /// Workload labels that the engine must bear, all of them.
    pub selector: BTreeMap<String, String>,
    /// `spec.rules.traffic.http`: requests of which one of these holds.
    pub traffic: Vec<HttpMatch>,
    /// `spec.rules.workload.selector`: every request of workloads that bear
    /// these labels.
    pub workload: Option<BTreeMap<String, String>>,
    /// `spec.rules.lane.name`.
    pub lane: String,
    /// `spec.rules.traceIdBaggage`, under which the lane travels; `None` is the
    /// standard one.
    pub key: Option<String>,
}

/// Which requests get a label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrafficLabelRule {
    /// Its metadata.
    pub meta: Meta,
    /// The one app that it is for; `None` is every app of the namespace.
    pub app: Option<String>,
    /// Workload labels that the engine must bear, all of them.
    pub selector: BTreeMap<String, String>,
    /// `spec.trafficLabel`.
    pub label: String,
    /// `spec.match[]`: all must hold.
    pub matches: Vec<(Attribute, Comparison)>,
}

/// Which workloads get a label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkloadLabelRule {
    /// Its metadata.
    pub meta: Meta,
    /// `spec.selector`: the labels that a workload bears, all of them.
    pub selector: BTreeMap<String, String>,
    /// The first of `spec.workloadLabels`.
    pub label: String,
}

const LABEL: &str = "a label, without control characters";

fn label(field: &Field<'_>, expected: &str) -> Option<String> {
    field.read(Code::BadValue, expected, |text, _| {
        (!text.is_empty() && !text.contains(char::is_control)).then(|| text.to_owned())
    })
}

impl TrafficLane {
    /// Reads the `spec`. What is wrong is noted.
    pub fn read(meta: Meta, mut spec: Object<'_>) -> Option<TrafficLane> {
        let (app, selector) = read_selector(&meta, &spec.take("selector"));
        let rules = spec.take("rules").required();
        spec.finish();
        let mut rules = rules.object()?;
        let (traffic, workload) = (rules.take("traffic"), rules.take("workload"));
        if !traffic.is_present() && !workload.is_present() {
            rules.wrong(Code::MissingField, "neither traffic nor workload", "one of them, or both");
        }
        let lane = rules.take("lane").required();
        let key = rules
            .take("traceIdBaggage")
            .read(Code::BadHeader, "the name of a header", |key, _| baggage::is_key(key).then(|| key.to_owned()));
        rules.finish();
        let traffic = if traffic.is_present() { read_traffic(&traffic) } else { Vec::new() };
        let workload = if workload.is_present() { read_workload(&workload) } else { None };
        let mut lane = lane.object()?;
        let name = label(&lane.take("name").required(), "the name of a lane, without control characters");
        lane.finish();
        Some(TrafficLane { meta, app, selector, traffic, workload, lane: name?, key })
    }
}

fn read_traffic(field: &Field<'_>) -> Vec<HttpMatch> {
    let Some(mut traffic) = field.object() else { return Vec::new() };
    let http = traffic.take("http").required();
    traffic.finish();
    let blocks = match http.node().map(|node| &node.value) {
        Some(Value::List(_)) => http.filled_list("a list of matches").unwrap_or_default(),
        _ => vec![http],
    };
    blocks.iter().filter_map(older_block).collect()
}

fn read_workload(field: &Field<'_>) -> Option<BTreeMap<String, String>> {
    let mut workload = field.object()?;
    let selector = workload.take("selector").required();
    workload.finish();
    filled_texts(&selector)
}

/// Reads a map of labels that has at least one.
fn filled_texts(field: &Field<'_>) -> Option<BTreeMap<String, String>> {
    let texts = field.clone().required().texts()?;
    if texts.is_empty() {
        field.wrong(Code::MissingField, "a map with at least one label");
        return None;
    }
    Some(texts.into_iter().collect())
}

impl TrafficLabelRule {
    /// Reads the `spec`. What is wrong is noted.
    pub fn read(meta: Meta, mut spec: Object<'_>) -> Option<TrafficLabelRule> {
        let (app, selector) = read_selector(&meta, &spec.take("selector"));
        let label = label(&spec.take("trafficLabel").required(), LABEL);
        let matches = spec.take("match").required().filled_list("a list of conditions, at least one");
        let matches = matches.into_iter().flatten().filter_map(|field| condition(&field)).collect();
        spec.finish();
        Some(TrafficLabelRule { meta, app, selector, label: label?, matches })
    }
}

fn condition(field: &Field<'_>) -> Option<(Attribute, Comparison)> {
    let mut entry = field.object()?;
    let words = [("header", 0u8), ("path", 1), ("query", 2), ("cookie", 3), ("method", 4)];
    let kind = entry.take("type").required().one_of(&words);
    let key = entry.take("key");
    let attribute = match kind {
        Some(1) => Some(Attribute::Path),
        Some(4) => Some(Attribute::Method),
        Some(named) => {
            let key = key.required().filled("the name of the header, parameter or cookie");
            key.map(|key| match named {
                0 => Attribute::Header(key.to_ascii_lowercase().into()),
                2 => Attribute::Query(key.into()),
                _ => Attribute::Cookie(key.into()),
            })
        }
        None => None,
    };
    let words = [("==", 0u8), ("!=", 1), ("=~", 2), ("in", 3), ("^=", 4)];
    let how = entry.take("condition").required().one_of(&words);
    let value = entry.take("value").required();
    let comparison = how.and_then(|how| comparison(how, &value));
    entry.finish();
    Some((attribute?, comparison?))
}

fn comparison(how: u8, value: &Field<'_>) -> Option<Comparison> {
    if how == 3 {
        let texts: Vec<Box<str>> = match value.node().and_then(Node::as_text) {
            Some(text) => text.split(',').map(|text| text.trim().into()).collect(),
            None => {
                value.filled_list("a list of values")?.iter().filter_map(|item| Some(item.text()?.into())).collect()
            }
        };
        return Some(Comparison::OneOf(texts));
    }
    let text = value.text()?;
    Some(match how {
        0 => Comparison::Is(text.into()),
        1 => Comparison::IsNot(text.into()),
        2 => Comparison::Matches(pattern(value, &text)?),
        _ => Comparison::BeginsWith(text.into()),
    })
}

impl WorkloadLabelRule {
    /// Reads the `spec`. What is wrong is noted.
    pub fn read(meta: Meta, mut spec: Object<'_>) -> Option<WorkloadLabelRule> {
        let selector = filled_texts(&spec.take("selector"));
        let labels = spec.take("workloadLabels").required().filled_list("a list of labels, at least one");
        spec.finish();
        let labels: Vec<Option<String>> = labels?.iter().map(|field| label(field, LABEL)).collect();
        let label = labels.into_iter().next()??;
        Some(WorkloadLabelRule { meta, selector: selector?, label })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::diagnostic::Identity;
    use crate::spec::reader::Notes;
    use crate::spec::yaml;

    fn read<T>(spec: &str, read: impl FnOnce(Meta, Object<'_>) -> Option<T>) -> (Option<T>, Vec<String>) {
        let node = yaml::documents(spec).remove(0).unwrap();
        let notes = Notes::new(Identity::default(), "");
        let value = read(Meta::default(), Object::root(&node, &notes).unwrap());
        let (errors, warnings) = notes.into_parts();
        (value, errors.into_iter().chain(warnings).map(|diagnostic| diagnostic.field).collect())
    }

    #[test]
    fn the_headers_of_a_lane_are_a_map_or_a_list() {
        let lane = |headers: &str| {
            let spec = format!("rules: {{traffic: {{http: {{headers: {headers}}}}}, lane: {{name: Gray}}}}");
            let (lane, told) = read(&spec, TrafficLane::read);
            assert_eq!(told, Vec::<String>::new(), "{spec}");
            lane.unwrap().traffic.remove(0).headers
        };
        let map = lane("{X-User-Id: {exact: 12345}, b: {}}");
        assert_eq!(lane("[{X-User-Id: , exact: 12345}, {b: }]"), map);
        assert_eq!(lane("[{X-User-Id: {exact: 12345}}, {b: {}}]"), map);
        assert_eq!(lane("{X-User-Id: 12345, b: }"), map);
    }

    #[test]
    fn every_mistake_of_a_lane_is_told_at_its_field() {
        for (spec, field) in [
            ("{}", "rules"),
            ("rules: {lane: {name: a}}", "rules"),
            ("rules: {workload: {selector: {}}, lane: {name: a}}", "rules.workload.selector"),
            ("rules: {workload: {}, lane: {name: a}}", "rules.workload.selector"),
            ("rules: {traffic: {}, lane: {name: a}}", "rules.traffic.http"),
            ("rules: {traffic: {http: {}}}", "rules.lane"),
            ("rules: {traffic: {http: {}}, lane: {}}", "rules.lane.name"),
            ("rules: {traffic: {http: {}}, lane: {name: a}, traceIdBaggage: 'a b'}", "rules.traceIdBaggage"),
            ("rules: {traffic: {http: {headers: [{a: , b: }]}}, lane: {name: a}}", "rules.traffic.http.headers[0]"),
            (
                "rules: {traffic: {http: {headers: [{a: , exact: x, prefix: y}]}}, lane: {name: a}}",
                "rules.traffic.http.headers[0]",
            ),
        ] {
            assert_eq!(read(spec, TrafficLane::read).1, [field], "{spec}");
        }
    }

    #[test]
    fn a_label_rule_says_what_it_compares() {
        let spec = "trafficLabel: gray\nmatch:\n- {type: header, key: X-A, condition: '==', value: 12345}\n- {type: path, condition: ^=, value: /a}\n- {type: query, key: q, condition: in, value: 'a, b'}\n- {type: cookie, key: c, condition: in, value: [a, 1]}\n- {type: method, condition: '!=', value: GET}";
        let (rule, told) = read(spec, TrafficLabelRule::read);
        assert_eq!(told, Vec::<String>::new());
        let expected = vec![
            (Attribute::Header("x-a".into()), Comparison::Is("12345".into())),
            (Attribute::Path, Comparison::BeginsWith("/a".into())),
            (Attribute::Query("q".into()), Comparison::OneOf(vec!["a".into(), "b".into()])),
            (Attribute::Cookie("c".into()), Comparison::OneOf(vec!["a".into(), "1".into()])),
            (Attribute::Method, Comparison::IsNot("GET".into())),
        ];
        assert_eq!(rule.unwrap().matches, expected);
        for (entry, field) in [
            ("{type: body, condition: '==', value: a}", "match[0].type"),
            ("{type: header, condition: '==', value: a}", "match[0].key"),
            ("{type: path, condition: like, value: a}", "match[0].condition"),
            ("{type: path, condition: '=~', value: '('}", "match[0].value"),
            ("{type: path, condition: '=='}", "match[0].value"),
        ] {
            let (_, told) = read(&format!("trafficLabel: gray\nmatch: [{entry}]"), TrafficLabelRule::read);
            assert_eq!(told, [field], "{entry}");
        }
    }

    #[test]
    fn a_workload_gets_the_first_label() {
        let (rule, told) = read("workloadLabels: [gray, blue]\nselector: {app: a}", WorkloadLabelRule::read);
        assert_eq!((rule.unwrap().label.as_str(), told.len()), ("gray", 0));
        assert_eq!(read("workloadLabels: []\nselector: {}", WorkloadLabelRule::read).1, ["selector", "workloadLabels"]);
    }
}
