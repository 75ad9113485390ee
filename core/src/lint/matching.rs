//! Conditions that no request can meet, or that are meant otherwise.

use super::{Documents, Good, Told};
use crate::matcher::{Pattern, Text};
use crate::spec::code::Code;
use crate::spec::traffic_router::{HttpMatch, TrafficRouter};

pub(super) fn lint(documents: &Documents<'_>, told: &mut Told) {
    // A RouterRule has its matches elsewhere.
    for router in documents.routers.iter().filter(|router| router.document.kind != "RouterRule") {
        for route in &router.document.http {
            for (j, block) in route.matches.iter().enumerate() {
                let path = format!("spec.http[{}].match[{j}]", route.position);
                Look { router: *router, path, told }.block(block);
            }
        }
    }
}

/// Looks at one block.
struct Look<'l> {
    router: Good<'l, TrafficRouter>,
    path: String,
    told: &'l mut Told,
}

impl Look<'_> {
    fn block(&mut self, block: &HttpMatch) {
        if let Some(uri) = &block.uri {
            self.uri(uri);
        }
        if let Some(Text::Exact(method)) = &block.method
            && method.bytes().any(|byte| byte.is_ascii_lowercase())
        {
            let upper = method.to_ascii_uppercase();
            self.never(
                "method.exact",
                &format!("{method:?}: methods are in capitals, and case counts"),
                &format!("{upper:?}"),
            );
        }
        if let Some(Text::Exact(scheme)) = &block.scheme
            && scheme.bytes().any(|byte| byte.is_ascii_uppercase() || byte == b':')
        {
            let lower = scheme.to_ascii_lowercase().replace("://", "");
            self.never(
                "scheme.exact",
                &format!("{scheme:?}: a scheme is a word in small letters"),
                &format!("{lower:?}"),
            );
        }
        for (key, texts) in [("authority", &block.authority), ("method", &block.method), ("scheme", &block.scheme)] {
            if let Some(Text::Regex(pattern)) = texts {
                self.anchors(&format!("{key}.regex"), pattern);
            }
        }
        for (key, list) in [("headers", &block.headers), ("queryParams", &block.query_params)] {
            for (name, text) in list {
                self.value(&format!("{key}.{name}"), text.as_ref());
            }
        }
        for (name, text) in &block.without_headers {
            self.without(block, name, text.as_ref());
        }
    }

    fn uri(&mut self, uri: &Text) {
        match uri {
            Text::Exact(path) => self.path("uri.exact", path),
            Text::Prefix(path) => self.path("uri.prefix", path),
            Text::Regex(pattern) => {
                let text = pattern.as_str();
                self.anchors("uri.regex", pattern);
                if !pattern.may_begin_with(b'/') {
                    let found = format!("the regular expression {text:?}, which matches nothing that begins with /");
                    let right = format!(
                        "one that a path can match, such as {:?}",
                        format!("/{}", text.trim_start_matches('^'))
                    );
                    self.never("uri.regex", &found, &right);
                }
                if let Some(start) = text.strip_suffix("/*") {
                    let found = format!("the regular expression {text:?}, in which /* is any number of slashes");
                    self.glob("uri.regex", &found, &format!("{:?} for everything below", format!("{start}/.*")));
                }
            }
        }
    }

    fn path(&mut self, key: &str, path: &str) {
        if path.is_empty() {
            if key == "uri.exact" {
                self.never(key, "an empty path: the least that a request has is /", "\"/\"");
            }
        } else if !path.starts_with('/') && path != "*" {
            let found = format!("{path:?}, which no path begins with: they begin with /");
            let path = path
                .split_once("://")
                .map_or(path, |(_, rest)| rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/"));
            let right = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
            self.never(key, &found, &format!("{right:?}"));
        } else if let Some((before, _)) = path.split_once(['?', '#']) {
            let found = format!("{path:?}: the path is matched without its query");
            self.never(key, &found, &format!("{before:?}, and queryParams for the rest"));
        } else if path.contains('*') {
            let found = format!("{path:?}, in which the asterisk stands for itself");
            let right = match path.strip_suffix('*').or_else(|| path.strip_suffix(".*")) {
                Some(start) if !start.contains('*') => format!("the prefix {:?}", start.trim_end_matches('.')),
                _ => format!("a regex, such as {:?}", path.replace(".*", "*").replace('*', ".*")),
            };
            self.glob(key, &found, &right);
        }
    }

    /// A header or query parameter.
    fn value(&mut self, key: &str, text: Option<&Text>) {
        match text {
            Some(Text::Regex(pattern)) => self.anchors(&format!("{key}.regex"), pattern),
            Some(Text::Exact(value)) if value.ends_with('*') && **value != *"*/*" => {
                let found = format!("{:?}, in which the asterisk stands for itself", &**value);
                let right = match value.trim_end_matches(['*', '.']) {
                    "" => "{}, for whatever value".to_owned(),
                    start => format!("the prefix {start:?}"),
                };
                self.glob(&format!("{key}.exact"), &found, &right);
            }
            Some(Text::Prefix(value)) if value.ends_with('*') => {
                let found = format!("{:?}, in which the asterisk stands for itself", &**value);
                self.glob(
                    &format!("{key}.prefix"),
                    &found,
                    &format!("the prefix {:?}", value.trim_end_matches(['*', '.'])),
                );
            }
            _ => {}
        }
    }

    /// A header that must not be there, or not with this value.
    fn without(&mut self, block: &HttpMatch, name: &str, text: Option<&Text>) {
        let key = format!("withoutHeaders.{name}");
        if let Some(Text::Regex(pattern)) = text {
            if pattern.as_str() == ".*" {
                let found = "every value, and a missing header counts as the empty one: it always has such a value";
                self.never(&format!("{key}.regex"), found, "{}, for a header that must not be there");
                return;
            }
            self.anchors(&format!("{key}.regex"), pattern);
        }
        let asked = block.headers.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
        let contradicts = asked.into_iter().any(|(_, asked)| text.is_none() || asked.as_ref() == text);
        if contradicts {
            self.never(&key, "a header that headers asks for", "one of the two");
        }
    }

    fn anchors(&mut self, key: &str, pattern: &Pattern) {
        let text = pattern.as_str();
        let (begins, ends) = (text.starts_with('^'), ends_with_anchor(text));
        if !begins && !ends {
            return;
        }
        let bare = text.strip_prefix('^').unwrap_or(text);
        let bare = if ends { bare.strip_suffix('$').unwrap_or(bare) } else { bare };
        let (found, expected) = match (begins, ends) {
            (true, false) if !bare.ends_with(".*") => (
                format!("{text:?}, which matches the whole value as if $ stood behind it"),
                format!("{:?} for what begins so, or {bare:?} for this alone", format!("{bare}.*")),
            ),
            (false, true) if !bare.starts_with(".*") => (
                format!("{text:?}, which matches the whole value as if ^ stood before it"),
                format!("{:?} for what ends so, or {bare:?} for this alone", format!(".*{bare}")),
            ),
            _ => {
                (format!("{text:?}, whose anchors do nothing: the whole value is matched anyway"), format!("{bare:?}"))
            }
        };
        self.told.tell(self.router.reading, Code::NeedlessAnchor, &self.at(key), &found, &expected);
    }

    fn never(&mut self, key: &str, found: &str, expected: &str) {
        self.told.tell(self.router.reading, Code::NeverMatches, &self.at(key), found, expected);
    }

    fn glob(&mut self, key: &str, found: &str, expected: &str) {
        self.told.tell(self.router.reading, Code::LooksLikeGlob, &self.at(key), found, expected);
    }

    fn at(&self, key: &str) -> String {
        format!("{}.{key}", self.path)
    }
}

/// Whether a pattern ends with `$`, and not with one that is escaped.
fn ends_with_anchor(text: &str) -> bool {
    text.strip_suffix('$').is_some_and(|rest| {
        let slashes = rest.bytes().rev().take_while(|byte| *byte == b'\\').count();
        slashes.is_multiple_of(2)
    })
}
