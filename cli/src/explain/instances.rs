//! The instances that discovery is taken to know, from a file.

use serde::Deserialize;
use sergo::{Engine, Instance};
use sergo_control_plane::files::text;
use std::collections::BTreeMap;
use std::path::Path;

/// An instance as the file has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Known {
    id: String,
    #[serde(default)]
    labels: BTreeMap<String, String>,
    #[serde(default = "yes")]
    healthy: bool,
    #[serde(default = "one")]
    weight: u32,
    #[serde(default)]
    zone: Option<String>,
}

fn yes() -> bool {
    true
}

fn one() -> u32 {
    1
}

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
    let hosts: BTreeMap<String, Vec<Known>> = serde_saphyr::from_str(&written).map_err(wrong)?;
    for (host, instances) in hosts {
        let instance = |Known { id, labels, healthy, weight, zone }| Instance { id, labels, healthy, weight, zone };
        engine.set_instances(&host, instances.into_iter().map(instance).collect());
    }
    Ok(())
}
