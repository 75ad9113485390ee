//! The `baggage` header: what a request carries on through every service (W3C
//! "Propagation format for distributed context: Baggage").

use std::borrow::Cow;

/// The most members that are carried on.
pub const MAX_MEMBERS: usize = 64;
/// The most bytes that are carried on.
pub const MAX_LENGTH: usize = 8192;

/// The value of a member, decoded. Keys are case-sensitive; of two members with
/// one key the first counts; properties and what is malformed are left aside.
#[must_use]
pub fn value<'h>(header: &'h str, key: &str) -> Option<Cow<'h, str>> {
    members(header).find(|(own, _)| *own == key).map(|(_, member)| {
        let value = member.split(';').next().and_then(|member| member.split_once('=')).map_or("", |(_, value)| value);
        decode(value.trim_matches(BLANKS))
    })
}

/// The header with this member in the first place, and of the members that it
/// had those with other keys, as they were, in order and as many as the limits
/// allow. A member that is over the limits alone is left out.
#[must_use]
pub fn merge(header: &str, key: &str, value: &str) -> String {
    let mut merged = [key, "=", &encode(value)].concat();
    // What is over the limits alone cannot be carried.
    if merged.len() > MAX_LENGTH {
        merged.clear();
    }
    let mut count = usize::from(!merged.is_empty());
    for (own, member) in members(header) {
        let length = merged.len().saturating_add(1).saturating_add(member.len());
        if own == key || length > MAX_LENGTH || count >= MAX_MEMBERS {
            continue;
        }
        if count > 0 {
            merged.push(',');
        }
        merged.push_str(member);
        count = count.saturating_add(1);
    }
    merged
}

/// Whether a text can be a member's key: a token of HTTP.
#[must_use]
pub fn is_key(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.len() <= 256 && text.bytes().all(plain)
}

const BLANKS: [char; 2] = [' ', '\t'];

/// The members of a header, each with its key.
fn members(header: &str) -> impl Iterator<Item = (&str, &str)> {
    header.split(',').filter_map(|member| {
        let member = member.trim_matches(BLANKS);
        let key = member.split_once('=')?.0.trim_matches(BLANKS);
        is_key(key).then_some((key, member))
    })
}

/// A value with what a header cannot hold percent-encoded.
fn encode(value: &str) -> String {
    let mut encoded = String::with_capacity(value.len());
    for byte in value.bytes() {
        match byte {
            0x21 | 0x23 | 0x24 | 0x26..=0x2b | 0x2d..=0x3a | 0x3c..=0x5b | 0x5d..=0x7e => {
                encoded.push(char::from(byte))
            }
            _ => {
                encoded.push('%');
                let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or('0').to_ascii_uppercase();
                encoded.push(digit(byte >> 4));
                encoded.push(digit(byte & 15));
            }
        }
    }
    encoded
}

/// A value with its percent signs resolved; bytes that are no UTF-8 become the
/// replacement character, a percent sign without digits stays.
fn decode(value: &str) -> Cow<'_, str> {
    if !value.contains('%') {
        return Cow::Borrowed(value);
    }
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let code = behind.get(..2).filter(|_| *first == b'%').and_then(|digits| std::str::from_utf8(digits).ok());
        // The sign that `from_str_radix` would take is no digit.
        let code =
            code.filter(|digits| !digits.starts_with('+')).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(code.unwrap_or(*first));
        rest = if code.is_some() { behind.get(2..).unwrap_or_default() } else { behind };
    }
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_member_is_found_by_its_key() {
        let header = "userId=alice ; p=1 , =x, nothing,  lane\t=\tGray%20one;ttl=5,lane=blue,é=1";
        assert_eq!(value(header, "userId").as_deref(), Some("alice"));
        assert_eq!(value(header, "lane").as_deref(), Some("Gray one"));
        assert_eq!(value(header, "Lane"), None);
        assert_eq!(value(header, "nothing"), None);
        assert_eq!(value("a=", "a").as_deref(), Some(""));
        assert_eq!(value("a=b=c", "a").as_deref(), Some("b=c"));
        assert_eq!(value("a=%zz%4%+1%e4", "a").as_deref(), Some("%zz%4%+1\u{fffd}"));
    }

    #[test]
    fn a_merged_header_keeps_what_others_put_there() {
        assert_eq!(merge("", "lane", "Gray"), "lane=Gray");
        assert_eq!(merge("a=1;x=y , lane=old, b=2,broken", "lane", "é,\""), "lane=%C3%A9%2C%22,a=1;x=y,b=2");
        let many: Vec<String> = (0..100).map(|n| format!("k{n}=v")).collect();
        let merged = merge(&many.join(","), "lane", "x");
        assert_eq!(merged.split(',').count(), MAX_MEMBERS);
        assert!(merged.ends_with("k62=v"));
        let long = format!("a={},b=1", "x".repeat(MAX_LENGTH));
        assert_eq!(merge(&long, "lane", "x"), "lane=x,b=1");
        assert_eq!(merge("a=1,b=2", "lane", &"é".repeat(MAX_LENGTH / 6)), "a=1,b=2");
    }

    proptest! {
        #[test]
        fn what_is_merged_is_found_again(header in "\\PC{0,40}|([a-c]=[a-c%;]{0,3},){0,5}", text in "\\PC{0,20}") {
            let merged = merge(&header, "b", &text);
            prop_assert_eq!(value(&merged, "b").map(Cow::into_owned), Some(text.clone()));
            prop_assert_eq!(merge(&merged, "b", &text), merged.clone());
            for key in ["a", "c"] {
                prop_assert_eq!(value(&merged, key), value(&header, key));
            }
        }

        #[test]
        fn the_members_of_others_go_on_as_they_were(
            others in prop::collection::vec(r"[a-z]{1,3}[ \t]?=[ \t]?([!#-+\--:<-\[\]-~]|%[0-9A-F]{2}){0,400}(;[a-z]{1,3}(=[a-z0-9]{0,9})?){0,2}", 0..90),
            blank in "[ \t]{0,2}",
            text in "\\PC{0,20}",
        ) {
            let header = others.iter().map(|member| [&*blank, member, &*blank].concat()).collect::<Vec<_>>().join(",");
            let merged = merge(&header, "lane-key", &text);
            prop_assert!(merged.len() <= MAX_LENGTH);
            let members: Vec<&str> = merged.split(',').collect();
            prop_assert!(members.len() <= MAX_MEMBERS);
            prop_assert_eq!(value(&merged, "lane-key").map(Cow::into_owned), Some(text));
            // All of them in their order; none is left out but for a limit.
            let mut kept = members.iter().skip(1).peekable();
            let (mut length, mut count) = (members[0].len(), 1usize);
            for other in others.iter().map(|other| other.trim_matches(BLANKS)) {
                let longer = length.saturating_add(1).saturating_add(other.len());
                if kept.next_if(|member| **member == other).is_some() {
                    (length, count) = (longer, count.saturating_add(1));
                } else {
                    prop_assert!(longer > MAX_LENGTH || count >= MAX_MEMBERS, "{other:?} is gone");
                }
            }
            prop_assert!(kept.next().is_none());
        }
    }
}
