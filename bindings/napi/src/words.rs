//! The words that JavaScript and the addon share: one `Float64Array` per thread,
//! in which hot calls find their arguments and leave their answers.
//!
//! Every word is a whole number below 2⁵³, so a double carries it exactly. Times
//! may be longer: they take two words, the upper and the lower 32 bits.
//! `node/src/words.ts` has the same layout.

use sergo::Permit;
use sergo_border::NOW;
use sergo_border::call::Entered;

/// How many words there are.
pub const COUNT: usize = 16;

/// In: the engine's handle.
pub const HANDLE: usize = 0;
/// In, entering: the resource's id.
pub const RESOURCE: usize = 1;
/// In, entering: the cost.
pub const COST: usize = 2;
/// In: entering, 1 for outbound; exiting, 1 for an error, [`CANCELLED`]; else 0.
pub const FLAG: usize = 3;
/// A flag: the call never began.
pub const CANCELLED: u64 = 2;
/// In: the moment in nanoseconds, two words; the first is −1 for this moment.
pub const TIME: usize = 4;
/// Out of entering, into exiting: the permit.
pub const PERMIT: usize = 6;
/// Out: the nanoseconds to wait, two words.
pub const WAIT: usize = 11;
/// Out: the id of a block.
pub const BLOCK: usize = 13;
/// Out: the nanoseconds after which a blocked entry would pass, two words; the
/// first is −1 where that is not known.
pub const RETRY: usize = 14;

/// The words of one call.
pub(crate) struct Words<'a>(pub(crate) &'a mut [f64; COUNT]);

impl Words<'_> {
    /// A whole number; JavaScript checked it, and anything else reads as near as
    /// can be.
    #[inline]
    pub(crate) fn number(&self, at: usize) -> u64 {
        self.0[at] as u64
    }

    #[inline]
    pub(crate) fn cost(&self) -> u32 {
        u32::try_from(self.number(COST)).unwrap_or(u32::MAX)
    }

    #[inline]
    pub(crate) fn flag(&self) -> bool {
        self.0[FLAG] != 0.0
    }

    #[inline]
    pub(crate) fn time(&self) -> u64 {
        if self.0[TIME] < 0.0 { NOW } else { (self.number(TIME) << 32) | self.number(TIME + 1) }
    }

    #[inline]
    pub(crate) fn permit(&self) -> [u64; Permit::WORDS] {
        std::array::from_fn(|word| self.number(PERMIT + word))
    }

    #[inline]
    pub(crate) fn put(&mut self, entered: &Entered) {
        for (word, value) in entered.permit.iter().enumerate() {
            self.0[PERMIT + word] = *value as f64;
        }
        self.put_nanos(WAIT, entered.wait);
        self.0[BLOCK] = entered.block as f64;
        match entered.retry_after_plus_one.checked_sub(1) {
            Some(nanos) => self.put_nanos(RETRY, nanos),
            None => self.0[RETRY] = -1.0,
        }
    }

    fn put_nanos(&mut self, at: usize, nanos: u64) {
        self.0[at] = (nanos >> 32) as f64;
        self.0[at + 1] = (nanos & 0xFFFF_FFFF) as f64;
    }
}

const _: () = assert!(PERMIT + Permit::WORDS == WAIT && RETRY + 2 == COUNT);
