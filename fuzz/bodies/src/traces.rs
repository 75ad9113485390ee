//! Any bytes as a trace of requests.

use sergo_cli::replay::trace::{Format, Lines};

/// Reads the bytes as a trace in each format, and in the one that they seem to
/// be in: every line has its number, and says something or why it doesn't.
pub fn traces(data: &[u8]) {
    for format in [Format::Json, Format::Nginx, Format::Envoy] {
        let readable = read(data, format);
        // Where any of the first lines can be read, some format is found.
        if readable.iter().any(|number| *number <= 20) {
            assert!(Lines::new(data, None).is_ok());
        }
    }
}

/// The numbers of the lines that can be read in this format.
fn read(data: &[u8], format: Format) -> Vec<u64> {
    let mut lines = Lines::new(data, Some(format)).unwrap();
    let mut readable = Vec::new();
    let mut before = 0;
    while let Some((number, line)) = lines.next_line().unwrap() {
        assert!(number > before);
        before = number;
        match line {
            Ok(line) => {
                assert!(line.cost > 0);
                readable.push(number);
            }
            Err(why) => assert!(!why.is_empty() && !why.contains(char::is_control), "{why:?}"),
        }
    }
    let count = data.split(|byte| *byte == b'\n').count() as u64;
    assert!(before <= count);
    readable
}
