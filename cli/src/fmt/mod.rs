//! `sergo fmt`: rule files in their canonical form.

mod json;
mod order;
mod read;
mod save;
mod scan;
#[cfg(test)]
mod tests;
mod text;
mod tree;
mod word;
mod write;

pub use text::{Formatted, Left, format_json, format_yaml};

use crate::files::{Input, inputs};
use crate::print::print;
use clap::Args;
use similar::TextDiff;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  sergo fmt rules/
  sergo fmt --check rules/
  sergo fmt --diff rules/shop.yaml
  sergo fmt - < rules/shop.yaml";

/// Writes rule files in their canonical form, comments kept.
///
/// Fields stand in the order of the specification, text without quotes where
/// every reader of YAML takes it for the same text and else in double quotes,
/// two spaces are one level, and at most one empty line separates. What the rules
/// mean stays the same, every comment stays with its field, and a file that is
/// in this form already is not touched. JSON stays JSON.
///
/// A template ({{ }}) is left as it is, and so is a document with anchors and
/// aliases or tags; a file that can't be read is left and its mistake told.
///
/// The exit code is 0 when all is well, 1 when a file can't be read or with
/// --check is not in this form, and 2 when it could not be done.
#[derive(Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// Files, folders (every .yaml, .yml and .json file below, but for hidden ones), or - from the standard input to the standard output
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Write nothing: list the files that are in another form, and exit with 1 if there are any
    #[arg(long)]
    check: bool,
    /// Write nothing: show what would change
    #[arg(long)]
    diff: bool,
    /// Write nothing: print the canonical form of all files
    #[arg(long, conflicts_with_all = ["check", "diff"])]
    stdout: bool,
}

/// A text that was asked for.
struct Asked {
    input: Input,
    text: String,
}

/// Formats; true when all files could be, and with `--check` are already.
///
/// # Errors
/// A sentence that says which path can't be read or written.
pub(crate) fn fmt(arguments: &Arguments) -> Result<bool, String> {
    let mut is_good = true;
    for input in inputs(&arguments.paths)? {
        let asked = match input.read() {
            Ok(text) => Asked { input, text },
            Err(message) => {
                is_good = false;
                eprintln!("sergo: {message}");
                continue;
            }
        };
        match asked.format() {
            Ok(formatted) => {
                for Left { line, why } in &formatted.left {
                    let place = if *line == 0 { String::new() } else { format!(":{line}") };
                    eprintln!("sergo: {}{place} is left as it is: it {why}", asked.input.name);
                }
                is_good &= arguments.done(&asked, &formatted.text)?;
            }
            Err(message) => {
                is_good = false;
                eprintln!("sergo: {} is left as it is: {message}", asked.input.name);
            }
        }
    }
    Ok(is_good)
}

impl Arguments {
    /// Does what was asked for with the canonical form; true where all is well.
    fn done(&self, asked: &Asked, formatted: &str) -> Result<bool, String> {
        let is_same = *asked.text == *formatted;
        if self.diff && !is_same {
            print(&difference(&asked.input.name, &asked.text, formatted))?;
        }
        if self.check && !self.diff && !is_same {
            print(&format!("{}\n", asked.input.name))?;
        }
        if self.check || self.diff {
            return Ok(is_same || !self.check);
        }
        match &asked.input.path {
            Some(path) if !self.stdout => {
                if !is_same {
                    save::save(path, formatted)?;
                    print(&format!("formatted {}\n", asked.input.name))?;
                }
            }
            _ => print(formatted)?,
        }
        Ok(true)
    }
}

impl Asked {
    fn format(&self) -> Result<Formatted, String> {
        let is_json = match &self.input.path {
            Some(path) => path.extension().is_some_and(|extension| extension == "json"),
            None => self.text.trim_start().starts_with(['{', '[']) && format_json(&self.text).is_ok(),
        };
        if is_json { format_json(&self.text) } else { format_yaml(&self.text) }
    }
}

/// What changes, line by line, with what a terminal would obey made visible.
fn difference(name: &str, before: &str, after: &str) -> String {
    let difference = TextDiff::from_lines(before, after);
    let text = difference.unified_diff().context_radius(3).header(name, name).to_string();
    let seen = |char: char| match char {
        '\n' | '\t' => char.to_string(),
        char if char.is_control() => char.escape_default().to_string(),
        char => char.to_string(),
    };
    text.chars().map(seen).collect()
}
