//! Findings as commands of GitHub's workflows, each of which becomes an
//! annotation of its line.

use super::finding::{Finding, Findings};
use crate::files::STANDARD_INPUT;
use std::fmt::Write;

pub(super) fn text(findings: &Findings) -> String {
    let lines: String = findings.told.iter().map(|finding| line(finding) + "\n").collect();
    format!("{lines}{}\n", findings.summary())
}

fn line(finding: &Finding) -> String {
    let told = &finding.told;
    let mut properties = Vec::new();
    if !told.source.is_empty() && told.source != STANDARD_INPUT {
        properties.push(format!("file={}", property(&told.source)));
        for (name, number) in [("line", told.line), ("col", told.column)] {
            if number > 0 {
                properties.push(format!("{name}={number}"));
            }
        }
    }
    properties.push(format!("title={}", property(told.code.as_str())));
    let mut message = told.message.clone();
    if let Some(help) = &finding.help {
        let _ = write!(message, " ({help})");
    }
    format!("::{} {}::{}", finding.severity.as_str(), properties.join(","), data(&message))
}

/// What the command says.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// What a property is; signs that part properties are written otherwise.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::{data, property};

    #[test]
    fn nothing_ends_a_command_before_its_end() {
        assert_eq!(data("100% of\r\nall: a, b"), "100%25 of%0D%0Aall: a, b");
        assert_eq!(property("C:\\rules,a%.yaml"), "C%3A\\rules%2Ca%25.yaml");
    }
}
