//! Any text in its canonical form.

use sergo::{Report, Source, check};
use sergo_cli::{format_json, format_yaml};

/// Formats the bytes as YAML and as JSON. What is formatted is formatted once and
/// for all, and what the rules in it are told is what they were told before.
pub fn format(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for format in [format_yaml, format_json] {
        let Ok(once) = format(&text) else { continue };
        let twice = format(&once.text).unwrap_or_else(|message| panic!("{message}: {:?}", once.text));
        assert_eq!(twice.text, once.text);
        assert_eq!(told(&once.text), told(&text), "{:?}", once.text);
    }
}

/// How many documents are good, and all that is told of fields, in one order.
fn told(text: &str) -> (usize, Vec<String>) {
    let Report { accepted, rejected, waiting, warnings, shadowed, unserved, .. } = check(&[Source { name: "", text }]);
    let diagnostics = [rejected, warnings, shadowed, unserved].concat();
    let diagnostics = diagnostics.into_iter().map(|told| format!("{} {} {}", told.name, told.field, told.message));
    let waiting = waiting.into_iter().map(|waiting| format!("{} {}", waiting.name, waiting.missing));
    let mut all: Vec<String> = diagnostics.chain(waiting).collect();
    all.sort();
    (accepted, all)
}
