//! # sergo: one meaning of the OpenSergo rules
//!
//! Everything that has meaning lives here: reading rule documents, deciding
//! whether an entry may pass, and where a request goes. The crate does no I/O,
//! starts no threads and reads no clock: time and random numbers are arguments,
//! and effects are values that the host acts on.
//!
//! The rule plane ([`Engine::apply`]) compiles documents into an immutable
//! snapshot and swaps it in; the request plane ([`Engine::enter`],
//! [`Engine::exit`], [`Engine::route`]) loads that snapshot once and touches
//! only atomics.

mod catalog;
pub mod compile;
pub mod decide;
mod engine;
pub mod error;
pub mod label;
mod lint;
pub mod matcher;
pub mod name;
pub mod policy;
pub mod ratio;
pub mod route;
pub mod snapshot;
pub mod spec;
pub mod stat;
pub mod subscribe;
pub mod sync;
pub mod time;

pub use compile::report::{Report, Waiting};
pub use decide::{Amount, Explanation, GateExplanation, Verdict};
pub use decide::{Ask, Block, BlockId, Blocked, Decision, Direction, Fallback, Outcome, Permit, ResourceId};
pub use engine::{Advised, Config, Engine, Seen, Source, View, advise, check};
pub use error::Code;
pub use label::Label;
pub use name::StrategyKind;
pub use route::{
    Answer, AnswerId, Connection, Destination, Directions, Effects, Headers, Instance, Pick, Request, Required, Rolls,
    RouteExplanation,
};
pub use spec::diagnostic::Diagnostic;
pub use stat::health::CallOutcome;
pub use stat::instance::SystemLoad;
pub use time::{Span, Tick};
