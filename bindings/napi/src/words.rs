//! The words that JavaScript and the addon share: one `Float64Array` per thread,
//! in which hot calls find their arguments and leave their answers.
//!
//! Every word is a whole number below 2⁵³, so a double carries it exactly. Times
//! may be longer: they take two words, the upper and the lower 32 bits. Behind the
//! words lie the permits that the addon keeps for the thread's open entries, as bits,
//! and behind them the thread's block of bytes, for text and packed requests.
//! `node/src/words.ts` has the same layout.

use sergo::{Code, Permit};
use sergo_border::call::{Entered, Random};
use sergo_border::{NOW, with};

/// How many words there are.
pub const COUNT: usize = 24;

/// In: the engine's handle.
pub const HANDLE: usize = 0;
/// In, entering: the resource's id.
pub const RESOURCE: usize = 1;
/// In, entering: the cost.
pub const COST: usize = 2;
/// In: entering, 1 for outbound; exiting, 1 for an error, [`CANCELLED`]; reporting,
/// the number of the outcome; labelling, 1 for a lane that is believed; else 0.
pub const FLAG: usize = 3;
/// A flag: the call never began.
pub const CANCELLED: u64 = 2;
/// In: the moment in nanoseconds, two words; the first is −1 for this moment.
pub const TIME: usize = 4;
/// Out of entering, into exiting: the permit, where its place is 0.
pub const PERMIT: usize = 6;
/// Out: the nanoseconds to wait, two words.
pub const WAIT: usize = 11;
/// Out: the id of a block.
pub const BLOCK: usize = 13;
/// Out: the nanoseconds after which a blocked entry would pass, two words; the
/// first is −1 where that is not known.
pub const RETRY: usize = 14;
/// In, and out of labelling: how many bytes of the block are in use.
pub const LENGTH: usize = 16;
/// In, routing and picking: a random number in `[0, 1)`, not whole.
pub const RANDOM: usize = 17;
/// Out of routing and picking: the id of the answer, or 0.
pub const ANSWER: usize = 18;
/// Out of picking, into reporting: the number of the instance, or 0.
pub const INSTANCE: usize = 19;
/// Out of every hot call: 0, or what else it says, or a code's negative number.
pub const STATUS: usize = 20;
/// Out of entering, into exiting: at which place the addon keeps the permit, so that
/// JavaScript has one small number to carry instead of five large ones; 0 for none.
pub const PLACE: usize = 21;
/// The addon's: the place that became free last, or 0. It holds the one before it.
const FREE: usize = 22;
/// The addon's: how many places have ever been taken.
const USED: usize = 23;
/// How many permits are kept. When all places are taken, also by entries that nobody
/// ever exits, JavaScript carries the words.
pub const KEPT: usize = 1024;
/// A status of entering: it passed, and waits. No kind of strategy has such a number.
pub const WAITS: i32 = 256;

/// How long the array has to be at least.
pub const LEAST: usize = COUNT + KEPT * Permit::WORDS;

/// The words of one call, and what lies behind them.
pub(crate) struct Words<'a> {
    words: &'a mut [f64; COUNT],
    permits: &'a mut [[f64; Permit::WORDS]; KEPT],
    block: &'a mut [f64],
}

impl<'a> Words<'a> {
    /// Takes a thread's whole array apart.
    #[inline]
    pub(crate) fn new(array: &'a mut [f64]) -> Option<Self> {
        let (words, rest) = array.split_first_chunk_mut::<COUNT>()?;
        let (permits, block) = rest.split_at_mut_checked(KEPT * Permit::WORDS)?;
        Some(Words { words, permits: permits.as_chunks_mut().0.try_into().ok()?, block })
    }

    #[inline]
    fn bytes(&mut self) -> &mut [u8] {
        // SAFETY: any bytes are bytes; between two calls they are JavaScript's.
        unsafe { self.block.align_to_mut::<u8>().1 }
    }

    /// A whole number; JavaScript checked it, and anything else reads as near as
    /// can be.
    #[inline]
    pub(crate) fn number(&self, at: usize) -> u64 {
        // By way of the signed numbers, which processors convert by one instruction.
        self.words[at] as i64 as u64
    }

    #[inline]
    pub(crate) fn real(&self, at: usize) -> f64 {
        self.words[at]
    }

    #[inline]
    pub(crate) fn set(&mut self, at: usize, number: u64) {
        self.words[at] = number as f64;
    }

    #[inline]
    pub(crate) fn block(&self) -> Result<&[u8], Code> {
        // SAFETY: as in `bytes`.
        let bytes = unsafe { self.block.align_to::<u8>().1 };
        bytes.get(..self.number(LENGTH) as usize).ok_or(Code::Argument)
    }

    /// Leaves text in the block.
    pub(crate) fn put_text(&mut self, text: &str) -> Result<(), Code> {
        self.bytes().get_mut(..text.len()).ok_or(Code::Space)?.copy_from_slice(text.as_bytes());
        self.set(LENGTH, text.len() as u64);
        Ok(())
    }

    #[inline]
    pub(crate) fn cost(&self) -> u32 {
        u32::try_from(self.number(COST)).unwrap_or(u32::MAX)
    }

    #[inline]
    pub(crate) fn flag(&self) -> bool {
        self.words[FLAG] != 0.0
    }

    #[inline]
    pub(crate) fn time(&self) -> u64 {
        if self.words[TIME] < 0.0 { NOW } else { (self.number(TIME) << 32) | self.number(TIME + 1) }
    }

    /// The engine's handle, for a call that takes no moment: it is asked at the last
    /// one that was named to it, which is this one, where there is one.
    #[inline]
    pub(crate) fn named(&self) -> Result<u64, Code> {
        let (handle, now) = (self.number(HANDLE), self.time());
        if now != NOW {
            with(handle, |host| Ok(host.tick(now)))?;
        }
        Ok(handle)
    }

    /// The permit that is given back; its place is free from now on.
    #[inline]
    pub(crate) fn permit(&mut self) -> [u64; Permit::WORDS] {
        let place = self.number(PLACE) as usize;
        let Some(kept) = self.permits.get_mut(place.wrapping_sub(1)) else {
            return std::array::from_fn(|word| self.number(PERMIT + word));
        };
        let permit = kept.map(f64::to_bits);
        kept[0] = self.words[FREE];
        self.words[FREE] = place as f64;
        permit
    }

    /// Keeps a permit, and says where.
    #[inline]
    fn keep(&mut self, permit: [u64; Permit::WORDS]) {
        let free = self.number(FREE) as usize;
        let place = if let Some(kept) = self.permits.get_mut(free.wrapping_sub(1)) {
            self.words[FREE] = kept[0];
            *kept = permit.map(f64::from_bits);
            free
        } else {
            self.keep_anew(permit)
        };
        self.words[PLACE] = place as f64;
    }

    /// Keeps a permit at a place that was never taken, or leaves it to JavaScript.
    #[cold]
    fn keep_anew(&mut self, permit: [u64; Permit::WORDS]) -> usize {
        let used = self.number(USED) as usize;
        if let Some(kept) = self.permits.get_mut(used) {
            *kept = permit.map(f64::from_bits);
            self.set(USED, used as u64 + 1);
            return used + 1;
        }
        for (word, value) in permit.into_iter().enumerate() {
            self.set(PERMIT + word, value);
        }
        0
    }

    /// Leaves the answer to an entry, of it what its status says that there is.
    #[inline]
    pub(crate) fn put(&mut self, entered: &Entered) -> i32 {
        if entered.blocked_by != 0 {
            self.set(BLOCK, entered.block);
            match entered.retry_after_plus_one.checked_sub(1) {
                Some(nanos) => self.put_nanos(RETRY, nanos),
                None => self.words[RETRY] = -1.0,
            }
            return i32::from(entered.blocked_by);
        }
        self.keep(entered.permit);
        if entered.wait == 0 {
            return 0;
        }
        self.put_nanos(WAIT, entered.wait);
        WAITS
    }

    #[inline]
    pub(crate) fn put_status(&mut self, status: i32) {
        self.words[STATUS] = f64::from(status);
    }

    fn put_nanos(&mut self, at: usize, nanos: u64) {
        self.set(at, nanos >> 32);
        self.set(at + 1, nanos & 0xFFFF_FFFF);
    }
}

/// What a double in `[0, 1)` can hold are 53 bits.
pub(crate) fn seed(random: f64) -> Random<'static> {
    Random::Seed((random * (1u64 << 53) as f64) as u64)
}

const _: () = assert!(
    STATUS < COUNT
        && WAITS > u8::MAX as i32
        && PERMIT + Permit::WORDS == WAIT
        && RETRY + 2 == LENGTH
        && INSTANCE < COUNT
);
