//! Rules from a control plane: a session of the OpenSergo transport, without I/O.
//!
//! A [`Session`] is told what happens ([`Input`]) and when, and says what is to
//! be done ([`Output`]): dial, send these bytes, apply these documents. The host
//! owns the socket, the clock and the random numbers, and is a loop:
//!
//! ```
//! use sergo::subscribe::{Input, Options, Output, Session};
//! use sergo::{Config, Engine, Tick};
//!
//! let engine = Engine::new(Config::new("shop"));
//! let options = Options { addresses: vec!["control-plane:10246".into()], ..Options::new(engine.config()) };
//! let seed = 7; // from the system's random numbers
//! let mut session = Session::new(options, seed);
//! let now = Tick(0); // read before each turn
//! session.handle(Input::Time, now);
//! while let Some(output) = session.poll() {
//!     match output {
//!         Output::Dial { stream, address } => println!("open stream {stream} to {address}"),
//!         Output::Send { stream, bytes } => println!("{} bytes to {stream}", bytes.len()),
//!         Output::Close { stream, reason } => println!("close {stream}: {reason}"),
//!         Output::Apply(update) => {
//!             let report = update.apply(&engine);
//!             session.handle(Input::Applied(&report), now);
//!         }
//!     }
//! }
//! // Then wait for bytes, an event of the connection, or for this:
//! assert!(session.deadline().is_some());
//! ```
//!
//! What comes over the wire becomes the documents that a file would hold, so that
//! meaning, diagnostics and last good versions are the same. `docs/subscribe.md`
//! says how the session meets the protocol and its peers.

mod backoff;
pub mod contract;
mod document;
pub mod envoy;
mod options;
pub mod payload;
mod saved;
mod session;
mod state;
pub mod structure;
mod subscription;
mod turn;
mod update;
pub mod wire;

pub use backoff::{LONGEST, SHORTEST};
pub use document::MAX_DOCUMENT;
pub use options::Options;
pub use session::{DIAL_PATIENCE, IDLE, MAX_HELD, MAX_SUBSCRIPTIONS, PATIENCE, SILENCE, Session};
pub use state::{Phase, State, SubscriptionState};
pub use turn::{Input, Output};
pub use update::{Text, Update};
