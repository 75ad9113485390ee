//! `FaultToleranceRule` and `HttpRequestFallbackAction`.

use super::Meta;
use super::code::Code;
use super::node::Value;
use super::reader::{Field, Object};
use crate::name::StrategyKind;
use crate::sync::Arc;
use std::collections::BTreeMap;

/// Which resources are governed by which strategies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultToleranceRule {
    /// Its metadata.
    pub meta: Meta,
    /// The one app that it is for; `None` is every app of the namespace.
    pub app: Option<String>,
    /// Workload labels that the engine must bear, all of them.
    pub selector: BTreeMap<String, String>,
    /// `spec.targets[].targetResourceName`, in order.
    pub targets: Arc<[Arc<str>]>,
    /// `spec.strategies[]`, in order.
    pub strategies: Vec<StrategyRef>,
    /// `spec.fallbackAction`.
    pub fallback: Option<String>,
}

/// A strategy that a rule names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StrategyRef {
    /// The strategy's name.
    pub name: String,
    /// Its kind; `None` is found by name over all kinds.
    pub kind: Option<StrategyKind>,
}

/// `HttpRequestFallbackAction` with `behavior: ReturnProvidedResponse`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpRequestFallbackAction {
    /// Its metadata.
    pub meta: Meta,
    /// `responseStatusCode`, 429 when absent.
    pub status: u16,
    /// `responseContentBody`, empty when absent.
    pub body: String,
    /// `responseAdditionalHeaders`, as written and in order.
    pub headers: Vec<(String, String)>,
}

/// The kind of the one action there is.
pub const ACTION: &str = "HttpRequestFallbackAction";

/// The longest name of a resource, in bytes.
const MAX_TARGET: usize = 1024;

/// Reads the `spec` of a `FaultToleranceRule`.
#[must_use]
pub fn read_rule(meta: Meta, mut spec: Object<'_>) -> Option<FaultToleranceRule> {
    let (app, selector) = read_selector(&meta, &spec.take("selector"));
    let targets = spec.take("targets").required().filled_list("a list of targets, at least one");
    let targets = targets.into_iter().flatten().filter_map(|target| read_target(&target)).collect();
    let strategies = spec.take("strategies").required().filled_list("a list of strategies, at least one");
    let strategies = strategies.into_iter().flatten().filter_map(|strategy| read_strategy_ref(&strategy)).collect();
    let fallback = spec.take("fallbackAction");
    let fallback = if fallback.is_present() { read_action_ref(&fallback) } else { None };
    spec.finish();
    Some(FaultToleranceRule { meta, app, selector, targets, strategies, fallback })
}

/// The one app that a rule is for, and the labels that it asks the workload for.
pub(super) fn read_selector(meta: &Meta, field: &Field<'_>) -> (Option<String>, BTreeMap<String, String>) {
    let label = meta.labels.get("app").filter(|app| !app.is_empty()).cloned();
    let mut app = None;
    let mut selector = BTreeMap::new();
    for (key, value) in field.map().unwrap_or_default() {
        if key != "app" {
            selector.extend(value.required().text().map(|text| (key.to_owned(), text)));
            continue;
        }
        app = value.filled("the name of an app");
        if let (Some(app), Some(label)) = (&app, &label)
            && app != label
        {
            value.wrong(
                Code::ConflictingFields,
                &format!("{label:?}, as metadata.labels.app has it, or only one of the two"),
            );
        }
    }
    (app.or(label), selector)
}

fn read_target(field: &Field<'_>) -> Option<Arc<str>> {
    let mut target = field.object()?;
    let name = target.take("targetResourceName").required().read(
        Code::OutOfRange,
        "the name of a resource, 1 to 1024 bytes",
        |text, _| (1..=MAX_TARGET).contains(&text.len()).then(|| text.into()),
    );
    target.finish();
    name
}

fn read_strategy_ref(field: &Field<'_>) -> Option<StrategyRef> {
    let mut strategy = field.object()?;
    let name = strategy.take("name").required().filled("the name of a strategy");
    let kinds = StrategyKind::ALL.map(|kind| (kind.as_str(), kind));
    let kind = strategy.take("kind").one_of(&kinds);
    strategy.finish();
    Some(StrategyRef { name: name?, kind })
}

/// A name, or a map of name and kind.
fn read_action_ref(field: &Field<'_>) -> Option<String> {
    const NAME: &str = "the name of an HttpRequestFallbackAction";
    if field.node().is_some_and(|node| node.as_text().is_some()) {
        return field.filled(NAME);
    }
    let mut action = field.object()?;
    let name = action.take("name").required().filled(NAME);
    let _ = action.take("kind").one_of(&[(ACTION, ())]);
    action.finish();
    name
}

/// Reads the `spec` of an `HttpRequestFallbackAction`.
#[must_use]
pub fn read_action(meta: Meta, mut spec: Object<'_>) -> Option<HttpRequestFallbackAction> {
    let _ = spec.take("behavior").one_of(&[("ReturnProvidedResponse", ())]);
    let response = spec.take("behaviorDesc");
    spec.finish();
    let mut action = HttpRequestFallbackAction { meta, status: 429, body: String::new(), headers: Vec::new() };
    if !response.is_present() {
        return Some(action);
    }
    let mut response = response.object()?;
    if let Some(status) = response.take("responseStatusCode").integer(200..=599) {
        action.status = u16::try_from(status).ok()?;
    }
    action.body = response.take("responseContentBody").text().unwrap_or_default();
    action.headers = read_headers(&response.take("responseAdditionalHeaders"));
    response.finish();
    Some(action)
}

/// A list of `{key, value}`, or a map.
fn read_headers(field: &Field<'_>) -> Vec<(String, String)> {
    let pair = |key: String, value: &Field<'_>| {
        Some((key, value.clone().required().read(Code::BadHeader, HEADER_VALUE, header_value)?))
    };
    if let Some(Value::Map(_)) = field.node().map(|node| &node.value) {
        let headers = field.map().unwrap_or_default().into_iter().filter_map(|(key, value)| {
            if header_name(key, true).is_none() {
                value.tell(Code::BadHeader, &format!("{key:?} as a header's name"), HEADER_NAME);
            }
            pair(key.to_owned(), &value)
        });
        return headers.collect();
    }
    let items = field.list().unwrap_or_default().into_iter().filter_map(|item| {
        let mut header = item.object()?;
        let (key, value) = (header.take("key").required(), header.take("value"));
        header.finish();
        pair(key.read(Code::BadHeader, HEADER_NAME, header_name).unwrap_or_default(), &value)
    });
    items.collect()
}

const HEADER_NAME: &str = "the name of an HTTP header";
const HEADER_VALUE: &str = "the value of an HTTP header, on one line";

/// A token as RFC 9110 has it.
fn header_name(text: &str, _quoted: bool) -> Option<String> {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    (!text.is_empty() && text.bytes().all(is_token)).then(|| text.to_owned())
}

/// No control characters: a line break would begin another header.
fn header_value(text: &str, _quoted: bool) -> Option<String> {
    (!text.chars().any(|c| c.is_control() && c != '\t')).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::diagnostic::Identity;
    use crate::spec::reader::Notes;
    use crate::spec::yaml;

    /// What `read` makes of the spec of a document with these labels, and the
    /// paths of the mistakes.
    fn read<T>(
        labels: &[(&str, &str)],
        spec: &str,
        read: fn(Meta, Object<'_>) -> Option<T>,
    ) -> (Option<T>, Vec<String>) {
        let node = yaml::documents(spec).remove(0).unwrap();
        let notes = Notes::new(Identity::default(), "");
        let labels = labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let value = read(Meta { labels, ..Meta::default() }, Object::root(&node, &notes).unwrap());
        let (errors, _) = notes.into_parts();
        (value, errors.into_iter().map(|error| error.field).collect())
    }

    const REST: &str = "targets: [{targetResourceName: /foo}], strategies: [{name: a}]";

    #[test]
    fn a_rule_as_the_specification_has_it() {
        let spec = "{targets: [{targetResourceName: /foo}, {targetResourceName: /bar}], \
                    strategies: [{name: a}, {name: b, kind: ThrottlingStrategy}], fallbackAction: sorry}";
        let (rule, errors) = read(&[], spec, read_rule);
        let rule = rule.unwrap();
        assert_eq!((&*rule.targets, errors), (&["/foo".into(), "/bar".into()][..], vec![]));
        let kinds: Vec<_> = rule.strategies.into_iter().map(|strategy| (strategy.name, strategy.kind)).collect();
        assert_eq!(kinds, [("a".to_owned(), None), ("b".to_owned(), Some(StrategyKind::Throttling))]);
        assert_eq!((rule.fallback.as_deref(), rule.app), (Some("sorry"), None));
    }

    #[test]
    fn the_fallback_action_is_a_name_or_a_map() {
        for action in ["sorry", "{name: sorry}", "{name: sorry, kind: HttpRequestFallbackAction}"] {
            let (rule, errors) = read(&[], &format!("{{{REST}, fallbackAction: {action}}}"), read_rule);
            assert_eq!((rule.unwrap().fallback.as_deref(), errors), (Some("sorry"), vec![]), "{action}");
        }
        let (_, errors) = read(&[], &format!("{{{REST}, fallbackAction: [sorry]}}"), read_rule);
        assert_eq!(errors, ["fallbackAction"]);
    }

    #[test]
    fn whom_a_rule_is_for() {
        let with = |labels: &[(&str, &str)], selector: &str| {
            let (rule, errors) = read(labels, &format!("{{selector: {selector}, {REST}}}"), read_rule);
            let rule = rule.unwrap();
            (rule.app, rule.selector.into_keys().collect::<Vec<_>>(), errors)
        };
        let (app, none, fine) = (Some("a".to_owned()), Vec::<String>::new(), Vec::<String>::new());
        assert_eq!(with(&[], "{app: a, tag: gray}"), (app.clone(), vec!["tag".to_owned()], fine.clone()));
        assert_eq!(with(&[("app", "a")], ""), (app.clone(), none.clone(), fine.clone()));
        assert_eq!(with(&[("app", "a")], "{app: }"), (app.clone(), none.clone(), fine));
        assert_eq!(with(&[("app", "b")], "{app: a}"), (app, none, vec!["selector.app".to_owned()]));
        assert_eq!(with(&[], "{app: ''}").2, ["selector.app"]);
        assert_eq!(with(&[], "{tag: }").2, ["selector.tag"]);
    }

    #[test]
    fn a_target_has_1_to_1024_bytes() {
        for (length, mistakes) in [(0, 1), (1, 0), (1024, 0), (1025, 1)] {
            let target = "x".repeat(length);
            let spec = format!("{{targets: [{{targetResourceName: '{target}'}}], strategies: [{{name: a}}]}}");
            assert_eq!(read(&[], &spec, read_rule).1.len(), mistakes, "{length}");
        }
    }

    #[test]
    fn headers_are_a_list_or_a_map() {
        for headers in ["[{key: X-A, value: 1}, {key: x-b, value: ''}]", "{X-A: 1, x-b: ''}"] {
            let spec = format!("{{behaviorDesc: {{responseAdditionalHeaders: {headers}}}}}");
            let (action, errors) = read(&[], &spec, read_action);
            let action = action.unwrap();
            assert_eq!(action.headers, [("X-A".into(), "1".into()), ("x-b".into(), String::new())]);
            assert_eq!((action.status, action.body.as_str(), errors), (429, "", vec![]));
        }
        for (headers, field) in [
            ("[{key: a b, value: 1}]", "[0].key"),
            ("[{value: 1}]", "[0].key"),
            ("[{key: a}]", "[0].value"),
            (r#"[{key: a, value: "1\r\nb: 2"}]"#, "[0].value"),
            ("{a b: 1}", ".a b"),
            ("{a: }", ".a"),
        ] {
            let spec = format!("{{behaviorDesc: {{responseAdditionalHeaders: {headers}}}}}");
            let errors = read(&[], &spec, read_action).1;
            assert_eq!(errors, [format!("behaviorDesc.responseAdditionalHeaders{field}")]);
        }
    }
}
