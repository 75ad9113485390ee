//! Documents as the messages that existing clients know: the five of fault
//! tolerance, and a router as Envoy's RouteConfiguration.
//!
//! A document is read as every engine reads it, so a message says what the
//! document means: defaults are spelled out, durations have their units. What a
//! message cannot say is refused, never left out: without it the rule would be
//! another.

mod condition;
mod effect;
mod fault_tolerance;
mod host;
mod router;

use prost_types::Any;
use serde_json::Value;
use sergo::spec::document::{self, Document, Outcome};
use sergo::subscribe::envoy::ROUTE_CONFIGURATION;
use sergo::subscribe::envoy::matching::any;
use std::fmt;

/// The message of a document for clients that do not ask for whole documents.
/// `kind` is the bare one, as in `RateLimitStrategy`; `namespace` is the
/// document's. `None` is a document that has no message: its kind has none, or
/// [`message`] says why.
#[must_use]
pub fn payload(kind: &str, document: &Value, namespace: &str) -> Option<Any> {
    message(kind, document, namespace).ok().flatten()
}

/// Why a document of a kind that has a message has none itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unsaid {
    /// It has mistakes; these are the sentences of its report.
    Bad(Vec<String>),
    /// The message cannot say this field of it.
    Field {
        /// The path of the field.
        field: String,
        /// What it asks for.
        what: String,
    },
}

impl fmt::Display for Unsaid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unsaid::Bad(messages) => f.write_str(&messages.join("; ")),
            Unsaid::Field { field, what } => {
                write!(f, "{field}: {what}, which only a whole document can say")
            }
        }
    }
}

impl std::error::Error for Unsaid {}

/// As [`payload`]; `Ok(None)` is a kind that has no message.
///
/// # Errors
/// Why this document has none.
pub fn message(kind: &str, document: &Value, namespace: &str) -> Result<Option<Any>, Unsaid> {
    let is_router = matches!(kind, "TrafficRouter" | "VirtualService");
    if !is_router && !fault_tolerance::KINDS.contains(&kind) {
        return Ok(None);
    }
    let text = document.to_string();
    let mut readings = document::read("", &text);
    let reading = readings.pop().filter(|_| readings.is_empty());
    match reading.as_ref().map(|reading| &reading.outcome) {
        Some(Outcome::Good(Document::Router(read))) if is_router => {
            let configuration = router::configuration(read, namespace)?;
            Ok(Some(any(ROUTE_CONFIGURATION, &configuration)))
        }
        Some(Outcome::Good(Document::Rule(rule))) if kind == "FaultToleranceRule" => {
            fault_tolerance::rule(rule).map(Some)
        }
        Some(Outcome::Good(Document::Strategy(strategy))) if strategy.spec.kind().as_str() == kind => {
            Ok(fault_tolerance::strategy(strategy))
        }
        _ => {
            let errors = reading.map(|reading| reading.errors).unwrap_or_default();
            let mut messages: Vec<String> = errors.into_iter().map(|error| error.message).collect();
            if messages.is_empty() {
                messages.push(format!("no document of the kind {kind:?}"));
            }
            Err(Unsaid::Bad(messages))
        }
    }
}

fn unsaid<T>(field: impl Into<String>, what: impl Into<String>) -> Result<T, Unsaid> {
    Err(Unsaid::Field { field: field.into(), what: what.into() })
}
