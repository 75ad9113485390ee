//! What a host asks of the engine, and what it is answered: plain data.

use super::Permit;
use crate::name::StrategyKind;
use crate::sync::Arc;
use crate::time::Span;

/// A resource name, resolved once. It fits in 53 bits, so that every language
/// can carry it as a plain number. Resources that no rule names share one id.
/// Rules that change the set of governed names make every id, that one too,
/// [stale](crate::Code::Stale).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ResourceId(pub u64);

/// Names the gate that blocked, for [`Engine::block`](crate::Engine::block). It
/// fits in 53 bits. The same id always describes the same block, so a host may
/// cache what it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BlockId(pub u64);

/// Which way a call goes, seen from the instance. Overload protection looks at
/// inbound entries only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// A request that this instance serves.
    #[default]
    Inbound,
    /// A request that this instance makes.
    Outbound,
}

/// How an entry asks to pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ask {
    /// What it costs; at least 1, and 0 is read as 1.
    pub cost: u32,
    /// Which way the call goes.
    pub direction: Direction,
}

impl Default for Ask {
    fn default() -> Self {
        Ask { cost: 1, direction: Direction::Inbound }
    }
}

/// The answer to an entry.
#[derive(Debug)]
#[must_use = "a pass holds its permit until exit"]
pub enum Decision {
    /// It may go on at once.
    Pass(Permit),
    /// It may go on after the wait, without asking again. The wait is over zero.
    Wait(Span, Permit),
    /// It may not go on, and has left no trace.
    Block(Blocked),
}

/// Why an entry may not go on, without any text: [`Block`] has the names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blocked {
    /// Which gate of which rule, for [`Engine::block`](crate::Engine::block).
    pub id: BlockId,
    /// The gate's kind.
    pub strategy: StrategyKind,
    /// After how long the same entry would pass this gate, where that is known.
    pub retry_after: Option<Span>,
}

/// The names behind a [`BlockId`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The strategy's kind.
    pub strategy: StrategyKind,
    /// The strategy's name.
    pub strategy_name: Arc<str>,
    /// The name of the rule that blocked.
    pub rule: Arc<str>,
    /// What the rule says to answer with, if it says so.
    pub fallback: Option<Arc<Fallback>>,
}

/// The HTTP response that a rule gives to what it blocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fallback {
    /// The status code.
    pub status: u16,
    /// The body, as written.
    pub body: String,
    /// The headers, as written and in order.
    pub headers: Vec<(String, String)>,
}

/// How a permitted call ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Whether it failed.
    pub error: bool,
}
