//! The runner itself: what must fail, fails, and says where.

use std::path::PathBuf;
use std::process::Command;

const RUNNER: &str = env!("CARGO_BIN_EXE_conformance");
const GOOD: &str = "
name: one a second
rules: |
  apiVersion: fault-tolerance.opensergo.io/v1alpha1
  kind: FaultToleranceRule
  metadata: {name: r}
  spec: {targets: [{targetResourceName: a}], strategies: [{name: l}]}
  ---
  apiVersion: fault-tolerance.opensergo.io/v1alpha1
  kind: RateLimitStrategy
  metadata: {name: l}
  spec: {metricType: RequestAmount, limitMode: Local, threshold: 1, statDuration: 1s}
steps:
  - {at: 0ms, enter: {resource: a}, expect: pass}
  - {enter: {resource: a}, expect: {block: RateLimitStrategy, rule: r, retryAfter: 1s}}
";

/// Runs these vectors through the ports; whether all passed, and what was said.
fn run(test: &str, vectors: &[String], ports: &[&str]) -> (bool, String) {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(test);
    // What an earlier run left must not be run with it.
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    for (number, vector) in vectors.iter().enumerate() {
        std::fs::write(folder.join(format!("{number}.yaml")), vector).unwrap();
    }
    let mut command = Command::new(RUNNER);
    command.arg("--vectors").arg(&folder);
    for port in ports {
        command.args(["--port", port]);
    }
    say(&mut command)
}

/// Runs the runner; whether all passed, and what was said.
fn say(command: &mut Command) -> (bool, String) {
    let output = command.output().unwrap();
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
    (output.status.success(), said)
}

fn rust() -> String {
    format!("rust={RUNNER} rust-port")
}

#[test]
fn what_is_right_passes() {
    let (passed, said) = run("right", &[GOOD.to_owned()], &[&rust()]);
    assert!(passed, "{said}");
    assert!(said.contains("rust: 1 passed, 0 failed"), "{said}");
}

#[test]
fn all_vectors_pass_in_rust() {
    let vectors = concat!(env!("CARGO_MANIFEST_DIR"), "/../vectors");
    let (passed, said) = say(Command::new(RUNNER).args(["--vectors", vectors, "--port", &rust()]));
    assert!(passed, "{said}");
}

#[test]
fn a_wrong_expectation_fails_and_says_what_came() {
    for (right, wrong, came) in [
        ("expect: pass}", "expect: {block: RateLimitStrategy}}", "step 0"),
        ("rule: r", "rule: other", r#""rule":"r""#),
        ("retryAfter: 1s", "retryAfter: 999ms", "step 1"),
    ] {
        let (passed, said) = run("wrong", &[GOOD.to_owned(), GOOD.replace(right, wrong)], &[&rust()]);
        assert!(!passed, "{said}");
        assert!(said.contains("rust: 1.yaml: step") && said.contains(came), "{said}");
        assert!(said.contains("rust: 1 passed, 1 failed"), "{said}");
    }
}

#[test]
fn an_unknown_verb_argument_or_expectation_fails() {
    for (right, wrong, named) in [
        ("enter: {resource: a}, expect: pass", "leap: {resource: a}", "leap"),
        ("enter: {resource: a}, expect: pass", "enter: {resource: a, color: red}, expect: pass", "color"),
        ("rule: r", "ruel: r", "ruel"),
    ] {
        let (passed, said) = run("unknown", &[GOOD.replacen(right, wrong, 1)], &[&rust()]);
        assert!(!passed && said.contains(named), "{said}");
    }
}

#[test]
fn a_run_of_nothing_fails() {
    for (vectors, ports, why) in [
        (vec![], vec![rust()], "a run of nothing proves nothing"),
        (vec![GOOD.to_owned()], vec![], "no language to run"),
        (vec!["name: nothing to see\n".to_owned()], vec![rust()], "it can't fail"),
    ] {
        let ports: Vec<&str> = ports.iter().map(String::as_str).collect();
        let (passed, said) = run("nothing", &vectors, &ports);
        assert!(!passed && said.contains(why), "{said}");
    }
}

#[test]
fn a_port_that_dies_or_babbles_fails() {
    for port in ["go=false", "go=sh -c 'read line; echo hello'", "go=/no/such/program"] {
        let (passed, said) = run("port", &[GOOD.to_owned()], &[&rust(), port]);
        assert!(!passed && said.contains("go: 0 passed, 1 failed"), "{said}");
        assert!(said.contains("rust: 1 passed, 0 failed"), "{said}");
    }
}

#[test]
fn another_message_than_the_first_language_gave_fails() {
    let mistake = GOOD.replace("threshold: 1,", "threshold: ten,");
    let mistake = mistake.split("steps:").next().unwrap().to_owned() + "report: {accepted: 1}\n";
    let report =
        r#"{"answers":[{"accepted":1,"rejected":[{"kind":"RateLimitStrategy","name":"l","message":"invalid"}]}]}"#;
    let other = format!("go=sh -c 'while read line; do echo '\\''{report}'\\''; done'");
    let (passed, said) = run("message", &[mistake], &[&rust(), &other]);
    assert!(!passed && said.contains("rust said") && said.contains(r#"go says ["invalid"]"#), "{said}");
}
