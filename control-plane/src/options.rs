//! What a control plane is told at its beginning.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

/// What to serve, where, and to whom.
#[derive(Clone, Debug)]
pub struct Options {
    /// Rule files, and folders of them.
    pub rules: Vec<PathBuf>,
    /// Where subscribers connect; port 0 is any free one.
    pub listen: SocketAddr,
    /// Where people and monitoring look; `None` is nowhere.
    pub http: Option<SocketAddr>,
    /// What it calls itself to clients.
    pub name: String,
    /// Its certificate, for connections under TLS. Read again when it changes.
    pub tls: Option<Tls>,
    /// A file of tokens; without one everybody may subscribe to everything. Read
    /// again when it changes.
    pub tokens: Option<PathBuf>,
    /// What it puts up with.
    pub limits: Limits,
    /// How it finds out that files have changed.
    pub looking: Looking,
    /// How often a connection is asked whether it is still there, and how long that
    /// may take.
    pub ping: (Duration, Duration),
    /// How long streams may take to end when it stops.
    pub grace: Duration,
}

/// How it finds out that files have changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Looking {
    /// How often it looks where the system tells of changes: network file systems
    /// keep some to themselves.
    pub told: Duration,
    /// How often it looks where the system tells nothing.
    pub untold: Duration,
    /// The most folders of which the system is asked to tell; with more it is
    /// asked of none.
    pub folders: usize,
}

impl Default for Looking {
    fn default() -> Self {
        Looking { told: Duration::from_secs(1), untold: Duration::from_millis(100), folders: 4_096 }
    }
}

/// Files in PEM.
#[derive(Clone, Debug)]
pub struct Tls {
    /// The certificate and those between it and its root.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// The roots of clients' certificates: with them, a client needs one.
    pub client_roots: Option<PathBuf>,
}

/// What clients may ask of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The largest message of a client, in bytes.
    pub message: usize,
    /// The most streams at once.
    pub streams: usize,
    /// The most subscriptions on a stream.
    pub subscriptions: usize,
    /// The most processes whose services are kept.
    pub reports: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { message: 4 << 20, streams: 10_000, subscriptions: 1_000, reports: 10_000 }
    }
}

impl Options {
    /// For these rules, on the loopback's usual ports, without TLS and tokens.
    #[must_use]
    pub fn new(rules: Vec<PathBuf>) -> Self {
        let at = |port| SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port);
        Options {
            rules,
            listen: at(sergo::subscribe::wire::PORT),
            http: Some(at(sergo::subscribe::wire::PORT + 1)),
            name: "sergo".to_owned(),
            tls: None,
            tokens: None,
            limits: Limits::default(),
            looking: Looking::default(),
            ping: (Duration::from_secs(20), Duration::from_secs(10)),
            grace: Duration::from_secs(5),
        }
    }
}
