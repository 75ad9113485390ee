//! When to dial again, and the random numbers for it.

use crate::time::Span;

/// The shortest pause before dialling again.
pub const SHORTEST: Span = Span::from_millis(100);
/// The longest pause before dialling again.
pub const LONGEST: Span = Span::from_secs(30);

/// Random numbers from the seed that the host gave (SplitMix64): different in
/// each process, and not to keep secrets with.
#[derive(Clone, Debug)]
pub(super) struct Random(pub(super) u64);

impl Random {
    /// The next number.
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A span between the two, both included.
    fn between(&mut self, from: Span, to: Span) -> Span {
        let width = to.nanos().saturating_sub(from.nanos()).saturating_add(1);
        Span(from.nanos().saturating_add(self.next().checked_rem(width).unwrap_or(0)))
    }
}

/// How often dialling has come to nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct Backoff {
    /// Streams in a row that gave nothing.
    failures: u32,
    /// Streams in a row that broke the protocol, which may give something first.
    faults: u32,
}

impl Backoff {
    /// Something good has come: the control plane is well.
    pub(super) fn succeeded(&mut self) {
        self.failures = 0;
    }

    /// A stream has broken the protocol after this time.
    pub(super) fn faulted(&mut self, lived: Span) {
        self.faults = if lived > LONGEST { 1 } else { self.faults.saturating_add(1) };
    }

    /// A stream has come to its end, or to nothing.
    pub(super) fn ended(&mut self, lived: Span) {
        if lived > LONGEST {
            self.faults = 0;
        }
    }

    /// How often it has paused since something good came.
    pub(super) fn failures(&self) -> u32 {
        self.failures
    }

    /// The pause before the next try: between half and all of a length that
    /// doubles with each failure, so that many clients do not come at once.
    pub(super) fn pause(&mut self, random: &mut Random) -> Span {
        let doublings = self.failures.saturating_add(self.faults).min(16);
        let most = SHORTEST.nanos().saturating_mul(2 << doublings).min(LONGEST.nanos());
        self.failures = self.failures.saturating_add(1);
        random.between(Span((most / 2).max(SHORTEST.nanos())), Span(most))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_differ() {
        let (mut backoff, mut random) = (Backoff::default(), Random(7));
        let pauses: Vec<u64> = (0..20).map(|_| backoff.pause(&mut random).nanos()).collect();
        for (nth, pause) in pauses.iter().enumerate() {
            let most = LONGEST.nanos().min(SHORTEST.nanos() << (nth + 1).min(20));
            assert!((most / 2..=most).contains(pause), "{nth}: {pause}");
            assert!((SHORTEST.nanos()..=LONGEST.nanos()).contains(pause));
        }
        assert_ne!(pauses[18], pauses[19]);
        backoff.succeeded();
        assert!(backoff.pause(&mut random) <= Span::from_millis(200));
    }

    #[test]
    fn a_stream_that_breaks_the_protocol_after_each_success_is_dialled_ever_less_often() {
        let (mut backoff, mut random) = (Backoff::default(), Random(7));
        let mut last = Span::ZERO;
        for _ in 0..12 {
            backoff.succeeded();
            backoff.faulted(Span::from_secs(1));
            last = backoff.pause(&mut random);
        }
        assert!(last >= Span::from_secs(15), "{last}");
        backoff.succeeded();
        backoff.ended(Span::from_secs(31));
        assert!(backoff.pause(&mut random) <= Span::from_millis(200));
    }
}
