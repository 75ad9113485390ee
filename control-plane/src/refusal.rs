//! Why a client refused a push.

use crate::conversation::cut;
use prost::Message;
use serde::Serialize;
use serde_json::Value;
use sergo::subscribe::structure;
use sergo::subscribe::wire::{STRUCT_URL, Status};
use std::time::SystemTime;

/// The most details that are kept, and the most bytes that they came as.
const MAX_DETAILS: usize = 32;
const MAX_BYTES: usize = 64 << 10;
/// The longest message, in bytes.
const MAX_MESSAGE: usize = 4_000;

/// A client's NACK.
#[derive(Clone, Debug, Serialize)]
pub struct Refusal {
    /// The version that was refused.
    pub version: i64,
    /// The code of its status.
    pub code: i32,
    /// What it says.
    pub message: String,
    /// When it came.
    #[serde(serialize_with = "crate::event::moment")]
    pub at: SystemTime,
    /// What it says in detail: diagnostics, from clients of ours.
    pub details: Vec<Value>,
}

impl Refusal {
    /// What a status says.
    pub(crate) fn new(version: i64, status: Status) -> Refusal {
        let mut bytes = 0usize;
        let details = status.details.iter().take(MAX_DETAILS).take_while(|any| {
            bytes = bytes.saturating_add(any.value.len());
            bytes <= MAX_BYTES
        });
        let details = details
            .filter(|any| any.type_url == STRUCT_URL)
            .filter_map(|any| prost_types::Struct::decode(&*any.value).ok().map(structure::to_json));
        Refusal {
            version,
            code: status.code,
            details: details.collect(),
            message: cut(&status.message, MAX_MESSAGE),
            at: SystemTime::now(),
        }
    }
}
