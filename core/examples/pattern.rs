//! Says of each pattern and value whether sergo matches them: a door for
//! `tests/re2/differential.py`, which asks RE2 the same.
//!
//! Each line of standard input is a JSON list: a pattern, then values. Each line
//! of standard output is a JSON list of booleans, one per value, or the mistake
//! as text where the pattern is refused.

#![allow(clippy::print_stdout)]

use sergo::matcher::Pattern;
use std::io::BufRead;

fn main() {
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        let words: Vec<String> = serde_json::from_str(&line).unwrap_or_default();
        let Some((pattern, values)) = words.split_first() else { continue };
        let answer = match Pattern::new(pattern) {
            Ok(pattern) => serde_json::json!(values.iter().map(|value| pattern.is_match(value)).collect::<Vec<_>>()),
            Err(mistake) => serde_json::json!(mistake.to_string()),
        };
        println!("{answer}");
    }
}
