//! The routes of a router, and which of them matches.

use super::condition::{Condition, Seen};
use super::index::{self, Index};
use super::split::Split;
use super::{Answer, Request};
use crate::sync::Arc;

/// The routes of one router.
#[derive(Debug, Default)]
pub struct Router {
    /// The kind and the name of the document, for explanations.
    pub document: Box<str>,
    /// Those of requests.
    pub http: Routes,
    /// Those of remote calls, where rules tell them apart; else they are
    /// requests like others.
    pub rpc: Option<Routes>,
    /// Those of connections by the name that a TLS client asks for.
    pub tls: Routes,
    /// Those of all other connections.
    pub tcp: Routes,
    /// All that its routes can answer, by number.
    pub answers: Arc<[Arc<Answer>]>,
}

/// The routes of one protocol, in order.
#[derive(Debug, Default)]
pub struct Routes {
    rules: Vec<Rule>,
    index: Option<Index>,
}

/// A route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its index in the document's list.
    pub position: usize,
    /// Its match blocks; one of them must hold.
    pub blocks: Vec<Block>,
    /// What it does.
    pub action: Action,
}

/// A match block: all of its conditions must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Block {
    /// The conditions; none at all always holds.
    pub conditions: Vec<Condition>,
    /// How many bytes of the path its `uri` prefix takes, 1 without a `uri`;
    /// `None` where it matches the path as a whole.
    pub prefix: Option<usize>,
}

/// What a route does with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Sends it to one of several destinations.
    Split(Split),
    /// Gives the answer of this number.
    Answer(u32),
}

impl Router {
    /// The answer of this number.
    pub(super) fn answer(&self, number: u32) -> Option<&Arc<Answer>> {
        self.answers.get(usize::try_from(number).ok()?)
    }

    /// The routes that a request goes by.
    #[must_use]
    pub fn routes_of(&self, request: &Request<'_>) -> &Routes {
        self.rpc.as_ref().filter(|_| request.rpc.is_some()).unwrap_or(&self.http)
    }
}

impl Routes {
    /// These routes, with an index where there are many.
    #[must_use]
    pub fn new(rules: Vec<Rule>) -> Self {
        let blocks: usize = rules.iter().map(|rule| rule.blocks.len()).sum();
        let index = (blocks >= index::WORTH_IT).then(|| Index::new(&rules));
        Routes { rules, index }
    }

    /// The first route that matches, and its block that holds.
    #[must_use]
    pub fn first_match(&self, seen: &Seen<'_>) -> Option<(&Rule, &Block)> {
        match &self.index {
            Some(index) => index.first_match(&self.rules, seen),
            None => self.linear_match(seen),
        }
    }

    /// The routes, in order.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// As [`Routes::first_match`], by asking one after the other.
    #[must_use]
    pub fn linear_match(&self, seen: &Seen<'_>) -> Option<(&Rule, &Block)> {
        self.rules.iter().find_map(|rule| rule.matches(seen).map(|block| (rule, block)))
    }
}

impl Rule {
    /// The first of its blocks that holds.
    #[must_use]
    pub fn matches(&self, seen: &Seen<'_>) -> Option<&Block> {
        self.blocks.iter().find(|block| block.holds(seen))
    }
}

impl Block {
    /// Whether all of its conditions hold.
    #[must_use]
    pub fn holds(&self, seen: &Seen<'_>) -> bool {
        self.conditions.iter().all(|condition| condition.holds(seen))
    }

    /// Whether all of its conditions hold but for the one in this place, which is
    /// not asked.
    pub(super) fn holds_but_for(&self, asked: Option<usize>, seen: &Seen<'_>) -> bool {
        self.conditions.iter().enumerate().all(|(place, condition)| Some(place) == asked || condition.holds(seen))
    }
}
