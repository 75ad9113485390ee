//! Whether one match block takes every request that another takes.

use crate::matcher::Text;
use crate::spec::traffic_router::HttpMatch;

/// Whether every request that `narrow` takes is taken by `wide`, as far as can be
/// told by what they say; the gateways are those that hold for each.
pub(super) fn takes(wide: &HttpMatch, gateways: &[String], narrow: &HttpMatch, narrow_gateways: &[String]) -> bool {
    let same = |wide: &Option<Text>, narrow: &Option<Text>| match (wide, narrow) {
        (None, _) => true,
        (Some(wide), Some(narrow)) => includes(wide, narrow, false, false),
        (Some(_), None) => false,
    };
    takes_uri(wide, narrow)
        && same(&wide.method, &narrow.method)
        && same(&wide.scheme, &narrow.scheme)
        && same(&wide.authority, &narrow.authority)
        && named(&wide.headers, &narrow.headers, str::eq_ignore_ascii_case)
        && named(&wide.query_params, &narrow.query_params, |a, b| a == b)
        && named(&wide.label_texts, &narrow.label_texts, |a, b| a == b)
        && wide.without_headers.iter().all(|wanted| narrow.without_headers.contains(wanted))
        && (wide.port.is_none() || wide.port == narrow.port)
        && wide.source_labels.iter().all(|(key, value)| narrow.source_labels.get(key) == Some(value))
        && (wide.source_namespace.is_none() || wide.source_namespace == narrow.source_namespace)
        && (wide.rpc == Default::default() || wide.rpc == narrow.rpc)
        && narrow_gateways.iter().all(|gateway| gateways.contains(gateway))
}

fn takes_uri(wide: &HttpMatch, narrow: &HttpMatch) -> bool {
    match (&wide.uri, &narrow.uri) {
        (None, _) => true,
        (Some(uri), _) if HttpMatch::is_every_uri(uri) => true,
        (Some(_), None) => false,
        (Some(uri), Some(narrow_uri)) => includes(uri, narrow_uri, wide.ignore_uri_case, narrow.ignore_uri_case),
    }
}

/// Whether every value that the narrow text matches is matched by the wide one;
/// each with the case of letters aside or not.
fn includes(wide: &Text, narrow: &Text, fold: bool, narrow_folds: bool) -> bool {
    // What is matched in any case is matched by what heeds case only if there are
    // no letters in it; that is not worth telling apart.
    if narrow_folds && !fold {
        return false;
    }
    let matches = |value: &str| if fold { wide.matches_ignoring_case(value) } else { wide.matches(value) };
    match (wide, narrow) {
        // A regular expression says itself what it thinks of case.
        (Text::Regex(_), Text::Exact(exact)) => !narrow_folds && wide.matches(exact),
        (Text::Regex(wide), Text::Regex(narrow)) => wide == narrow || wide.as_str() == ".*",
        (Text::Regex(wide), Text::Prefix(_)) => wide.as_str() == ".*",
        (_, Text::Exact(exact)) => matches(exact),
        (Text::Prefix(_), Text::Prefix(prefix)) => matches(prefix),
        _ => false,
    }
}

type Named = [(String, Option<Text>)];

/// Whether each name that is asked for on the wide side is asked for at least as
/// narrowly on the other.
fn named(wide: &Named, narrow: &Named, is_same: impl Fn(&str, &str) -> bool) -> bool {
    wide.iter().all(|(name, text)| {
        narrow.iter().filter(|(other, _)| is_same(name, other)).any(|(_, other)| match (text, other) {
            (None, _) => true,
            (Some(text), Some(other)) => includes(text, other, false, false),
            (Some(_), None) => false,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matcher::Pattern;

    fn uri(text: Text) -> HttpMatch {
        HttpMatch { uri: Some(text), ..HttpMatch::default() }
    }

    fn takes_all(wide: &HttpMatch, narrow: &HttpMatch) -> bool {
        takes(wide, &[], narrow, &[])
    }

    #[test]
    fn a_prefix_takes_what_begins_with_it() {
        let prefix = |text: &str| uri(Text::Prefix(text.into()));
        let exact = |text: &str| uri(Text::Exact(text.into()));
        let regex = |text: &str| uri(Text::Regex(Pattern::new(text).unwrap()));
        assert!(takes_all(&prefix("/a"), &prefix("/a/b")) && takes_all(&prefix("/a"), &exact("/ab")));
        assert!(takes_all(&regex("/a.*"), &exact("/ab")) && takes_all(&regex(".*"), &prefix("/x")));
        assert!(takes_all(&regex("/a+"), &regex("/a+")) && takes_all(&HttpMatch::default(), &exact("/")));
        assert!(!takes_all(&prefix("/a/b"), &prefix("/a")) && !takes_all(&exact("/a"), &HttpMatch::default()));
        assert!(!takes_all(&prefix("/a"), &regex("/a/.*")), "a regular expression is not looked into");
        let any_case = |block| HttpMatch { ignore_uri_case: true, ..block };
        assert!(takes_all(&any_case(prefix("/A")), &exact("/ab")));
        assert!(!takes_all(&prefix("/a"), &any_case(exact("/ab"))));
    }

    #[test]
    fn what_is_asked_for_besides_makes_it_narrower() {
        let with = |name: &str, text: Option<&str>| HttpMatch {
            headers: vec![(name.into(), text.map(|text| Text::Exact(text.into())))],
            ..HttpMatch::default()
        };
        assert!(takes_all(&with("Tag", None), &with("tag", Some("a"))));
        assert!(!takes_all(&with("tag", Some("a")), &with("tag", None)));
        assert!(!takes_all(&with("tag", Some("a")), &HttpMatch::default()));
        assert!(takes_all(&HttpMatch::default(), &HttpMatch { port: Some(80), ..HttpMatch::default() }));
        let (mesh, both) = (["mesh".to_owned()], ["mesh".to_owned(), "edge".to_owned()]);
        assert!(takes(&HttpMatch::default(), &both, &HttpMatch::default(), &mesh));
        assert!(!takes(&HttpMatch::default(), &mesh, &HttpMatch::default(), &both));
    }
}
