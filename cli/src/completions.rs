//! `sergo completions`.

use clap::Args;

const EXAMPLES: &str = "\
Examples:
  sergo completions";

/// Writes what completes commands in a shell.
#[derive(Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Arguments {}

/// Runs it.
///
/// # Errors
/// A sentence that says why it can't.
pub(crate) fn completions(_: &Arguments) -> Result<bool, String> {
    Err("not there yet".to_owned())
}
