//! Requests in the order in which they began. A log is written when they end.

use sergo::{Direction, SystemLoad};
use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// One request of a trace, or what it tells of the system's load.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Call {
    /// In nanoseconds, since whenever the trace counts from.
    pub(crate) start: i64,
    /// Where it stands in the trace, from 1.
    pub(crate) line: u64,
    /// In nanoseconds.
    pub(crate) duration: u64,
    /// The number of its name; `None` where it only tells the load.
    pub(crate) resource: Option<usize>,
    pub(crate) cost: u32,
    pub(crate) error: bool,
    pub(crate) direction: Direction,
    pub(crate) load: Option<Box<SystemLoad>>,
}

impl Eq for Call {}

impl Ord for Call {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.start, self.line).cmp(&(other.start, other.line))
    }
}

impl PartialOrd for Call {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Brings calls into order. It holds those that another could still come before.
pub(crate) struct Order {
    held: BinaryHeap<Reverse<Call>>,
    /// How much later in the trace than it should be a call is, at most.
    lateness: u64,
    newest: i64,
    /// When the last one began that was given out.
    reached: i64,
    /// How many were later than said, and begin when they can.
    pub(crate) late: u64,
}

impl Order {
    pub(crate) fn new(lateness: u64) -> Self {
        Order { held: BinaryHeap::new(), lateness, newest: i64::MIN, reached: i64::MIN, late: 0 }
    }

    pub(crate) fn push(&mut self, mut call: Call) {
        if call.start < self.reached {
            self.late += 1;
            call.start = self.reached;
        }
        self.newest = self.newest.max(call.start);
        self.held.push(Reverse(call));
    }

    /// The next call that none will come before any more.
    pub(crate) fn next(&mut self) -> Option<Call> {
        let Reverse(first) = self.held.peek()?;
        if first.start > self.newest.saturating_sub_unsigned(self.lateness) {
            return None;
        }
        self.take()
    }

    /// The next call, where no more will come at all.
    pub(crate) fn take(&mut self) -> Option<Call> {
        let Reverse(call) = self.held.pop()?;
        self.reached = call.start;
        Some(call)
    }
}

/// Finds out how late the calls of a trace are.
#[derive(Default)]
pub(crate) struct Lateness {
    newest: Option<i64>,
    /// In nanoseconds.
    pub(crate) most: u64,
}

impl Lateness {
    pub(crate) fn see(&mut self, start: i64) {
        let newest = self.newest.map_or(start, |newest| newest.max(start));
        self.newest = Some(newest);
        self.most = self.most.max(newest.abs_diff(start));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(start: i64, line: u64) -> Call {
        let (duration, resource, load) = (0, None, None);
        Call { start, line, duration, resource, cost: 1, error: false, direction: Direction::Inbound, load }
    }

    /// Starts and lines in the order they come in, and how many were late.
    fn ordered(starts: &[i64], lateness: u64) -> (Vec<(i64, u64)>, u64) {
        let mut order = Order::new(lateness);
        let mut calls = Vec::new();
        for (line, start) in (1..).zip(starts) {
            order.push(call(*start, line));
            calls.extend(std::iter::from_fn(|| order.next()));
        }
        calls.extend(std::iter::from_fn(|| order.take()));
        (calls.iter().map(|call| (call.start, call.line)).collect(), order.late)
    }

    #[test]
    fn calls_come_in_the_order_of_their_starts() {
        let starts = [5, 3, 9, 3, 8, 7, 20];
        let mut lateness = Lateness::default();
        starts.iter().for_each(|start| lateness.see(*start));
        assert_eq!(lateness.most, 6);
        let expected = [(3, 2), (3, 4), (5, 1), (7, 6), (8, 5), (9, 3), (20, 7)];
        assert_eq!(ordered(&starts, lateness.most), (expected.to_vec(), 0));
    }

    #[test]
    fn those_that_are_later_than_said_begin_when_they_can() {
        assert_eq!(ordered(&[5, 9, 3], 3), (vec![(5, 1), (5, 3), (9, 2)], 1));
        assert_eq!(ordered(&[1, 2, 1], 0), (vec![(1, 1), (2, 2), (2, 3)], 1));
    }

    #[test]
    fn nothing_is_held_longer_than_needed() {
        let mut order = Order::new(10);
        order.push(call(0, 1));
        assert_eq!(order.next(), None);
        order.push(call(10, 2));
        assert_eq!(order.next().map(|call| call.line), Some(1));
        assert_eq!(order.next(), None);
    }
}
