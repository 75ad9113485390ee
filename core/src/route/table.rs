//! The routes of all hosts: which host's are asked, and which of them matches.

use super::condition::{Home, Seen};
use super::discovery::Discovery;
use super::rule::{Action, Router, Routes};
use super::{Answer, AnswerId, Connection, Directions, Effects, Request, Rolls};
use crate::matcher::{HostName, HostPattern};
use crate::sync::Arc;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::collections::BTreeSet;

/// How many versions of the rules an [`AnswerId`] stays good for.
pub const KEPT_VERSIONS: usize = 8;
const INDEX_BITS: u32 = 24;
const INDEX_MASK: u64 = (1 << INDEX_BITS) - 1;
/// An id stays below 2⁵³, so that a JavaScript number carries it.
const VERSION_MASK: u64 = (1 << (53 - INDEX_BITS)) - 1;

/// The routes of all hosts, in one version of the rules.
#[derive(Debug, Default)]
pub struct Table {
    hosts: Hosts,
    routers: Box<[Router]>,
    answers: Arc<Answers>,
    /// The answers of earlier versions, the newest first.
    older: Vec<Arc<Answers>>,
}

/// Everything that one version of the rules can answer.
#[derive(Debug, Default)]
struct Answers {
    version: u64,
    list: Vec<Arc<Answer>>,
}

impl Table {
    /// A table of routers, each with the hosts that it serves. Where two name a
    /// host, the first one serves it. The answers of `previous` stay known.
    #[must_use]
    pub fn new(
        routers: Vec<(Vec<HostPattern>, Router)>,
        answers: Vec<Answer>,
        namespace: &str,
        version: u64,
        previous: &Table,
    ) -> Table {
        let mut hosts = Hosts { namespace: namespace.into(), ..Hosts::default() };
        let mut placed = Vec::with_capacity(routers.len());
        for (patterns, router) in routers {
            for pattern in patterns {
                hosts.add(pattern, placed.len());
            }
            placed.push(router);
        }
        let older = std::iter::once(&previous.answers).chain(&previous.older);
        Table {
            hosts,
            routers: placed.into(),
            answers: Arc::new(Answers { version, list: answers.into_iter().map(Arc::new).collect() }),
            older: older.take(KEPT_VERSIONS.saturating_sub(1)).cloned().collect(),
        }
    }

    /// Where the request goes; `None` when no route says.
    pub fn route(
        &self,
        request: &Request<'_>,
        rolls: &mut Rolls<'_>,
        home: Home<'_>,
        discovery: &Discovery,
    ) -> Option<AnswerId> {
        let routes = &self.router(request.host)?.http;
        let (number, _) = decide(routes, request.hash, &Seen::new(request, home), rolls, discovery)?;
        self.id(number)
    }

    /// Where a connection goes; `None` when no route says. One that asks for a
    /// name goes by the TLS routes, and where none of them matches by those of
    /// TCP, like all others.
    pub fn connect(
        &self,
        connection: &Connection<'_>,
        rolls: &mut Rolls<'_>,
        home: Home<'_>,
        discovery: &Discovery,
    ) -> Option<AnswerId> {
        let router = self.router(connection.host)?;
        let Connection { port, client, caller, .. } = *connection;
        let request = Request { port, client, caller, ..Request::new(connection.host) };
        let seen = Seen::connection(connection, &request, home);
        let by_name = connection.sni.and_then(|_| decide(&router.tls, connection.hash, &seen, rolls, discovery));
        let decided = by_name.or_else(|| decide(&router.tcp, connection.hash, &seen, rolls, discovery));
        self.id(decided?.0)
    }

    fn router(&self, host: &str) -> Option<&Router> {
        self.hosts.find(host).and_then(|index| self.routers.get(index))
    }

    fn id(&self, number: u32) -> Option<AnswerId> {
        let index = u64::from(number).checked_add(1).filter(|index| *index <= INDEX_MASK)?;
        Some(AnswerId((self.answers.version & VERSION_MASK) << INDEX_BITS | index))
    }

    /// Where the request goes, and all that is done with it on the way.
    pub fn direct(
        &self,
        request: &Request<'_>,
        rolls: &mut Rolls<'_>,
        home: Home<'_>,
        discovery: &Discovery,
    ) -> Option<Directions> {
        let seen = Seen::new(request, home);
        let routes = &self.router(request.host)?.http;
        let (number, prefix) = decide(routes, request.hash, &seen, rolls, discovery)?;
        let answer = Arc::clone(self.answers.list.get(usize::try_from(number).ok()?)?);
        let effects = Effects::of(&answer, request, seen.path(), prefix, rolls);
        Some(Directions { answer, effects })
    }

    /// The answer behind an id, if its version is still kept.
    #[must_use]
    pub fn answer(&self, id: AnswerId) -> Option<Arc<Answer>> {
        let version = id.0 >> INDEX_BITS;
        let index = usize::try_from((id.0 & INDEX_MASK).checked_sub(1)?).ok()?;
        let mut kept = std::iter::once(&self.answers).chain(&self.older);
        kept.find(|answers| answers.version & VERSION_MASK == version)?.list.get(index).cloned()
    }
}

/// The number of the answer, and how much of the path the matching block's
/// prefix took.
fn decide(
    routes: &Routes,
    hash: Option<&str>,
    seen: &Seen<'_>,
    rolls: &mut Rolls<'_>,
    discovery: &Discovery,
) -> Option<(u32, Option<usize>)> {
    let (rule, block) = routes.first_match(seen)?;
    let number = match &rule.action {
        Action::Split(split) => split.pick(hash, rolls)?.settle(&discovery.load()),
        Action::Answer(number) => *number,
    };
    Some((number, block.prefix))
}

type Index = HashMap<Box<str>, usize, FixedState>;

/// Host patterns by hash; those with a star by the length of what is fixed, the
/// longest first.
#[derive(Debug, Default)]
struct Hosts {
    namespace: Box<str>,
    exact: Index,
    suffixes: Index,
    suffix_lengths: BTreeSet<usize>,
    prefixes: Index,
    prefix_lengths: BTreeSet<usize>,
    any: Option<usize>,
}

impl Hosts {
    fn add(&mut self, pattern: HostPattern, index: usize) {
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

    fn find(&self, host: &str) -> Option<usize> {
        let name = HostName::new(host, &self.namespace);
        if name.as_str().is_empty() {
            return None;
        }
        let exact = self.exact.get(name.as_str()).copied();
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
        let mut hosts = Hosts { namespace: "default".into(), ..Hosts::default() };
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

    #[test]
    fn answers_of_the_last_eight_versions_are_kept() {
        let answer = |n: u64| Answer::Empty { host: n.to_string(), subset: None };
        let id = |version: u64| AnswerId(version << INDEX_BITS | 1);
        let mut table = Table::default();
        for version in 1..=20 {
            table = Table::new(vec![], vec![answer(version)], "default", version, &table);
        }
        assert_eq!(table.answer(id(20)).as_deref(), Some(&answer(20)));
        assert_eq!(table.answer(id(13)).as_deref(), Some(&answer(13)));
        assert_eq!(table.answer(id(12)), None);
        assert_eq!(table.answer(id(21)), None);
        assert_eq!(table.answer(AnswerId(20 << INDEX_BITS)), None);
        assert_eq!(table.answer(AnswerId(20 << INDEX_BITS | 2)), None);
        assert_eq!(table.answer(AnswerId(u64::MAX)), None);
    }
}
