//! Reading `loadBalancer`.

use crate::policy::workload::{MAGLEV_PLACES, MAX_MAGLEV_PLACES, RING_POINTS};
use crate::policy::{Balance, HashLayout, HashOn};
use crate::spec::code::Code;
use crate::spec::reader::{Field, Object};
use std::num::NonZeroU32;

/// Reads `loadBalancer`.
pub(super) fn read(field: &Field<'_>) -> Option<Balance> {
    if !field.is_present() {
        return None;
    }
    let mut entry = field.object()?;
    let (simple, hash) = (entry.take("simple"), entry.take("consistentHash"));
    if simple.is_present() && hash.is_present() {
        entry.wrong(Code::ConflictingFields, "simple beside consistentHash", "one of them");
    }
    for key in ["localityLbSetting", "warmupDurationSecs", "warmup"] {
        let other = entry.take(key);
        if other.is_present() {
            other.tell(Code::NoEffect, "a field that does nothing here", "simple or consistentHash");
        }
    }
    entry.finish();
    if hash.is_present() { consistent(&hash) } else { read_simple(&simple) }
}

/// Reads the name of a balance; `loadBalancer.simple`.
fn read_simple(field: &Field<'_>) -> Option<Balance> {
    let words = [
        ("LEAST_REQUEST", Some(Balance::LeastRequest)),
        ("ROUND_ROBIN", Some(Balance::RoundRobin)),
        ("RANDOM", Some(Balance::Random)),
        ("LEAST_CONN", Some(Balance::LeastRequest)),
        ("UNSPECIFIED", None),
        ("PASSTHROUGH", None),
    ];
    let balance = field.one_of(&words)?;
    if field.node().and_then(crate::spec::node::Node::as_text) == Some("PASSTHROUGH") {
        field.tell(
            Code::NoEffect,
            "PASSTHROUGH, which chooses no instance and does nothing here",
            "LEAST_REQUEST, ROUND_ROBIN or RANDOM",
        );
    }
    balance
}

fn consistent(field: &Field<'_>) -> Option<Balance> {
    const ONE: &str = "exactly one of httpHeaderName, httpCookie, useSourceIp, httpQueryParameterName";
    let mut entry = field.object()?;
    let header = entry.take("httpHeaderName");
    let cookie = entry.take("httpCookie");
    let source = entry.take("useSourceIp");
    let query = entry.take("httpQueryParameterName");
    let by_source = source.boolean() == Some(true);
    match [header.is_present(), cookie.is_present(), by_source, query.is_present()].iter().filter(|is| **is).count() {
        1 => {}
        0 => entry.wrong(Code::MissingField, "none of the parts of a request", ONE),
        _ => entry.wrong(Code::ConflictingFields, "more than one part of a request", ONE),
    }
    let layout = layout(&mut entry);
    entry.finish();
    let on = if header.is_present() {
        HashOn::Header(header.filled("the name of a header")?.to_ascii_lowercase().into())
    } else if cookie.is_present() {
        HashOn::Cookie(cookie_name(&cookie)?)
    } else if query.is_present() {
        HashOn::Query(query.filled("the name of a query parameter")?.into())
    } else {
        HashOn::SourceIp
    };
    Some(Balance::ConsistentHash { on, layout })
}

/// Reads `httpCookie`. Its path and time of life are for whoever sets the cookie.
fn cookie_name(field: &Field<'_>) -> Option<Box<str>> {
    let mut entry = field.object()?;
    let name = entry.take("name").required().filled("the name of a cookie");
    entry.skip(&["path"]);
    let _ = entry.take("ttl").duration();
    entry.finish();
    name.map(Into::into)
}

fn layout(entry: &mut Object<'_>) -> HashLayout {
    let (ring, maglev, older) = (entry.take("ringHash"), entry.take("maglev"), entry.take("minimumRingSize"));
    if ring.is_present() && maglev.is_present() {
        entry.wrong(Code::ConflictingFields, "ringHash beside maglev", "one of them");
    }
    if maglev.is_present() {
        let Some(mut maglev) = maglev.object() else { return HashLayout::default() };
        let size = maglev.take("tableSize");
        let expected = format!("a prime number from 2 to {MAX_MAGLEV_PLACES}");
        let places = size.read(Code::OutOfRange, &expected, |text, quoted| {
            let places =
                text.parse().ok().filter(|places| !quoted && *places <= MAX_MAGLEV_PLACES && is_prime(*places))?;
            NonZeroU32::new(places)
        });
        maglev.finish();
        return HashLayout::Maglev(places.unwrap_or(MAGLEV_PLACES));
    }
    let points = |field: &Field<'_>| {
        let points = field.integer(0..=8_388_608).and_then(|points| u32::try_from(points).ok());
        points.and_then(NonZeroU32::new)
    };
    let mut own = None;
    if ring.is_present()
        && let Some(mut ring) = ring.object()
    {
        own = points(&ring.take("minimumRingSize"));
        ring.finish();
    }
    HashLayout::Ring(own.or_else(|| points(&older)).unwrap_or(RING_POINTS))
}

fn is_prime(number: u32) -> bool {
    let mut divisors = (2u32..).take_while(|divisor| divisor.saturating_mul(*divisor) <= number);
    number >= 2 && !divisors.any(|divisor| number.is_multiple_of(divisor))
}
