//! A share between none and all, kept exactly as it was written.

/// A ratio from 0 to 1 as a fraction of whole numbers, so that `60%` of 5 is
/// exactly 3 and no comparison rounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ratio {
    numerator: u64,
    denominator: u64,
}

impl Ratio {
    /// `numerator / denominator`; `None` unless it lies between 0 and 1.
    #[must_use]
    pub const fn new(numerator: u64, denominator: u64) -> Option<Ratio> {
        if denominator == 0 || numerator > denominator {
            return None;
        }
        Some(Ratio { numerator, denominator })
    }

    /// Whether `part / whole` is at least this ratio, compared exactly.
    #[must_use]
    pub const fn is_reached_by(self, part: u64, whole: u64) -> bool {
        (part as u128).saturating_mul(self.denominator as u128)
            >= (whole as u128).saturating_mul(self.numerator as u128)
    }

    /// The nearest floating-point number, for comparing with measured figures.
    #[must_use]
    pub fn as_f64(self) -> f64 {
        self.numerator as f64 / self.denominator as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_comparison_is_exact_at_the_edge() {
        let sixty = Ratio::new(60, 100).unwrap();
        assert!(sixty.is_reached_by(3, 5));
        assert!(!sixty.is_reached_by(2, 5));
        assert!(Ratio::new(1, 3).unwrap().is_reached_by(1, 3));
    }

    #[test]
    fn outside_none_to_all_is_no_ratio() {
        assert_eq!(Ratio::new(2, 1), None);
        assert_eq!(Ratio::new(0, 0), None);
    }
}
