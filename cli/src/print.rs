//! What goes to the standard output.

use serde::Serialize;
use std::io::{self, Write};

/// Prints the text.
///
/// # Errors
/// A sentence that says why it can't. That nobody reads on, as under `| head`,
/// is none.
pub(crate) fn print(text: &str) -> Result<(), String> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(format!("can't write the answer: {error}")),
        _ => Ok(()),
    }
}

/// A value as JSON that people can read too.
pub(crate) fn pretty(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default() + "\n"
}
