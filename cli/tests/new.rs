//! `sergo new`: every template is good as it stands. Each stands in `tests/new`;
//! `UPDATE=1` writes these files anew.

mod kit;

use jsonschema::Validator;
use kit::{assert_is, folder, text};
use serde_json::Value;
use sergo::spec::{document, kind};
use std::io::Write;
use std::process::{Command, Output, Stdio};

fn sergo(arguments: &[&str]) -> Output {
    kit::sergo("new", arguments)
}

fn template(arguments: &[&str]) -> String {
    let output = sergo(&[&["new"], arguments].concat());
    assert_eq!((text(&output.stderr).as_str(), output.status.code()), ("", Some(0)), "{arguments:?}");
    text(&output.stdout)
}

fn schema(arguments: &[&str]) -> Validator {
    let output = sergo(&[&["schema"], arguments].concat());
    jsonschema::draft7::new(&serde_json::from_slice(&output.stdout).unwrap()).unwrap()
}

/// What `sergo check` prints for a text.
fn checked(rules: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sergo"));
    let mut child = command.args(["check", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(rules.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    text(&output.stdout)
}

/// The forms of a template that are tried.
const FORMS: [&[&str]; 3] = [&[], &["--full"], &["--full", "--name", "n1", "--namespace", "prod", "--app", "a.prod"]];

#[test]
fn every_template_is_good_as_it_stands() {
    let schema = schema(&[]);
    for (kind, _) in kind::all() {
        for form in FORMS {
            let rules = template(&[&[kind], form].concat());
            let documents: Vec<Value> = serde_saphyr::from_multiple(&rules).unwrap();
            let plural = if documents.len() == 1 { "" } else { "s" };
            let expected = format!("1 file, {} good document{plural}, 0 errors, 0 warnings\n", documents.len());
            assert_eq!(checked(&rules), expected, "{rules}");
            for document in &documents {
                let errors: Vec<String> = schema.iter_errors(document).map(|error| error.to_string()).collect();
                assert_eq!(errors, Vec::<String>::new(), "{rules}");
            }
            assert_eq!(documents[0]["kind"], kind, "{rules}");
            if form.contains(&"prod") {
                assert!(documents.iter().all(|document| document["metadata"]["namespace"] == "prod"), "{rules}");
                assert_eq!(documents[0]["metadata"]["name"], "n1");
                assert!(!rules.contains("shop"), "{rules}");
            }
        }
        assert_is(&template(&[kind]), &folder("new").join(format!("{kind}.yaml")));
        assert_is(&template(&[kind, "--full"]), &folder("new").join(format!("{kind}-full.yaml")));
    }
}

/// Every commented field can be made one that counts: the document is read, and
/// nothing in it is unknown.
#[test]
fn what_is_commented_out_is_yaml() {
    let mut uncommented = 0;
    for (kind, _) in kind::all() {
        let rules = template(&[kind, "--full", "--alone"]);
        let lines: Vec<&str> = rules.lines().collect();
        let fields = text(&sergo(&["schema", kind]).stdout);
        let is_aside = |line: &str| {
            let inner = line.trim_start().strip_prefix("# ").unwrap_or("");
            let key = inner.split(':').next().unwrap_or("");
            inner.contains(':') && fields.contains(&format!("\"{key}\": {{"))
        };
        let head = lines.iter().position(|line| line.starts_with("apiVersion")).unwrap();
        // What a field is for ends in a full stop; a line in the middle of it is none.
        let is_first = |index: &usize| is_aside(lines[*index]) && lines[index - 1].ends_with('.');
        for start in (head..lines.len()).filter(is_first) {
            let indent = lines[start].len() - lines[start].trim_start().len();
            let is_own = |line: &&&str| {
                line.len() > indent && line[..indent].trim().is_empty() && line[indent..].starts_with("#  ")
            };
            let own = lines[start + 1..].iter().take_while(is_own).count();
            let uncomment = |(index, line): (usize, &&str)| match index {
                index if (start..=start + own).contains(&index) => line.replacen("# ", "", 1),
                _ => (*line).to_owned(),
            };
            let text: Vec<String> = lines.iter().enumerate().map(uncomment).collect();
            let text = text.join("\n");
            let readings = document::read("", &text);
            assert!(readings[0].node().is_some(), "{text}");
            uncommented += 1;
            assert!(readings[0].warnings.is_empty(), "{:?}\n{text}", readings[0].warnings);
        }
    }
    assert!(uncommented > 40, "{uncommented} are few");
}

#[test]
fn alone_leaves_the_others_out() {
    let all: Vec<Value> = serde_saphyr::from_multiple(&template(&["RateLimitStrategy"])).unwrap();
    let alone: Vec<Value> = serde_saphyr::from_multiple(&template(&["ratelimitstrategy", "--alone"])).unwrap();
    assert_eq!((all.len(), alone.len()), (2, 1));
    assert_eq!(all[0], alone[0]);
}

#[test]
fn without_a_kind_there_is_a_list() {
    assert_is(&template(&[]), &folder("new").join("list.out"));
    assert!(kind::all().all(|(kind, _)| template(&[]).contains(kind)));
}

#[test]
fn what_was_most_likely_meant() {
    for (kind, told) in [
        ("RateLimitStategy", "error: there is no kind \"RateLimitStategy\": did you mean RateLimitStrategy?"),
        ("ratelimit", "error: there is no kind \"ratelimit\": did you mean RateLimitStrategy?"),
        ("Deployment", "error: there is no kind \"Deployment\"; `sergo new` lists all of them"),
    ] {
        let output = sergo(&["new", kind]);
        assert_eq!((text(&output.stdout).as_str(), output.status.code()), ("", Some(2)));
        assert!(text(&output.stderr).starts_with(told), "{}", text(&output.stderr));
    }
    for wrong in
        [&["new", "--full"][..], &["new", "TrafficLane", "--name", "a b"], &["new", "TrafficLane", "--app", ""]]
    {
        assert_eq!(sergo(wrong).status.code(), Some(2), "{wrong:?}");
    }
}
