//! The lines of a trace, one at a time: none is kept but the one that is read.

use super::{Format, Line};
use std::io::{self, BufRead, Read};

/// The longest line that is read.
const LONGEST: usize = 64 * 1024;
/// How many lines tell the format.
const FIRST: usize = 20;

/// A line that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Unreadable {
    /// From 1.
    pub(crate) line: u64,
    pub(crate) why: String,
}

/// Reads the lines of a trace: each of at most 64 KiB, and 20 of them before the
/// first where they have to tell the format.
pub struct Lines<R> {
    input: R,
    format: Format,
    /// What was read to tell the format, to be read again.
    first: io::Cursor<Vec<u8>>,
    number: u64,
    line: Vec<u8>,
}

impl<R: BufRead> Lines<R> {
    /// Begins to read, in this format or the one that the first lines are in.
    ///
    /// # Errors
    /// That the lines are in none, or what the input says.
    pub fn new(mut input: R, format: Option<Format>) -> Result<Self, String> {
        let mut first = Vec::new();
        let format = match format {
            Some(format) => format,
            None => {
                for _ in 0..FIRST {
                    let mut part = (&mut input).take(LONGEST as u64);
                    part.read_until(b'\n', &mut first).map_err(|error| error.to_string())?;
                }
                let text = String::from_utf8_lossy(&first);
                Format::detect(&text.lines().collect::<Vec<_>>()).ok_or_else(|| unknown(&text))?
            }
        };
        Ok(Lines { input, format, first: io::Cursor::new(first), number: 0, line: Vec::new() })
    }

    /// What they look like.
    #[must_use]
    pub fn format(&self) -> Format {
        self.format
    }

    /// The number of the next line that is not empty, from 1, and what it says or
    /// why it can't be read; `None` at the end.
    ///
    /// # Errors
    /// What the input says.
    pub fn next_line(&mut self) -> io::Result<Option<(u64, Result<Line<'_>, String>)>> {
        loop {
            self.line.clear();
            self.number += 1;
            let mut input = (&mut self.first).chain(&mut self.input);
            if (&mut input).take(LONGEST as u64).read_until(b'\n', &mut self.line)? == 0 {
                return Ok(None);
            }
            if self.line.len() == LONGEST && !self.line.ends_with(b"\n") {
                skip(&mut input)?;
                return Ok(Some((self.number, Err(format!("it is longer than {} KiB", LONGEST / 1024)))));
            }
            if !self.line.trim_ascii().is_empty() {
                break;
            }
        }
        let line = match std::str::from_utf8(self.line.trim_ascii()) {
            Ok(text) => self.format.read(text),
            Err(_) => Err("it is not UTF-8 text".to_owned()),
        };
        Ok(Some((self.number, line)))
    }
}

/// Reads to the end of the line and keeps nothing of it.
fn skip(input: &mut impl BufRead) -> io::Result<()> {
    loop {
        let read = input.fill_buf()?;
        let end = read.iter().position(|byte| *byte == b'\n');
        let (length, is_end) = end.map_or((read.len(), read.is_empty()), |end| (end + 1, true));
        input.consume(length);
        if is_end {
            return Ok(());
        }
    }
}

fn unknown(text: &str) -> String {
    let Some(line) = text.lines().find(|line| !line.trim().is_empty()) else { return "it is empty".to_owned() };
    let said: Vec<_> = [Format::Json, Format::Nginx, Format::Envoy]
        .into_iter()
        .filter_map(|format| Some(format!("  as {}: {}", format.as_str(), format.read(line).err()?)))
        .collect();
    format!(
        "its first lines are in no format that is known; of {} it could be said\n{}",
        super::quoted(line),
        said.join("\n")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers of the lines, and of those that can be read the starts.
    fn read(text: &[u8], format: Option<Format>) -> Vec<(u64, Result<i64, String>)> {
        let mut lines = Lines::new(text, format).unwrap();
        let mut read = Vec::new();
        while let Some((number, line)) = lines.next_line().unwrap() {
            read.push((number, line.map(|line| line.start)));
        }
        read
    }

    #[test]
    fn every_line_has_its_number_and_none_is_dropped() {
        let line = |time| format!("{{\"time_ns\": {time}, \"resource\": \"a\"}}\n");
        let long = "x".repeat(200_000);
        let (first, last) = (line(1), line(2));
        let text =
            [first.as_bytes(), b"\n  \r\n", b"\xff\n", long.as_bytes(), b"\n", last.trim_end().as_bytes()].concat();
        for format in [None, Some(Format::Json)] {
            assert_eq!(
                read(&text, format),
                [
                    (1, Ok(1)),
                    (4, Err("it is not UTF-8 text".to_owned())),
                    (5, Err("it is longer than 64 KiB".to_owned())),
                    (6, Ok(2)),
                ]
            );
        }
    }

    #[test]
    fn lines_of_no_format_are_told() {
        let error = |text: &str| Lines::new(text.as_bytes(), None).err().unwrap();
        assert_eq!(error("\n"), "it is empty");
        assert_eq!(
            error("what is it\n"),
            "its first lines are in no format that is known; of \"what is it\" it could be said\n  \
             as json: \"what is it\" is no JSON object\n  \
             as nginx: there is no time like [21/Nov/2026:10:00:00 +0100]\n  \
             as envoy: there is no time like [2026-11-21T10:00:00.310Z] at the beginning"
        );
    }
}
