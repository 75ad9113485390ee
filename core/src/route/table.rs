//! The routes of all hosts: which host's are asked, and which of them matches.

use super::colour::ColourKeys;
use super::condition::{Home, Seen};
use super::fleet::Fleet;
use super::hosts::Hosts;
use super::rule::{Action, Router, Routes};
use super::{Answer, AnswerId, Connection, Directions, Effects, Request, Rolls};
use crate::sync::Arc;
use crate::time::Tick;

/// How many versions of the rules an [`AnswerId`] stays good for.
pub const KEPT_VERSIONS: usize = 8;
const INDEX_BITS: u32 = 24;
const INDEX_MASK: u64 = (1 << INDEX_BITS) - 1;
/// An id stays below 2⁵³, so that a JavaScript number carries it.
const VERSION_MASK: u64 = (1 << (53 - INDEX_BITS)) - 1;

/// The routes of all hosts, in one version of the rules.
#[derive(Debug, Default)]
pub struct Table {
    hosts: Arc<Hosts>,
    routers: Box<[Placed]>,
    answers: Arc<Answers>,
    /// The answers of earlier versions, the newest first.
    older: Vec<Arc<Answers>>,
}

/// What a request is routed by, beside the rules and what it says itself.
#[derive(Clone, Copy, Debug)]
pub struct Moment<'m> {
    /// Whose engine it is.
    pub home: Home<'m>,
    /// The instances that discovery named.
    pub fleet: &'m Fleet,
    /// The keys under which requests carry lanes.
    pub colours: &'m ColourKeys,
    /// When it is.
    pub now: Tick,
}

/// A router, and how many answers those before it have.
#[derive(Debug)]
pub(super) struct Placed {
    router: Arc<Router>,
    first: u32,
}

/// Everything that one version of the rules can answer: the answers of each
/// router, with how many stand before them.
#[derive(Debug, Default)]
struct Answers {
    version: u64,
    lists: Vec<(u32, Arc<[Arc<Answer>]>)>,
}

impl Answers {
    fn get(&self, index: u32) -> Option<&Arc<Answer>> {
        let behind = self.lists.partition_point(|(first, _)| *first <= index);
        let (first, list) = self.lists.get(behind.checked_sub(1)?)?;
        list.get(usize::try_from(index.checked_sub(*first)?).ok()?)
    }
}

impl Table {
    /// A table of routers, in whose order `hosts` counts them. The answers of
    /// `previous` stay known.
    #[must_use]
    pub(crate) fn new(
        hosts: Arc<Hosts>,
        routers: impl ExactSizeIterator<Item = Arc<Router>>,
        version: u64,
        previous: &Table,
    ) -> Table {
        let mut placed = Vec::with_capacity(routers.len());
        let mut lists = Vec::with_capacity(routers.len());
        let mut first = 0u32;
        for router in routers {
            if !router.answers.is_empty() {
                lists.push((first, Arc::clone(&router.answers)));
            }
            let count = u32::try_from(router.answers.len()).unwrap_or(u32::MAX);
            placed.push(Placed { router, first });
            first = first.saturating_add(count);
        }
        let older = std::iter::once(&previous.answers).chain(&previous.older);
        Table {
            hosts,
            routers: placed.into(),
            answers: Arc::new(Answers { version, lists }),
            older: older.take(KEPT_VERSIONS.saturating_sub(1)).cloned().collect(),
        }
    }

    /// Where the request goes; `None` when no route says.
    pub fn route(&self, request: &Request<'_>, rolls: &mut Rolls<'_>, moment: &Moment<'_>) -> Option<AnswerId> {
        let placed = self.placed(request.host)?;
        let routes = placed.router.routes_of(request);
        let (number, _) = decide(routes, request.hash, &Seen::new(request, moment.home), rolls, moment)?;
        self.id(placed, number)
    }

    /// Where a connection goes; `None` when no route says. One that asks for a
    /// name goes by the TLS routes, and where none of them matches by those of
    /// TCP, like all others.
    pub fn connect(&self, connection: &Connection<'_>, rolls: &mut Rolls<'_>, moment: &Moment<'_>) -> Option<AnswerId> {
        let placed = self.placed(connection.host)?;
        let router = &placed.router;
        let Connection { port, client, caller, .. } = *connection;
        let request = Request { port, client, caller, ..Request::new(connection.host) };
        let seen = Seen::connection(connection, &request, moment.home);
        let by_name = connection.sni.and_then(|_| decide(&router.tls, connection.hash, &seen, rolls, moment));
        let decided = by_name.or_else(|| decide(&router.tcp, connection.hash, &seen, rolls, moment));
        self.id(placed, decided?.0)
    }

    /// Whether a router names the host.
    pub(super) fn names(&self, host: &str) -> bool {
        self.hosts.find(host).is_some()
    }

    /// The routes of a host.
    pub(super) fn router(&self, host: &str) -> Option<&Router> {
        self.placed(host).map(|placed| &*placed.router)
    }

    /// The router of a host, in its place.
    pub(super) fn placed(&self, host: &str) -> Option<&Placed> {
        self.hosts.find(host).and_then(|index| self.routers.get(index))
    }

    fn id(&self, placed: &Placed, number: u32) -> Option<AnswerId> {
        let index = u64::from(placed.first)
            .checked_add(u64::from(number))?
            .checked_add(1)
            .filter(|index| *index <= INDEX_MASK)?;
        Some(AnswerId((self.answers.version & VERSION_MASK) << INDEX_BITS | index))
    }

    /// Where the request goes, and all that is done with it on the way.
    pub fn direct(&self, request: &Request<'_>, rolls: &mut Rolls<'_>, moment: &Moment<'_>) -> Option<Directions> {
        let seen = Seen::new(request, moment.home);
        let router = self.router(request.host)?;
        let (number, prefix) = decide(router.routes_of(request), request.hash, &seen, rolls, moment)?;
        let answer = Arc::clone(router.answer(number)?);
        let effects = Effects::of(&answer, request, seen.path(), prefix, rolls);
        Some(Directions { answer, effects })
    }

    /// The answer to a request with which nothing is done that
    /// [varies](Answer::varies), and its id.
    pub(super) fn plain<'t>(
        &self,
        placed: &'t Placed,
        request: &Request<'_>,
        rolls: &mut Rolls<'_>,
        moment: &Moment<'_>,
    ) -> Option<(AnswerId, &'t Answer)> {
        let routes = placed.router.routes_of(request);
        let (number, _) = decide(routes, request.hash, &Seen::new(request, moment.home), rolls, moment)?;
        let answer = placed.router.answer(number).filter(|answer| !answer.varies())?;
        Some((self.id(placed, number)?, answer))
    }

    /// The answer behind an id, if its version is still kept.
    #[must_use]
    pub fn answer(&self, id: AnswerId) -> Option<Arc<Answer>> {
        let version = id.0 >> INDEX_BITS;
        let index = u32::try_from((id.0 & INDEX_MASK).checked_sub(1)?).ok()?;
        let mut kept = std::iter::once(&self.answers).chain(&self.older);
        kept.find(|answers| answers.version & VERSION_MASK == version)?.get(index).cloned()
    }
}

/// The number of the answer, and how much of the path the matching block's
/// prefix took.
fn decide(
    routes: &Routes,
    hash: Option<&str>,
    seen: &Seen<'_>,
    rolls: &mut Rolls<'_>,
    moment: &Moment<'_>,
) -> Option<(u32, Option<usize>)> {
    let (rule, block) = routes.first_match(seen)?;
    let number = match &rule.action {
        Action::Split(split) => split.pick(hash, rolls)?.settle(seen.request(), moment),
        Action::Answer(number) => *number,
    };
    Some((number, block.prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_of_the_last_eight_versions_are_kept() {
        let answer = |n: u64| Answer::Empty { host: n.to_string(), subset: None };
        let router = |n| Arc::new(Router { answers: [Arc::new(answer(n))].into(), ..Router::default() });
        let id = |version: u64| AnswerId(version << INDEX_BITS | 1);
        let mut table = Table::default();
        for version in 1..=20 {
            let routers = [router(version), Arc::default(), router(version + 100)];
            table = Table::new(Arc::default(), routers.into_iter(), version, &table);
        }
        assert_eq!(table.answer(id(20)).as_deref(), Some(&answer(20)));
        assert_eq!(table.answer(id(13)).as_deref(), Some(&answer(13)));
        assert_eq!(table.answer(id(12)), None);
        assert_eq!(table.answer(id(21)), None);
        assert_eq!(table.answer(AnswerId(20 << INDEX_BITS)), None);
        assert_eq!(table.answer(AnswerId(20 << INDEX_BITS | 2)).as_deref(), Some(&answer(120)));
        assert_eq!(table.answer(AnswerId(20 << INDEX_BITS | 3)), None);
        assert_eq!(table.answer(AnswerId(u64::MAX)), None);
    }
}
