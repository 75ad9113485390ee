//! Documents as the core reads them, and as a JSON Schema sees them.

use serde_json::{Map, Number, Value as Json};
use sergo::spec::document::{Outcome, Reading, read};
use sergo::spec::node::{Node, Value};
use sergo::spec::quantity::Decimal;
use std::fs;
use std::path::{Path, PathBuf};

/// The value that an editor makes of a node, by YAML 1.2.
pub(crate) fn json(node: &Node) -> Json {
    match &node.value {
        Value::Null => Json::Null,
        Value::List(items) => items.iter().map(json).collect(),
        Value::Map(entries) => {
            Json::Object(entries.iter().map(|entry| (entry.key.clone(), json(&entry.node))).collect::<Map<_, _>>())
        }
        Value::Scalar { text, quoted: true } => text.as_str().into(),
        Value::Scalar { text, .. } => match text.as_str() {
            "true" | "True" | "TRUE" => true.into(),
            "false" | "False" | "FALSE" => false.into(),
            text => number(text).unwrap_or_else(|| text.into()),
        },
    }
}

fn number(text: &str) -> Option<Json> {
    let number = Decimal::parse(text)?;
    if let Ok(whole) = text.parse::<i64>() {
        return Some(whole.into());
    }
    Number::from_f64(number.to_f64()).map(Json::Number)
}

/// What the core says of one document.
pub(crate) struct Judged {
    pub(crate) text: String,
    pub(crate) json: Json,
    pub(crate) kind: String,
    pub(crate) is_known: bool,
    /// The paths of its mistakes, with their sentences.
    pub(crate) errors: Vec<(String, String)>,
    /// The paths of its unknown fields.
    pub(crate) unknown: Vec<String>,
}

/// What the core says of each document of a text that can be read at all.
pub(crate) fn judge(source: &str, text: &str) -> Vec<Judged> {
    read(source, text).iter().filter_map(|reading| judged(source, reading)).collect()
}

fn judged(source: &str, reading: &Reading<'_>) -> Option<Judged> {
    let node = reading.node().filter(|node| !node.is_null())?;
    let unknown = reading.warnings.iter().filter(|warning| warning.found.starts_with("an unknown field"));
    Some(Judged {
        text: format!("{source}: {} {}", reading.identity.kind, reading.identity.name),
        json: json(node),
        kind: reading.identity.kind.clone(),
        is_known: reading.outcome != Outcome::Unknown,
        errors: reading.errors.iter().map(|error| (error.field.clone(), error.message.clone())).collect(),
        unknown: unknown.map(|warning| warning.field.clone()).collect(),
    })
}

/// The texts of rules in the repository: those of the vectors, files of examples,
/// and what stands in pages. Each with its name.
pub(crate) fn texts() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut texts = Vec::new();
    for file in files(&root.join("tests/vectors"), "yaml") {
        let vector = fs::read_to_string(&file).unwrap();
        for node in sergo::spec::yaml::documents(&vector).into_iter().flatten() {
            let mut rules = Vec::new();
            collect(&node, &mut rules);
            texts.extend(rules.into_iter().map(|rules| (file.display().to_string(), rules)));
        }
    }
    for folder in ["examples", "cli/tests/cases", "cli/tests/explained", "benches/rules"] {
        for file in ["yaml", "yml", "json"].into_iter().flat_map(|ending| files(&root.join(folder), ending)) {
            let text = fs::read_to_string(&file).unwrap();
            if text.contains("apiVersion") {
                texts.push((file.display().to_string(), text));
            }
        }
    }
    let pages = files(&root.join("docs"), "md").into_iter();
    for page in pages.chain(["README.md".into(), "python/README.md".into()].map(|page: PathBuf| root.join(page))) {
        let text = fs::read_to_string(&page).unwrap();
        let blocks = text.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next());
        let rules = blocks.filter(|block| block.contains("apiVersion"));
        texts.extend(rules.map(|block| (page.display().to_string(), block.to_owned())));
    }
    texts
}

/// Every text in a vector that holds rules.
fn collect(node: &Node, rules: &mut Vec<String>) {
    match &node.value {
        Value::List(items) => items.iter().for_each(|item| collect(item, rules)),
        Value::Map(entries) => entries.iter().for_each(|entry| collect(&entry.node, rules)),
        Value::Scalar { text, .. } if text.contains("apiVersion") => rules.push(text.clone()),
        _ => {}
    }
}

fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = fs::read_dir(folder) else { return found };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && !["node_modules", "target"].contains(&name.as_str()) {
            found.extend(files(&path, ending));
        } else if path.extension().is_some_and(|extension| extension == ending) && !name.starts_with("package") {
            found.push(path);
        }
    }
    found
}
