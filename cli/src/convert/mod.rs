//! `sergo convert`.

use clap::Args;

const EXAMPLES: &str = "\
Examples:
  sergo convert";

/// Converts rules from and to what others read.
#[derive(Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Arguments {}

/// Runs it.
///
/// # Errors
/// A sentence that says why it can't.
pub(crate) fn convert(_: &Arguments) -> Result<bool, String> {
    Err("not there yet".to_owned())
}
