//! A code as a JavaScript error.

use sergo::Code;

/// What a cold call answers. The macro of napi looks for the name `Result`.
pub type Result<T, E = napi::Error<Word>> = std::result::Result<T, E>;

/// The word of a code, which becomes the error's `code`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word(Code);

impl AsRef<str> for Word {
    fn as_ref(&self) -> &str {
        self.0.word()
    }
}

/// The error that says what the code's sentence says.
pub(crate) fn failure(code: Code) -> napi::Error<Word> {
    napi::Error::new(Word(code), code.sentence().to_owned())
}
