//! Durations as vectors write them.

/// The units and how many nanoseconds each is, longest names first.
const UNITS: [(&str, u64); 12] = [
    ("minute", 60_000_000_000),
    ("min", 60_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ns", 1),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
    ("d", 86_400_000_000_000),
    ("", 0),
];

/// `10ms`, `999.999999ms`, `1h2m`, `0`: nanoseconds, exact.
pub(crate) fn nanos(text: &str) -> Option<u64> {
    if text == "0" {
        return Some(0);
    }
    let mut rest = text;
    let mut total = 0u64;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at(end);
        let (unit, size) = UNITS.iter().find(|(unit, _)| tail.starts_with(unit))?;
        if *size == 0 {
            return None;
        }
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        total = total.checked_add(whole.parse::<u64>().ok()?.checked_mul(*size)?)?;
        if !fraction.is_empty() {
            let scale = 10u64.checked_pow(u32::try_from(fraction.len()).ok()?)?;
            total = total.checked_add(fraction.parse::<u64>().ok()?.checked_mul(*size)?.checked_div(scale)?)?;
        }
        rest = tail.strip_prefix(unit)?;
    }
    (!text.is_empty()).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::nanos;

    #[test]
    fn durations_are_exact() {
        assert_eq!(nanos("0ms"), Some(0));
        assert_eq!(nanos("999.999999ms"), Some(999_999_999));
        assert_eq!(nanos("1.5s"), Some(1_500_000_000));
        assert_eq!(nanos("1h2m"), Some(3_720_000_000_000));
        assert_eq!(nanos("3min"), Some(180_000_000_000));
        assert_eq!(nanos("7"), None);
        assert_eq!(nanos("s"), None);
        assert_eq!(nanos(""), None);
        assert_eq!(nanos("v2"), None);
    }
}
