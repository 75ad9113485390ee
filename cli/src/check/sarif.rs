//! Findings as SARIF 2.1.0: the form that code scanning and editors read.

use super::finding::{Finding, Findings};
use super::show::{Lines, word_at};
use crate::files::{File, STANDARD_INPUT};
use crate::print::pretty;
use serde_json::{Value, json};
use sergo::spec::code::{Code, Page};

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

pub(super) fn text(files: &[File], findings: &Findings) -> String {
    let lines = Lines::of(files);
    let results: Vec<Value> =
        findings.told.iter().chain(&findings.allowed).map(|finding| result(finding, &lines)).collect();
    let rules: Vec<Value> = Code::ALL.iter().map(|code| rule(*code)).collect();
    let driver = json!({
        "name": "sergo",
        "semanticVersion": env!("CARGO_PKG_VERSION"),
        "informationUri": env!("CARGO_PKG_REPOSITORY"),
        "rules": rules,
    });
    let run = json!({ "tool": { "driver": driver }, "columnKind": "unicodeCodePoints", "results": results });
    pretty(&json!({ "$schema": SCHEMA, "version": "2.1.0", "runs": [run] }))
}

fn rule(code: Code) -> Value {
    let Page { title, explanation, wrong, right } = code.page();
    let plain = explanation.replace('\n', " ");
    json!({
        "id": code.as_str(),
        "shortDescription": { "text": title },
        "fullDescription": { "text": plain },
        "help": {
            "text": plain,
            "markdown": format!("{explanation}\n\n```yaml\n{wrong}```\n\nMended:\n\n```yaml\n{right}```\n"),
        },
        "defaultConfiguration": { "level": code.severity().as_str() },
    })
}

fn result(finding: &Finding, lines: &Lines<'_>) -> Value {
    let told = &finding.told;
    let mut message = told.message.clone();
    if let Some(help) = &finding.help {
        message = format!("{message} ({help})");
    }
    let mut location = json!({});
    if !told.source.is_empty() && told.source != STANDARD_INPUT {
        location["physicalLocation"] = json!({ "artifactLocation": { "uri": uri(&told.source) } });
        if let Some(region) = region(finding, lines) {
            location["physicalLocation"]["region"] = region;
        }
    }
    if !told.kind.is_empty() || !told.field.is_empty() {
        let whole = [&*told.kind, &*told.namespace, &*told.name, &*told.field].join("/");
        location["logicalLocations"] = json!([{ "name": told.field, "fullyQualifiedName": whole, "kind": "member" }]);
    }
    let mut result = json!({
        "ruleId": told.code.as_str(),
        "ruleIndex": Code::ALL.iter().position(|code| *code == told.code),
        "level": finding.severity.as_str(),
        "message": { "text": message },
        "locations": [location],
    });
    if finding.is_allowed {
        result["suppressions"] = json!([{ "kind": "inSource" }]);
    }
    result
}

fn region(finding: &Finding, lines: &Lines<'_>) -> Option<Value> {
    let (line, column) = (finding.told.line, finding.told.column.max(1));
    if line == 0 {
        return None;
    }
    let mut region = json!({ "startLine": line, "startColumn": column });
    if let Some(text) = lines.get(&finding.told.source, line) {
        let word = text.get(word_at(text, column as usize)).unwrap_or_default();
        let end = usize::try_from(column).unwrap_or(usize::MAX).saturating_add(word.chars().count());
        region["endColumn"] = json!(end);
    }
    Some(region)
}

/// A path as a reference of RFC 3986, relative where the path is.
fn uri(path: &str) -> String {
    let path = path.replace('\\', "/");
    let mut uri = String::new();
    if path.starts_with('/') {
        uri.push_str("file://");
    }
    for byte in path.strip_prefix("./").unwrap_or(&path).bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' | b'~' | b'+' | b'@' | b'=' => {
                uri.push(char::from(byte));
            }
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::uri;

    #[test]
    fn a_path_is_a_reference() {
        assert_eq!(uri("./rules/a b.yaml"), "rules/a%20b.yaml");
        assert_eq!(uri("/etc/röles.yaml"), "file:///etc/r%C3%B6les.yaml");
        assert_eq!(uri("a:b.yaml"), "a%3Ab.yaml");
    }
}
