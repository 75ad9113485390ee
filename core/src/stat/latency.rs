//! Response times: how many, their sum, the least, the most, and how they spread.

use super::share::add;
use crate::sync::{AtomicU64, OnceLock, Ordering};
use crate::time::Span;

/// Every doubling of the time has 8 buckets, so a bucket is at most an eighth
/// as wide as its times are long.
const PARTS_BITS: u32 = 3;
const PARTS: u64 = 1 << PARTS_BITS;
/// Times under this, about 1 µs, share a bucket.
const FLOOR_BITS: u32 = 10;
/// Times from this on, about 73 minutes, share a bucket.
const CEILING_BITS: u32 = 42;
/// Buckets are made in blocks of four doublings when first needed.
const BLOCK: usize = 4 * PARTS as usize;
const BLOCKS: usize = ((CEILING_BITS - FLOOR_BITS) / 4) as usize;

/// The response times of completions.
#[derive(Default)]
#[repr(C)] // what each exit adds to, side by side
pub struct Latency {
    sum: AtomicU64,
    most: AtomicU64,
    /// The least, by how much it is under the greatest number, so that zero is none.
    least: AtomicU64,
    under: AtomicU64,
    over: AtomicU64,
    blocks: [OnceLock<Box<[AtomicU64]>>; BLOCKS],
}

impl Latency {
    /// Adds a response time; `alone` where nobody else adds any.
    pub fn add(&self, rt: Span, alone: bool) {
        add(self.bucket(rt.0), 1, alone);
        add(&self.sum, rt.0, alone);
        for (extreme, value) in [(&self.most, rt.0), (&self.least, !rt.0)] {
            if extreme.load(Ordering::Relaxed) < value {
                extreme.fetch_max(value, Ordering::Relaxed);
            }
        }
    }

    fn bucket(&self, nanos: u64) -> &AtomicU64 {
        let doubling = nanos.checked_ilog2().unwrap_or(0);
        if doubling < FLOOR_BITS {
            return &self.under;
        }
        let part = nanos.wrapping_shr(doubling.wrapping_sub(PARTS_BITS)) & PARTS.wrapping_sub(1);
        let index = u64::from(doubling.wrapping_sub(FLOOR_BITS)) << PARTS_BITS | part;
        let index = index as usize;
        let made = || (0..BLOCK).map(|_| AtomicU64::new(0)).collect();
        let block = self.blocks.get(index / BLOCK).map(|block| block.get_or_init(made));
        block.and_then(|block| block.get(index % BLOCK)).unwrap_or(&self.over)
    }

    /// The bucket with this number, if it was made.
    fn numbered(&self, index: usize) -> Option<&AtomicU64> {
        self.blocks.get(index / BLOCK)?.get()?.get(index % BLOCK)
    }
}

/// What all times in the bucket with this number are under.
const fn bound(index: usize) -> Span {
    let next = (index as u64).wrapping_add(1);
    let doubling = (next >> PARTS_BITS).wrapping_add(FLOOR_BITS as u64);
    let parts = PARTS | next & PARTS.wrapping_sub(1);
    Span(parts.wrapping_shl((doubling as u32).wrapping_sub(PARTS_BITS)))
}

/// Response times as they were read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spread {
    /// How many.
    pub count: u64,
    /// Their sum in nanoseconds; goes round at 2⁶⁴.
    pub sum: u64,
    /// The least; the greatest span where there are none.
    pub least: Span,
    /// The most.
    pub most: Span,
    /// Each bucket that isn't empty: the time that all in it are under, and how many.
    pub buckets: Vec<(Span, u64)>,
}

impl Spread {
    /// What was added so far to all of these together.
    #[must_use]
    pub fn of<'a>(all: impl Iterator<Item = &'a Latency> + Clone) -> Spread {
        let mut buckets = Vec::new();
        let mut push = |bound: Span, of: &dyn Fn(&'a Latency) -> Option<&'a AtomicU64>| {
            let counts = all.clone().filter_map(of).map(|count| count.load(Ordering::Relaxed));
            let count = counts.fold(0, u64::wrapping_add);
            if count > 0 {
                buckets.push((bound, count));
            }
        };
        push(Span(1 << FLOOR_BITS), &|latency| Some(&latency.under));
        for index in 0..BLOCKS.saturating_mul(BLOCK) {
            push(bound(index), &|latency| latency.numbered(index));
        }
        push(Span(u64::MAX), &|latency| Some(&latency.over));
        let read = |of: fn(&Latency) -> &AtomicU64| all.clone().map(move |latency| of(latency).load(Ordering::Relaxed));
        Spread {
            count: buckets.iter().fold(0, |sum, (_, count)| sum.wrapping_add(*count)),
            sum: read(|latency| &latency.sum).fold(0, u64::wrapping_add),
            least: Span(!read(|latency| &latency.least).max().unwrap_or(0)),
            most: Span(read(|latency| &latency.most).max().unwrap_or(0)),
            buckets,
        }
    }

    /// The time that `percent` of a hundred don't exceed, up to an eighth too
    /// long; zero where there are none.
    #[must_use]
    pub fn percentile(&self, percent: u64) -> Span {
        let rank = u128::from(self.count).saturating_mul(u128::from(percent)).div_ceil(100).max(1);
        let mut sum = 0u128;
        for (bound, count) in &self.buckets {
            sum = sum.saturating_add(u128::from(*count));
            if sum >= rank {
                return Span(bound.0.saturating_sub(1)).min(self.most).max(self.least);
            }
        }
        Span::ZERO
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_an_eighth_wide() {
        for nanos in [1024, 1151, 1152, 999_999, 1 << 20, 123_456_789, (1 << 42) - 1] {
            let latency = Latency::default();
            latency.add(Span(nanos), false);
            let spread = Spread::of([&latency].into_iter());
            let [(bound, 1)] = spread.buckets[..] else { panic!("{spread:?}") };
            assert!(bound.0 > nanos && bound.0 - nanos <= nanos / 8 + 1, "{nanos} {bound}");
            assert_eq!(spread.percentile(50), Span(nanos));
        }
    }

    #[test]
    fn percentiles_are_right_within_an_eighth() {
        let latency = Latency::default();
        for ms in 1..=1000 {
            latency.add(Span::from_millis(ms), true);
        }
        let spread = Spread::of([&latency].into_iter());
        assert_eq!((spread.count, spread.least, spread.most), (1000, Span::from_millis(1), Span::from_secs(1)));
        assert_eq!(spread.sum, 500_500 * 1_000_000);
        for percent in [50, 90, 99] {
            let (exact, found) = (percent * 10 * 1_000_000, spread.percentile(percent).0);
            assert!(found >= exact && found <= exact + exact / 8, "{percent} {found}");
        }
        assert_eq!(spread.percentile(100), Span::from_secs(1));
    }

    #[test]
    fn the_ends_have_buckets_too() {
        let latency = Latency::default();
        latency.add(Span(0), false);
        latency.add(Span(u64::MAX), false);
        assert_eq!(Spread::of([&latency].into_iter()).buckets, [(Span(1024), 1), (Span(u64::MAX), 1)]);
        assert_eq!(Spread::of([&Latency::default()].into_iter()).percentile(99), Span::ZERO);
    }
}
