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
mod replay;
mod schema;
mod serve;
mod watch;

use clap::{CommandFactory, Parser, Subcommand};
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
    Check(check::Arguments),
    Explain(Box<explain::Arguments>),
    Replay(replay::Arguments),
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

/// What `sergo check` says of a text, in each of its formats: for trying it on
/// any text at all.
#[must_use]
pub fn check_in_every_format(text: &str) -> Vec<String> {
    check::every_format(text)
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
