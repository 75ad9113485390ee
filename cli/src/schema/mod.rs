//! `sergo schema`: what rule files may say, as JSON Schema.

mod actions;
mod flow;
pub(crate) mod kinds;
mod lanes;
mod matches;
mod routes;
mod scalar;
pub(crate) mod shape;
mod workload;

use crate::print::{pretty, print};
use clap::Args;
use kinds::{KINDS, Kind, KindParser};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

const EXAMPLES: &str = "\
Examples:
  sergo schema > sergo.json
  sergo schema RateLimitStrategy
  sergo schema --out .schemas/

In a rule file, for editors with the YAML language server:
  # yaml-language-server: $schema=.schemas/sergo.json";

/// Writes what rule files may say as JSON Schema, for editors.
///
/// Editors then complete kinds and fields, say what each means, and underline what
/// `sergo check` would call a mistake or an unknown field. Of what is wrong only
/// beside other fields or documents they see a part: `sergo check` sees all of it.
///
/// Without a KIND the schema is for every kind, by `kind`, and for lists of documents.
#[derive(Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The kinds that it is for; without one, all of them
    #[arg(value_name = "KIND", value_parser = KindParser, hide_possible_values = true)]
    kinds: Vec<&'static Kind>,
    /// Write files into this folder: sergo.json for all kinds together, and one for each, as RateLimitStrategy.json
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Writes schemas.
///
/// # Errors
/// A sentence that says what can't be written.
pub(crate) fn schema(arguments: &Arguments) -> Result<bool, String> {
    let mut kinds = arguments.kinds.clone();
    if kinds.is_empty() {
        kinds = KINDS.iter().collect();
    }
    let Some(folder) = &arguments.out else {
        print(&pretty(&match kinds.as_slice() {
            [only] => one(only),
            kinds => several(kinds),
        }))?;
        return Ok(true);
    };
    fs::create_dir_all(folder).map_err(|error| format!("can't make the folder {}: {error}", folder.display()))?;
    write(folder, "sergo", &several(&kinds))?;
    kinds.iter().try_for_each(|kind| write(folder, kind.name, &one(kind)))?;
    Ok(true)
}

fn write(folder: &Path, name: &str, schema: &Value) -> Result<(), String> {
    let path = folder.join(name).with_extension("json");
    fs::write(&path, pretty(schema)).map_err(|error| format!("can't write {}: {error}", path.display()))
}

/// The draft that the YAML language server validates by.
const DRAFT: &str = "http://json-schema.org/draft-07/schema#";

/// The schema of one kind.
pub(crate) fn one(kind: &Kind) -> Value {
    with_head(kind.name, kind.document().schema(true))
}

/// The schema of several kinds, each judged by its own, and of lists of them.
pub(crate) fn several(kinds: &[&Kind]) -> Value {
    let names: Vec<&str> = kinds.iter().map(|kind| kind.name).collect();
    let mut versions: Vec<&str> = kinds.iter().flat_map(|kind| kind.versions()).copied().collect();
    versions.sort_unstable();
    versions.dedup();
    let is = |kind: &Kind| json!({"properties": {"kind": {"const": kind.name}}, "required": ["kind"]});
    let own = |kind: &&Kind| json!({"if": is(kind), "then": {"$ref": format!("#/definitions/{}", kind.name)}});
    let is_list = json!({"properties": {"kind": {"pattern": "List$"}}, "required": ["kind"]});
    let list = json!({"properties": {"items": {"type": ["array", "null"], "items": {"if": {"type": "null"}, "else": {"$ref": "#"}}}}, "required": ["items"]});
    let head = json!({
        "properties": {
            "apiVersion": {"description": "The version of the kind."},
            "kind": {"description": "What the document says."},
            "metadata": {"description": "Which document it is."},
            "spec": {"description": "What it says, by kind."},
        },
        "required": ["kind"],
    });
    let document = json!({
        "properties": {"kind": {"enum": names}, "apiVersion": {"enum": versions}},
        "required": ["apiVersion", "kind", "metadata", "spec"],
    });
    let mut schema = json!({
        "description": "OpenSergo rules, and Istio's that are read as such.",
        "type": "object",
    });
    if let (Some(schema), Value::Object(head)) = (schema.as_object_mut(), head) {
        schema.extend(head);
        let lists_or_documents = json!({"if": is_list, "then": list, "else": document});
        let rules: Vec<Value> = [lists_or_documents].into_iter().chain(kinds.iter().map(own)).collect();
        schema.insert("allOf".to_owned(), rules.into());
        let definitions = kinds.iter().map(|kind| (kind.name.to_owned(), kind.document().schema(true)));
        schema.insert("definitions".to_owned(), Value::Object(definitions.collect()));
    }
    with_head("OpenSergo rules", schema)
}

fn with_head(title: &str, schema: Value) -> Value {
    let mut headed = json!({"$schema": DRAFT, "title": title});
    if let (Some(headed), Value::Object(schema)) = (headed.as_object_mut(), schema) {
        headed.extend(schema);
    }
    headed
}
