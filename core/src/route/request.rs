//! A request as routing sees it: borrowed attributes, nothing copied.

use crate::matcher::rpc::Rpc;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The attributes that routes look at.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// The host that is called, perhaps with a port.
    pub host: &'a str,
    /// The method, `GET` by default.
    pub method: &'a str,
    /// The path, perhaps with a query; `/` by default.
    pub path: &'a str,
    /// The scheme, `http` by default.
    pub scheme: &'a str,
    /// The destination port.
    pub port: Option<u16>,
    /// The headers.
    pub headers: &'a dyn Headers,
    /// The caller's address.
    pub client: Option<&'a str>,
    /// Who calls; what it leaves open is the engine's own.
    pub caller: Caller<'a>,
    /// A sticky key: the same key always gets the same pick, without a roll.
    pub hash: Option<&'a str>,
    /// The remote procedure that is called, where it is such a call.
    pub rpc: Option<Rpc<'a>>,
}

impl<'a> Request<'a> {
    /// `GET /` over http to `host`, without headers.
    #[must_use]
    pub fn new(host: &'a str) -> Self {
        Request {
            host,
            method: "GET",
            path: "/",
            scheme: "http",
            port: None,
            headers: &(),
            client: None,
            caller: Caller::default(),
            hash: None,
            rpc: None,
        }
    }
}

/// Who makes a request. Each part that is `None` is the engine's own.
#[derive(Clone, Copy, Debug, Default)]
pub struct Caller<'a> {
    /// The workload's labels.
    pub labels: Option<&'a BTreeMap<String, String>>,
    /// The namespace.
    pub namespace: Option<&'a str>,
    /// The gateway, `mesh` by default.
    pub gateway: Option<&'a str>,
}

/// The headers of a request, whatever the host keeps them in.
pub trait Headers {
    /// The value of the header of this name, which is given in lower case and
    /// matched without case; several values are joined with `,`.
    fn header(&self, name: &str) -> Option<Cow<'_, str>>;
}

impl Headers for () {
    fn header(&self, _name: &str) -> Option<Cow<'_, str>> {
        None
    }
}

/// Name and value pairs, in any case and with repeats.
impl Headers for &[(&str, &str)] {
    fn header(&self, name: &str) -> Option<Cow<'_, str>> {
        let mut values = self.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| *v);
        let first = values.next()?;
        let Some(second) = values.next() else { return Some(Cow::Borrowed(first)) };
        let mut joined = [first, ",", second].concat();
        for value in values {
            joined.push(',');
            joined.push_str(value);
        }
        Some(Cow::Owned(joined))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_values_are_joined_with_a_comma() {
        let headers: &[(&str, &str)] = &[("Tag", "a"), ("X", "1"), ("tag", "b"), ("TAG", "c")];
        assert_eq!(headers.header("tag").as_deref(), Some("a,b,c"));
        assert_eq!(headers.header("x").as_deref(), Some("1"));
        assert_eq!(headers.header("y"), None);
    }
}
