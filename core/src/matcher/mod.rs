//! Matching: text, hosts, queries and regular expressions against what rules
//! ask for. Everything here is made once, when rules are read, and then asked
//! without allocating.

pub mod host;
pub mod query;
pub mod regex;
pub mod subnet;
pub mod text;

pub use host::{HostName, HostPattern};
pub use regex::Pattern;
pub use subnet::Subnet;
pub use text::Text;
