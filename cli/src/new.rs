//! `sergo new`.

use clap::Args;

const EXAMPLES: &str = "\
Examples:
  sergo new";

/// Writes a commented template of a kind.
#[derive(Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Arguments {}

/// Runs it.
///
/// # Errors
/// A sentence that says why it can't.
pub(crate) fn new(_: &Arguments) -> Result<bool, String> {
    Err("not there yet".to_owned())
}
