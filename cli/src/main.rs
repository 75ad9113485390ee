//! The `sergo` command.

mod check;
mod files;
mod show;

use clap::{Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

/// One meaning of the OpenSergo rules.
#[derive(Parser)]
#[command(name = "sergo", version, arg_required_else_help = true)]
struct Command {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Checks rule files and shows every mistake in its place.
    ///
    /// All documents count as one push, for every app and namespace. The exit
    /// code is 0 when there is no mistake, 1 when there is one, and 2 when a path
    /// can't be read.
    Check {
        /// Files, folders (every .yaml, .yml and .json file below, but for hidden ones), or - for the standard input
        #[arg(required = true)]
        paths: Vec<PathBuf>,
    },
}

fn main() -> ExitCode {
    let Command { verb: Verb::Check { paths } } = Command::parse();
    match check::check(&paths) {
        Ok(is_good) => ExitCode::from(u8::from(!is_good)),
        Err(message) => {
            eprintln!("sergo: {message}");
            ExitCode::from(2)
        }
    }
}
