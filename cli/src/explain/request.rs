//! The request that a question is about.

use crate::files::pair;
use clap::Args;
use sergo::Request;
use sergo::route::{Caller, Rpc, RpcArgument};
use std::collections::BTreeMap;

/// The request that was asked about on the command line.
#[derive(Args)]
#[command(next_help_heading = "One request")]
pub(crate) struct Requesting {
    /// Explain where a request goes
    #[arg(long, group = "question", requires = "host")]
    pub(crate) route: bool,
    /// Explain which lane a request that comes in is of, and what goes on with the calls for it
    #[arg(long, group = "question")]
    pub(crate) label: bool,
    /// The host that it calls
    #[arg(long, requires = "question")]
    pub(crate) host: Option<String>,
    /// Its path, perhaps with a query
    #[arg(long, default_value = "/", requires = "question")]
    pub(crate) path: String,
    /// A parameter of its query; may be repeated
    #[arg(long = "query", value_name = "KEY=VALUE", value_parser = pair, requires = "question")]
    query: Vec<(String, String)>,
    /// Its method
    #[arg(long, default_value = "GET", requires = "question")]
    pub(crate) method: String,
    /// One of its headers; may be repeated
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE", value_parser = header, requires = "question")]
    headers: Vec<(String, String)>,
    /// Its scheme
    #[arg(long, default_value = "http", requires = "question")]
    scheme: String,
    /// The port that it goes to
    #[arg(long, requires = "question")]
    port: Option<u16>,
    /// The address of its caller
    #[arg(long, value_name = "IP", requires = "question")]
    client: Option<String>,
    /// A label of its caller, in place of the workload's own; may be repeated
    #[arg(long = "source-label", value_name = "KEY=VALUE", value_parser = pair, requires = "question")]
    source_labels: Vec<(String, String)>,
    /// The namespace of its caller
    #[arg(long, value_name = "NAMESPACE", requires = "question")]
    source_namespace: Option<String>,
    /// The gateway that it comes through
    #[arg(long, requires = "question")]
    gateway: Option<String>,
    /// A key: requests of one key go one way
    #[arg(long, value_name = "KEY", requires = "route", conflicts_with = "label")]
    pub(crate) hash: Option<String>,
    /// It is a remote call of this service
    #[arg(long, requires = "route", requires = "rpc_method", conflicts_with = "label")]
    service: Option<String>,
    /// The method of the remote call
    #[arg(long, value_name = "METHOD", requires = "service")]
    rpc_method: Option<String>,
    /// An argument of the remote call, in order; either part may be empty
    #[arg(long = "argument", value_name = "TYPE=VALUE", value_parser = pair, requires = "service")]
    arguments: Vec<(String, String)>,
    /// What is attached to the remote call; may be repeated
    #[arg(long = "attachment", value_name = "KEY=VALUE", value_parser = pair, requires = "service")]
    attachments: Vec<(String, String)>,
}

fn header(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once(':').ok_or("a header is NAME: VALUE")?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}

impl Requesting {
    /// The path with all of its query.
    pub(crate) fn whole_path(&self) -> String {
        let mut path = self.path.clone();
        for (key, value) in &self.query {
            path.push(if path.contains('?') { '&' } else { '?' });
            path += &format!("{key}={value}");
        }
        path
    }

    /// Asks about the request as the core takes it.
    pub(crate) fn with<T>(&self, ask: impl FnOnce(&Request<'_>) -> T) -> T {
        let headers = borrowed(&self.headers);
        let headers = headers.as_slice();
        let attachments = borrowed(&self.attachments);
        let known = |text: &&str| !text.is_empty();
        let argument = |(kind, value)| RpcArgument { kind: Some(kind).filter(known), value: Some(value).filter(known) };
        let arguments: Vec<RpcArgument<'_>> = borrowed(&self.arguments).into_iter().map(argument).collect();
        let rpc = self.service.as_deref().map(|service| Rpc {
            service,
            method: self.rpc_method.as_deref().unwrap_or_default(),
            arguments: &arguments,
            attachments: &attachments,
        });
        let labels: BTreeMap<String, String> = self.source_labels.iter().cloned().collect();
        let caller = Caller {
            labels: (!labels.is_empty()).then_some(&labels),
            namespace: self.source_namespace.as_deref(),
            gateway: self.gateway.as_deref(),
        };
        let path = self.whole_path();
        ask(&Request {
            method: &self.method,
            path: &path,
            scheme: &self.scheme,
            port: self.port,
            headers: &headers,
            client: self.client.as_deref(),
            caller,
            hash: self.hash.as_deref(),
            rpc,
            ..Request::new(self.host.as_deref().unwrap_or_default())
        })
    }
}

fn borrowed(pairs: &[(String, String)]) -> Vec<(&str, &str)> {
    pairs.iter().map(|(key, value)| (&**key, &**value)).collect()
}
