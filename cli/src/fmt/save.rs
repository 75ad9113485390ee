//! Writing a file as a whole or not at all.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process;

/// Replaces what is in a file: beside it first, then by that in its place, so
/// that no reader finds half of it. A link stays one, and its file its rights.
///
/// # Errors
/// A sentence that says why it can't be written.
pub(super) fn save(path: &Path, text: &str) -> Result<(), String> {
    let told = |error| format!("can't write {}: {error}", path.display());
    let target = fs::canonicalize(path).map_err(told)?;
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let beside = target.with_file_name(format!(".{name}.{}.sergo-fmt", process::id()));
    let written = || {
        let mut file = File::create_new(&beside)?;
        file.write_all(text.as_bytes())?;
        file.set_permissions(fs::metadata(&target)?.permissions())?;
        file.sync_all()?;
        fs::rename(&beside, &target)
    };
    written().map_err(|error| {
        // What is left of it is of no use to anybody.
        let _ = fs::remove_file(&beside);
        told(error)
    })
}
