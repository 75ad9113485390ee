//! The query of a path, raw as it was sent.

/// The path without its query, and the query without its `?`.
#[must_use]
pub fn split(path: &str) -> (&str, Option<&str>) {
    // For the short paths of requests cheaper than a search by words.
    match path.bytes().position(|byte| byte == b'?').and_then(|mark| path.split_at_checked(mark)) {
        Some((path, query)) => (path, query.get(1..)),
        None => (path, None),
    }
}

/// The first value of a key, not percent-decoded; `key` without `=` has the
/// empty value. Keys are case-sensitive.
#[must_use]
pub fn value<'a>(query: &'a str, key: &str) -> Option<&'a str> {
    query
        .split('&')
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .find(|(name, _)| *name == key)
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_value_of_a_key_is_taken_raw() {
        let (path, query) = split("/a?x=1%20&y&x=2&z=a=b?c");
        assert_eq!(path, "/a");
        let query = query.unwrap();
        assert_eq!(value(query, "x"), Some("1%20"));
        assert_eq!(value(query, "y"), Some(""));
        assert_eq!(value(query, "z"), Some("a=b?c"));
        assert_eq!(value(query, "X"), None);
        assert_eq!(split("/a"), ("/a", None));
        assert_eq!(split("/a?"), ("/a", Some("")));
    }
}
