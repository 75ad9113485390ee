//! The lane that a request already carries.

use super::{Headers, Request};
use crate::matcher::baggage;
use std::borrow::Cow;

/// The key under which a lane travels where its rule names none.
pub const LANE_KEY: &str = "x-opensergo-traffic";
/// The key under which a `TrafficLabelRule`'s label travels.
pub const LABEL_KEY: &str = "OpenSergo-Label";
/// The header whose members carry lanes as well.
pub const BAGGAGE: &str = "baggage";

/// The keys under which lanes travel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColourKeys(Vec<ColourKey>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct ColourKey {
    written: Box<str>,
    header: Box<str>,
}

impl Default for ColourKeys {
    /// Those that are known always.
    fn default() -> Self {
        ColourKeys::new(std::iter::empty())
    }
}

impl ColourKeys {
    /// The keys of these lanes, in order, and those that are known always.
    pub fn new<'k>(lanes: impl Iterator<Item = &'k str>) -> Self {
        let mut keys: Vec<ColourKey> = Vec::new();
        for written in lanes.chain([LANE_KEY, LABEL_KEY]) {
            if !keys.iter().any(|key| *key.written == *written) {
                keys.push(ColourKey { written: written.into(), header: written.to_ascii_lowercase().into() });
            }
        }
        ColourKeys(keys)
    }

    /// The lane that a request carries and its key: by a header, else in the
    /// baggage. An empty value is none.
    #[must_use]
    pub fn read<'a>(&self, request: &Request<'a>) -> Option<(&str, Cow<'a, str>)> {
        let headers: &'a dyn Headers = request.headers;
        let by_header = self.0.iter().find_map(|key| {
            let value = headers.header(&key.header).filter(|value| !value.is_empty())?;
            Some((&*key.written, value))
        });
        by_header.or_else(|| {
            let baggage = headers.header(BAGGAGE)?;
            self.0.iter().find_map(|key| {
                let value = baggage::value(&baggage, &key.written).filter(|value| !value.is_empty())?;
                Some((&*key.written, Cow::Owned(value.into_owned())))
            })
        })
    }

    /// The headers that are looked at, in lower case.
    pub fn headers(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|key| &*key.header).chain([BAGGAGE])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_goes_before_the_baggage() {
        let keys = ColourKeys::new(["x-lane"].into_iter());
        let read = |headers: &[(&str, &str)]| {
            keys.read(&Request { headers: &headers, ..Request::new("a") })
                .map(|(key, value)| format!("{key}={value}"))
                .unwrap_or_default()
        };
        assert_eq!(read(&[("Baggage", "x-lane=blue"), ("OPENSERGO-LABEL", "gray")]), "OpenSergo-Label=gray");
        assert_eq!(read(&[("baggage", "OpenSergo-Label=a%20b,x-opensergo-traffic=c")]), "x-opensergo-traffic=c");
        assert_eq!(read(&[("x-lane", ""), ("baggage", "a=b")]), "");
        assert_eq!(read(&[("x-opensergo-traffic", "a"), ("x-lane", "b")]), "x-lane=b");
    }
}
