//! Response times: how many, their sum, the least, the most, and how they spread.

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
    /// Adds a response time.
    pub fn add(&self, rt: Span) {
        self.bucket(rt.0).fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(rt.0, Ordering::Relaxed);
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

    /// What was added so far.
    #[must_use]
    pub fn read(&self) -> Spread {
        let mut buckets = Vec::new();
        let mut push = |bound: u64, count: &AtomicU64| match count.load(Ordering::Relaxed) {
            0 => {}
            count => buckets.push((Span(bound), count)),
        };
        push(1 << FLOOR_BITS, &self.under);
        for (number, block) in (0u64..).zip(&self.blocks) {
            for (position, count) in (0u64..).zip(block.get().into_iter().flatten()) {
                let index = number.wrapping_mul(BLOCK as u64).wrapping_add(position).wrapping_add(1);
                let doubling = (index >> PARTS_BITS).wrapping_add(u64::from(FLOOR_BITS));
                let parts = PARTS | index & PARTS.wrapping_sub(1);
                push(parts.wrapping_shl((doubling as u32).wrapping_sub(PARTS_BITS)), count);
            }
        }
        push(u64::MAX, &self.over);
        Spread {
            count: buckets.iter().fold(0, |sum, (_, count)| sum.wrapping_add(*count)),
            sum: self.sum.load(Ordering::Relaxed),
            least: Span(!self.least.load(Ordering::Relaxed)),
            most: Span(self.most.load(Ordering::Relaxed)),
            buckets,
        }
    }
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
            latency.add(Span(nanos));
            let spread = latency.read();
            let [(bound, 1)] = spread.buckets[..] else { panic!("{spread:?}") };
            assert!(bound.0 > nanos && bound.0 - nanos <= nanos / 8 + 1, "{nanos} {bound}");
            assert_eq!(spread.percentile(50), Span(nanos));
        }
    }

    #[test]
    fn percentiles_are_right_within_an_eighth() {
        let latency = Latency::default();
        for ms in 1..=1000 {
            latency.add(Span::from_millis(ms));
        }
        let spread = latency.read();
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
        latency.add(Span(0));
        latency.add(Span(u64::MAX));
        assert_eq!(latency.read().buckets, [(Span(1024), 1), (Span(u64::MAX), 1)]);
        assert_eq!(Latency::default().read().percentile(99), Span::ZERO);
    }
}
