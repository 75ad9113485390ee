//! # The conformance runner
//!
//! Runs every vector of a folder in every language and compares what came with
//! what the vector expects. The languages answer; only this program judges, so a
//! comparison means the same for all of them.
//!
//! ```text
//! conformance --vectors DIR --skips FILE --port rust=PROGRAM ARGS --port c=PROGRAM ARGS ...
//! conformance rust-port          # the Rust crate's own port, over stdin and stdout
//! ```

mod compare;
mod duration;
mod messages;
mod port;
mod rust_port;
mod skips;
mod vector;

use messages::Messages;
use port::Port;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What the command line asks for.
struct Arguments {
    vectors: PathBuf,
    skips: Option<PathBuf>,
    ports: Vec<(String, String)>,
}

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1).peekable();
    if words.peek().is_some_and(|word| word == "rust-port") {
        rust_port::serve();
        return ExitCode::SUCCESS;
    }
    match arguments(words).and_then(|arguments| run(&arguments)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(sentence) => {
            eprintln!("conformance: {sentence}");
            ExitCode::from(2)
        }
    }
}

fn arguments(mut words: impl Iterator<Item = String>) -> Result<Arguments, String> {
    let (mut vectors, mut skips, mut ports) = (None, None, Vec::new());
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(format!("{word} needs a value"));
        match word.as_str() {
            "--vectors" => vectors = Some(PathBuf::from(value()?)),
            "--skips" => skips = Some(PathBuf::from(value()?)),
            "--port" => {
                let value = value()?;
                let (language, command) = value.split_once('=').ok_or("--port is LANGUAGE=COMMAND")?;
                ports.push((language.to_owned(), command.to_owned()));
            }
            other => return Err(format!("unknown argument {other}")),
        }
    }
    Ok(Arguments { vectors: vectors.ok_or("--vectors DIR is missing")?, skips, ports })
}

/// Runs everything; whether all of it passed.
fn run(arguments: &Arguments) -> Result<bool, String> {
    let files = vector::find(&arguments.vectors)?;
    if files.is_empty() {
        return Err(format!("no *.yaml below {}: a run of nothing proves nothing", arguments.vectors.display()));
    }
    if arguments.ports.is_empty() {
        return Err("no language to run: give at least one --port".to_owned());
    }
    let skips = arguments.skips.as_deref().map_or(Ok(skips::Skips::default()), skips::Skips::read)?;
    let mut all_passed = true;
    let mut ran = Vec::new();
    let mut messages = Messages::default();
    for (language, command) in &arguments.ports {
        let tally = run_language(language, command, &files, &arguments.vectors, &skips, &mut messages);
        println!("{language}: {} passed, {} failed{}", tally.passed, tally.failed, tally.skipped_text());
        all_passed &= tally.failed == 0;
        ran.push((language, tally.passed + tally.failed + tally.skipped));
    }
    if let Some((language, count)) = ran.iter().find(|(_, count)| *count != files.len()) {
        println!("{language} ran {count} of {} files", files.len());
        all_passed = false;
    }
    Ok(all_passed)
}

#[derive(Default)]
struct Tally {
    passed: usize,
    failed: usize,
    skipped: usize,
}

impl Tally {
    fn skipped_text(&self) -> String {
        if self.skipped == 0 { String::new() } else { format!(", {} skipped", self.skipped) }
    }
}

fn run_language(
    language: &str,
    command: &str,
    files: &[PathBuf],
    root: &Path,
    skips: &skips::Skips,
    messages: &mut Messages,
) -> Tally {
    let mut port = Port::new(command);
    let mut tally = Tally::default();
    for file in files {
        let name = file.strip_prefix(root).unwrap_or(file).display().to_string();
        if let Some(reason) = skips.reason(language, &name) {
            println!("{language}: {name}: skipped: {reason}");
            tally.skipped += 1;
            continue;
        }
        match run_file(language, file, &mut port, messages) {
            Ok(()) => tally.passed += 1,
            Err(failures) => {
                tally.failed += 1;
                for failure in failures {
                    println!("{language}: {name}: {failure}");
                }
            }
        }
    }
    tally
}

/// Runs one vector; what is wrong, a sentence each.
fn run_file(language: &str, file: &Path, port: &mut Port, messages: &mut Messages) -> Result<(), Vec<String>> {
    let vector = vector::read(file).map_err(|sentence| vec![sentence])?;
    let answers = port.ask(&vector.request()).map_err(|sentence| vec![sentence])?;
    let mut failures = compare::vector(&vector, &answers);
    failures.extend(messages.compare(language, file, &vector, &answers));
    if failures.is_empty() { Ok(()) } else { Err(failures) }
}
