//! The rule files that a command is given. How they are found is the control
//! plane's, so that `sergo check` and `sergo serve` look at the same files.

use sergo::Source;
use sergo::spec::yaml::MAX_BYTES;
use sergo_control_plane::files::{find, text, whole};
use std::collections::HashSet;
use std::fs;
use std::io::{Read, stdin};
use std::path::{Path, PathBuf};

/// What the standard input is called.
pub(crate) const STANDARD_INPUT: &str = "the standard input";

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

/// A rule file that a command is given, before it is read.
pub(crate) struct Input {
    pub(crate) name: String,
    /// Where it is; `None` for the standard input.
    pub(crate) path: Option<PathBuf>,
}

impl Input {
    /// Its text.
    ///
    /// # Errors
    /// A sentence that says why it can't be read.
    pub(crate) fn read(&self) -> Result<String, String> {
        let Some(path) = &self.path else { return standard_input() };
        let size = fs::metadata(path).map_or(0, |metadata| metadata.len());
        if size > MAX_BYTES as u64 { Err(too_large(&self.name)) } else { text(path) }
    }
}

/// The rule files of all paths, each once, those of a folder in the order of their
/// names.
///
/// # Errors
/// A sentence that says which path can't be read, or holds no rule file.
pub(crate) fn inputs(paths: &[PathBuf]) -> Result<Vec<Input>, String> {
    let mut inputs = Vec::new();
    let mut seen = HashSet::new();
    for path in paths {
        if path == Path::new("-") {
            if seen.insert(path.clone()) {
                inputs.push(Input { name: STANDARD_INPUT.to_owned(), path: None });
            }
            continue;
        }
        let found = find(path)?;
        if found.is_empty() {
            return Err(format!("there is no .yaml, .yml or .json file in {}", path.display()));
        }
        for path in found {
            if seen.insert(whole(&path)?) {
                inputs.push(Input { name: path.display().to_string(), path: Some(path) });
            }
        }
    }
    Ok(inputs)
}

/// Reads the rule files of all paths, as [`inputs`] finds them.
///
/// # Errors
/// Those of [`inputs`], or which file can't be read.
pub(crate) fn read(paths: &[PathBuf]) -> Result<Vec<File>, String> {
    let read = |input: Input| input.read().map(|text| File { name: input.name, text });
    inputs(paths)?.into_iter().map(read).collect()
}

/// A label of the command line.
///
/// # Errors
/// What would be right.
pub(crate) fn pair(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("a label is KEY=VALUE")?;
    Ok((key.to_owned(), value.to_owned()))
}

fn standard_input() -> Result<String, String> {
    const NAME: &str = STANDARD_INPUT;
    let mut bytes = Vec::new();
    let mut input = stdin().lock().take(MAX_BYTES as u64 + 1);
    input.read_to_end(&mut bytes).map_err(|error| format!("can't read {NAME}: {error}"))?;
    if bytes.len() > MAX_BYTES {
        return Err(too_large(NAME));
    }
    String::from_utf8(bytes).map_err(|_| format!("can't read {NAME}: it is not UTF-8 text"))
}

fn too_large(name: &str) -> String {
    format!("can't read {name}: it has more than {} MiB, which no rule file has", MAX_BYTES >> 20)
}
