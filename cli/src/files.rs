//! The rule files that a command is given. How they are found is the control
//! plane's, so that `sergo check` and `sergo serve` look at the same files.

use sergo::Source;
use sergo_control_plane::files::{find, text, whole};
use std::collections::HashSet;
use std::io::{Read, stdin};
use std::path::{Path, PathBuf};

/// A rule file: what to call it, and its text.
pub(crate) struct File {
    pub(crate) name: String,
    pub(crate) text: String,
}

impl File {
    /// As the core takes it.
    pub(crate) fn source(&self) -> Source<'_> {
        Source { name: &self.name, text: &self.text }
    }
}

/// Reads the rule files of all paths, each once, those of a folder in the order
/// of their names.
///
/// # Errors
/// A sentence that says which path can't be read, or holds no rule file.
pub(crate) fn read(paths: &[PathBuf]) -> Result<Vec<File>, String> {
    let mut files = Vec::new();
    let mut seen = HashSet::new();
    for path in paths {
        if path == Path::new("-") {
            if seen.insert(path.clone()) {
                files.push(standard_input()?);
            }
            continue;
        }
        let found = find(path)?;
        if found.is_empty() {
            return Err(format!("there is no .yaml, .yml or .json file in {}", path.display()));
        }
        for path in found {
            if seen.insert(whole(&path)?) {
                files.push(File { name: path.display().to_string(), text: text(&path)? });
            }
        }
    }
    Ok(files)
}

/// A label of the command line.
///
/// # Errors
/// What would be right.
pub(crate) fn pair(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("a label is KEY=VALUE")?;
    Ok((key.to_owned(), value.to_owned()))
}

fn standard_input() -> Result<File, String> {
    const NAME: &str = "the standard input";
    let mut bytes = Vec::new();
    stdin().read_to_end(&mut bytes).map_err(|error| format!("can't read {NAME}: {error}"))?;
    let text = String::from_utf8(bytes).map_err(|_| format!("can't read {NAME}: it is not UTF-8 text"))?;
    Ok(File { name: NAME.to_owned(), text })
}
