//! Which lane: the colour that a request carries or is given, and how it is
//! carried on.

mod explain;
mod table;

pub use explain::{CameWith, GoesOn, LabelExplanation, LabelMiss};
pub use table::{Lane, Rule, Table};

use crate::matcher::baggage;
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

/// The lane of a request, and how it is carried on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The lane.
    pub lane: String,
    /// The key under which it travels.
    pub key: String,
}

impl Label {
    /// The header that carries it: its name and value.
    #[must_use]
    pub fn header(&self) -> (&str, &str) {
        (&self.key, &self.lane)
    }

    /// The `baggage` header of the next call, given that of the one that came in.
    #[must_use]
    pub fn baggage(&self, incoming: &str) -> String {
        baggage::merge(incoming, &self.key, &self.lane)
    }
}

/// `{"lane": "Gray", "baggage": {"x-opensergo-traffic": "Gray"}}`.
impl Serialize for Label {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Member<'a>(&'a str, &'a str);
        impl Serialize for Member<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry(self.0, self.1)?;
                map.end()
            }
        }
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("lane", &self.lane)?;
        map.serialize_entry("baggage", &Member(&self.key, &self.lane))?;
        map.end()
    }
}
