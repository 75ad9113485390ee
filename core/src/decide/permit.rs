//! A permit: what an entry that passed holds until it exits.

/// Plain data without heap or pointer, given back by
/// [`Engine::exit`](crate::Engine::exit), which closes it. Exiting twice does
/// nothing; forging one miscounts, and never touches freed memory.
#[derive(Debug, PartialEq, Eq)]
pub struct Permit([u64; Permit::WORDS]);

impl Permit {
    /// How many words it takes across the border.
    pub const WORDS: usize = 5;

    /// A permit that stands for nothing; exiting it does nothing.
    #[must_use]
    pub const fn closed() -> Permit {
        Permit([0; Permit::WORDS])
    }

    /// Whether it is still to be given back.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        let [a, b, c, d, e] = self.0;
        a | b | c | d | e != 0
    }

    /// Its words, each below 2⁵³, for carrying it through another language.
    #[must_use]
    pub const fn words(&self) -> [u64; Permit::WORDS] {
        self.0
    }

    /// The permit with these words.
    #[must_use]
    pub const fn from_words(words: [u64; Permit::WORDS]) -> Permit {
        Permit(words)
    }
}
