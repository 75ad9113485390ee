//! Every code of `sergo check`: its page's example has the mistake, and mended
//! has it no longer; a file of `tests/codes` shows what a person sees. `UPDATE=1`
//! writes what is printed anew.

mod kit;

use kit::{assert_is, folder, text};
use sergo::spec::code::{Code, Severity};
use std::fs;

const CODES: &str = "codes";

/// The codes that are told of a text.
fn told(text: &str) -> Vec<String> {
    let json = &sergo_cli::check_in_every_format(text)[1];
    let answer: serde_json::Value = serde_json::from_str(json).unwrap();
    let findings = answer["findings"].as_array().unwrap();
    findings.iter().map(|finding| finding["code"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn every_example_has_the_mistake_and_mended_has_none() {
    for code in Code::ALL {
        let page = code.page();
        let found = told(page.wrong);
        assert!(found.iter().any(|told| told == code.as_str()), "{code}: {found:?}");
        assert!(found.iter().all(|told| told == code.as_str()), "{code}, and nothing else: {found:?}");
        assert_eq!(told(page.right), Vec::<String>::new(), "{code}, mended");
    }
}

#[test]
fn every_code_has_a_file_that_shows_it() {
    for code in Code::ALL {
        let file = folder(CODES).join(format!("{code}.yaml"));
        if !file.exists() {
            fs::write(&file, code.page().wrong).unwrap();
        }
        let output = kit::sergo(CODES, &["check", &format!("{code}.yaml")]);
        assert_eq!(text(&output.stderr), "", "{code}");
        let shown = text(&output.stdout);
        let severity = if code.severity() == Severity::Error { "error" } else { "warning" };
        assert!(shown.contains(&format!("{severity}[{code}]: ")), "{code}: {shown}");
        assert_is(&shown, &folder(CODES).join(format!("{code}.out")));
        assert_eq!(output.status.code(), Some(i32::from(shown.contains("error["))), "{code}");
    }
    let files = fs::read_dir(folder(CODES)).unwrap().count();
    assert_eq!(files, 2 * Code::ALL.len(), "no file is left of a code that is gone");
}

#[test]
fn every_code_explains_itself() {
    for code in Code::ALL {
        let output = kit::sergo(CODES, &["check", "--explain", code.as_str()]);
        assert_eq!((text(&output.stderr).as_str(), output.status.code()), ("", Some(0)));
        let page = text(&output.stdout);
        let shown = format!("[{code}]: ");
        assert!(page.matches(&shown).count() >= 2, "its head and what is said of the example: {page}");
    }
    let output = kit::sergo(CODES, &["check", "--explain", "all"]);
    let list = text(&output.stdout);
    assert!(Code::ALL.iter().all(|code| list.contains(&format!("  {code} "))), "{list}");
}

#[test]
fn a_code_that_is_none_is_told_what_was_meant() {
    let refused = |arguments: &[&str]| {
        let output = kit::sergo(CODES, arguments);
        assert_eq!((text(&output.stdout).as_str(), output.status.code()), ("", Some(2)));
        text(&output.stderr)
    };
    let message = "there is no code \"unknown-feld\": did you mean unknown-field?";
    assert_eq!(refused(&["check", "--explain", "unknown-feld"]), format!("sergo: {message}\n"));
    assert!(refused(&["check", "--deny", "unknown-feld", "."]).contains(message));
    assert!(refused(&["check", "--explain", "whatever"]).contains("`sergo check --explain all`"));
    let output = kit::sergo(CODES, &["check", "--explain", "warning[unknown-field]"]);
    assert_eq!(output.status.code(), Some(0));
}
