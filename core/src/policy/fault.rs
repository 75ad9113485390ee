//! `fault`: aborts and delays on purpose, and the share of requests that get one.

use crate::time::Span;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

/// What gRPC calls its status codes, each at the index that is its number.
pub const GRPC_STATUS: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

/// A share of requests in percent, 0 to 100.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Percentage {
    value: f64,
}

/// A percentage is a number, so it equals itself.
impl Eq for Percentage {}

impl Percentage {
    /// Every request.
    pub const ALL: Percentage = Percentage { value: 100.0 };

    /// This many percent; `None` outside 0 to 100.
    #[must_use]
    pub fn new(value: f64) -> Option<Percentage> {
        (0.0..=100.0).contains(&value).then_some(Percentage { value })
    }

    /// The number, from 0 to 100.
    #[must_use]
    pub const fn value(self) -> f64 {
        self.value
    }

    /// Whether this request is one of them. What can't vary uses no roll.
    #[must_use]
    pub fn draws(self, roll: impl FnOnce() -> f64) -> bool {
        self.value >= 100.0 || self.value > 0.0 && roll() * 100.0 < self.value
    }
}

/// What is done on purpose to some requests.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// Ends them with an error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub abort: Option<Abort>,
    /// Holds them up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay: Option<Delay>,
}

impl Fault {
    /// Whether nothing is done.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.abort.is_none() && self.delay.is_none()
    }

    /// What is done to this request.
    #[must_use]
    pub fn drawn(&self, mut roll: impl FnMut() -> f64) -> Fault {
        let abort = self.abort.clone().filter(|abort| abort.percentage().draws(&mut roll));
        let delay = self.delay.clone().filter(|delay| delay.percentage.draws(&mut roll));
        Fault { abort, delay }
    }
}

/// The error that a request is ended with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Abort {
    /// `httpStatus`.
    Http(u16, Percentage),
    /// `grpcStatus`, as in `UNAVAILABLE`.
    Grpc(String, Percentage),
}

impl Abort {
    /// How many requests are aborted.
    #[must_use]
    pub const fn percentage(&self) -> Percentage {
        match self {
            Abort::Http(_, percentage) | Abort::Grpc(_, percentage) => *percentage,
        }
    }
}

impl Serialize for Abort {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        match self {
            Abort::Http(status, _) => map.serialize_entry("httpStatus", status)?,
            Abort::Grpc(status, _) => map.serialize_entry("grpcStatus", status)?,
        }
        map.serialize_entry("percentage", &self.percentage())?;
        map.end()
    }
}

/// A time that a request is held up for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Delay {
    /// `fixedDelay`; over zero.
    #[serde(serialize_with = "super::span")]
    pub fixed_delay: Span,
    /// How many requests are held up.
    pub percentage: Percentage,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_status_of_grpc_stands_at_its_number() {
        for (number, name) in [(0, "OK"), (4, "DEADLINE_EXCEEDED"), (8, "RESOURCE_EXHAUSTED"), (14, "UNAVAILABLE")] {
            assert_eq!(GRPC_STATUS[number], name);
        }
        assert_eq!(GRPC_STATUS.last(), Some(&"UNAUTHENTICATED"));
    }

    #[test]
    fn none_and_all_use_no_roll() {
        let never = || -> f64 { panic!("rolled") };
        assert!(!Percentage::default().draws(never));
        assert!(Percentage::ALL.draws(never));
        let tenth = Percentage::new(10.0).unwrap();
        assert!(tenth.draws(|| 0.0999) && !tenth.draws(|| 0.1));
        assert_eq!(Percentage::new(100.1), None);
        assert_eq!(Percentage::new(-0.1), None);
        assert_eq!(Percentage::new(f64::NAN), None);
    }

    #[test]
    fn the_abort_is_drawn_before_the_delay() {
        let half = Percentage::new(50.0).unwrap();
        let delay = Delay { fixed_delay: Span::from_secs(1), percentage: half };
        let fault = Fault { abort: Some(Abort::Http(503, half)), delay: Some(delay) };
        let mut rolls = [0.9, 0.1].into_iter();
        let drawn = fault.drawn(|| rolls.next().unwrap());
        assert!(drawn.abort.is_none() && drawn.delay.is_some());
        assert_eq!(
            serde_json::to_string(&fault).unwrap(),
            r#"{"abort":{"httpStatus":503,"percentage":{"value":50.0}},"delay":{"fixedDelay":"1s","percentage":{"value":50.0}}}"#
        );
    }
}
