//! What routing answers, and what discovery tells it.

use crate::policy::{DirectResponse, Policy, Redirect};
use crate::sync::Arc;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// Names an [`Answer`] of one version of the rules, for
/// [`Engine::answer`](crate::Engine::answer). It fits in 53 bits, and the same
/// id always stands for the same answer, so a host may cache what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AnswerId(pub u64);

/// Where a request goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// To this destination.
    To {
        /// The matched route's `name`, if it has one.
        route: Option<String>,
        /// Where to.
        destination: Destination,
        /// Whether this is a fallback for the destination that was picked.
        fallback: bool,
        /// What is done with the request beside sending it on.
        policy: Arc<Policy>,
    },
    /// Nowhere: the caller is sent elsewhere.
    Redirect {
        /// The matched route's `name`, if it has one.
        route: Option<String>,
        /// Where to; it is worked out for each request.
        redirect: Arc<Redirect>,
        /// What else is done: the changes to the response's headers, CORS.
        policy: Arc<Policy>,
    },
    /// Nowhere: the rule has the response itself.
    Respond {
        /// The matched route's `name`, if it has one.
        route: Option<String>,
        /// The response.
        response: Arc<DirectResponse>,
        /// What else is done: the changes to the response's headers, CORS.
        policy: Arc<Policy>,
    },
    /// Nowhere: the picked destination and all its fallbacks have no healthy
    /// instance; this host and subset is the last that was looked at.
    Empty {
        /// The host.
        host: String,
        /// The subset, if one was asked for.
        subset: Option<String>,
    },
}

impl Answer {
    /// Whether more than this is done with a request, worked out or drawn for
    /// each one: [`Engine::direct`](crate::Engine::direct) tells.
    #[must_use]
    pub fn varies(&self) -> bool {
        match self {
            Answer::To { policy, .. } => {
                policy.rewrite.is_some() || !policy.fault.is_empty() || !policy.mirrors.is_empty()
            }
            Answer::Redirect { .. } => true,
            Answer::Respond { .. } | Answer::Empty { .. } => false,
        }
    }
}

/// A phrase for people: where to, and by which route.
impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let route = match self {
            Answer::To { route, destination, fallback, .. } => {
                let Destination { host, subset, port } = destination;
                write!(f, "{}to {host}", if *fallback { "as a fallback " } else { "" })?;
                subset.iter().try_for_each(|subset| write!(f, ", subset {subset}"))?;
                port.iter().try_for_each(|port| write!(f, ", port {port}"))?;
                route
            }
            Answer::Redirect { route, .. } => {
                f.write_str("redirected")?;
                route
            }
            Answer::Respond { route, .. } => {
                f.write_str("answered by the rule itself")?;
                route
            }
            Answer::Empty { host, subset } => {
                write!(f, "nowhere: {host}")?;
                subset.iter().try_for_each(|subset| write!(f, ", subset {subset},"))?;
                f.write_str(" has no healthy instance")?;
                &None
            }
        };
        route.iter().try_for_each(|route| write!(f, ", by the route {route}"))
    }
}

/// A destination as the rule writes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Destination {
    /// The host.
    pub host: String,
    /// The subset of the host's instances.
    pub subset: Option<String>,
    /// The port.
    pub port: Option<u16>,
}

/// An instance of a host that discovery found. It is read and written by the
/// names of its fields; only the id has no default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Instance {
    /// Its identity: what `pick` answers.
    pub id: String,
    /// Its labels.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// Whether discovery holds it for healthy; by default it does.
    #[serde(default = "yes")]
    pub healthy: bool,
    /// Its weight among its like, 1 by default.
    #[serde(default = "one")]
    pub weight: u32,
    /// Its zone.
    #[serde(default)]
    pub zone: Option<String>,
}

fn yes() -> bool {
    true
}

fn one() -> u32 {
    1
}
