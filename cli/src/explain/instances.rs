//! The instances that discovery is taken to know, from a file.

use sergo::{Engine, Instance};
use sergo_control_plane::files::text;
use std::collections::BTreeMap;
use std::path::Path;

/// Tells the engine the instances of each host in the file.
///
/// # Errors
/// A sentence that says what is wrong with the file.
pub(crate) fn tell(engine: &Engine, path: &Path) -> Result<(), String> {
    const SHAPE: &str = "a map of hosts, each a list of {id, labels, healthy, weight, zone} is expected";
    let written = text(path)?;
    let wrong = |error: serde_saphyr::Error| {
        // The lines behind the first show the place.
        let told = error.to_string();
        let first = told.lines().next().unwrap_or_default();
        format!("can't read {}: {}; {SHAPE}", path.display(), first.trim_start_matches("error: "))
    };
    let hosts: BTreeMap<String, Vec<Instance>> = serde_saphyr::from_str(&written).map_err(wrong)?;
    for (host, instances) in hosts {
        engine.set_instances(&host, instances);
    }
    Ok(())
}
