//! `headers`: what is removed, set and added.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

/// The changes to a request's and its response's headers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Headers {
    /// To the request.
    #[serde(skip_serializing_if = "HeaderChanges::is_empty")]
    pub request: HeaderChanges,
    /// To the response.
    #[serde(skip_serializing_if = "HeaderChanges::is_empty")]
    pub response: HeaderChanges,
}

/// Changes to one set of headers, made in the order remove, set, add.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct HeaderChanges {
    /// Headers that get this one value.
    #[serde(serialize_with = "map", skip_serializing_if = "Vec::is_empty")]
    pub set: Vec<(String, String)>,
    /// Headers that get this value beside those they have.
    #[serde(serialize_with = "map", skip_serializing_if = "Vec::is_empty")]
    pub add: Vec<(String, String)>,
    /// Headers that are taken away.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub remove: Vec<String>,
}

fn map<S: Serializer>(pairs: &[(String, String)], serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(pairs.len()))?;
    for (name, value) in pairs {
        map.serialize_entry(name, value)?;
    }
    map.end()
}

impl Headers {
    /// Whether nothing is changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.request.is_empty() && self.response.is_empty()
    }

    /// These changes and `under`; of two values for one name, this one's counts.
    #[must_use]
    pub fn over(&self, under: &Headers) -> Headers {
        Headers { request: self.request.over(&under.request), response: self.response.over(&under.response) }
    }
}

impl HeaderChanges {
    /// Whether nothing is changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.set.is_empty() && self.add.is_empty() && self.remove.is_empty()
    }

    fn over(&self, under: &HeaderChanges) -> HeaderChanges {
        let remove = under.remove.iter().filter(|name| !self.remove.iter().any(|own| is_same(own, name)));
        HeaderChanges {
            set: pairs_over(&self.set, &under.set),
            add: pairs_over(&self.add, &under.add),
            remove: self.remove.iter().chain(remove).cloned().collect(),
        }
    }
}

fn pairs_over(over: &[(String, String)], under: &[(String, String)]) -> Vec<(String, String)> {
    let rest = under.iter().filter(|(name, _)| !over.iter().any(|(own, _)| is_same(own, name)));
    over.iter().chain(rest).cloned().collect()
}

/// Whether two names are of one header. What is `Host` in HTTP/1 is `:authority`
/// in HTTP/2.
fn is_same(a: &str, b: &str) -> bool {
    let is_host = |name: &str| name.eq_ignore_ascii_case("host") || name == ":authority";
    a.eq_ignore_ascii_case(b) || is_host(a) && is_host(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_values_the_upper_one_counts() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let upper = HeaderChanges { set: vec![pair("A", "1")], add: vec![], remove: vec!["x".into()] };
        let lower = HeaderChanges {
            set: vec![pair("a", "2"), pair("b", "3")],
            add: vec![pair("A", "4")],
            remove: vec!["X".into(), "y".into()],
        };
        let merged = upper.over(&lower);
        assert_eq!(merged.set, [pair("A", "1"), pair("b", "3")]);
        assert_eq!(merged.add, [pair("A", "4")]);
        assert_eq!(merged.remove, ["x", "y"]);
        let host = |name: &str| HeaderChanges { set: vec![pair(name, "h")], ..HeaderChanges::default() };
        assert_eq!(host(":authority").over(&host("Host")).set, [pair(":authority", "h")]);
    }
}
