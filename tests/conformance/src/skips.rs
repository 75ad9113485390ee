//! Which language may skip which vector, and why.

use std::path::Path;

/// The lines `LANGUAGE FILE REASON ...` of the list; `#` begins a comment.
#[derive(Default)]
pub(crate) struct Skips(Vec<(String, String, String)>);

impl Skips {
    /// Reads the list; a line without a reason is a mistake.
    pub(crate) fn read(path: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let mut skips = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let mut words = line.splitn(3, ' ');
            let (Some(language), Some(file), Some(reason)) = (words.next(), words.next(), words.next()) else {
                return Err(format!("{}:{}: a skip is LANGUAGE FILE REASON", path.display(), index + 1));
            };
            skips.push((language.to_owned(), file.to_owned(), reason.to_owned()));
        }
        Ok(Skips(skips))
    }

    /// Why this language skips this file, if it does.
    pub(crate) fn reason(&self, language: &str, file: &str) -> Option<&str> {
        self.0.iter().find(|(l, f, _)| l == language && f == file).map(|(_, _, reason)| reason.as_str())
    }
}
