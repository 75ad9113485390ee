//! Where files are: what is to be watched so that no change of them goes unseen.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Component, Path, PathBuf};

/// The most links on the way to one file, as the systems have it.
const MAX_LINKS: usize = 40;

/// Folders, by their paths without links, and what in each of them matters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Places(BTreeMap<PathBuf, Names>);

/// What matters in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Names {
    All,
    These(BTreeSet<OsString>),
}

impl Places {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn folders(&self) -> impl Iterator<Item = &PathBuf> {
        self.0.keys()
    }

    pub(crate) fn contains(&self, folder: &Path) -> bool {
        self.0.contains_key(folder)
    }

    pub(crate) fn remove(&mut self, folder: &Path) {
        self.0.remove(folder);
    }

    /// Whether something of this path matters: a folder itself, or what is in it.
    pub(crate) fn concern(&self, path: &Path) -> bool {
        let within = || match (path.parent().and_then(|folder| self.0.get(folder)), path.file_name()) {
            (Some(Names::These(names)), Some(name)) => names.contains(name),
            (names, _) => names.is_some(),
        };
        self.contains(path) || within()
    }

    /// All that is in this folder matters.
    pub(crate) fn add_folder(&mut self, folder: &Path) {
        if let Ok(real) = fs::canonicalize(folder) {
            self.0.insert(real, Names::All);
        }
    }

    /// Each name on which it depends where this path leads: the links on the way
    /// and the last one, or the first that is missing.
    pub(crate) fn add_way(&mut self, path: &Path) {
        let Ok(path) = std::path::absolute(path) else { return };
        let parts = |path: &Path| path.components().map(|part| part.as_os_str().to_owned()).collect::<Vec<_>>();
        let mut ahead: VecDeque<OsString> = parts(&path).into();
        let (mut at, mut links) = (PathBuf::new(), 0);
        while let Some(part) = ahead.pop_front() {
            match Path::new(&part).components().next() {
                Some(Component::Normal(name)) => {
                    let next = at.join(name);
                    let target = fs::read_link(&next);
                    let is_last = ahead.is_empty() || target.is_ok() || fs::symlink_metadata(&next).is_err();
                    if is_last {
                        self.add_name(&at, name);
                    }
                    match target {
                        Ok(_) if links >= MAX_LINKS => return,
                        Ok(target) => {
                            links += 1;
                            parts(&target).into_iter().rev().for_each(|part| ahead.push_front(part));
                        }
                        Err(_) if is_last => return,
                        Err(_) => at = next,
                    }
                }
                Some(Component::ParentDir) => {
                    at.pop();
                }
                Some(Component::RootDir | Component::Prefix(_)) => at.push(&part),
                Some(Component::CurDir) | None => {}
            }
        }
    }

    fn add_name(&mut self, folder: &Path, name: &OsStr) {
        match self.0.entry(folder.to_owned()).or_insert_with(|| Names::These(BTreeSet::new())) {
            Names::All => {}
            Names::These(names) => drop(names.insert(name.to_owned())),
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn every_link_on_the_way_matters() {
        let folder = std::env::temp_dir().join(format!("sergo-places-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("real/1")).unwrap();
        let folder = fs::canonicalize(folder).unwrap();
        fs::write(folder.join("real/1/a.yaml"), "").unwrap();
        symlink("real/1", folder.join("now")).unwrap();
        symlink(folder.join("now"), folder.join("rules")).unwrap();
        let mut places = Places::default();
        places.add_way(&folder.join("rules/../1/./a.yaml"));
        places.add_way(&folder.join("rules/a.yaml"));
        for place in ["rules", "now", "real/1/a.yaml", "real/1"] {
            assert!(places.concern(&folder.join(place)), "{place} in {places:?}");
        }
        for place in ["other", "real", "real/1/b.yaml"] {
            assert!(!places.concern(&folder.join(place)), "{place} in {places:?}");
        }
        places.add_way(&folder.join("later/on/a.yaml"));
        assert!(places.concern(&folder.join("later")) && !places.contains(&folder.join("later")));
        places.add_folder(&folder.join("now"));
        assert!(places.concern(&folder.join("real/1/b.yaml")));
        // Links that go round lead nowhere.
        symlink("b", folder.join("a")).unwrap();
        symlink("a", folder.join("b")).unwrap();
        places.add_way(&folder.join("a"));
        assert!(places.concern(&folder.join("b")));
        fs::remove_dir_all(folder).unwrap();
    }
}
