//! Which instance a request goes to.

use super::pool::Endpoint;
use super::{Answer, AnswerId, Destination, Directions, Effects, Moment, Request, Rolls, Table};
use crate::matcher::{HostName, host, query};
use crate::policy::{Balance, HashOn, Policy};
use crate::sync::Arc;
use std::borrow::Cow;

/// Where a request goes, down to the instance.
#[derive(Clone, Debug)]
pub struct Pick {
    /// Where it goes and all that is done with it; of a host that no router
    /// names, that host.
    pub directions: Directions,
    /// The instance; `None` where the request goes to none, or to a host that
    /// discovery has not named.
    pub endpoint: Option<Arc<Endpoint>>,
}

/// A plain destination and the instance that a request goes to.
#[derive(Clone, Debug)]
pub struct PickedId {
    /// Where it goes; `None` is the host that was asked for, which no router names.
    pub answer: Option<AnswerId>,
    /// The instance.
    pub endpoint: Arc<Endpoint>,
}

impl Table {
    /// What [`Table::pick`] says where it is no more than a destination and an
    /// instance; `None` where it is anything else, which that tells.
    pub fn pick_id(&self, request: &Request<'_>, rolls: &mut Rolls<'_>, moment: &Moment<'_>) -> Option<PickedId> {
        let Some(placed) = self.placed(request.host) else {
            let host = host::split_port(request.host).0;
            let endpoint = choose(host, None, request, rolls, moment).endpoint?;
            return Some(PickedId { answer: None, endpoint });
        };
        let (id, answer) = self.plain(placed, request, rolls, moment)?;
        let Answer::To { destination, .. } = answer else { return None };
        let endpoint = choose(&destination.host, destination.subset.as_deref(), request, rolls, moment).endpoint?;
        Some(PickedId { answer: Some(id), endpoint })
    }

    /// Where the request goes and which instance takes it. A host that no router
    /// names is chosen among as a whole; `None` where there is no route, or no
    /// router and no such host either.
    pub fn pick(&self, request: &Request<'_>, rolls: &mut Rolls<'_>, moment: &Moment<'_>) -> Option<Pick> {
        let is_routed = self.names(request.host);
        let directions = if is_routed { self.direct(request, rolls, moment)? } else { whole(request, moment)? };
        let Answer::To { destination, .. } = &*directions.answer else {
            return Some(Pick { directions, endpoint: None });
        };
        let chosen = choose(&destination.host, destination.subset.as_deref(), request, rolls, moment);
        let endpoint = chosen.endpoint;
        if chosen.is_known && endpoint.is_none() {
            // For a host without a router; or one that was ejected this moment.
            let Destination { host, subset, .. } = destination.clone();
            let answer = Arc::new(Answer::Empty { host, subset });
            return Some(Pick { directions: Directions { answer, effects: Effects::default() }, endpoint });
        }
        Some(Pick { directions, endpoint })
    }
}

/// What is chosen among the instances of a host.
struct Chosen {
    /// Whether discovery has named the host.
    is_known: bool,
    endpoint: Option<Arc<Endpoint>>,
}

fn choose(
    host: &str,
    subset: Option<&str>,
    request: &Request<'_>,
    rolls: &mut Rolls<'_>,
    moment: &Moment<'_>,
) -> Chosen {
    let name = HostName::new(host, moment.home.namespace);
    let Some(host) = moment.fleet.host(name.as_str()) else { return Chosen { is_known: false, endpoint: None } };
    let pool = host.pool(subset, || moment.colour(request), moment.now);
    let endpoint = pool.and_then(|(pool, heed)| {
        let key = key(pool.balance(), request);
        pool.choose(heed, key.as_deref(), rolls).cloned()
    });
    Chosen { is_known: true, endpoint }
}

/// The directions to a host that no router names.
fn whole(request: &Request<'_>, moment: &Moment<'_>) -> Option<Directions> {
    let (name, port) = host::split_port(request.host);
    moment.fleet.host(HostName::new(name, moment.home.namespace).as_str())?;
    let destination = Destination { host: name.to_owned(), subset: None, port: request.port.or(port) };
    let policy = Arc::new(Policy::default());
    let answer = Arc::new(Answer::To { route: None, destination, fallback: false, policy });
    Some(Directions { answer, effects: Effects::default() })
}

/// What the same instance is for: the part of the request that the rule names,
/// else the sticky key.
fn key<'a>(balance: &Balance, request: &Request<'a>) -> Option<Cow<'a, str>> {
    let part = match balance {
        Balance::ConsistentHash { on: HashOn::Header(name), .. } => request.headers.header(name),
        Balance::ConsistentHash { on: HashOn::Cookie(name), .. } => cookie(request, name),
        Balance::ConsistentHash { on: HashOn::SourceIp, .. } => request.client.map(Cow::Borrowed),
        Balance::ConsistentHash { on: HashOn::Query(name), .. } => {
            query::value(query::split(request.path).1.unwrap_or_default(), name).map(Cow::Borrowed)
        }
        Balance::LeastRequest | Balance::RoundRobin | Balance::Random => None,
    };
    part.or_else(|| request.hash.map(Cow::Borrowed))
}

/// The value of a cookie, the first one of the name.
pub(crate) fn cookie<'a>(request: &Request<'a>, name: &str) -> Option<Cow<'a, str>> {
    let header = request.headers.header("cookie")?;
    // Several `cookie` headers are joined with a comma.
    let mut pairs = header.split([';', ',']).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(own, _)| *own == name).map(|(_, value)| Cow::Owned(value.trim_matches('"').to_owned()))
}

impl Moment<'_> {
    /// The lane that the request carries.
    pub(super) fn colour<'a>(&self, request: &Request<'a>) -> Option<Cow<'a, str>> {
        self.colours.read(request).map(|(_, colour)| colour)
    }
}
