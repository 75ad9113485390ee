//! `sergo replay`.

use clap::Args;

const EXAMPLES: &str = "\
Examples:
  sergo replay";

/// Replays a trace of requests through rules, on virtual time.
#[derive(Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Arguments {}

/// Runs it.
///
/// # Errors
/// A sentence that says why it can't.
pub(crate) fn replay(_: &Arguments) -> Result<bool, String> {
    Err("not there yet".to_owned())
}
