//! The routes of a router, and which of them matches.

use super::condition::{Condition, Seen};
use super::split::Split;

/// The routes of one router.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Router {
    /// Those of requests.
    pub http: Routes,
    /// Those of connections by the name that a TLS client asks for.
    pub tls: Routes,
    /// Those of all other connections.
    pub tcp: Routes,
}

/// The routes of one protocol, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Routes(pub Vec<Rule>);

/// A route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
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

impl Routes {
    /// The first route that matches, and its block that holds, by asking one
    /// after the other.
    #[must_use]
    pub fn first_match(&self, seen: &Seen<'_>) -> Option<(&Rule, &Block)> {
        self.0.iter().find_map(|rule| rule.matches(seen).map(|block| (rule, block)))
    }
}

impl Rule {
    /// The first of its blocks that holds.
    #[must_use]
    pub fn matches(&self, seen: &Seen<'_>) -> Option<&Block> {
        self.blocks.iter().find(|block| block.conditions.iter().all(|condition| condition.holds(seen)))
    }
}
