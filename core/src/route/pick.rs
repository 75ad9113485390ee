//! Which instance a request goes to.

use super::pool::Endpoint;
use super::{Answer, Destination, Directions, Effects, Moment, Request, Rolls, Table};
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

impl Table {
    /// Where the request goes and which instance takes it. A host that no router
    /// names is chosen among as a whole; `None` where there is no route, or no
    /// router and no such host either.
    pub fn pick(&self, request: &Request<'_>, rolls: &mut Rolls<'_>, moment: &Moment<'_>) -> Option<Pick> {
        let is_routed = self.names(request.host);
        let directions = if is_routed { self.direct(request, rolls, moment)? } else { whole(request, moment)? };
        let Answer::To { destination, .. } = &*directions.answer else {
            return Some(Pick { directions, endpoint: None });
        };
        let name = HostName::new(&destination.host, moment.home.namespace);
        let Some(host) = moment.fleet.host(name.as_str()) else { return Some(Pick { directions, endpoint: None }) };
        let pool = host.pool(destination.subset.as_deref(), || moment.colour(request), moment.now);
        let endpoint = pool.and_then(|(pool, heed)| {
            let key = key(pool.balance(), request);
            pool.choose(heed, key.as_deref(), rolls).cloned()
        });
        if endpoint.is_none() {
            // For a host without a router; or one that was ejected this moment.
            let Destination { host, subset, .. } = destination.clone();
            let answer = Arc::new(Answer::Empty { host, subset });
            return Some(Pick { directions: Directions { answer, effects: Effects::default() }, endpoint });
        }
        Some(Pick { directions, endpoint })
    }
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
