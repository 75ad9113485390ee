//! Matching: text, hosts, queries, baggage and regular expressions against what
//! rules ask for. Everything here is made once, when rules are read, and then asked
//! without allocating.

pub mod baggage;
pub mod comparison;
pub mod host;
pub mod query;
pub mod regex;
pub mod rpc;
pub mod subnet;
pub mod text;

pub use comparison::{Attribute, Comparison};
pub use host::{HostName, HostPattern};
pub use regex::Pattern;
pub use subnet::Subnet;
pub use text::Text;
