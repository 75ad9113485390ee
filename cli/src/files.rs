//! Finding and reading rule files.

use sergo::Source;
use std::collections::HashSet;
use std::ffi::OsStr;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::{fs, io};
use walkdir::{DirEntry, WalkDir};

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
                let mut text = Vec::new();
                let read = io::stdin().read_to_end(&mut text);
                files.push(file("the standard input", read.and_then(|_| into_text(text)))?);
            }
            continue;
        }
        for found in find(path)? {
            let name = found.display().to_string();
            let whole = fs::canonicalize(&found).map_err(|error| cannot_read(&name, &error))?;
            if seen.insert(whole) {
                files.push(file(&name, fs::read(&found).and_then(into_text))?);
            }
        }
    }
    Ok(files)
}

/// The rule files of a folder, or the file itself.
fn find(path: &Path) -> Result<Vec<PathBuf>, String> {
    let is_hidden = |name: &OsStr| name.to_string_lossy().starts_with('.');
    let is_shown = |entry: &DirEntry| entry.depth() == 0 || !is_hidden(entry.file_name());
    // Editors keep links in hidden places that lead nowhere.
    let matters =
        |error: &walkdir::Error| error.depth() == 0 || !error.path().and_then(Path::file_name).is_some_and(is_hidden);
    let is_rule_file = |entry: &DirEntry| {
        let extension = entry.path().extension().map(|extension| extension.to_ascii_lowercase());
        let is_named =
            extension.is_some_and(|extension| extension == "yaml" || extension == "yml" || extension == "json");
        entry.file_type().is_file() && (is_named || entry.depth() == 0)
    };
    let mut found = Vec::new();
    for entry in WalkDir::new(path).follow_links(true).sort_by_file_name().into_iter().filter_entry(is_shown) {
        if entry.as_ref().is_err_and(|error| !matters(error)) {
            continue;
        }
        let entry = entry.map_err(|error| match (error.path(), error.io_error()) {
            (Some(path), Some(io)) => cannot_read(&path.display().to_string(), io),
            _ => format!("can't read {}: {error}", path.display()),
        })?;
        if is_rule_file(&entry) {
            found.push(entry.into_path());
        }
    }
    if found.is_empty() {
        return Err(format!("there is no .yaml, .yml or .json file in {}", path.display()));
    }
    Ok(found)
}

fn into_text(bytes: Vec<u8>) -> io::Result<String> {
    String::from_utf8(bytes).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8 text"))
}

fn file(name: &str, text: io::Result<String>) -> Result<File, String> {
    match text {
        Ok(text) => Ok(File { name: name.to_owned(), text }),
        Err(error) => Err(cannot_read(name, &error)),
    }
}

fn cannot_read(name: &str, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => format!("can't read {name}: there is no such file or folder"),
        _ => format!("can't read {name}: {error}"),
    }
}
