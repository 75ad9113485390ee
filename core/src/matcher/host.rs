//! Hosts: names in one form, and the patterns that rules write.
//!
//! `name`, `name.ns`, `name.ns.svc` and `name.ns.svc.cluster.local` are one
//! host. Its one form here is the shortest: what can be cut off is cut off, so
//! that a request's host needs no new text.

use std::borrow::Cow;

const CLUSTER: &str = ".svc.cluster.local";
const SERVICE: &str = ".svc";

/// A host without port, in lower case and in its shortest form.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HostName<'a>(Cow<'a, str>);

impl<'a> HostName<'a> {
    /// The name of a host as seen from `namespace`.
    #[must_use]
    pub fn new(host: &'a str, namespace: &str) -> Self {
        // One pass tells what there is to do; for most names that is nothing.
        let (mut has_colon, mut has_dot, mut has_upper) = (false, false, false);
        for byte in host.bytes() {
            has_colon |= byte == b':';
            has_dot |= byte == b'.';
            has_upper |= byte.is_ascii_uppercase();
        }
        let host = if has_colon { without_port(host) } else { host };
        if has_upper {
            let mut lower = host.to_ascii_lowercase();
            lower.truncate(shortest(&lower, namespace).len());
            return HostName(Cow::Owned(lower));
        }
        HostName(Cow::Borrowed(if has_dot { shortest(host, namespace) } else { host }))
    }

    /// The text of this form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The longest form of a name that may be a service's: of one or two parts.
    #[must_use]
    pub fn full(&self, namespace: &str) -> Option<String> {
        match self.0.bytes().filter(|byte| *byte == b'.').count() {
            0 => Some([&*self.0, ".", namespace, CLUSTER].concat()),
            1 => Some([&*self.0, CLUSTER].concat()),
            _ => None,
        }
    }
}

/// Cuts the port off: `a:80`, `[::1]:80`. A bare IPv6 address has none.
#[must_use]
pub fn without_port(host: &str) -> &str {
    split_port(host).0
}

/// The host and the port that it carries.
#[must_use]
pub fn split_port(host: &str) -> (&str, Option<u16>) {
    match host.rsplit_once(':') {
        Some((name, port)) if !name.contains(':') || name.ends_with(']') => (name, port.parse().ok()),
        _ => (host, None),
    }
}

fn shortest<'a>(host: &'a str, namespace: &str) -> &'a str {
    let service = host.strip_suffix(CLUSTER).or_else(|| host.strip_suffix(SERVICE));
    let host = service.filter(|name| name.bytes().filter(|byte| *byte == b'.').count() == 1).unwrap_or(host);
    match host.strip_suffix(namespace).and_then(|name| name.strip_suffix('.')) {
        Some(name) if !name.is_empty() && !name.contains('.') => name,
        _ => host,
    }
}

/// A host as a rule writes it, in lower case.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum HostPattern {
    /// This host, in its shortest form.
    Exact(Box<str>),
    /// `*.suffix`: what stands behind the star.
    Suffix(Box<str>),
    /// `prefix.*`: what stands before the star.
    Prefix(Box<str>),
    /// `*`.
    Any,
}

impl HostPattern {
    /// Reads a host as a rule of `namespace` writes it; `None` where it is none.
    #[must_use]
    pub fn read(host: &str, namespace: &str) -> Option<HostPattern> {
        if host == "*" {
            return Some(HostPattern::Any);
        }
        let lower = host.to_ascii_lowercase();
        if let Some(suffix) = lower.strip_prefix('*') {
            return is_name(suffix.strip_prefix('.').unwrap_or(suffix)).then(|| HostPattern::Suffix(suffix.into()));
        }
        if let Some(prefix) = lower.strip_suffix('*') {
            return is_name(prefix.strip_suffix('.').unwrap_or(prefix)).then(|| HostPattern::Prefix(prefix.into()));
        }
        let address = lower.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(&lower);
        let is_address = address.parse::<std::net::IpAddr>().is_ok();
        (is_address || is_name(&lower)).then(|| HostPattern::Exact(HostName::new(&lower, namespace).as_str().into()))
    }
}

impl HostPattern {
    /// Whether it matches the host.
    #[must_use]
    pub fn matches(&self, host: &HostName<'_>) -> bool {
        let host = host.as_str();
        match self {
            HostPattern::Exact(exact) => **exact == *host,
            HostPattern::Suffix(suffix) => host.len() > suffix.len() && host.ends_with(&**suffix),
            HostPattern::Prefix(prefix) => host.len() > prefix.len() && host.starts_with(&**prefix),
            HostPattern::Any => !host.is_empty(),
        }
    }

    /// Whether it matches all that the other one does.
    #[must_use]
    pub fn includes(&self, other: &HostPattern) -> bool {
        match (self, other) {
            (HostPattern::Any, _) => true,
            (_, HostPattern::Exact(exact)) => self.matches(&HostName(Cow::Borrowed(exact))),
            (HostPattern::Suffix(outer), HostPattern::Suffix(inner)) => inner.ends_with(&**outer),
            (HostPattern::Prefix(outer), HostPattern::Prefix(inner)) => inner.starts_with(&**outer),
            _ => false,
        }
    }
}

/// Whether a text is labels with dots between them.
fn is_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_' || !byte.is_ascii();
    text.len() <= 253 && text.split('.').all(|label| !label.is_empty() && label.bytes().all(plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(host: &str) -> String {
        HostName::new(host, "default").as_str().to_owned()
    }

    #[test]
    fn the_forms_of_a_service_are_one_host() {
        for host in [
            "reviews",
            "reviews.default",
            "reviews.default.svc",
            "reviews.default.svc.cluster.local",
            "Reviews.DEFAULT.svc:9080",
            "reviews:80",
        ] {
            assert_eq!(name(host), "reviews", "{host}");
        }
        assert_eq!(name("reviews.other.svc.cluster.local"), "reviews.other");
        assert_eq!(name("a.b.c.svc.cluster.local"), "a.b.c.svc.cluster.local");
        assert_eq!(name("www.example.com:8080"), "www.example.com");
        assert_eq!(name("default"), "default");
        assert_eq!(name("a.b.default"), "a.b.default");
        assert_eq!(name(".default"), ".default");
        assert_eq!(name("AÉ.default"), "aÉ");
    }

    #[test]
    fn an_address_keeps_its_colons() {
        assert_eq!(name("[::1]:80"), "[::1]");
        assert_eq!(name("::1"), "::1");
        assert_eq!(split_port("10.0.0.1:80"), ("10.0.0.1", Some(80)));
    }

    #[test]
    fn a_star_stands_at_one_end_alone() {
        let read = |host| HostPattern::read(host, "default");
        assert_eq!(read("*.Example.com"), Some(HostPattern::Suffix(".example.com".into())));
        assert_eq!(read("www.*"), Some(HostPattern::Prefix("www.".into())));
        assert_eq!(read("*"), Some(HostPattern::Any));
        assert_eq!(read("reviews.default.svc"), Some(HostPattern::Exact("reviews".into())));
        assert_eq!(read("::1"), Some(HostPattern::Exact("::1".into())));
        for bad in ["", "a.*.b", "*.*", "**", "a b", "a/b", "a..b", ".a", "a.com:80", "*.a.*", "http://a", "*..a"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_pattern_includes_what_it_matches() {
        let read = |host: &str| HostPattern::read(host, "default").unwrap();
        for (outer, inner) in
            [("*", "a.*"), ("*.com", "*.a.com"), ("*.com", "a.com"), ("a.*", "a.b.*"), ("a.com", "a.com")]
        {
            assert!(read(outer).includes(&read(inner)), "{outer} {inner}");
        }
        for (outer, inner) in
            [("*.a.com", "*.com"), ("a.com", "*.com"), ("*.com", "com"), ("*.com", "*"), ("a.*", "*.a")]
        {
            assert!(!read(outer).includes(&read(inner)), "{outer} {inner}");
        }
    }

    #[test]
    fn the_longest_form_is_a_services_alone() {
        let full = |host| HostName::new(host, "default").full("default");
        assert_eq!(full("reviews").as_deref(), Some("reviews.default.svc.cluster.local"));
        assert_eq!(full("reviews.other").as_deref(), Some("reviews.other.svc.cluster.local"));
        assert_eq!(full("www.example.com"), None);
    }
}
