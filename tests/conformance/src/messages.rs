//! What the reports say of bad documents, which every language must say alike.

use crate::vector::Vector;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The lists of a report whose elements bear a message.
const LISTS: [&str; 3] = ["rejected", "warnings", "shadowed"];

/// The messages of every report so far, by file and step, and the language that
/// was the first to say them.
#[derive(Default)]
pub(crate) struct Messages(BTreeMap<(PathBuf, usize), (String, Vec<String>)>);

impl Messages {
    /// Takes the messages in the answers to a vector; what differs from those of
    /// an earlier language, a sentence each.
    pub(crate) fn compare(&mut self, language: &str, file: &Path, vector: &Vector, answers: &[Value]) -> Vec<String> {
        let mut failures = Vec::new();
        for (index, (step, answer)) in vector.steps.iter().zip(answers).enumerate() {
            if step.verb != "rules" {
                continue;
            }
            match messages(answer) {
                Err(why) => failures.push(format!("{}: {why}", step.place)),
                Ok(came) => {
                    let first = self.0.entry((file.to_owned(), index));
                    let (other, wanted) = first.or_insert_with(|| (language.to_owned(), came.clone()));
                    if *wanted != came {
                        failures.push(format!("{}: {other} said {wanted:?}, {language} says {came:?}", step.place));
                    }
                }
            }
        }
        failures
    }
}

/// All messages of a report, in the order of the text.
fn messages(report: &Value) -> Result<Vec<String>, String> {
    let elements = LISTS.iter().flat_map(|list| report.get(list).and_then(Value::as_array).into_iter().flatten());
    let mut messages = elements
        .map(|element| match element.get("message").and_then(Value::as_str) {
            Some(message) if !message.is_empty() => Ok(message.to_owned()),
            _ => Err(format!("a diagnostic without a message: {element}")),
        })
        .collect::<Result<Vec<String>, String>>()?;
    messages.sort_unstable();
    Ok(messages)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn messages_are_taken_from_every_list() {
        let report =
            json!({"rejected": [{"message": "b"}], "warnings": [{"message": "a"}], "waiting": [{"name": "x"}]});
        assert_eq!(messages(&report), Ok(vec!["a".to_owned(), "b".to_owned()]));
        assert!(messages(&json!({"shadowed": [{"name": "x"}]})).is_err());
    }
}
