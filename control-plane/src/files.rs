//! The rule files below some paths, and whether they have changed.

use crate::places::Places;
use std::collections::HashSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;
use std::{fs, io};
use walkdir::{DirEntry, WalkDir};

/// A rule file: its path, and its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct File {
    pub(crate) name: String,
    pub(crate) text: Arc<str>,
}

/// What tells a changed file from the same: its path, when it was written, how
/// long it is, and where it is stored, links followed.
pub(crate) type Signature = Result<Vec<(PathBuf, Option<SystemTime>, u64, u64)>, String>;

/// Reads all rule files: the files named, and every .yaml, .yml and .json file
/// below the folders named, but for hidden ones, each once.
///
/// # Errors
/// A sentence that says which path can't be read.
pub(crate) fn read(paths: &[PathBuf]) -> Result<Vec<File>, String> {
    let mut files = Vec::new();
    let mut seen = HashSet::new();
    for path in find_all(paths)? {
        if seen.insert(whole(&path)?) {
            files.push(File { name: path.display().to_string(), text: text(&path)?.into() });
        }
    }
    Ok(files)
}

/// The path of a file with all links followed: the same for the same file.
///
/// # Errors
/// A sentence that says why there is none.
pub fn whole(path: &Path) -> Result<PathBuf, String> {
    fs::canonicalize(path).map_err(|error| cannot_read(path, &error))
}

/// The text of a file.
///
/// # Errors
/// A sentence that says why it can't be read.
pub fn text(path: &Path) -> Result<String, String> {
    let bytes = fs::read(path).map_err(|error| cannot_read(path, &error))?;
    String::from_utf8(bytes).map_err(|_| format!("can't read {}: it is not UTF-8 text", path.display()))
}

/// The signature of all rule files at this moment, and where to watch for changes
/// of it.
pub(crate) fn look(paths: &[PathBuf]) -> (Signature, Places) {
    let mut places = Places::default();
    let mut found = Ok(Vec::new());
    for path in paths {
        places.add_way(path);
        // Also where one can't be read, the others are watched.
        let files = walk(path, &mut |entry| {
            if entry.file_type().is_dir() {
                places.add_folder(entry.path());
            }
            if entry.path_is_symlink() {
                places.add_way(entry.path());
            }
        });
        match (&mut found, files) {
            (Ok(found), Ok(files)) => found.extend(files),
            (Ok(_), Err(error)) => found = Err(error),
            (Err(_), _) => {}
        }
    }
    let stamp = |path: PathBuf| {
        let metadata = fs::metadata(&path).map_err(|error| cannot_read(&path, &error))?;
        Ok((path, metadata.modified().ok(), metadata.len(), place(&metadata)))
    };
    (found.and_then(|found| found.into_iter().map(stamp).collect()), places)
}

#[cfg(unix)]
fn place(metadata: &fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn place(_: &fs::Metadata) -> u64 {
    0
}

fn find_all(paths: &[PathBuf]) -> Result<Vec<PathBuf>, String> {
    let found: Result<Vec<_>, String> = paths.iter().map(|path| find(path)).collect();
    Ok(found?.into_iter().flatten().collect())
}

/// The rule files of a folder, those below it included, in the order of their
/// names; or the file itself, whatever it is called.
///
/// # Errors
/// A sentence that says which path can't be read.
pub fn find(path: &Path) -> Result<Vec<PathBuf>, String> {
    walk(path, &mut |_| {})
}

/// Finds, and tells of all that is passed on the way.
fn walk(path: &Path, passed: &mut dyn FnMut(&DirEntry)) -> Result<Vec<PathBuf>, String> {
    let is_hidden = |name: &OsStr| name.to_string_lossy().starts_with('.');
    let is_shown = |entry: &DirEntry| entry.depth() == 0 || !is_hidden(entry.file_name());
    // Editors keep links in hidden places that lead nowhere.
    let matters =
        |error: &walkdir::Error| error.depth() == 0 || !error.path().and_then(Path::file_name).is_some_and(is_hidden);
    let mut found = Vec::new();
    for entry in WalkDir::new(path).follow_links(true).sort_by_file_name().into_iter().filter_entry(is_shown) {
        if entry.as_ref().is_err_and(|error| !matters(error)) {
            continue;
        }
        let entry = entry.map_err(|error| match (error.path(), error.io_error()) {
            (Some(path), Some(io)) => cannot_read(path, io),
            _ => format!("can't read {}: {error}", path.display()),
        })?;
        passed(&entry);
        let extension = entry.path().extension().map(|extension| extension.to_ascii_lowercase());
        let is_named = extension.is_some_and(|of| of == "yaml" || of == "yml" || of == "json");
        if entry.file_type().is_file() && (is_named || entry.depth() == 0) {
            found.push(entry.into_path());
        }
    }
    Ok(found)
}

fn cannot_read(path: &Path, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => format!("can't read {}: there is no such file or folder", path.display()),
        _ => format!("can't read {}: {error}", path.display()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("sergo-files-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    #[test]
    fn rule_files_are_found_once_and_in_order() {
        let folder = folder("order");
        for (name, text) in [("b.yaml", "b"), ("a.yml", "a"), (".c.yaml", "c"), ("d.txt", "d")] {
            fs::write(folder.join(name), text).unwrap();
        }
        fs::create_dir(folder.join("below")).unwrap();
        fs::write(folder.join("below/e.JSON"), "e").unwrap();
        let files = read(&[folder.clone(), folder.join("a.yml"), folder.join("d.txt")]).unwrap();
        let texts: Vec<&str> = files.iter().map(|file| &*file.text).collect();
        assert_eq!(texts, ["a", "b", "e", "d"]);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_missing_folder_and_a_file_that_is_no_text_are_told() {
        let folder = folder("missing");
        assert!(read(&[folder.join("no")]).unwrap_err().contains("no such file or folder"));
        assert!(look(&[folder.join("no")]).0.is_err());
        fs::write(folder.join("a.yaml"), [0xff]).unwrap();
        assert!(read(std::slice::from_ref(&folder)).unwrap_err().contains("UTF-8"));
        fs::remove_dir_all(folder).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn a_hidden_link_to_nowhere_is_no_trouble() {
        let folder = folder("lock");
        fs::write(folder.join("a.yaml"), "a").unwrap();
        std::os::unix::fs::symlink("nobody@nowhere.7", folder.join(".#a.yaml")).unwrap();
        assert_eq!(read(std::slice::from_ref(&folder)).unwrap().len(), 1);
        std::os::unix::fs::symlink("nobody", folder.join("b.yaml")).unwrap();
        assert!(read(std::slice::from_ref(&folder)).unwrap_err().contains("b.yaml"));
        fs::remove_dir_all(folder).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn a_link_that_is_turned_changes_the_signature() {
        let folder = folder("link");
        for version in ["1", "2"] {
            fs::create_dir(folder.join(format!("..{version}"))).unwrap();
            fs::write(folder.join(format!("..{version}/a.yaml")), "same").unwrap();
        }
        std::os::unix::fs::symlink("..1", folder.join("..data")).unwrap();
        std::os::unix::fs::symlink("..data/a.yaml", folder.join("a.yaml")).unwrap();
        let (before, places) = look(std::slice::from_ref(&folder));
        assert_eq!(before.as_ref().unwrap().len(), 1);
        let real = fs::canonicalize(&folder).unwrap();
        assert!(places.concern(&real.join("..data")) && places.concern(&real.join("..1/a.yaml")), "{places:?}");
        std::os::unix::fs::symlink("..2", folder.join("..new")).unwrap();
        fs::rename(folder.join("..new"), folder.join("..data")).unwrap();
        let (after, places) = look(std::slice::from_ref(&folder));
        assert!(after != before && places.concern(&real.join("..2/a.yaml")), "{places:?}");
        fs::remove_dir_all(folder).unwrap();
    }
}
