//! The control groups that the process is in.

use std::path::{Path, PathBuf};

/// Where Linux keeps the groups, below the root.
const MOUNT: &str = "sys/fs/cgroup";

/// The two versions of control groups, which name their files differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    /// A tree for each controller.
    One,
    /// One tree for all.
    Two,
}

/// The groups that the process is in for one controller.
#[derive(Debug)]
pub(crate) struct Groups {
    pub(crate) version: Version,
    /// Where the controller's tree is.
    tree: PathBuf,
    /// The innermost group.
    path: PathBuf,
}

impl Groups {
    /// Those for a controller: in its own tree, else in the one for all.
    pub(crate) fn of(root: &Path, controller: &str) -> Option<Self> {
        let table = std::fs::read_to_string(root.join("proc/self/cgroup")).ok()?;
        let mut unified = None;
        for line in table.lines() {
            let mut parts = line.splitn(3, ':').skip(1);
            let (Some(controllers), Some(path)) = (parts.next(), parts.next()) else { continue };
            // A group outside of what the process can see is `/..`: only the
            // outermost is at hand then.
            let path = PathBuf::from(if path.contains("/..") { "/" } else { path });
            let mount = root.join(MOUNT);
            if controllers.is_empty() {
                unified = Some(Groups { version: Version::Two, tree: mount, path });
            } else if controllers.split(',').any(|name| name == controller) {
                let trees = [controllers, controller].map(|name| mount.join(name));
                let tree = trees.into_iter().find(|tree| tree.is_dir())?;
                return Some(Groups { version: Version::One, tree, path });
            }
        }
        unified
    }

    /// The folders of the groups, the innermost first. Not all need exist: a
    /// container may see its own group as the outermost, and yet be told the
    /// path that it has on the host.
    pub(crate) fn folders(&self) -> impl Iterator<Item = PathBuf> {
        self.path.ancestors().map(|path| self.tree.join(path.strip_prefix("/").unwrap_or(path)))
    }

    /// The folder that a group of these has in the tree of another controller.
    pub(crate) fn beside(&self, root: &Path, controller: &str, folder: &Path) -> Option<PathBuf> {
        Some(Groups::of(root, controller)?.tree.join(folder.strip_prefix(&self.tree).ok()?))
    }
}
