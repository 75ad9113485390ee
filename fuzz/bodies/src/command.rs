//! Any text through `sergo check`.

use serde_json::Value;

/// Tells what is wrong with the bytes in every format. What is no UTF-8 is
/// replaced, as the command refuses such files when it reads them.
pub fn command(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let told = sergo_cli::check_in_every_format(&text);
    let [human, json, github, sarif] = told.as_slice() else { panic!("{} formats", told.len()) };

    let answer: Value = serde_json::from_str(json).unwrap();
    let findings = answer["findings"].as_array().unwrap();
    for finding in findings {
        let words = ["code", "severity", "message", "expected"].map(|name| finding[name].as_str().unwrap());
        assert!(words.iter().all(|word| !word.is_empty()), "{finding}");
    }
    let count = |severity: &str| findings.iter().filter(|finding| finding["severity"] == severity).count() as u64;
    assert_eq!(
        (answer["errors"].as_u64(), answer["warnings"].as_u64()),
        (Some(count("error")), Some(count("warning")))
    );

    let log: Value = serde_json::from_str(sarif).unwrap();
    let allowed = answer["allowed"].as_array().unwrap().len();
    assert_eq!(log["runs"][0]["results"].as_array().unwrap().len(), findings.len() + allowed);

    // A command each in one line, and one line for the sum of them.
    assert_eq!(github.lines().count(), findings.len() + 1, "{github:?}");
    // Colours are all that a terminal is told.
    let is_bad = |c: char| c.is_control() && !matches!(c, '\n' | '\u{1b}');
    assert!(!human.contains(is_bad), "{human:?}");
    for (at, _) in human.match_indices('\u{1b}') {
        let rest = &human[at + 1..];
        let end = rest.find('m').unwrap_or(0);
        let is_colour = rest.starts_with('[') && rest[1..end].bytes().all(|byte| byte.is_ascii_digit() || byte == b';');
        assert!(is_colour, "{human:?}");
    }
}
