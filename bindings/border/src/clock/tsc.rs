//! Time by the processor's time stamp counter: half the price of asking the system.
//!
//! It is trusted where Linux itself keeps time by it, which watches it for every
//! processor. Its rate is measured against the system's clock, again every
//! second, and so is its word: where the two drift apart, after a suspend or a
//! move to another machine, say, the system's clock is asked from then on.

use super::system;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering, fence};

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

/// What time is told by: written under `LAST`, read without a lock.
static SERIAL: AtomicU64 = AtomicU64::new(0);
static TICKS: AtomicU64 = AtomicU64::new(0);
static NANOS: AtomicU64 = AtomicU64::new(0);
static RATE: AtomicU64 = AtomicU64::new(0);
/// For how many ticks the rate is gone by; 0 for none.
static REACH: AtomicU64 = AtomicU64::new(0);
/// The reading that the rate is measured from; `None` before the first.
static LAST: Mutex<Option<Reading>> = Mutex::new(None);
/// Whether the counter is distrusted, for good: then nothing is left to compare.
static IS_OFF: AtomicBool = AtomicBool::new(false);

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
    if IS_OFF.load(Ordering::Relaxed) { None } else { step() }
}

/// Compares the clocks.
#[cold]
fn step() -> Option<u64> {
    // Whoever comes meanwhile asks the system.
    let mut last = LAST.try_lock().ok()?;
    if IS_OFF.load(Ordering::Relaxed) {
        return None;
    }
    let Some(from) = *last else {
        match is_kept_by_linux() {
            true => *last = Some(read()?),
            false => IS_OFF.store(true, Ordering::Relaxed),
        }
        return None;
    };
    let this = read()?;
    let passed = this.nanos.saturating_sub(from.nanos);
    let is_first = REACH.load(Ordering::Relaxed) == 0;
    if passed < if is_first { FIRST } else { PERIOD / 2 } {
        return None;
    }
    let told = if is_first { Some(passed) } else { told_since(from, this) };
    match (told, rate(from, this)) {
        (Some(told), Some(rate)) if told.abs_diff(passed) <= passed / TOLERANCE + 2 * CLOSE => {
            // Never back: what was told stays behind what will be.
            let nanos = this.nanos.max(from.nanos.saturating_add(told));
            publish(this.ticks, nanos, rate, (u128::from(PERIOD) << SHIFT) / u128::from(rate));
            *last = Some(Reading { nanos, ..this });
            Some(nanos)
        }
        _ => {
            IS_OFF.store(true, Ordering::Relaxed);
            publish(0, 0, 0, 0);
            None
        }
    }
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
