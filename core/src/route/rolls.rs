//! Random numbers as an argument.

/// The random numbers of one request, each in `[0, 1)`, handed in by the host.
/// They are used in the order destination, abort, delay, each mirror, instance.
#[derive(Clone, Debug)]
pub struct Rolls<'a>(Source<'a>);

#[derive(Clone, Debug)]
enum Source<'a> {
    Given { rest: &'a [f64], last: f64 },
    Seeded(u64),
}

impl<'a> Rolls<'a> {
    /// These numbers in order; the last one serves every further pick, and none
    /// at all means 0.
    #[must_use]
    pub const fn given(numbers: &'a [f64]) -> Self {
        Rolls(Source::Given { rest: numbers, last: 0.0 })
    }

    /// As many numbers as are needed, from one random 64-bit number of the
    /// host's (`SplitMix64`; Steele, Lea, Flood: "Fast splittable pseudorandom
    /// number generators", 2014).
    #[must_use]
    pub const fn seeded(seed: u64) -> Rolls<'static> {
        Rolls(Source::Seeded(seed))
    }

    /// The next number.
    pub fn roll(&mut self) -> f64 {
        match &mut self.0 {
            Source::Given { rest, last } => {
                if let Some((first, others)) = rest.split_first() {
                    *last = *first;
                    *rest = others;
                }
                *last
            }
            Source::Seeded(state) => {
                *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
                let mut mixed = *state;
                mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
                mixed ^= mixed >> 31;
                // The upper 53 bits are what a double holds exactly.
                (mixed >> 11) as f64 / (1u64 << 53) as f64
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_number_serves_every_pick() {
        let mut rolls = Rolls::given(&[0.7]);
        assert_eq!([rolls.roll(), rolls.roll()], [0.7, 0.7]);
        let mut rolls = Rolls::given(&[0.1, 0.2]);
        assert_eq!([rolls.roll(), rolls.roll(), rolls.roll()], [0.1, 0.2, 0.2]);
    }

    #[test]
    fn seeded_numbers_lie_in_range_and_differ() {
        let mut rolls = Rolls::seeded(1);
        let numbers: Vec<f64> = (0..1000).map(|_| rolls.roll()).collect();
        assert!(numbers.iter().all(|n| (0.0..1.0).contains(n)));
        let mean = numbers.iter().sum::<f64>() / 1000.0;
        assert!((0.45..0.55).contains(&mean), "{mean}");
    }
}
