//! `sergo man`.

use clap::Args;

const EXAMPLES: &str = "\
Examples:
  sergo man";

/// Writes the manual pages.
#[derive(Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Arguments {}

/// Runs it.
///
/// # Errors
/// A sentence that says why it can't.
pub(crate) fn man(_: &Arguments) -> Result<bool, String> {
    Err("not there yet".to_owned())
}
