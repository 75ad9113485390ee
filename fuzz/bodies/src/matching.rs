//! Hostile patterns against hostile values: what matches is what the naive
//! reading says, and nothing takes long.

use serde_json::json;
use sergo::matcher::regex::Substitution;
use sergo::matcher::{HostName, HostPattern, Pattern, Subnet, query};
use sergo::{Config, Engine, Request, Rolls, Source, Tick};

/// What a route asks for, and the request.
#[derive(Clone, Copy, Debug)]
struct Input<'a> {
    form: Form,
    ignore_case: bool,
    pattern: &'a str,
    value: &'a str,
    name: &'a str,
}

#[derive(Clone, Copy, Debug)]
enum Form {
    Exact,
    Prefix,
    Regex,
}

/// The longest text of an input: patterns and requests are bounded by whoever
/// takes them in.
const LONGEST: usize = 1024;

/// Matches all that stands in the bytes, seven lines: the form (`e`, `p` or `r`,
/// in upper case to ignore case), a pattern, a value, a name, a host, another
/// host, a namespace. A line break within one is written as `␊`.
pub fn matching(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let lines: Vec<String> = text.splitn(7, '\n').map(|line| line.replace('␊', "\n")).collect();
    let line = |number: usize| lines.get(number).map_or("", |line| line.as_str());
    let form = match line(0) {
        "e" | "E" => Form::Exact,
        "p" | "P" => Form::Prefix,
        _ => Form::Regex,
    };
    let ignore_case = line(0).starts_with(|first: char| first.is_ascii_uppercase());
    let [pattern, value, name, host, other, namespace] = [1, 2, 3, 4, 5, 6].map(line);
    let input = Input { form, ignore_case, pattern, value, name };
    if lines.iter().any(|text| text.len() > LONGEST) {
        return;
    }
    regex(pattern, value, name);
    hosts(host, other, namespace);
    // A key is found where the naive reading finds it.
    let (path, rest) = query::split(value);
    assert!(value.starts_with(path) && !path.contains('?'));
    if let Some(found) = rest.and_then(|rest| query::value(rest, name)) {
        assert!(found.is_empty() || value.contains(&format!("{name}={found}")));
    }
    if let (Some(subnet), Ok(address)) = (Subnet::read(pattern), value.parse()) {
        assert!(pattern.contains('/') || subnet.contains(address) == (Subnet::read(value) == Some(subnet)));
    }
    route(&input);
}

fn regex(written: &str, value: &str, replacement: &str) {
    let Ok(pattern) = Pattern::new(written) else { return };
    assert_eq!(pattern.as_str(), written);
    let matches = pattern.is_match(value);
    // What has nothing special in it matches itself, and only that.
    if written.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'/') {
        assert_eq!(matches, written == value);
    }
    // The whole value is meant, also by an alternative.
    if let Ok(either) = Pattern::new(&format!("(?:{written})|zzz")) {
        assert!(!matches || either.is_match(value));
    }
    if let Ok(substitution) = Substitution::new(written, replacement) {
        let text = substitution.apply(value);
        // Each byte of the value can bring the groups' text once more, not more.
        assert!(text.len() <= (value.len() + 1) * (replacement.len() + 1) * (value.len() + 1));
    }
}

fn hosts(host: &str, other: &str, namespace: &str) {
    // A namespace has no upper case.
    let namespace = &*namespace.to_ascii_lowercase();
    let name = HostName::new(host, namespace);
    assert_eq!(
        HostName::new(&host.to_ascii_lowercase(), namespace),
        HostName::new(&host.to_ascii_uppercase(), namespace),
        "case of {host:?}"
    );
    let Some(pattern) = HostPattern::read(host, namespace) else { return };
    if let HostPattern::Exact(exact) = &pattern {
        assert_eq!(**exact, *name.as_str());
        assert!(pattern.matches(&name));
    }
    assert!(pattern.includes(&pattern));
    let Some(inner) = HostPattern::read(other, namespace) else { return };
    let seen = HostName::new(other, namespace);
    assert!(!(pattern.includes(&inner) && inner.matches(&seen)) || pattern.matches(&seen));
}

/// A router of one route, by path, against the naive reading of it.
fn route(input: &Input<'_>) {
    let Input { form, pattern, value, ignore_case, name, .. } = *input;
    let form_name = match form {
        Form::Exact => "exact",
        Form::Prefix => "prefix",
        Form::Regex => "regex",
    };
    let router = |matches: serde_json::Value| {
        json!({
            "apiVersion": "traffic.opensergo.io/v1alpha1",
            "kind": "TrafficRouter",
            "metadata": {"name": "r"},
            "spec": {"hosts": ["svc"], "http": [{"match": [matches], "route": [{"destination": {"host": "there"}}]}]},
        })
        .to_string()
    };
    let engine = Engine::new(Config::new("demo-app"));
    let load = |text: String| engine.apply(&[Source { name: "fuzz", text: &text }]).accepted == 1;
    if load(router(json!({"uri": {form_name: pattern}, "ignoreUriCase": ignore_case}))) {
        let request = Request { path: value, ..Request::new("svc") };
        let came = engine.route(&request, &mut Rolls::given(&[]), Tick(0)).is_some();
        let (mut path, mut wanted) = (query::split(value).0.to_owned(), pattern.to_owned());
        if ignore_case {
            path.make_ascii_lowercase();
            wanted.make_ascii_lowercase();
        }
        match form {
            Form::Exact => assert_eq!(came, path == wanted, "{input:?}"),
            Form::Prefix => assert_eq!(came, path.starts_with(&wanted), "{input:?}"),
            Form::Regex => {
                let direct = Pattern::new(pattern).unwrap().is_match(query::split(value).0);
                assert_eq!(came, direct, "{input:?}");
            }
        }
    }
    if load(router(json!({"headers": {name: {form_name: pattern}}}))) && !name.starts_with(':') {
        let headers: &[(&str, &str)] = &[(name, value)];
        let request = Request { headers: &headers, ..Request::new("svc") };
        let came = engine.route(&request, &mut Rolls::given(&[]), Tick(0)).is_some();
        match form {
            Form::Exact => assert_eq!(came, pattern == value, "{input:?}"),
            Form::Prefix => assert_eq!(came, value.starts_with(pattern), "{input:?}"),
            Form::Regex => {}
        }
    }
}
