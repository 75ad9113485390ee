//! What is counted of the instance by one writer, or by all that have no share of
//! their own: a share's owner counts without a locked instruction, and the
//! [instance](super::instance) is the sum of all shares.

use super::cell::{Cell, is_newer};
use crate::sync::{AtomicU64, Ordering};
use crate::time::{Span, Tick};
use std::marker::PhantomData;

/// A slice of the instance's history.
pub(super) const SLICE: u64 = 100_000_000;
const CELLS: u64 = 128;

type Counts = Cell<32>;
type Sums = Cell<56>;

/// In flight, and completions by slice.
#[derive(Debug)]
pub(super) struct Share {
    /// Goes below zero, and round, where entries exit by another share.
    in_flight: AtomicU64,
    history: [(Counts, Sums); CELLS as usize],
}

impl Default for Share {
    fn default() -> Self {
        Share { in_flight: AtomicU64::new(0), history: std::array::from_fn(|_| Default::default()) }
    }
}

impl Share {
    /// What is in flight of those that came by this share, less those that left by it.
    pub(super) fn in_flight(&self) -> u64 {
        self.in_flight.load(Ordering::SeqCst)
    }

    /// How many completed in a slice, and the sum of their response times.
    pub(super) fn completed(&self, slice: u64) -> (u64, u64) {
        let lap = slice / CELLS;
        self.cell(slice).map_or((0, 0), |(count, sum)| (count.read(lap), sum.read(lap)))
    }

    fn cell(&self, slice: u64) -> Option<&(Counts, Sums)> {
        self.history.get((slice % CELLS) as usize)
    }
}

/// Counts in a share.
///
/// Whoever owns the share is its only writer, hence this stays on its thread.
#[derive(Clone, Copy, Debug)]
pub struct Counter<'a> {
    share: &'a Share,
    /// Its number, where it is the counter's own.
    owns: Option<usize>,
    stays: PhantomData<*const ()>,
}

impl<'a> Counter<'a> {
    pub(super) const fn new(share: &'a Share, owns: Option<usize>) -> Self {
        Counter { share, owns, stays: PhantomData }
    }

    /// The number of the share that nobody else counts in, if there is one.
    pub(super) const fn number(self) -> Option<usize> {
        self.owns
    }

    /// An inbound entry comes.
    pub fn enter(self) {
        self.add(1);
    }

    /// It is blocked: it has never been in flight.
    pub fn give_back(self) {
        self.add(u64::MAX);
    }

    /// It ends at `now`, after this response time.
    pub fn exit(self, rt: Span, now: Tick) {
        self.give_back();
        let slice = now.0 / SLICE;
        let lap = slice / CELLS;
        let Some((count, sum)) = self.share.cell(slice) else { return };
        let is_newer = |found| is_newer(found, lap & Counts::TAGS, Counts::TAGS);
        // Once the count has shown that the slice is the cell's, so it is of the sum.
        if self.owns.is_some() {
            if count.add_alone(lap, 1, is_newer) {
                sum.add_alone(lap, rt.0, |_| false);
            }
        } else if count.add(lap, 1, is_newer) {
            sum.add(lap, rt.0, |_| false);
        }
    }

    fn add(self, more: u64) {
        match self.owns {
            Some(_) => add(&self.share.in_flight, more, true),
            // Overload protection counts, then looks at what others have counted.
            None => drop(self.share.in_flight.fetch_add(more, Ordering::SeqCst)),
        }
    }
}

/// Adds to a count, which goes round; without a locked instruction where the
/// writer is `alone`.
pub(super) fn add(count: &AtomicU64, more: u64, alone: bool) {
    if alone {
        count.store(count.load(Ordering::Relaxed).wrapping_add(more), Ordering::Release);
    } else {
        count.fetch_add(more, Ordering::Relaxed);
    }
}
