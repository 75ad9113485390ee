//! What the documentation names is there, and what is there is named.

#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

use regex::Regex;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// What the first group of the pattern finds.
fn all(pattern: &str, text: &str) -> BTreeSet<String> {
    Regex::new(pattern).unwrap().captures_iter(text).map(|found| found[1].to_owned()).collect()
}

/// The crates that a manifest's tables of dependencies name.
fn crates(manifest: &str) -> BTreeSet<String> {
    let mut is_dependency = false;
    let lines = manifest.lines().filter(|line| {
        if line.starts_with('[') {
            is_dependency = line.ends_with("dependencies]") && !line.starts_with("[workspace");
        }
        is_dependency && !line.contains("path = ")
    });
    lines.flat_map(|line| all(r"^([a-zA-Z0-9_-]+)(?:\.workspace)? *=", line)).collect()
}

#[test]
fn every_dependency_has_a_line_and_nothing_else_has_one() {
    let mut used = BTreeSet::new();
    let members = [
        "core",
        "cli",
        "control-plane",
        "bindings/border",
        "bindings/c",
        "bindings/jni",
        "bindings/napi",
        "bindings/pyo3",
        "tests/conformance",
        "benches/rust",
        "benches/rust/peers",
        "fuzz",
        "fuzz/bodies",
    ];
    for member in members {
        used.extend(crates(&read(&format!("{member}/Cargo.toml"))));
    }
    // Besides these there are no members.
    let globbed = fs::read_dir(root().join("bindings")).unwrap().count();
    assert_eq!(members.iter().filter(|member| member.starts_with("bindings/")).count(), globbed);
    let pom = read("java/pom.xml");
    used.extend(all("<artifactId>(.+?)</artifactId>", &pom));
    assert!(pom.contains("<googleJavaFormat>"));
    for pom in ["tests/sdk-java/pom.xml", "benches/java/pom.xml"] {
        used.extend(all("<artifactId>(.+?)</artifactId>", &read(pom)));
    }
    used.insert("google-java-format".to_owned());
    for package in ["node/package.json", "examples/node/package.json", "benches/node/package.json"] {
        let package: serde_json::Value = serde_json::from_str(&read(package)).unwrap();
        let names = |table: &str| package[table].as_object().into_iter().flatten().map(|(name, _)| name.clone());
        used.extend(["dependencies", "devDependencies"].into_iter().flat_map(names));
    }
    for requirements in ["python/requirements-dev.txt", "benches/python/requirements.txt"] {
        used.extend(all("(?m)^([a-zA-Z0-9_-]+)==", &read(requirements)));
    }
    used.extend(all(r#"requires = \["([a-z0-9_-]+)"#, &read("python/pyproject.toml")));
    for module in ["go/go.mod", "examples/go/go.mod", "benches/go/go.mod"] {
        // What is needed indirectly is the dependencies' own affair.
        used.extend(all(r"(?m)^(?:require )?\s*([a-z0-9./-]+) v[^ \n]+$", &read(module)));
    }
    used.retain(|name| !name.starts_with("sergo") && !name.contains("/sergo/"));

    let page = read("docs/dependencies.md");
    let lines = page.lines().filter_map(|line| line.strip_prefix("- ")?.split(": ").next());
    let told: BTreeSet<String> = lines.flat_map(|names| all("`([^`]+)`", names)).collect();
    assert_eq!(used.difference(&told).collect::<Vec<_>>(), [""; 0], "without a line");
    assert_eq!(told.difference(&used).collect::<Vec<_>>(), [""; 0], "with a line and not there");
}

#[test]
fn every_vector_that_a_page_names_is_there() {
    for page in ["docs/documents.md", "docs/flow.md"] {
        let named = all("`([a-z]+/[0-9]{2})`", &read(page));
        assert!(named.len() > 20, "{page}");
        for vector in named {
            let (folder, number) = vector.split_once('/').unwrap();
            let files = fs::read_dir(root().join("tests/vectors").join(folder)).unwrap();
            let is_it = |name: &str| name.starts_with(&format!("{number}-"));
            assert!(files.flatten().any(|file| is_it(&file.file_name().to_string_lossy())), "{page}: {vector}");
        }
    }
}

#[test]
fn every_vector_of_documents_is_named() {
    let page = read("docs/documents.md");
    for file in fs::read_dir(root().join("tests/vectors/documents")).unwrap().flatten() {
        let name = file.file_name().to_string_lossy()[..2].to_owned();
        assert!(page.contains(&format!("`documents/{name}`")), "documents/{name}");
    }
}

#[test]
fn every_file_that_a_page_names_is_there() {
    let pages = fs::read_dir(root().join("docs")).unwrap().flatten().map(|file| file.path());
    for page in pages.filter(|page| page.extension().is_some_and(|kind| kind == "md")) {
        let text = fs::read_to_string(&page).unwrap();
        let files = all(r"`((?:core|bindings|tests|cli|examples)/[a-zA-Z0-9_./-]+)`", &text);
        let short = all(r"`(stat/[a-z_]+\.rs)`", &text).into_iter().map(|file| format!("core/src/{file}"));
        for file in files.into_iter().chain(short) {
            assert!(root().join(&file).exists(), "{}: {file}", page.display());
        }
    }
}
