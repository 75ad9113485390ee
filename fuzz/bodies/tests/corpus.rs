//! Replays what the fuzz targets have found and been given: every input of the
//! corpus, and each of them cut short and with bytes turned.

#![allow(clippy::indexing_slicing, clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

/// The inputs of a target, by name.
fn corpus(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus").join(target);
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

/// Runs each input as it is, and variants of it that are easily made.
fn replay(target: &str, body: fn(&[u8])) {
    let inputs = corpus(target);
    assert!(inputs.len() >= 20, "{} inputs of {target}", inputs.len());
    for (path, data) in inputs {
        println!("{}", path.display());
        body(&data);
        for part in 1..4 {
            body(&data[..data.len() * part / 4]);
        }
        let mut turned = data;
        for index in (0..turned.len()).step_by(turned.len() / 3 + 1) {
            turned[index] = turned[index].wrapping_add(17);
            body(&turned);
        }
    }
}

#[test]
fn documents() {
    replay("documents", sergo_fuzz_bodies::documents);
}

#[test]
fn operations() {
    replay("operations", sergo_fuzz_bodies::operations);
}

#[test]
fn matching() {
    replay("matching", sergo_fuzz_bodies::matching);
}

#[test]
fn routes() {
    replay("routes", sergo_fuzz_bodies::routes);
}

#[test]
fn baggage() {
    replay("baggage", sergo_fuzz_bodies::baggage);
}

#[test]
fn wire() {
    replay("wire", sergo_fuzz_bodies::wire);
}

#[test]
fn clients() {
    replay("clients", sergo_fuzz_bodies::clients);
}

#[test]
fn convert() {
    replay("convert", sergo_fuzz_bodies::convert);
}

#[test]
fn traces() {
    replay("traces", sergo_fuzz_bodies::traces);
}
