//! A connection as routing sees it, before any request is on it.

use super::Caller;

/// The attributes that TLS and TCP routes look at.
#[derive(Clone, Copy, Debug)]
pub struct Connection<'a> {
    /// The host that is called, perhaps with a port.
    pub host: &'a str,
    /// The destination port.
    pub port: Option<u16>,
    /// The name that a TLS client asks for.
    pub sni: Option<&'a str>,
    /// The destination's address.
    pub address: Option<&'a str>,
    /// The caller's address.
    pub client: Option<&'a str>,
    /// Who calls; what it leaves open is the engine's own.
    pub caller: Caller<'a>,
    /// A sticky key: the same key always gets the same pick, without a roll.
    pub hash: Option<&'a str>,
}

impl<'a> Connection<'a> {
    /// A connection to `host`, of which nothing else is known.
    #[must_use]
    pub fn new(host: &'a str) -> Self {
        let caller = Caller::default();
        Connection { host, port: None, sni: None, address: None, client: None, caller, hash: None }
    }
}
