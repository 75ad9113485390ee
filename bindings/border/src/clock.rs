//! The monotonic clock, read by the processor's time stamp counter where that is
//! to be trusted: half the price of asking the system.
//!
//! It is trusted where Linux itself keeps time by it, which watches it for every
//! processor. Its rate is measured against the system's clock, again every
//! second, and so is its word: where the two drift apart, after a suspend or a
//! move to another machine, say, the system's clock is asked from then on.

use std::time::Instant;
#[cfg(target_arch = "x86_64")]
use tsc as fast;

/// Nanoseconds since some moment in this process, at which this was first called.
#[inline]
#[must_use]
pub fn now() -> u64 {
    #[cfg(target_arch = "x86_64")]
    if let Some(now) = fast::now() {
        return now;
    }
    system()
}

/// The same by the system's clock.
fn system() -> u64 {
    static BEGIN: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    u64::try_from(BEGIN.get_or_init(Instant::now).elapsed().as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn both_clocks_tell_the_same_and_never_go_back() {
        let begin = Instant::now();
        let mut last = now();
        // Over the first measurement of the counter's rate, and after it.
        while begin.elapsed() < Duration::from_millis(60) {
            let (before, told, after) = (system(), now(), system());
            let slack = 10_000 + before / 1_000;
            assert!(told + slack >= before && told <= after + slack, "{told} between {before} and {after}");
            assert!(told >= last, "{told} after {last}");
            last = told;
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod tsc {
    use super::system;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicU64, Ordering, fence};

    /// A reading is taken again after this long, by the system's clock: so long the
    /// rate that was measured before is gone by.
    const PERIOD: u64 = 1_000_000_000;
    /// The first rate is measured over this long.
    const FIRST: u64 = 20_000_000;
    /// Two readings of the system's clock around one of the counter that lie
    /// farther apart were interrupted.
    const CLOSE: u64 = 1_000;
    /// How far, in parts of the time between two readings, the clocks may differ,
    /// beside `CLOSE` for each reading.
    const TOLERANCE: u64 = 1_000;
    /// The rate is in nanoseconds per tick, times this power of two.
    const SHIFT: u32 = 32;

    /// What time is told by: written under `STEPS`, read without a lock.
    static SERIAL: AtomicU64 = AtomicU64::new(0);
    static TICKS: AtomicU64 = AtomicU64::new(0);
    static NANOS: AtomicU64 = AtomicU64::new(0);
    static RATE: AtomicU64 = AtomicU64::new(0);
    /// For how many ticks the rate is gone by; 0 for none.
    static REACH: AtomicU64 = AtomicU64::new(0);
    static STEPS: Mutex<Step> = Mutex::new(Step::Unknown);

    /// How far the counter is known.
    #[derive(Clone, Copy)]
    enum Step {
        /// Not looked at yet.
        Unknown,
        /// Its rate is being measured since this reading.
        Measured(Reading),
        /// Time is told by the system's clock alone.
        Distrusted,
    }

    /// Both clocks at one moment.
    #[derive(Clone, Copy)]
    struct Reading {
        ticks: u64,
        nanos: u64,
    }

    fn ticks() -> u64 {
        // SAFETY: every x86-64 has the instruction, and Linux, which is asked
        // before, keeps time by it.
        unsafe { core::arch::x86_64::_rdtsc() }
    }

    /// The time by the counter; `None` where the system's clock is to be asked.
    #[inline]
    pub(super) fn now() -> Option<u64> {
        let serial = SERIAL.load(Ordering::Acquire);
        let (from, nanos) = (TICKS.load(Ordering::Relaxed), NANOS.load(Ordering::Relaxed));
        let (rate, reach) = (RATE.load(Ordering::Relaxed), REACH.load(Ordering::Relaxed));
        fence(Ordering::Acquire);
        if serial.is_multiple_of(2) && SERIAL.load(Ordering::Relaxed) == serial {
            // A counter that was set back is far ahead.
            let passed = ticks().wrapping_sub(from);
            if passed < reach {
                return Some(nanos + ((passed * rate) >> SHIFT));
            }
        }
        step()
    }

    /// Compares the clocks.
    #[cold]
    fn step() -> Option<u64> {
        // Whoever comes meanwhile asks the system.
        let mut step = STEPS.try_lock().ok()?;
        match *step {
            Step::Distrusted => {}
            Step::Unknown => *step = if is_kept_by_linux() { Step::Measured(read()?) } else { Step::Distrusted },
            Step::Measured(last) => {
                let this = read()?;
                let passed = this.nanos.saturating_sub(last.nanos);
                let is_first = REACH.load(Ordering::Relaxed) == 0;
                if passed < if is_first { FIRST } else { PERIOD / 2 } {
                    return None;
                }
                let told = is_first.then_some(passed).or_else(|| told_since(last, this));
                let rate = rate(last, this);
                match (told, rate) {
                    (Some(told), Some(rate)) if told.abs_diff(passed) <= passed / TOLERANCE + 2 * CLOSE => {
                        // Never back: what was told stays behind what will be.
                        let nanos = this.nanos.max(last.nanos.saturating_add(told));
                        publish(this.ticks, nanos, rate, (u128::from(PERIOD) << SHIFT) / u128::from(rate));
                        *step = Step::Measured(Reading { nanos, ..this });
                        return Some(nanos);
                    }
                    _ => {
                        publish(0, 0, 0, 0);
                        *step = Step::Distrusted;
                    }
                }
            }
        }
        None
    }

    /// What the counter tells of the time between two readings.
    fn told_since(last: Reading, this: Reading) -> Option<u64> {
        let passed = u128::from(this.ticks.checked_sub(last.ticks)?);
        u64::try_from((passed * u128::from(RATE.load(Ordering::Relaxed))) >> SHIFT).ok()
    }

    /// The counter's rate between two readings; `None` where it is no counter to
    /// tell time by: slower than a tick a nanosecond, or standing, or set back.
    fn rate(last: Reading, this: Reading) -> Option<u64> {
        let ticks = u128::from(this.ticks.checked_sub(last.ticks)?);
        let nanos = u128::from(this.nanos.saturating_sub(last.nanos));
        let rate = u64::try_from((nanos << SHIFT).checked_div(ticks)?).ok()?;
        (rate > 0 && rate < 1 << SHIFT).then_some(rate)
    }

    fn publish(ticks: u64, nanos: u64, rate: u64, reach: u128) {
        // Odd while they are written, so that nobody takes some old and some new.
        SERIAL.fetch_add(1, Ordering::AcqRel);
        fence(Ordering::SeqCst);
        TICKS.store(ticks, Ordering::Relaxed);
        NANOS.store(nanos, Ordering::Relaxed);
        RATE.store(rate, Ordering::Relaxed);
        // The product of ticks and rate stays within 64 bits.
        let reach = u64::try_from(reach).unwrap_or(u64::MAX).min(u64::from(u32::MAX));
        REACH.store(reach, Ordering::Relaxed);
        SERIAL.fetch_add(1, Ordering::AcqRel);
    }

    /// Both clocks, unless the reading was interrupted.
    fn read() -> Option<Reading> {
        let before = system();
        let ticks = ticks();
        let after = system();
        (after - before <= CLOSE).then_some(Reading { ticks, nanos: before + (after - before) / 2 })
    }

    fn is_kept_by_linux() -> bool {
        const SOURCE: &str = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
        cfg!(target_os = "linux") && std::fs::read_to_string(SOURCE).is_ok_and(|source| source.trim() == "tsc")
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_rate_is_nanoseconds_per_tick() {
            let at = |ticks, nanos| Reading { ticks, nanos };
            assert_eq!(rate(at(0, 0), at(3_000, 1_000)), Some((1 << SHIFT) / 3));
            assert_eq!(rate(at(0, 0), at(1_000, 1_000)), None);
            assert_eq!(rate(at(5, 0), at(4, 1_000)), None);
            assert_eq!(rate(at(5, 0), at(5, 1_000)), None);
            assert_eq!(rate(at(0, 5), at(9, 5)), None);
        }
    }
}
