//! What has happened: atomics that outlive a reload. Nothing here knows a rule.

pub mod cell;
pub mod circuit;
pub mod event;
pub mod figures;
pub mod gauge;
pub mod health;
pub mod instance;
pub mod latency;
pub mod limit;
pub mod log;
pub mod pace;
pub mod share;
pub mod slices;
pub mod tally;
pub mod window;

/// What an engine keeps beside the rules, for its whole life.
#[derive(Debug, Default)]
pub struct State {
    /// Counts the changes of breakers.
    pub eras: circuit::Eras,
    /// What the host has not drained yet.
    pub events: event::Events,
    /// In flight, completions and load of the instance as a whole.
    pub instance: instance::Instance,
}
