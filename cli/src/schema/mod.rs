//! `sergo schema`.

use clap::Args;

const EXAMPLES: &str = "\
Examples:
  sergo schema";

/// Writes the JSON Schema of the kinds, for editors.
#[derive(Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Arguments {}

/// Runs it.
///
/// # Errors
/// A sentence that says why it can't.
pub(crate) fn schema(_: &Arguments) -> Result<bool, String> {
    Err("not there yet".to_owned())
}
