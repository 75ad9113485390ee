//! The state of a breaker, and who holds its probe.
//!
//! State, moment and a serial number stand in one word. Whoever changes the
//! state *holds* it first: sets a bit that nobody else can set. A probe holds it
//! from the time it is granted until its whole entry has passed, which settles
//! it, or a later gate has blocked, which gives it back with the word as it was.
//! Nobody waits for a holder: entries are blocked meanwhile, and an exit that
//! would decide leaves its verdict in the word for the holder to find.
//!
//! What an exit may decide is told by eras, a count that rises with every change
//! of any breaker: a permit bears the era it entered in, or that of its probe.

use super::event::BreakerState;
use crate::sync::{AtomicU64, Ordering};
use crate::time::{Span, Tick};

/// Counts the changes of all breakers of an engine.
#[derive(Debug, Default)]
pub struct Eras(AtomicU64);

impl Eras {
    /// The present era.
    pub fn now(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }

    /// Begins the next one.
    pub fn begin(&self) -> u64 {
        self.0.fetch_add(1, Ordering::AcqRel).wrapping_add(1)
    }
}

const TICK_BITS: u32 = 56;
const TICK_MASK: u64 = (1 << TICK_BITS) - 1;
const SERIAL: u64 = 1 << TICK_BITS;
const SERIAL_MASK: u64 = 7 << TICK_BITS;
const HELD: u64 = 1 << 59;
const GOOD: u64 = 1 << 60;
const BAD: u64 = 1 << 61;
const OPEN: u64 = 1 << 62;
const HALF_OPEN: u64 = 2 << 62;
const STATE_MASK: u64 = 3 << 62;

/// A breaker's state: closed at first.
#[derive(Debug, Default)]
pub struct Circuit {
    /// State, verdict, held, serial; and the moment of opening or the lease's start.
    word: AtomicU64,
    /// The era of the last change of state.
    changed: AtomicU64,
    /// The era of the probe in place.
    probe: AtomicU64,
}

/// What a circuit says to an entry.
#[derive(Debug, PartialEq, Eq)]
pub enum Reply {
    /// It is closed.
    Pass,
    /// The entry may be the probe; the hold is to be settled or given back.
    Probe(Hold),
    /// It is open, or another probes, for this long.
    After(Span),
}

/// The right to change a circuit's state. It is to be ended by one of its methods.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "a hold that isn't ended blocks the circuit"]
pub struct Hold(u64);

/// What an exit means to a circuit.
#[derive(Debug, PartialEq, Eq)]
pub enum Stage {
    /// A completion to count, and the word to [open](Circuit::open) it by.
    Count(Closed),
    /// The verdict of the probe in place: to be concluded.
    Decide(Hold),
    /// Nothing, or left to the one who holds it.
    Nothing,
}

/// A closed state that was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closed(u64);

impl Circuit {
    /// The state that the last entry or exit made it.
    pub fn state(&self) -> BreakerState {
        state_of(self.word.load(Ordering::Acquire))
    }

    /// Asks to enter at `now`.
    pub fn ask(&self, recovery: Span, now: Tick) -> Reply {
        loop {
            let word = self.word.load(Ordering::Acquire);
            if word & STATE_MASK == 0 {
                return Reply::Pass;
            }
            let left = left(word, recovery, now);
            if left > Span::ZERO {
                return Reply::After(left);
            }
            if word & HELD != 0 {
                // Another takes the probe right now.
                return Reply::After(recovery);
            }
            if self.word.compare_exchange(word, word | HELD, Ordering::AcqRel, Ordering::Acquire).is_ok() {
                return Reply::Probe(Hold(word));
            }
        }
    }

    /// The state, and how long it would block an entry at `now`, if it would;
    /// takes nothing. What is closed passes, anything else lets the entry probe.
    pub fn would_ask(&self, recovery: Span, now: Tick) -> (BreakerState, Option<Span>) {
        let word = self.word.load(Ordering::Acquire);
        let state = state_of(word);
        let blocks = match left(word, recovery, now) {
            _ if state == BreakerState::Closed => None,
            Span::ZERO => (word & HELD != 0).then_some(recovery),
            left => Some(left),
        };
        (state, blocks)
    }

    /// The whole entry of a probe has passed: it is in place from now on, and
    /// its lease runs from the end of its wait. `era` is new. Says from which
    /// state it came.
    pub fn settle(&self, hold: &Hold, lease: Tick, era: u64) -> BreakerState {
        if hold.0 & STATE_MASK == OPEN {
            self.changed.store(era, Ordering::Release);
        }
        self.probe.store(era, Ordering::Release);
        self.word.store(next(hold.0, HALF_OPEN, lease), Ordering::Release);
        state_of(hold.0)
    }

    /// Gives a probe back: it is as if it had never been. Where the probe that
    /// it would have replaced has ended meanwhile, its verdict (whether it was
    /// good) is now to be concluded.
    pub fn give_back(&self, hold: &Hold) -> Option<bool> {
        loop {
            let word = self.word.load(Ordering::Acquire);
            if word & (GOOD | BAD) != 0 {
                return Some(word & BAD == 0);
            }
            if self.word.compare_exchange(word, hold.0, Ordering::AcqRel, Ordering::Acquire).is_ok() {
                return None;
            }
        }
    }

    /// What the exit of a permit of this era means.
    pub fn exit(&self, era: u64, good: bool) -> Stage {
        loop {
            let word = self.word.load(Ordering::Acquire);
            let decides = match word & STATE_MASK {
                0 if self.changed.load(Ordering::Acquire) <= era => return Stage::Count(Closed(word & !HELD)),
                HALF_OPEN => self.probe.load(Ordering::Acquire) <= era,
                _ => false,
            };
            if !decides {
                return Stage::Nothing;
            }
            let held = word & HELD != 0;
            let mark = match (held, good) {
                (false, _) => HELD,
                (true, true) => GOOD,
                (true, false) => BAD,
            };
            if self.word.compare_exchange(word, word | mark, Ordering::AcqRel, Ordering::Acquire).is_ok() {
                return if held { Stage::Nothing } else { Stage::Decide(Hold(word)) };
            }
        }
    }

    /// The probe of this era ends without a verdict: the circuit stays half-open,
    /// and from `now` on the next entry may probe in its place.
    pub fn abandon(&self, era: u64, recovery: Span, now: Tick) {
        let word = self.word.load(Ordering::Acquire);
        if word & (STATE_MASK | HELD) != HALF_OPEN || self.probe.load(Ordering::Acquire) > era {
            // Not a probe, or one whose lease is over and whose place is taken.
            return;
        }
        let long_ago = Tick(now.0.wrapping_sub(recovery.0.min(MAX_LENGTH)));
        // Whoever comes in between has found the lease over.
        let _ = self.word.compare_exchange(word, next(word, HALF_OPEN, long_ago), Ordering::AcqRel, Ordering::Acquire);
    }

    /// Opens a circuit that was seen closed; false when another did.
    pub fn open(&self, seen: Closed, now: Tick, eras: &Eras) -> bool {
        let held = seen.0 | HELD;
        if self.word.compare_exchange(seen.0, held, Ordering::AcqRel, Ordering::Acquire).is_err() {
            return false;
        }
        self.conclude(&Hold(seen.0), false, now, eras);
        true
    }

    /// Ends a hold by a verdict: closed if good, else open from `now`. The
    /// window is to be emptied before a good one.
    pub fn conclude(&self, hold: &Hold, good: bool, now: Tick, eras: &Eras) {
        self.changed.store(eras.begin(), Ordering::Release);
        self.word.store(next(hold.0, if good { 0 } else { OPEN }, now), Ordering::Release);
    }
}

const fn state_of(word: u64) -> BreakerState {
    match word & STATE_MASK {
        0 => BreakerState::Closed,
        OPEN => BreakerState::Open,
        _ => BreakerState::HalfOpen,
    }
}

/// The word of a new state after this one.
const fn next(word: u64, state: u64, moment: Tick) -> u64 {
    state | (word & SERIAL_MASK).wrapping_add(SERIAL) & SERIAL_MASK | moment.0 & TICK_MASK
}

/// The longest time that is told from a moment.
const MAX_LENGTH: u64 = 1 << 54;

/// What is left of `length` from the word's moment. Moments go round after two
/// years, of which half are taken for the future.
fn left(word: u64, length: Span, now: Tick) -> Span {
    let length = length.0.min(MAX_LENGTH);
    let left = (word & TICK_MASK).wrapping_add(length).wrapping_sub(now.0) & TICK_MASK;
    if left < 1 << 55 { Span(left) } else { Span::ZERO }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECOVERY: Span = Span(100);

    fn closed(circuit: &Circuit, era: u64) -> Closed {
        match circuit.exit(era, false) {
            Stage::Count(closed) => closed,
            other => panic!("{other:?}"),
        }
    }

    fn probe(circuit: &Circuit, now: u64) -> Hold {
        match circuit.ask(RECOVERY, Tick(now)) {
            Reply::Probe(hold) => hold,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn one_probe_at_the_very_end_of_recovery() {
        let (circuit, eras) = (Circuit::default(), Eras::default());
        assert!(circuit.open(closed(&circuit, 0), Tick(1000), &eras));
        assert_eq!(circuit.ask(RECOVERY, Tick(1099)), Reply::After(Span(1)));
        let hold = probe(&circuit, 1100);
        assert_eq!(circuit.ask(RECOVERY, Tick(1100)), Reply::After(RECOVERY));
        let era = eras.begin();
        assert_eq!(circuit.settle(&hold, Tick(1130), era), BreakerState::Open);
        assert_eq!(circuit.ask(RECOVERY, Tick(1110)), Reply::After(Span(120)));
        // Another's exit decides nothing; the probe's does.
        assert_eq!(circuit.exit(era - 1, true), Stage::Nothing);
        let Stage::Decide(hold) = circuit.exit(era, true) else { panic!() };
        circuit.conclude(&hold, true, Tick(1140), &eras);
        assert_eq!(circuit.state(), BreakerState::Closed);
        assert_eq!(circuit.exit(era, true), Stage::Nothing);
        assert!(matches!(circuit.exit(eras.now(), true), Stage::Count(_)));
    }

    #[test]
    fn a_probe_given_back_has_never_been() {
        let (circuit, eras) = (Circuit::default(), Eras::default());
        circuit.open(closed(&circuit, 0), Tick(0), &eras);
        let before = format!("{circuit:?}");
        let hold = probe(&circuit, 100);
        assert_eq!(circuit.give_back(&hold), None);
        assert_eq!(format!("{circuit:?}"), before);
        assert_eq!(eras.now(), 1);
    }

    #[test]
    fn an_abandoned_probe_makes_room_for_the_next() {
        let (circuit, eras) = (Circuit::default(), Eras::default());
        circuit.open(closed(&circuit, 0), Tick(0), &eras);
        let first = eras.begin();
        circuit.settle(&probe(&circuit, 100), Tick(150), first);
        // An entry of before the opening is no probe.
        circuit.abandon(0, RECOVERY, Tick(110));
        assert_eq!(circuit.ask(RECOVERY, Tick(110)), Reply::After(Span(140)));
        circuit.abandon(first, RECOVERY, Tick(110));
        assert_eq!(circuit.state(), BreakerState::HalfOpen);
        let hold = probe(&circuit, 110);
        let second = eras.begin();
        assert_eq!(circuit.settle(&hold, Tick(110), second), BreakerState::HalfOpen);
        // It is over for the first one; the second decides.
        circuit.abandon(first, RECOVERY, Tick(111));
        assert_eq!(circuit.ask(RECOVERY, Tick(111)), Reply::After(Span(99)));
        assert!(matches!(circuit.exit(second, true), Stage::Decide(_)));
        // What is closed, or open, stays so.
        let (circuit, eras) = (Circuit::default(), Eras::default());
        circuit.abandon(0, RECOVERY, Tick(1));
        assert_eq!(circuit.state(), BreakerState::Closed);
        circuit.open(closed(&circuit, 0), Tick(5), &eras);
        circuit.abandon(9, RECOVERY, Tick(6));
        assert_eq!(circuit.ask(RECOVERY, Tick(6)), Reply::After(Span(99)));
    }

    #[test]
    fn a_late_probe_decides_unless_it_was_replaced() {
        let (circuit, eras) = (Circuit::default(), Eras::default());
        circuit.open(closed(&circuit, 0), Tick(0), &eras);
        let first = eras.begin();
        circuit.settle(&probe(&circuit, 100), Tick(100), first);
        let hold = probe(&circuit, 200);
        let second = eras.begin();
        assert_eq!(circuit.settle(&hold, Tick(200), second), BreakerState::HalfOpen);
        assert_eq!(circuit.exit(first, true), Stage::Nothing);
        // While a third is asked for, the second ends; the third comes to nothing.
        let hold = probe(&circuit, 300);
        assert_eq!(circuit.exit(second, false), Stage::Nothing);
        assert_eq!(circuit.give_back(&hold), Some(false));
        circuit.conclude(&hold, false, Tick(301), &eras);
        assert_eq!(circuit.state(), BreakerState::Open);
        assert_eq!(circuit.ask(RECOVERY, Tick(302)), Reply::After(Span(99)));
    }

    #[test]
    fn of_many_that_would_open_it_one_does() {
        let (circuit, eras) = (Circuit::default(), Eras::default());
        let (one, other) = (closed(&circuit, 0), closed(&circuit, 0));
        assert!(circuit.open(one, Tick(5), &eras));
        assert!(!circuit.open(other, Tick(6), &eras));
        assert_eq!(eras.now(), 1);
    }

    #[test]
    fn a_clock_that_is_late_waits_longer() {
        let (circuit, eras) = (Circuit::default(), Eras::default());
        circuit.open(closed(&circuit, 0), Tick(50), &eras);
        assert_eq!(circuit.ask(RECOVERY, Tick(40)), Reply::After(Span(110)));
        let year = Span::from_secs(365 * 86_400).0;
        assert!(matches!(circuit.ask(RECOVERY, Tick(year)), Reply::Probe(_)));
    }
}
