//! `sergo convert`: rules from and to what others read, and what is lost by it.

mod clusters;
mod conversion;
mod fields;
mod istio;
mod lane;
mod loss;
mod mend;
mod mesh;
mod older;
mod sentinel;
mod shape;
mod subsets;
mod tree;
mod work;
mod write;

pub use conversion::{Conversion, Converted, Options, Origin, Target, conversion};
pub use loss::{Fate, Loss};
pub use sentinel::SentinelRules;

use crate::check::show;
use crate::files::{self, File};
use crate::print::{pretty, print};
use clap::{Args, ValueEnum};
use serde_json::json;
use sergo::{Report, Source};
use std::collections::HashSet;
use std::io::{IsTerminal, stderr};
use std::path::{Path, PathBuf};
use std::{fs, mem};

const EXAMPLES: &str = "\
Examples:
  sergo convert rules/ --to istio --port 8080 | kubectl apply -f -
  sergo convert virtual-services.yaml --to opensergo --out rules/
  sergo convert flow-rules.json degrade-rules.json --to opensergo --app shop
  sergo convert old/ --to current --strict";

/// Converts rules from and to what others read.
///
/// OpenSergo's routing rules become Istio's and the other way round, Sentinel's
/// rules in JSON and older generations become OpenSergo's of today. The documents
/// go to the standard output, or into a folder. What does not survive is named on
/// the standard error, with its place and why, and in a comment above the document.
///
/// The exit code is 0 when all documents are converted, 1 when one has mistakes
/// (the others are converted all the same) or, with --strict, when something is
/// lost, and 2 when it could not be done.
#[derive(Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// Files, folders (every .yaml, .yml and .json file below, but for hidden ones), or - for the standard input
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// What the documents become
    #[arg(long, value_name = "WHAT")]
    to: Target,
    /// Take only the documents of these; all others are left out
    #[arg(long, value_name = "WHOSE")]
    from: Option<Origin>,
    /// Write each document to a file of its own in this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Fail when something is lost
    #[arg(long)]
    strict: bool,
    /// How the outcome is told
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
    /// The same as --format json
    #[arg(long)]
    json: bool,
    /// The port of destinations that name none, where Istio needs one for a fallback
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    port: Option<u16>,
    /// The app of the rules that Sentinel's become; without one they are for every app
    #[arg(long, value_name = "APP")]
    app: Option<String>,
    /// The namespace of the rules that Sentinel's become
    #[arg(long, value_name = "NAMESPACE")]
    namespace: Option<String>,
    /// What Sentinel's rules are, where neither their fields nor the file's name says it
    #[arg(long, value_name = "RULES")]
    rules: Option<SentinelRules>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Documents as YAML, all else as text
    Human,
    /// One JSON object
    Json,
}

/// Converts the files of these paths; true when nothing is amiss.
///
/// # Errors
/// A sentence that says which path can't be read or written.
pub(crate) fn convert(arguments: &Arguments) -> Result<bool, String> {
    let files = files::read(&arguments.paths)?;
    let sources: Vec<Source<'_>> = files.iter().map(File::source).collect();
    let mut conversion = conversion(
        &sources,
        &Options {
            to: arguments.to,
            from: arguments.from,
            port: arguments.port,
            app: arguments.app.as_deref(),
            namespace: arguments.namespace.as_deref(),
            rules: arguments.rules,
        },
    );
    let written = match &arguments.out {
        Some(folder) => write_files(folder, &conversion)?,
        None => Vec::new(),
    };
    if arguments.json || arguments.format == Format::Json {
        print(&pretty(&told(&conversion, arguments.out.as_ref().map(|_| &written))))?;
    } else {
        if arguments.out.is_none() {
            print(&conversion.text())?;
        }
        eprint!("{}", tell(&files, &mut conversion, &written));
    }
    Ok(conversion.mistakes.is_empty() && !(arguments.strict && conversion.has_lost()))
}

/// What people are told beside the documents.
fn tell(files: &[File], conversion: &mut Conversion, written: &[String]) -> String {
    let rejected = mem::take(&mut conversion.mistakes);
    let report = Report { rejected, ..Report::default() };
    let mut text = show::findings(files, &report, stderr().is_terminal());
    for loss in &conversion.losses {
        text.push_str(&loss.to_string());
        text.push('\n');
    }
    let count = |number: usize, one: &str, more: &str| format!("{number} {}", if number == 1 { one } else { more });
    let lost = conversion.losses.iter().filter(|loss| loss.fate == Fate::Lost).count();
    let mut parts = vec![
        count(conversion.documents.len(), "document", "documents"),
        count(lost, "thing lost", "things lost"),
        count(conversion.losses.len().saturating_sub(lost), "changed", "changed"),
    ];
    if conversion.others > 0 {
        parts.push(count(conversion.others, "other document left out", "other documents left out"));
    }
    if !report.rejected.is_empty() {
        parts.push(count(report.rejected.len(), "mistake", "mistakes"));
    }
    if !written.is_empty() {
        parts.push(count(written.len(), "file written", "files written"));
    }
    conversion.mistakes = report.rejected;
    text + &parts.join(", ") + "\n"
}

/// What tools are told.
fn told(conversion: &Conversion, written: Option<&Vec<String>>) -> serde_json::Value {
    let documents: Vec<serde_json::Value> = conversion.documents.iter().map(Converted::json).collect();
    let mut told = json!({
        "documents": documents,
        "losses": conversion.losses,
        "mistakes": conversion.mistakes,
        "others": conversion.others,
    });
    if let Some(written) = written {
        told["written"] = json!(written);
    }
    told
}

/// Writes each document to a file that is called after it.
fn write_files(folder: &Path, conversion: &Conversion) -> Result<Vec<String>, String> {
    let cannot = |path: &Path, error: std::io::Error| format!("can't write {}: {error}", path.display());
    fs::create_dir_all(folder).map_err(|error| cannot(folder, error))?;
    let (mut names, mut written) = (HashSet::new(), Vec::new());
    for document in &conversion.documents {
        let (kind, namespace, name) = document.identity();
        let mut parts = vec![tree::word(kind)];
        if namespace != "default" {
            parts.push(tree::word(namespace));
        }
        parts.push(tree::word(name));
        let base = parts.join(".");
        let mut file = format!("{base}.yaml");
        let mut number = 2u32;
        while !names.insert(file.clone()) {
            file = format!("{base}-{number}.yaml");
            number = number.saturating_add(1);
        }
        let path = folder.join(&file);
        fs::write(&path, document.text()).map_err(|error| cannot(&path, error))?;
        written.push(path.display().to_string());
    }
    Ok(written)
}
