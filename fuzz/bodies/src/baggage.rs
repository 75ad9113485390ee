//! Hostile baggage: what is put in is found again, what others put there stays,
//! and the limits hold.

use sergo::matcher::baggage::{MAX_LENGTH, MAX_MEMBERS, is_key, merge, value};
use sergo::{Config, Engine, Request};

/// Carries what stands in the bytes, three lines: a key, a lane, and the
/// `baggage` that came in (all that is left).
pub fn baggage(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut lines = text.splitn(3, '\n');
    let [key, lane, incoming] = [(); 3].map(|()| lines.next().unwrap_or_default());
    // Whatever is asked of whatever, there is an answer.
    let before = value(incoming, key);
    if is_key(key) {
        merged(key, lane, incoming);
    } else {
        assert_eq!(before, None, "no member has a key that can be none");
    }
    carried(lane, incoming);
}

fn merged(key: &str, lane: &str, incoming: &str) {
    let merged = merge(incoming, key, lane);
    assert!(merged.len() <= MAX_LENGTH && merged.split(',').count() <= MAX_MEMBERS, "{} bytes", merged.len());
    assert!(!lane.is_empty() || !merged.is_empty());
    // One whose own value is too long is not carried; all others are.
    let fits = key.len() + 1 + lane.len() * 3 <= MAX_LENGTH;
    if fits {
        assert_eq!(value(&merged, key).as_deref(), Some(lane));
    }
    assert_eq!(merge(&merged, key, lane), merged, "put in twice it stands there once");
    // The others are those that came in, in their order, none of them changed.
    let mut left = incoming.split(',').map(str::trim_ascii);
    let own = usize::from(value(&merged, key).is_some());
    for member in merged.split(',').skip(own).filter(|member| !member.is_empty()) {
        assert!(left.any(|other| other.trim() == member.trim()), "{member:?} of {merged:?} came from nowhere");
    }
    let is_small = incoming.len() + lane.len() * 3 + key.len() + 2 <= MAX_LENGTH;
    if is_small && incoming.split(',').count() < MAX_MEMBERS {
        for other in incoming.split(',').filter_map(|member| member.split_once('=')).map(|(other, _)| other.trim()) {
            if is_key(other) && other != key {
                assert_eq!(value(&merged, other), value(incoming, other), "{other:?} of {incoming:?}");
            }
        }
    }
}

/// A lane that comes in is the one that goes out, and comes in at the next.
fn carried(lane: &str, incoming: &str) {
    let engine = Engine::new(Config::new("demo-app"));
    let headers: &[(&str, &str)] = &[("Baggage", incoming)];
    let came = engine.label(&Request { headers: &headers, ..Request::new("") }, true);
    assert_eq!(engine.label(&Request { headers: &headers, ..Request::new("") }, false), None);
    if let Some(label) = &came {
        assert!(!label.lane.is_empty());
        let out = label.baggage(incoming);
        let headers: &[(&str, &str)] = &[("baggage", &out)];
        let next = engine.label(&Request { headers: &headers, ..Request::new("") }, true);
        let fits = label.key.len() + 1 + label.lane.len() * 3 <= MAX_LENGTH;
        assert!(!fits || next.as_ref() == Some(label), "{label:?} came in, {next:?} at the next");
    }
    let headers: &[(&str, &str)] = &[("x-opensergo-traffic", lane), ("baggage", incoming)];
    let by_header = engine.label(&Request { headers: &headers, ..Request::new("") }, true);
    assert!(lane.is_empty() || by_header.is_some_and(|label| label.lane == lane), "the header goes first");
}
