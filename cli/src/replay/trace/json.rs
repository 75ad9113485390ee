//! JSON lines: one object a request.

use super::access::resource;
use super::moment::{of_seconds, of_text, of_whole};
use super::{Line, quoted};
use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};
use sergo::{Direction, Span, SystemLoad};
use std::borrow::Cow;
use std::fmt;

/// The fields that mean something; a trace may have others.
#[derive(Deserialize)]
struct Fields<'a> {
    time: Option<Time>,
    time_ns: Option<i64>,
    #[serde(borrow)]
    resource: Option<Cow<'a, str>>,
    #[serde(borrow)]
    method: Option<Cow<'a, str>>,
    #[serde(borrow)]
    path: Option<Cow<'a, str>>,
    duration: Option<Time>,
    duration_ns: Option<u64>,
    error: Option<bool>,
    status: Option<u16>,
    cost: Option<u32>,
    #[serde(borrow)]
    direction: Option<Cow<'a, str>>,
    cpu: Option<f64>,
    load1: Option<f64>,
    memory: Option<f64>,
}

pub(super) fn read(line: &str) -> Result<Line<'_>, String> {
    let fields: Fields<'_> = serde_json::from_str(line).map_err(|error| {
        // The place is in this line, so the column alone says where.
        let what = error.to_string();
        let what = what.split(" at line ").next().unwrap_or_default();
        if error.is_eof() && line.trim_start().starts_with('{') {
            "the JSON object has no end".to_owned()
        } else if line.trim_start().starts_with('{') {
            format!("at column {}: {what}", error.column())
        } else {
            format!("{} is no JSON object", quoted(line))
        }
    })?;
    let start = match (fields.time_ns, &fields.time) {
        (Some(nanos), _) if nanos >= 0 => nanos,
        (Some(nanos), _) => return Err(format!("time_ns is {nanos}; it is a number of nanoseconds from 0 on")),
        (None, Some(Time(nanos))) => *nanos,
        (None, None) => return Err("there is no time".to_owned()),
    };
    let duration = match (fields.duration_ns, &fields.duration) {
        (Some(nanos), _) => Some(Span(nanos)),
        (None, Some(Time(nanos))) => Some(Span(u64::try_from(*nanos).unwrap_or(0))),
        (None, None) => None,
    };
    let load = SystemLoad { cpu: fields.cpu, load1: fields.load1, memory: fields.memory };
    let resource = match (fields.resource, fields.method, fields.path) {
        (Some(resource), ..) => Some(resource),
        (None, Some(method), Some(path)) => {
            Some(resource(&method, &path).ok_or_else(|| format!("{} is no path", quoted(&path)))?.into())
        }
        (None, ..) if load != SystemLoad::default() => None,
        (None, None, Some(_)) => return Err("there is a path but no method".to_owned()),
        (None, ..) => return Err("there is no resource, nor a method and a path".to_owned()),
    };
    let direction = match fields.direction.as_deref() {
        None | Some("inbound") => Direction::Inbound,
        Some("outbound") => Direction::Outbound,
        Some(other) => return Err(format!("the direction is {}; it is inbound or outbound", quoted(other))),
    };
    let cost = match fields.cost {
        Some(0) => return Err("the cost is 0; it is at least 1".to_owned()),
        cost => cost.unwrap_or(1),
    };
    let error = fields.error.unwrap_or(fields.status.is_some_and(|status| status >= 500));
    Ok(Line { start, duration, resource, error, cost, direction, load })
}

/// Nanoseconds, as a number of seconds or a text.
struct Time(i64);

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyTime)
    }
}

struct AnyTime;

impl Visitor<'_> for AnyTime {
    type Value = Time;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number of seconds, a moment like \"2026-11-21T10:00:00Z\" or a time like \"1500ms\"")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Time, E> {
        of_whole(number).map(Time).map_err(E::custom)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Time, E> {
        // Only what is below zero comes here.
        of_seconds(number as f64).map(Time).map_err(E::custom)
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Time, E> {
        of_seconds(number).map(Time).map_err(E::custom)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Time, E> {
        of_text(text).map(Time).map_err(E::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_a_line_can_say() {
        let line = r#"{"time": 1.5, "resource": "GET:/foo", "duration": "20ms", "error": true, "cost": 3,
            "direction": "outbound", "cpu": 0.9, "load1": 4, "memory": 0.5, "id": "a7"}"#;
        assert_eq!(
            read(line),
            Ok(Line {
                start: 1_500_000_000,
                duration: Some(Span::from_millis(20)),
                resource: Some("GET:/foo".into()),
                error: true,
                cost: 3,
                direction: Direction::Outbound,
                load: SystemLoad { cpu: Some(0.9), load1: Some(4.0), memory: Some(0.5) },
            })
        );
    }

    #[test]
    fn what_it_may_leave_out() {
        let line =
            read(r#"{"time_ns": 7, "method": "GET", "path": "/foo?a=b", "status": 503, "duration_ns": 9}"#).unwrap();
        assert_eq!((line.start, line.duration, line.error, line.cost), (7, Some(Span(9)), true, 1));
        assert_eq!(line.resource.as_deref(), Some("GET:/foo"));
        let line = read(r#"{"time": "2s", "cpu": 0.5}"#).unwrap();
        assert_eq!((line.start, line.resource), (2_000_000_000, None));
    }

    #[test]
    fn what_is_wrong_is_said() {
        let cases = [
            ("what", "\"what\" is no JSON object"),
            ("{", "the JSON object has no end"),
            ("{\"time\": tru}", "at column 13: expected ident"),
            (r#"{"resource": "a"}"#, "there is no time"),
            (r#"{"time": 1}"#, "there is no resource, nor a method and a path"),
            (r#"{"time": 1, "path": "/a"}"#, "there is a path but no method"),
            (r#"{"time": 1, "method": "GET", "path": "a"}"#, "\"a\" is no path"),
            (r#"{"time": -1, "resource": "a"}"#, "at column 11: -1 is no number of seconds from 0 on"),
            (r#"{"time_ns": -1, "resource": "a"}"#, "time_ns is -1; it is a number of nanoseconds from 0 on"),
            (r#"{"time": 1, "resource": "a", "cost": 0}"#, "the cost is 0; it is at least 1"),
            (
                r#"{"time": 1, "resource": "a", "direction": "up"}"#,
                "the direction is \"up\"; it is inbound or outbound",
            ),
        ];
        for (line, message) in cases {
            assert_eq!(read(line).unwrap_err(), message, "{line}");
        }
    }
}
