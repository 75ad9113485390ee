//! When a document was made: who comes first.

use crate::spec::Meta;

/// The order in which documents claim a host. One without a time comes first.
pub(super) fn order(meta: &Meta) -> (Option<Moment>, &str, &str) {
    let moment = moment(&meta.creation_timestamp);
    let unread = if moment.is_some() { "" } else { meta.creation_timestamp.as_str() };
    (moment, unread, &meta.name)
}

/// Seconds since the year 0, and the fraction's digits.
type Moment = (i64, String);

/// Reads a time as RFC 3339 has it: `2024-05-01T12:00:00Z`, a fraction and an
/// offset allowed.
fn moment(text: &str) -> Option<Moment> {
    let number = |range: std::ops::Range<usize>| -> Option<i64> {
        let digits = text.get(range)?;
        digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
    };
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
    let rest = text.get(19..)?;
    let end = rest.find(['Z', 'z', '+', '-'])?;
    let (fraction, zone) = rest.split_at(end);
    let offset = match zone {
        "Z" | "z" => 0,
        _ => {
            let (hours, minutes) = zone.get(1..)?.split_once(':')?;
            let ahead = hours
                .parse::<i32>()
                .ok()?
                .checked_mul(3600)?
                .checked_add(minutes.parse::<i32>().ok()?.checked_mul(60)?)?;
            if zone.starts_with('+') { i64::from(ahead) } else { i64::from(ahead.checked_neg()?) }
        }
    };
    // Months are counted from March, so that a leap day is a year's last.
    let (shifted_year, shifted_month) =
        if month > 2 { (year, month.checked_sub(3)?) } else { (year.checked_sub(1)?, month.checked_add(9)?) };
    let leaps = shifted_year
        .div_euclid(4)
        .checked_sub(shifted_year.div_euclid(100))?
        .checked_add(shifted_year.div_euclid(400))?;
    let days = shifted_year
        .checked_mul(365)?
        .checked_add(leaps)?
        .checked_add(shifted_month.checked_mul(153)?.checked_add(2)?.div_euclid(5))?
        .checked_add(day)?;
    let seconds = days
        .checked_mul(86_400)?
        .checked_add(hour.checked_mul(3600)?)?
        .checked_add(minute.checked_mul(60)?)?
        .checked_add(second)?
        .checked_sub(offset)?;
    Some((seconds, fraction.trim_end_matches('0').trim_end_matches('.').to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_compared_and_not_spelled() {
        let before = |a: &str, b: &str| assert!(moment(a).unwrap() < moment(b).unwrap(), "{a} {b}");
        before("2024-01-01T00:00:00Z", "2024-01-01T00:00:00.5Z");
        before("2024-01-01T08:00:00+08:00", "2024-01-01T00:00:01Z");
        before("2024-02-29T23:59:59Z", "2024-03-01T00:00:00Z");
        before("2023-12-31T23:59:59-00:30", "2024-01-01T01:00:00Z");
        assert_eq!(moment("2024-01-01T08:00:00+08:00"), moment("2024-01-01T00:00:00.000Z"));
        for bad in
            ["", "yesterday", "2024-01-01", "2024-01-01T00:00:00", "2024-01-01T00:00:00+", "20é4-01-01T00:00:00Z"]
        {
            assert_eq!(moment(bad), None, "{bad}");
        }
    }
}
