//! `sergo check` on real files. Each folder of `tests/cases` has what is printed
//! for it in a file of its name; `UPDATE=1` writes these files anew.

mod kit;

use kit::{assert_is, folder, text};
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

const CASES: &str = "cases";

fn sergo(arguments: &[&str]) -> Output {
    kit::sergo(CASES, arguments)
}

fn sergo_with_input(arguments: &[&str], input: &[u8]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sergo"));
    let mut child =
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap()
}

#[track_caller]
fn prints_as_before(case: &str, code: i32) {
    let output = sergo(&["check", case]);
    assert_eq!(text(&output.stderr), "");
    assert_is(&text(&output.stdout), &folder(CASES).join(format!("{case}.out")));
    assert_eq!(output.status.code(), Some(code));
}

#[test]
fn good_files() {
    prints_as_before("good", 0);
}

#[test]
fn mistakes_in_fields() {
    prints_as_before("mistakes", 1);
}

#[test]
fn mistakes_in_the_text_itself() {
    prints_as_before("text", 1);
}

/// Ten mistakes that are made by who writes rules for the first time.
#[test]
fn typical_mistakes() {
    prints_as_before("typical", 1);
}

/// What the existing control plane drops or changes without a word.
#[test]
fn mistakes_that_others_are_silent_about() {
    prints_as_before("silent", 1);
}

#[test]
fn waiting_and_shadowed_are_warnings() {
    prints_as_before("waiting", 0);
}

#[test]
fn destinations_that_nothing_serves_are_warnings() {
    prints_as_before("unserved", 0);
}

#[test]
fn the_same_file_counts_once() {
    let output = sergo(&["check", "good/limit.yaml", "good", "./good/more/../limit.yaml"]);
    assert_eq!(text(&output.stdout), "2 files, 3 good documents, 0 errors, 0 warnings\n");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn files_count_as_one_push() {
    let output = sergo(&["check", "good", "mistakes/b.yaml"]);
    // The second document of the name limit-foo, beside those of b.yaml alone.
    assert!(text(&output.stdout).contains("metadata.name: found \"limit-foo\""), "{}", text(&output.stdout));
}

#[test]
fn the_standard_input() {
    let rule = fs::read(folder(CASES).join("good/limit.yaml")).unwrap();
    let output = sergo_with_input(&["check", "-"], &rule);
    assert_eq!(text(&output.stdout), "1 file, 2 good documents, 0 errors, 0 warnings\n");
    assert_eq!(output.status.code(), Some(0));
    let output = sergo_with_input(&["check", "-"], b"[");
    assert!(text(&output.stdout).contains("--> the standard input:1:1"), "{}", text(&output.stdout));
    assert_eq!(output.status.code(), Some(1));
    let output = sergo_with_input(&["check", "-"], b"\xff\xfe");
    assert_eq!(text(&output.stderr), "sergo: can't read the standard input: it is not UTF-8 text\n");
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn what_cannot_be_read_is_no_success() {
    let output = sergo(&["check", "good", "nowhere"]);
    assert_eq!(text(&output.stderr), "sergo: can't read nowhere: there is no such file or folder\n");
    assert_eq!((text(&output.stdout).as_str(), output.status.code()), ("", Some(2)));
    let empty = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("empty");
    fs::create_dir_all(&empty).unwrap();
    let output = sergo(&["check", empty.to_str().unwrap()]);
    assert!(text(&output.stderr).starts_with("sergo: there is no .yaml, .yml or .json file in "));
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn usage() {
    assert_eq!(sergo(&[]).status.code(), Some(2));
    assert_eq!(sergo(&["check"]).status.code(), Some(2));
    assert_eq!(sergo(&["guess"]).status.code(), Some(2));
    let output = sergo(&["--version"]);
    assert_eq!(text(&output.stdout), format!("sergo {}\n", env!("CARGO_PKG_VERSION")));
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(sergo(&["check", "--help"]).status.code(), Some(0));
}
