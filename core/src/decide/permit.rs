//! A permit: what an entry that passed holds until it exits.

use crate::time::{Span, Tick};

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

    /// The permit of an entry.
    pub(crate) fn new(held: Held) -> Permit {
        let [first, second] = held.seats.map(|seat| seat.generation << INDEX_BITS | seat.index);
        let rest = u128::from(held.cost)
            | u128::from(held.inbound) << 32
            | 1 << 33
            | u128::from(held.edition & EDITION_MASK) << 34
            | u128::from(held.era) << 66;
        let low = |number: u128| (number & u128::from(WORD_MASK)) as u64;
        Permit([first, second, held.start.0 & WORD_MASK, low(rest), low(rest >> WORD_BITS)])
    }

    /// What it holds; `None` once it is closed.
    pub(crate) fn held(&self) -> Option<Held> {
        let [first, second, start, low, high] = self.0;
        let rest = u128::from(high) << WORD_BITS | u128::from(low);
        let seat = |word: u64| Seat { index: word & INDEX_MASK, generation: word >> INDEX_BITS };
        (rest >> 33 & 1 == 1).then(|| Held {
            seats: [seat(first), seat(second)],
            start: Tick(start),
            cost: rest as u32,
            inbound: rest >> 32 & 1 == 1,
            edition: (rest >> 34) as u64 & EDITION_MASK,
            era: (rest >> 66) as u64,
        })
    }
}

const WORD_BITS: u32 = 53;
const WORD_MASK: u64 = (1 << WORD_BITS) - 1;
const INDEX_BITS: u32 = 24;
const INDEX_MASK: u64 = (1 << INDEX_BITS) - 1;
const EDITION_MASK: u64 = u32::MAX as u64;

/// The most seats there can be, so that an index and one fit in a permit.
pub(crate) const MAX_SEATS: usize = INDEX_MASK as usize - 1;
/// What a generation fits in.
pub(crate) const GENERATION_MASK: u32 = (1 << (WORD_BITS - INDEX_BITS)) - 1;

/// What a permit says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    /// The targets that were asked; at most two, [`Seat::NONE`] for no target.
    pub(crate) seats: [Seat; 2],
    /// The end of the wait, of which 53 bits are kept.
    pub(crate) start: Tick,
    /// What was taken.
    pub(crate) cost: u32,
    /// Whether the entry is one of the instance's.
    pub(crate) inbound: bool,
    /// The version of the rules that it passed; 32 bits of it.
    pub(crate) edition: u64,
    /// The era that it entered in, or that of its probe; 40 bits are kept, for a
    /// trillion changes of breakers.
    pub(crate) era: u64,
}

impl Held {
    /// From the end of the wait to `now`; zero before that. A call that lasts
    /// longer than half of 2⁵³ ns, 52 days, is taken for one that still waits.
    pub(crate) fn response_time(&self, now: Tick) -> Span {
        let passed = now.0.wrapping_sub(self.start.0) & WORD_MASK;
        if passed <= WORD_MASK >> 1 { Span(passed) } else { Span::ZERO }
    }
}

/// A target's place over many versions of the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seat {
    /// The index plus one; 0 is none.
    pub(crate) index: u64,
    /// How often the place was taken before.
    pub(crate) generation: u64,
}

impl Seat {
    /// No target.
    pub(crate) const NONE: Seat = Seat { index: 0, generation: 0 };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_permit_holds_fits_in_five_words() {
        let held = Held {
            seats: [
                Seat { index: INDEX_MASK, generation: u64::from(GENERATION_MASK) },
                Seat { index: 1, generation: 7 },
            ],
            start: Tick(WORD_MASK),
            cost: u32::MAX,
            inbound: true,
            edition: EDITION_MASK,
            era: (1 << 40) - 1,
        };
        for held in [held, Held { inbound: false, cost: 1, era: 0, edition: 3, seats: [Seat::NONE; 2], ..held }] {
            let permit = Permit::new(held);
            assert!(permit.words().iter().all(|word| *word <= WORD_MASK));
            assert_eq!(Permit::from_words(permit.words()).held(), Some(held));
        }
        assert_eq!(Permit::closed().held(), None);
    }

    #[test]
    fn response_times_outlast_the_bits_of_the_start() {
        let held = |start| Held {
            seats: [Seat::NONE; 2],
            start: Tick(start & WORD_MASK),
            cost: 1,
            inbound: true,
            edition: 0,
            era: 0,
        };
        assert_eq!(held(100).response_time(Tick(130)), Span(30));
        assert_eq!(held(100).response_time(Tick(90)), Span::ZERO);
        let late = (1 << 60) - 5;
        assert_eq!(held(late).response_time(Tick(late + 9)), Span(9));
        assert_eq!(held(late).response_time(Tick(late - 9)), Span::ZERO);
    }
}
