//! A count and what it is the count of, in one word.

use crate::sync::{AtomicU64, Ordering};

/// A count of `BITS` bits under a tag of the other bits. Adding under another
/// tag starts over, so a ring of cells needs no clearing. The count saturates.
#[derive(Debug, Default)]
pub struct Cell<const BITS: u32>(AtomicU64);

impl<const BITS: u32> Cell<BITS> {
    /// The greatest count.
    pub const MOST: u64 = (1 << BITS) - 1;
    /// The greatest tag; of a greater one the lower bits are taken.
    pub const TAGS: u64 = u64::MAX >> BITS;

    /// Adds to the count under this tag, unless the cell is already a newer
    /// tag's, as `is_newer` says. Tells whether it did.
    pub fn add(&self, tag: u64, count: u64, is_newer: impl Fn(u64) -> bool) -> bool {
        let step = |word| Self::sum(word, tag, count, &is_newer);
        self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, step).is_ok()
    }

    /// The same for a cell that nobody else adds to, without a locked instruction.
    pub fn add_alone(&self, tag: u64, count: u64, is_newer: impl Fn(u64) -> bool) -> bool {
        let sum = Self::sum(self.0.load(Ordering::Relaxed), tag, count, is_newer);
        sum.inspect(|word| self.0.store(*word, Ordering::Release)).is_some()
    }

    /// The word after adding to this one.
    fn sum(word: u64, tag: u64, count: u64, is_newer: impl Fn(u64) -> bool) -> Option<u64> {
        let tag = tag & Self::TAGS;
        let before = match word >> BITS {
            found if found == tag => word & Self::MOST,
            found if word != 0 && is_newer(found) => return None,
            _ => 0,
        };
        Some(tag << BITS | before.saturating_add(count).min(Self::MOST))
    }

    /// The count under this tag.
    pub fn read(&self, tag: u64) -> u64 {
        let word = self.0.load(Ordering::Acquire);
        if word >> BITS == tag & Self::TAGS { word & Self::MOST } else { 0 }
    }
}

/// Whether `found` lies behind `tag` on a wheel of `tags + 1` numbers by so
/// little that it is newer, rather than so old that the numbers went round.
#[must_use]
pub const fn is_newer(found: u64, tag: u64, tags: u64) -> bool {
    const REACH: u64 = 64;
    let ahead = found.wrapping_sub(tag) & tags;
    ahead != 0 && ahead <= REACH
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_tag_starts_over_and_an_older_one_is_late() {
        let cell = Cell::<32>::default();
        let add = |tag, count| cell.add(tag, count, |found| is_newer(found, tag, Cell::<32>::TAGS));
        assert!(add(0, 3) && add(0, 2));
        assert_eq!(cell.read(0), 5);
        assert!(add(4, 1));
        assert_eq!((cell.read(0), cell.read(4)), (0, 1));
        assert!(!add(3, 9));
        assert_eq!(cell.read(4), 1);
        assert!(add(4, u64::MAX));
        assert_eq!(cell.read(4), Cell::<32>::MOST);
    }

    #[test]
    fn tags_go_round() {
        let cell = Cell::<56>::default();
        let add = |tag, count| cell.add(tag, count, |found| is_newer(found, tag, Cell::<56>::TAGS));
        assert!(add(255, 1) && add(256, 2));
        assert_eq!(cell.read(0), 2);
        // After so long a calm that it can't be late, it is newer.
        assert!(add(150, 4));
        assert_eq!(cell.read(150), 4);
    }
}
