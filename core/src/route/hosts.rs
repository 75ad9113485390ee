//! Which of many host patterns a host falls under.

use crate::matcher::{HostName, HostPattern};
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::collections::BTreeSet;

type Index = HashMap<Box<str>, usize, FixedState>;

/// Host patterns by hash; those with a star by the length of what is fixed, the
/// longest first.
#[derive(Debug, Default)]
pub(crate) struct Hosts {
    namespace: Box<str>,
    exact: Index,
    suffixes: Index,
    suffix_lengths: BTreeSet<usize>,
    prefixes: Index,
    prefix_lengths: BTreeSet<usize>,
    any: Option<usize>,
}

impl Hosts {
    /// No patterns yet, seen from a namespace.
    #[must_use]
    pub(crate) fn new(namespace: &str) -> Hosts {
        Hosts { namespace: namespace.into(), ..Hosts::default() }
    }

    /// Files a pattern; where it is filed already, the first index stays.
    pub(crate) fn add(&mut self, pattern: HostPattern, index: usize) {
        match pattern {
            HostPattern::Exact(host) => {
                self.exact.entry(host).or_insert(index);
            }
            HostPattern::Suffix(suffix) => {
                self.suffix_lengths.insert(suffix.len());
                self.suffixes.entry(suffix).or_insert(index);
            }
            HostPattern::Prefix(prefix) => {
                self.prefix_lengths.insert(prefix.len());
                self.prefixes.entry(prefix).or_insert(index);
            }
            HostPattern::Any => self.any = self.any.or(Some(index)),
        }
    }

    /// The index of the most specific pattern that matches a host.
    pub(super) fn find(&self, host: &str) -> Option<usize> {
        // What is filed is its own shortest form, and what most requests write.
        if let Some(index) = self.exact.get(host) {
            return Some(*index);
        }
        let name = HostName::new(host, &self.namespace);
        if name.as_str().is_empty() {
            return None;
        }
        let exact = if name.as_str() == host { None } else { self.exact.get(name.as_str()).copied() };
        exact.or_else(|| if self.has_stars() { self.starred(&name) } else { None }).or(self.any)
    }

    fn has_stars(&self) -> bool {
        !(self.suffixes.is_empty() && self.prefixes.is_empty())
    }

    /// A service is asked for in each of its forms: all of them are this host.
    fn starred(&self, name: &HostName<'_>) -> Option<usize> {
        let full = name.full(&self.namespace);
        let full = full.as_deref().unwrap_or(name.as_str());
        let longest = |lengths: &BTreeSet<usize>, ask: &dyn Fn(usize) -> Option<usize>| {
            lengths.iter().rev().find_map(|length| ask(*length))
        };
        let suffix = longest(&self.suffix_lengths, &|length| {
            forms(full, name.as_str()).find_map(|form| {
                let cut = form.len().checked_sub(length).filter(|cut| *cut > 0)?;
                self.suffixes.get(form.get(cut..)?).copied()
            })
        });
        suffix.or_else(|| {
            longest(&self.prefix_lengths, &|length| {
                let prefix = full.get(..length).filter(|prefix| prefix.len() < full.len())?;
                self.prefixes.get(prefix).copied()
            })
        })
    }
}

/// The names of the host whose longest and shortest are these.
fn forms<'a>(full: &'a str, short: &'a str) -> impl Iterator<Item = &'a str> {
    let service =
        full.strip_suffix(".svc.cluster.local").filter(|name| name.bytes().filter(|byte| *byte == b'.').count() == 1);
    let shorter = service.map(|name| {
        let svc = full.get(..name.len().saturating_add(".svc".len())).unwrap_or(full);
        [svc, name]
    });
    std::iter::once(full).chain(shorter.into_iter().flatten()).chain(std::iter::once(short))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(patterns: &[&str]) -> Hosts {
        let mut hosts = Hosts::new("default");
        for (index, pattern) in patterns.iter().enumerate() {
            hosts.add(HostPattern::read(pattern, "default").unwrap(), index);
        }
        hosts
    }

    fn found<'p>(patterns: &[&'p str], host: &str) -> Option<&'p str> {
        hosts(patterns).find(host).map(|index| patterns[index])
    }

    #[test]
    fn the_most_specific_host_is_chosen() {
        let all = ["*", "www.*", "www.example.*", "*.com", "*.example.com", "www.example.com"];
        assert_eq!(found(&all, "www.example.com:8080"), Some("www.example.com"));
        assert_eq!(found(&all, "WWW.Example.COM"), Some("www.example.com"));
        assert_eq!(found(&all, "a.example.com"), Some("*.example.com"));
        assert_eq!(found(&all, "a.b.example.com"), Some("*.example.com"));
        assert_eq!(found(&all, "example.com"), Some("*.com"));
        assert_eq!(found(&all, "www.example.org"), Some("www.example.*"));
        assert_eq!(found(&all, "www.other.org"), Some("www.*"));
        assert_eq!(found(&all, "shop.org"), Some("*"));
    }

    #[test]
    fn a_star_stands_for_at_least_one_character() {
        assert_eq!(found(&["*.example.com"], ".example.com"), None);
        assert_eq!(found(&["www.example.*"], "www.example."), None);
        assert_eq!(found(&["*"], ""), None);
        assert_eq!(found(&["*"], ":80"), None);
    }

    #[test]
    fn a_service_is_found_by_each_of_its_names() {
        for host in ["shop", "shop.default", "shop.default.svc", "shop.default.svc.cluster.local"] {
            assert_eq!(found(&["shop"], host), Some("shop"));
            assert_eq!(found(&["shop.default.svc"], host), Some("shop.default.svc"));
            assert_eq!(found(&["*.default.svc.cluster.local"], host), Some("*.default.svc.cluster.local"));
            assert_eq!(found(&["*.default"], host), Some("*.default"));
            assert_eq!(found(&["shop.*"], host), Some("shop.*"));
            assert_eq!(found(&["shop.other"], host), None);
        }
        assert_eq!(found(&["*.svc"], "shop.other"), Some("*.svc"));
        assert_eq!(found(&["*.svc"], "a.b.c"), None);
    }
}
