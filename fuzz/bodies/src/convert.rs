//! Any text as documents of anybody, converted to everything.

use sergo::{Source, check};
use sergo_cli::{Conversion, Options, Target, conversion};

/// The longest input: what is converted is converted there and back.
const LONGEST: usize = 16 << 10;

/// Converts the bytes to each side, and what that comes to to the others.
/// Whatever they are:
///
/// - nothing panics, and what is not converted is told, with where and why;
/// - documents of OpenSergo that come out are good ones;
/// - each document is read again as it was written;
/// - converting once more loses nothing more than the first time did.
pub fn convert(data: &[u8]) {
    if data.len() > LONGEST {
        return;
    }
    let text = String::from_utf8_lossy(data);
    for to in [Target::Istio, Target::Opensergo, Target::Current] {
        let first = converted(&text, to);
        let written = first.text();
        if to != Target::Istio {
            let report = check(&[Source { name: "fuzz", text: &written }]);
            assert_eq!(report.rejected, [], "{written}");
        }
        for next in [Target::Istio, Target::Opensergo, Target::Current] {
            let second = converted(&written, next);
            if next == to {
                assert_eq!(second.documents.len(), first.documents.len(), "{written}\n{}", second.text());
            }
        }
    }
}

fn converted(text: &str, to: Target) -> Conversion {
    let options = Options { port: Some(80), app: Some("app"), ..Options::to(to) };
    let done = conversion(&[Source { name: "fuzz", text }], &options);
    for loss in &done.losses {
        assert!(!loss.becomes.is_empty() && !loss.why.is_empty() && loss.source == "fuzz", "{loss:?}");
        assert!(loss.to_string().chars().all(|c| c == '\n' || !c.is_control()), "{loss}");
    }
    for mistake in &done.mistakes {
        assert!(!mistake.message.is_empty(), "{mistake:?}");
    }
    let read = sergo::spec::yaml::documents(&done.text());
    assert!(read.iter().all(Result::is_ok), "{}", done.text());
    assert_eq!(read.len(), done.documents.len(), "{}", done.text());
    for document in &done.documents {
        assert!(document.json().is_object());
    }
    done
}
