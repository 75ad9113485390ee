//! The monotonic clock, read by the processor's time stamp counter where that is
//! to be trusted, and else by asking the system.

#[cfg(target_arch = "x86_64")]
mod tsc;

use std::time::Instant;

/// Nanoseconds since some moment in this process, at which this was first called.
#[inline]
#[must_use]
pub fn now() -> u64 {
    #[cfg(target_arch = "x86_64")]
    if let Some(now) = tsc::now() {
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
