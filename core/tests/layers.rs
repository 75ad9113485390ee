//! Holds the order of the core's modules: each uses only those before it, and
//! deciding and routing never see what was written. `docs/architecture.md` has
//! the same list.

#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

use std::fs;
use std::path::Path;

/// The modules, each line a layer that may use itself and the lines above it.
const LAYERS: &[&[&str]] = &[
    &["time", "name", "ratio", "error", "sync"],
    &["matcher"],
    &["policy"],
    &["spec"],
    &["stat"],
    &["decide"],
    &["route"],
    &["label"],
    &["catalog", "snapshot"],
    &["compile"],
    &["lint"],
    &["engine"],
    &["subscribe"],
];

/// What stands above a module and is closed to it all the same.
const CLOSED: &[(&str, &str)] =
    &[("stat", "spec"), ("decide", "spec"), ("route", "spec"), ("label", "spec"), ("snapshot", "spec")];

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

/// The modules of the crate that a text names in `crate::...` paths, with the
/// line of each.
fn named(text: &str) -> Vec<(usize, String)> {
    let code: String = text.lines().map(|line| line.split("//").next().unwrap_or_default().to_owned() + "\n").collect();
    let mut found = Vec::new();
    for (index, _) in code.match_indices("crate::") {
        let (before, behind) = (&code[..index], &code[index + "crate::".len()..]);
        if before.ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let line = before.matches('\n').count() + 1;
        let names = match behind.strip_prefix('{') {
            Some(group) => first_segments(group),
            None => vec![first_segment(behind)],
        };
        found.extend(names.into_iter().map(|name| (line, name)));
    }
    found
}

fn first_segment(path: &str) -> String {
    path.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// The first segment of each path in `a::b, c::{d, e}, f}`.
fn first_segments(group: &str) -> Vec<String> {
    let mut depth = 0;
    let mut starts = vec![0];
    for (index, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => starts.push(index + 1),
            _ => {}
        }
    }
    starts.into_iter().map(|start| first_segment(group[start..].trim_start())).filter(|name| !name.is_empty()).collect()
}

/// What is wrong with the paths in the source of a module.
fn violations(module: &str, text: &str) -> Vec<String> {
    let own = layer(module).unwrap_or_else(|| panic!("the module {module} has no layer: add it to LAYERS"));
    let wrong = named(text).into_iter().filter_map(|(line, used)| {
        let reason = match layer(&used) {
            // An item that lib.rs exports: a way around.
            None => "is no module: name the module that it is from",
            Some(_) if CLOSED.contains(&(module, &used)) => "is closed to it",
            Some(below) if below > own => "stands below it",
            Some(_) => return None,
        };
        Some(format!("line {line}: {module} uses {used}, which {reason}"))
    });
    wrong.collect()
}

/// Every source file below a folder: its module, its path and its text.
fn sources(folder: &Path, module: Option<&str>, found: &mut Vec<(String, String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let module = module.unwrap_or(&stem);
        if path.is_dir() {
            sources(&path, Some(module), found);
        } else if path.extension().is_some_and(|extension| extension == "rs") && module != "lib" {
            found.push((module.to_owned(), path.display().to_string(), fs::read_to_string(&path).unwrap()));
        }
    }
}

#[test]
fn every_module_uses_only_what_stands_above_it() {
    let mut all = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), None, &mut all);
    for module in LAYERS.iter().copied().flatten() {
        assert!(all.iter().any(|(of, ..)| of == module), "there is no module {module}: take it out of LAYERS");
    }
    let wrong: Vec<String> = all
        .iter()
        .flat_map(|(module, path, text)| violations(module, text).into_iter().map(move |why| format!("{path}, {why}")))
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn a_violation_would_be_seen() {
    for (module, text) in [
        ("decide", "use crate::spec::Meta;"),
        ("route", "fn f() -> crate::spec::strategy::Bad { }"),
        ("matcher", "use crate::route::Table;"),
        ("spec", "use crate::{time::Span, compile::report::Report};"),
        ("stat", "pub use crate::{\n    sync::{Arc, Swap},\n    engine,\n};"),
        ("decide", "use crate::Report;"),
        ("spec", "let x = (crate::time::Span(1), crate::engine::Engine::new());"),
    ] {
        assert_eq!(violations(module, text).len(), 1, "{module}: {text}");
    }
}

#[test]
fn what_is_allowed_is_not_complained_about() {
    for (module, text) in [
        ("engine", "use crate::spec::document;\nuse crate::{compile::compile, decide::Ask};"),
        ("compile", "// crate::engine is below\nuse crate::snapshot::Snapshot;"),
        ("spec", "/// See [`crate::Engine::apply`].\nuse crate::spec::node::Node;"),
        ("name", "use crate::time::Span;"),
        ("stat", "let other_crate::Name = 1;"),
    ] {
        assert_eq!(violations(module, text), Vec::<String>::new(), "{module}: {text}");
    }
}
