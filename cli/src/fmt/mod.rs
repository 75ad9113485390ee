//! `sergo fmt`.

use clap::Args;

const EXAMPLES: &str = "\
Examples:
  sergo fmt";

/// Writes rule files in their canonical form, comments kept.
#[derive(Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Arguments {}

/// Runs it.
///
/// # Errors
/// A sentence that says why it can't.
pub(crate) fn fmt(_: &Arguments) -> Result<bool, String> {
    Err("not there yet".to_owned())
}
