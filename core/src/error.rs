//! One table of the codes that cross the border to other languages.

use std::fmt;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $word:literal, $sentence:literal;)*) => {
        /// What a call across the border came to. `Ok` is 0, everything else is
        /// negative, so that a call may answer a count or a code in one integer.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(i32)]
        pub enum Code { $($(#[$doc])* $name = $number,)* }

        impl Code {
            /// Every code, in the table's order.
            pub const ALL: &'static [Code] = &[$(Code::$name),*];

            /// The stable word for it, as in `closed`.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Code::$name => $word,)* }
            }

            /// What happened and what to do about it, in a sentence.
            #[must_use]
            pub const fn sentence(self) -> &'static str {
                match self { $(Code::$name => $sentence,)* }
            }
        }
    };
}

codes! {
    /// The call did what it says.
    Ok = 0, "ok", "the call did what it says";
    /// The handle names no open engine.
    Closed = -1, "closed", "the engine is closed, or was never made: make a new one";
    /// A panic inside an earlier call has poisoned this engine.
    Poisoned = -2, "poisoned", "an earlier call on this engine failed inside sergo, so its state can't be trusted: close it and make a new one";
    /// A panic inside this call was stopped at the border.
    Panicked = -3, "panicked", "this call failed inside sergo and was stopped; the engine is poisoned: please report it";
    /// An argument is out of its bounds.
    Argument = -4, "argument", "an argument is out of its bounds: see the call's documentation";
    /// Text is not UTF-8.
    Utf8 = -5, "utf8", "text given to sergo must be UTF-8";
    /// An id belongs to rules that are no longer in force.
    Stale = -6, "stale", "the id is from before the rules changed: resolve the name again";
    /// A buffer is too small for the answer.
    Space = -7, "space", "the buffer is too small for the answer: make it as large as the size that was given back";
    /// No more engines can be open at once.
    Full = -8, "full", "too many engines are open: close those that are no longer used";
}

impl Code {
    /// The code with this number.
    #[must_use]
    pub fn from_number(number: i32) -> Option<Code> {
        Self::ALL.iter().copied().find(|code| *code as i32 == number)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sentence())
    }
}

impl std::error::Error for Code {}
