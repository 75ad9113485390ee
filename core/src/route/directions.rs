//! What is done with one request on its way.

use super::{Answer, Request, Rolls};
use crate::policy::{Fault, Mirror, Redirected, Rewritten};
use crate::sync::Arc;

/// Where one request goes, and all that is done with it on the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directions {
    /// Where it goes, and what holds for every request that goes there.
    pub answer: Arc<Answer>,
    /// What was worked out and drawn for this one.
    pub effects: Effects,
}

/// What a route does with one request: worked out from its path, or drawn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effects {
    /// The path and host that the destination sees instead.
    pub rewrite: Option<Rewritten>,
    /// Where the caller is sent.
    pub redirect: Option<Redirected>,
    /// The faults that this request gets.
    pub fault: Fault,
    /// The mirrors that get a copy of it.
    pub mirrors: Vec<Mirror>,
}

impl Effects {
    /// The effects that an answer has on the request, whose path without query
    /// is `path`; of it the matching prefix took `prefix` bytes.
    #[must_use]
    pub fn of(
        answer: &Answer,
        request: &Request<'_>,
        path: &str,
        prefix: Option<usize>,
        rolls: &mut Rolls<'_>,
    ) -> Effects {
        match answer {
            Answer::Empty { .. } | Answer::Respond { .. } => Effects::default(),
            Answer::Redirect { redirect, .. } => {
                let redirect = redirect.apply(request.host, path, request.scheme, request.port);
                Effects { redirect: Some(redirect), ..Effects::default() }
            }
            Answer::To { policy, .. } => {
                let fault = policy.fault.drawn(|| rolls.roll());
                let mirrors = policy.mirrors.iter().filter(|mirror| mirror.percentage.draws(|| rolls.roll()));
                let mirrors = mirrors.cloned().collect();
                let rewrite = policy.rewrite.as_ref().map(|rewrite| rewrite.apply(path, prefix));
                Effects { rewrite, redirect: None, fault, mirrors }
            }
        }
    }
}
