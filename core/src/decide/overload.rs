//! Overload protection: asked of every inbound entry, whatever its resource.

use super::gate::Refused;
use crate::stat::instance::{Instance, Surge, SystemLoad};
use crate::stat::tally::Blocks;
use crate::sync::Arc;
use crate::time::Tick;

/// One overload protection strategy.
#[derive(Clone, Debug)]
pub(crate) struct Protection {
    /// What it is called, as an index into the table's blocks.
    pub(crate) block: u32,
    /// How often it blocked.
    pub(crate) blocks: Arc<Blocks>,
    /// The figure that it watches.
    pub(crate) figure: Figure,
    /// From which value on it may block.
    pub(crate) threshold: f64,
    /// Whether it lets pass what was seen to work; else it blocks everything.
    pub(crate) adapts: bool,
    /// Whether its figure is at the threshold.
    pub(crate) surge: Arc<Surge>,
    /// Whether it is asked: false while its document is missing.
    pub(crate) is_asked: bool,
}

/// A figure of the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Figure {
    /// The share of CPU time in use.
    Cpu,
    /// The load average of the last minute.
    Load1,
    /// The share of memory in use.
    Memory,
}

impl Figure {
    pub(crate) const fn of(self, load: &SystemLoad) -> Option<f64> {
        match self {
            Figure::Cpu => load.cpu,
            Figure::Load1 => load.load1,
            Figure::Memory => load.memory,
        }
    }
}

impl Protection {
    fn is_reached(&self, load: &SystemLoad) -> bool {
        self.figure.of(load).is_some_and(|value| value >= self.threshold)
    }

    /// Takes note of new figures, and says whether it may block at `now`.
    pub(crate) fn observe(&self, load: &SystemLoad, now: Tick) -> bool {
        let reached = self.is_reached(load);
        self.surge.observe(reached, now) && (self.adapts || reached)
    }

    /// Asks for an inbound entry that is counted as in flight already.
    pub(crate) fn ask(&self, instance: &Instance, load: &SystemLoad, now: Tick) -> Result<(), Refused> {
        if !self.observe(load, now) {
            return Ok(());
        }
        if self.adapts && instance.in_flight().saturating_sub(1) <= instance.proven(now) {
            return Ok(());
        }
        self.surge.blocked();
        Err(None)
    }

    /// What [`observe`](Self::observe) would say; takes no note.
    pub(crate) fn would_observe(&self, load: &SystemLoad, now: Tick) -> bool {
        let reached = self.is_reached(load);
        self.surge.would_observe(reached, now) && (self.adapts || reached)
    }
}
