//! # The control plane: rules from files to every process that subscribes
//!
//! It speaks the OpenSergo transport, the protocol of the existing control plane,
//! so that existing clients can subscribe; those that ask for it get each
//! document whole.
//!
//! ```no_run
//! use sergo_control_plane::{Options, Serving};
//! use std::sync::Arc;
//!
//! # async fn serve() -> Result<(), String> {
//! let options = Options::new(vec!["rules/".into()]);
//! let serving = Serving::start(options, Arc::new(|event| println!("{event}"))).await?;
//! println!("subscribe at {}", serving.grpc());
//! serving.stop().await;
//! # Ok(())
//! # }
//! ```
//!
//! Files become a catalog of documents, a catalog and what is subscribed to become
//! the sets of a snapshot, and each stream is a conversation that compares what its
//! client was pushed last with the newest snapshot; a module has the name of each.
//! `docs/control-plane.md` says how to run it.

mod access;
mod catalog;
mod clients;
mod conversation;
mod counts;
mod document;
mod event;
pub mod files;
mod frame;
mod http_side;
mod json;
mod notices;
#[doc(hidden)]
pub mod offline;
mod options;
mod places;
mod plane;
mod refusal;
mod secure;
mod service;
mod services;
mod serving;
mod snapshot;
mod stream;
pub mod subscriber;
pub mod upstream;
mod watching;

pub use document::Form;
pub use event::{Event, Log, Who};
pub use options::{Limits, Looking, Options, Tls};
pub use refusal::Refusal;
pub use serving::Serving;
