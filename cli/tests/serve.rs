//! `sergo serve` and `sergo watch`, the commands themselves.
#![cfg(unix)]

use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader, Lines};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

const RULES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/rules");

/// A command that runs and writes a JSON object a line.
struct Running {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Running {
    fn start(arguments: &[&str]) -> Running {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sergo"));
        let mut child = command.args(arguments).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Running { child, lines }
    }

    /// The next event of this name.
    fn event(&mut self, name: &str) -> Value {
        loop {
            let line = self.lines.next().unwrap_or_else(|| panic!("it ended before {name}")).unwrap();
            let event: Value = serde_json::from_str(&line).unwrap();
            assert!(event["at"].as_str().unwrap().ends_with('Z'), "{line}");
            if event["event"] == name {
                return event;
            }
        }
    }

    /// Sends a signal, and its exit code then.
    fn signal(mut self, signal: &str) -> Option<i32> {
        let number = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &number]).status().unwrap().success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A copy of the example's rules.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let folder = std::env::temp_dir().join(format!("sergo-serve-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        for file in fs::read_dir(RULES).unwrap() {
            let path = file.unwrap().path();
            fs::copy(&path, folder.join(path.file_name().unwrap())).unwrap();
        }
        Folder(folder)
    }

    fn edit(&self, name: &str, from: &str, to: &str) {
        let path = self.0.join(name);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{text}");
        fs::write(path, text.replace(from, to)).unwrap();
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn serve(folder: &Path) -> (Running, String) {
    serve_at(folder, "127.0.0.1:0")
}

fn serve_at(folder: &Path, address: &str) -> (Running, String) {
    let rules = folder.display().to_string();
    let http = "127.0.0.1:0";
    let arguments = ["serve", "--rules", &rules, "--listen", address, "--http", http, "--format", "json"];
    let mut serving = Running::start(&arguments);
    let listening = serving.event("listening");
    assert!(listening["http"].as_str().unwrap().starts_with("127.0.0.1:"));
    let address = listening["grpc"].as_str().unwrap().to_owned();
    (serving, address)
}

#[test]
fn what_is_served_is_watched_and_both_end_when_told() {
    let folder = Folder::new("watched");
    let (mut serving, address) = serve(&folder.0);
    let mut watching = Running::start(&["watch", &address, "--app", "foo-app", "--format", "json"]);
    let first = watching.event("push");
    assert!(first["documents"].as_u64() > Some(0), "{first}");
    folder.edit("foo.yaml", "threshold: 3", "threshold: 5");
    let change = loop {
        let push = watching.event("push");
        if push["changes"].as_array().unwrap().iter().any(|change| change["change"] == "changed") {
            break push;
        }
    };
    let expected = serde_json::json!([{"change": "changed", "kind": "RateLimitStrategy", "namespace": "default",
        "name": "rate-limit-foo", "differences": [{"path": "spec.threshold", "before": 3, "after": 5}]}]);
    assert_eq!(change["changes"], expected);
    folder.edit("foo.yaml", "threshold: 5", "threshold: many");
    assert_eq!(serving.event("mistake")["field"], "spec.threshold");
    assert_eq!(serving.event("refused")["refusal"]["code"], 4001);
    assert_eq!(serving.signal("-TERM"), Some(0));
    watching.event("lost");
    assert_eq!(watching.signal("-INT"), Some(0));
}

#[test]
fn one_that_is_killed_is_found_again_with_a_higher_version() {
    let folder = Folder::new("killed");
    let (serving, address) = serve(&folder.0);
    let mut watching = Running::start(&["watch", &address, "--app", "foo-app", "--format", "json"]);
    let version = watching.event("push")["version"].as_i64();
    assert_eq!(serving.signal("-KILL"), None);
    watching.event("lost");
    folder.edit("foo.yaml", "threshold: 3", "threshold: 5");
    let (_serving, _) = serve_at(&folder.0, &address);
    let push = loop {
        let push = watching.event("push");
        if push["changes"].to_string().contains("spec.threshold") {
            break push;
        }
    };
    assert!(version.is_some() && push["version"].as_i64() > version, "{push}");
}

#[test]
fn once_ends_with_what_the_rules_come_to() {
    let folder = Folder::new("once");
    let (serving, address) = serve(&folder.0);
    let once = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sergo"));
        command.args(["watch", &address, "--app", "foo-app", "--once"]).output().unwrap()
    };
    let output = once();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("+ RateLimitStrategy default/rate-limit-foo"), "{text}");
    drop(serving);
    folder.edit("foo.yaml", "threshold: 3", "threshold: many");
    let (serving, address) = serve(&folder.0);
    let mut command = Command::new(env!("CARGO_BIN_EXE_sergo"));
    let output = command.args(["watch", &address, "--app", "foo-app", "--once"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stdout).unwrap().contains("mistake: RateLimitStrategy"));
    assert_eq!(serving.signal("-INT"), Some(0));
}

#[test]
fn what_it_cannot_do_it_says() {
    let run = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_sergo")).args(arguments).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, told) = run(&["serve", "--rules", "/no/such/folder", "--listen", "127.0.0.1:0"]);
    assert_eq!(
        (code, told.trim_end()),
        (Some(2), "sergo: can't read /no/such/folder: there is no such file or folder")
    );
    let (code, told) = run(&["watch", "127.0.0.1:1", "--kind", "RateLimit"]);
    assert!(code == Some(2) && told.contains("a kind is one of FaultToleranceRule, "), "{told}");
    let (code, told) = run(&["watch", "127.0.0.1:1", "--tls-ca", "/no/such/file"]);
    assert!(code == Some(2) && told.contains("can't read /no/such/file"), "{told}");
    let (code, told) = run(&["serve", "--rules", RULES, "--tls-cert", "/no/such/file"]);
    assert!(code == Some(2) && told.contains("--tls-key"), "{told}");
}
