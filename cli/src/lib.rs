//! The `sergo` command: what each of its verbs does stands in a module of its name.

mod check;
mod completions;
mod convert;
mod explain;
mod files;
mod fmt;
mod man;
mod new;
mod print;
pub mod replay;
mod schema;
mod serve;
mod watch;

pub use convert::{Conversion, Converted, Fate, Loss, Options, Origin, SentinelRules, Target, conversion};
pub use fmt::{Formatted, Left, format_json, format_yaml};

use clap::{CommandFactory, Parser, Subcommand};
use std::process::ExitCode;

const EXAMPLES: &str = "\
Examples:
  sergo new RateLimitStrategy > rules/limit.yaml
  sergo check rules/
  sergo explain rules/ --resource GET:/cart
  sergo serve --rules rules/

Each verb has a --help of its own, with more.";

/// One meaning of the OpenSergo rules: writes, checks, explains and serves them.
///
/// Rules are YAML or JSON, in files or from a control plane. The command asks the same
/// core as every language's package: what it says is what services do.
///
/// The exit code is 0 when all is well, 1 when there are mistakes in rules, and 2 when
/// something could not be done.
#[derive(Parser)]
#[command(name = "sergo", version, arg_required_else_help = true, after_long_help = EXAMPLES)]
struct Command {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    Check(check::Arguments),
    Explain(Box<explain::Arguments>),
    Replay(Box<replay::Arguments>),
    Convert(convert::Arguments),
    Fmt(fmt::Arguments),
    New(new::Arguments),
    Schema(schema::Arguments),
    Serve(Box<serve::Arguments>),
    Watch(Box<watch::Arguments>),
    Completions(completions::Arguments),
    Man(man::Arguments),
}

/// The command line as it is understood: for help, completions and manual pages.
#[must_use]
pub fn command() -> clap::Command {
    Command::command()
}

/// Does what the command line says.
///
/// The exit code is 0 when all is well, 1 when a verb has found mistakes, and 2
/// when it could not be done.
#[must_use]
pub fn run() -> ExitCode {
    let done = match Command::parse().verb {
        Verb::Check(arguments) => check::check(&arguments),
        Verb::Explain(arguments) => explain::explain(*arguments),
        Verb::Replay(arguments) => replay::replay(&arguments),
        Verb::Convert(arguments) => convert::convert(&arguments),
        Verb::Fmt(arguments) => fmt::fmt(&arguments),
        Verb::New(arguments) => new::new(&arguments),
        Verb::Schema(arguments) => schema::schema(&arguments),
        Verb::Serve(arguments) => serve::serve(*arguments),
        Verb::Watch(arguments) => watch::watch(*arguments),
        Verb::Completions(arguments) => completions::completions(&arguments),
        Verb::Man(arguments) => man::man(&arguments),
    };
    match done {
        Ok(is_good) => ExitCode::from(u8::from(!is_good)),
        Err(message) => {
            eprintln!("sergo: {message}");
            ExitCode::from(2)
        }
    }
}
