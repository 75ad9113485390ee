//! The formats of `sergo check`, and what decides its exit code.

mod kit;

use kit::{assert_is, folder, text};
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::Write;
use std::process::{Command, Output, Stdio};

const FORMATS: &str = "formats";

fn sergo(arguments: &[&str]) -> Output {
    kit::sergo(FORMATS, arguments)
}

fn with_input(arguments: &[&str], input: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sergo"));
    let mut child =
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

#[track_caller]
fn prints_as_before(arguments: &[&str], file: &str, code: i32) -> String {
    let output = sergo(arguments);
    assert_eq!(text(&output.stderr), "");
    let printed = text(&output.stdout);
    assert_is(&printed, &folder(FORMATS).join(file));
    assert_eq!(output.status.code(), Some(code));
    printed
}

#[test]
fn json() {
    let printed = prints_as_before(&["check", "--format", "json", "rules"], "rules.json.out", 1);
    let answer: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(
        answer["errors"],
        answer["findings"].as_array().unwrap().iter().filter(|f| f["severity"] == "error").count()
    );
}

#[test]
fn github() {
    let printed = prints_as_before(&["check", "--format", "github", "rules"], "rules.github.out", 1);
    let commands =
        printed.lines().filter(|line| line.starts_with("::error ") || line.starts_with("::warning ")).count();
    assert_eq!(commands + 1, printed.lines().count(), "a line each, and the summary");
}

/// What SARIF 2.1.0 demands of each part that is written here.
#[test]
fn sarif() {
    let printed = prints_as_before(&["check", "--format", "sarif", "rules"], "rules.sarif.out", 1);
    let log: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(log["version"], "2.1.0");
    only(&log, &["$schema", "version", "runs"]);
    let run = &log["runs"][0];
    only(run, &["tool", "columnKind", "results"]);
    assert!(["utf16CodeUnits", "unicodeCodePoints"].contains(&run["columnKind"].as_str().unwrap()));
    let driver = &run["tool"]["driver"];
    only(driver, &["name", "semanticVersion", "informationUri", "rules"]);
    assert!(!driver["name"].as_str().unwrap().is_empty());
    assert!(driver["informationUri"].as_str().unwrap().starts_with("https://"));
    let rules = driver["rules"].as_array().unwrap();
    let mut ids = BTreeSet::new();
    for rule in rules {
        only(rule, &["id", "shortDescription", "fullDescription", "help", "defaultConfiguration"]);
        assert!(ids.insert(rule["id"].as_str().unwrap()), "{rule}");
        for part in ["shortDescription", "fullDescription", "help"] {
            assert!(!rule[part]["text"].as_str().unwrap().is_empty());
        }
        level(&rule["defaultConfiguration"]["level"]);
    }
    let results = run["results"].as_array().unwrap();
    assert!(!results.is_empty());
    let mut suppressed = 0;
    for result in results {
        only(result, &["ruleId", "ruleIndex", "level", "message", "locations", "suppressions"]);
        let index = result["ruleIndex"].as_u64().unwrap() as usize;
        assert_eq!(rules[index]["id"], result["ruleId"]);
        level(&result["level"]);
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        for location in result["locations"].as_array().unwrap() {
            only(location, &["physicalLocation", "logicalLocations"]);
            let physical = &location["physicalLocation"];
            assert!(physical["artifactLocation"]["uri"].as_str().unwrap().starts_with("rules/"));
            let region = &physical["region"];
            only(region, &["startLine", "startColumn", "endColumn"]);
            let number = |name: &str| region[name].as_u64().unwrap();
            assert!(
                number("startLine") >= 1 && number("startColumn") >= 1 && number("endColumn") >= number("startColumn")
            );
            for logical in location["logicalLocations"].as_array().into_iter().flatten() {
                only(logical, &["name", "fullyQualifiedName", "kind"]);
            }
        }
        for suppression in result["suppressions"].as_array().into_iter().flatten() {
            assert!(["inSource", "external"].contains(&suppression["kind"].as_str().unwrap()));
            suppressed += 1;
        }
    }
    assert_eq!(suppressed, 1);
}

fn level(level: &Value) {
    assert!(["none", "note", "warning", "error"].contains(&level.as_str().unwrap()));
}

/// The schema allows no other members.
fn only(object: &Value, names: &[&str]) {
    for name in object.as_object().unwrap().keys() {
        assert!(names.contains(&name.as_str()), "{name} of {object}");
    }
}

#[test]
fn for_people() {
    prints_as_before(&["check", "rules"], "rules.out", 1);
}

#[test]
fn what_is_allowed_is_not_told() {
    prints_as_before(&["check", "allow"], "allow.out", 0);
}

#[test]
fn what_helm_renders_keeps_its_lines_and_says_its_template() {
    prints_as_before(&["check", "helm"], "helm.out", 0);
}

#[test]
fn a_warning_that_is_denied_is_an_error() {
    let code = |deny: &[&str]| {
        let arguments = ["check", "helm"].iter().chain(deny).copied().collect::<Vec<_>>();
        let output = sergo(&arguments);
        (output.status.code(), text(&output.stdout).contains("error[unknown-field]"))
    };
    assert_eq!(code(&[]), (Some(0), false));
    assert_eq!(code(&["--deny", "warnings"]), (Some(1), true));
    assert_eq!(code(&["--deny", "unknown-kind,unknown-field"]), (Some(1), true));
    assert_eq!(code(&["--deny", "unknown-kind", "--deny", "shadowed-host"]), (Some(0), false));
}

#[test]
fn a_terminal_obeys_nothing_that_stands_in_a_rule() {
    let rule = "kind: RateLimitStrategy\napiVersion: fault-tolerance.opensergo.io/v1alpha1\n\
                metadata: {name: \"a\\e[31m\"}\nspec: {threshold: \"\\e]0;title\\a\", \u{202e}statDuration: 1s} # \u{1b}[2J\n";
    for format in ["human", "json", "github", "sarif"] {
        let output = with_input(&["check", "--format", format, "-"], rule);
        let printed = text(&output.stdout);
        let is_bad = |c: char| c.is_control() && c != '\n' || format == "human" && c == '\u{202e}';
        assert!(!printed.contains(is_bad), "{format}: {printed:?}");
        assert!(printed.len() > 100, "{format}: {printed:?}");
    }
}

#[test]
fn a_place_that_nobody_knows_has_no_line() {
    // Tabs and surrogate pairs: only the JSON reader can read it, and it tells no places.
    let rule = "{\n\t\"apiVersion\": \"fault-tolerance.opensergo.io/v1alpha1\",\n\t\"kind\": \"RateLimitStrategy\",\n\t\"metadata\": {\"name\": \"\\ud83d\\ude00\"},\n\t\"spec\": {\"threshold\": 1}\n}";
    for format in ["human", "json", "github", "sarif"] {
        let output = with_input(&["check", "--format", format, "-"], rule);
        assert_eq!(output.status.code(), Some(1));
        assert!(text(&output.stdout).contains("missing-field"), "{format}");
    }
}

#[test]
fn what_is_too_large_is_not_read() {
    let file = std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("large.yaml");
    // It takes no room on most disks: nothing but its length is written.
    std::fs::File::create(&file).unwrap().set_len(100 << 20).unwrap();
    let output = sergo(&["check", file.to_str().unwrap()]);
    assert!(text(&output.stderr).contains("it has more than 64 MiB"), "{}", text(&output.stderr));
    assert_eq!(output.status.code(), Some(2));
    std::fs::remove_file(file).unwrap();
}
