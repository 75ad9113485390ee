//! A cold answer as bytes that a few lines of Java read.
//!
//! The cold answers are JSON. Reading JSON would take a library in the Java
//! package, whose version could clash with that of its user; here a parser is
//! at hand already. So the binding parses, and writes what it has read as a tree
//! that needs no parser. Little endian; a text is its length in bytes as `u32`,
//! then UTF-8.
//!
//! ```text
//! 'n' null    't' true    'f' false    'i' i64    'd' f64    's' text
//! 'l' u32 count, then as many values
//! 'm' u32 count, then as many pairs of a text and a value
//! ```

use serde_json::Value;
use sergo::Code;

/// A code, as `i32`, and for [`Code::Ok`] the answer.
pub(crate) fn reply(answer: Result<Vec<u8>, Code>) -> Vec<u8> {
    let (code, answer) = match answer {
        Ok(answer) => (Code::Ok, answer),
        Err(code) => (code, Vec::new()),
    };
    [&(code as i32).to_le_bytes()[..], &answer].concat()
}

/// A value as bytes.
pub(crate) fn bytes(value: &Value) -> Vec<u8> {
    let mut out = Vec::with_capacity(64);
    write(&mut out, value);
    out
}

/// Reads the JSON of the border.
pub(crate) fn read(json: &str) -> Result<Value, Code> {
    serde_json::from_str(json).map_err(|_| Code::Argument)
}

pub(crate) fn write(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Null => out.push(b'n'),
        Value::Bool(true) => out.push(b't'),
        Value::Bool(false) => out.push(b'f'),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => {
                out.push(b'i');
                out.extend(whole.to_le_bytes());
            }
            None => {
                out.push(b'd');
                out.extend(number.as_f64().unwrap_or(f64::NAN).to_le_bytes());
            }
        },
        Value::String(string) => {
            out.push(b's');
            text(out, string);
        }
        Value::Array(list) => {
            out.push(b'l');
            count(out, list.len());
            for value in list {
                write(out, value);
            }
        }
        Value::Object(map) => {
            out.push(b'm');
            count(out, map.len());
            for (name, value) in map {
                text(out, name);
                write(out, value);
            }
        }
    }
}

fn text(out: &mut Vec<u8>, text: &str) {
    count(out, text.len());
    out.extend(text.as_bytes());
}

/// An answer of four gigabytes does not fit a Java array anyway.
fn count(out: &mut Vec<u8>, count: usize) {
    out.extend(u32::try_from(count).unwrap_or(u32::MAX).to_le_bytes());
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_is_written_depth_first() {
        let mut expected = vec![b'm', 2, 0, 0, 0];
        expected.extend([1, 0, 0, 0, b'a', b'l', 4, 0, 0, 0, b'n', b't', b'f', b'i']);
        expected.extend((-2i64).to_le_bytes());
        expected.extend([1, 0, 0, 0, b'b', b's', 2, 0, 0, 0, 0xC3, 0xA9]);
        assert_eq!(bytes(&read(r#"{"a": [null, true, false, -2], "b": "é"}"#).unwrap()), expected);
    }

    #[test]
    fn a_fraction_is_a_double() {
        let mut expected = vec![b'd'];
        expected.extend(0.5f64.to_le_bytes());
        assert_eq!(bytes(&read("0.5").unwrap()), expected);
    }

    #[test]
    fn a_code_stands_alone_or_before_the_answer() {
        assert_eq!(reply(Ok(vec![b'n'])), [0, 0, 0, 0, b'n']);
        assert_eq!(reply(Err(Code::Closed)), (-1i32).to_le_bytes());
    }
}
