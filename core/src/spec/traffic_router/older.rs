//! `RouterRule`, the older form, read as a router of the host that its app is.

use super::matches::{self, older_block, older_strings, text_or_string};
use super::{
    Destination, Fallback, HttpMatch, HttpRoute, RouteAction, RpcMatch, Target, TrafficRouter, WeightedDestination,
};
use crate::matcher::rpc::{ArgumentMatch, MethodMatch};
use crate::policy::{Headers, Policy};
use crate::spec::Meta;
use crate::spec::code::Code;
use crate::spec::node::{Node, Value};
use crate::spec::reader::{Field, Object};
use crate::spec::virtual_workload::selected_app;

impl TrafficRouter {
    /// Reads the `spec` of a `RouterRule`. What is wrong is noted; the router is
    /// good when nothing was.
    #[must_use]
    pub fn read_older(meta: &Meta, mut spec: Object<'_>) -> TrafficRouter {
        let host = selected_app(&spec.take("selector").required(), &meta.namespace);
        let [http, rpc] = ["http", "rpc"].map(|key| spec.take(key));
        if !http.is_present() && !rpc.is_present() {
            http.clone().required().wrong(Code::MissingField, "a list of routes, here or at rpc");
        }
        for key in ["redis", "db"] {
            let other = spec.take(key);
            if other.is_present() {
                other.tell(Code::NoEffect, "a protocol that is not routed", "http or rpc");
            }
        }
        spec.finish();
        let host = host.unwrap_or_default();
        let mut reading = Reading { host: &host, targets: Vec::new() };
        let http = reading.routes(&http, &older_block);
        let rpc = rpc.is_present().then(|| reading.routes(&rpc, &rpc_block));
        let targets = reading.targets;
        TrafficRouter {
            meta: meta.clone(),
            kind: "RouterRule",
            hosts: vec![host.clone()],
            gateways: Vec::new(),
            http,
            rpc,
            tls: Vec::new(),
            tcp: Vec::new(),
            targets,
        }
    }
}

/// Reads the routes of an app, collecting their targets as they are written.
struct Reading<'h> {
    host: &'h str,
    targets: Vec<Target>,
}

impl Reading<'_> {
    /// Reads the routes of a protocol; the first `target` is what is left for the rest.
    fn routes(&mut self, list: &Field<'_>, block: &dyn Fn(&Field<'_>) -> Option<HttpMatch>) -> Vec<HttpRoute> {
        let mut routes = Vec::new();
        let mut rest = None;
        for (position, item) in list.list().unwrap_or_default().iter().enumerate() {
            let Some(mut entry) = item.object() else { continue };
            let name = entry.take("name").filled("a name");
            let rule = entry.take("rule").required();
            let target = entry.take("target");
            let target = if target.is_present() { self.targets(&target, None) } else { Vec::new() };
            entry.skip(&["fallback"]);
            entry.finish();
            let Some(mut rule) = rule.object() else { continue };
            let asked = rule.take("match");
            let blocks = match asked.node().map(|node| &node.value) {
                None => Vec::new(),
                Some(Value::List(_)) => asked.list().unwrap_or_default(),
                Some(_) => vec![asked],
            };
            let matches = blocks.iter().filter_map(block).collect();
            let fallback = target.first().map(|to| to.destination.clone());
            let to = self.targets(&rule.take("targets").required(), fallback.as_ref());
            rule.skip(&["name", "modify"]);
            rule.finish();
            routes.push(route(position, name, matches, to));
            if rest.is_none() && !target.is_empty() {
                rest = Some(route(position, None, Vec::new(), target));
            }
        }
        routes.extend(rest);
        routes
    }

    /// Reads one target, or several that share.
    fn targets(&mut self, field: &Field<'_>, fallback: Option<&Destination>) -> Vec<WeightedDestination> {
        let items = match field.node().map(|node| &node.value) {
            Some(Value::Map(_)) => vec![field.clone()],
            _ => field.filled_list("a list of targets").unwrap_or_default(),
        };
        let mut targets = Vec::new();
        for item in items {
            let Some(mut entry) = item.object() else { continue };
            let subset = entry.take("name").required().filled("the name of a workload");
            let weight =
                entry.take("weight").read(Code::WrongType, "a weight: a whole number of at least 0", |text, _| {
                    text.parse::<u32>().ok()
                });
            // The document that groups the workloads is found by the app.
            let workloads = entry.take("workloads").node().and_then(Node::as_text).map(str::to_owned);
            entry.finish();
            if let Some(subset) = subset.clone() {
                self.targets.push(Target { path: item.path().to_owned(), workloads, subset });
            }
            let mut destination = Destination { host: self.host.to_owned(), subset, ..Destination::default() };
            if let Some(fallback) = fallback.filter(|fallback| fallback.subset != destination.subset) {
                let Destination { host, subset, port, .. } = fallback.clone();
                destination.fallbacks.push(Fallback { host, subset, port });
            }
            targets.push(WeightedDestination { destination, weight: weight.unwrap_or(0), headers: Headers::default() });
        }
        if targets.len() > 1 && targets.iter().all(|to| to.weight == 0) {
            field.tell(
                Code::ZeroWeights,
                "several targets, none of which has a weight",
                "a weight over 0 for at least one of them",
            );
        }
        targets
    }
}

fn route(position: usize, name: Option<String>, matches: Vec<HttpMatch>, to: Vec<WeightedDestination>) -> HttpRoute {
    HttpRoute {
        position,
        name,
        matches,
        action: RouteAction::Forward(to),
        policy: Policy::default(),
        has_one_mirror: false,
    }
}

/// Reads what is asked of a remote call.
fn rpc_block(field: &Field<'_>) -> Option<HttpMatch> {
    let mut entry = field.object()?;
    entry.skip(&["name"]);
    let services = entry.take("services").list().unwrap_or_default();
    let services = services.iter().filter_map(|service| required_text(service)).collect();
    let methods = entry.take("methods").list().unwrap_or_default();
    let methods = methods.iter().filter_map(method).collect();
    let attachments = older_strings(&entry.take("attachments"));
    let headers = older_strings(&entry.take("headers"));
    let label_texts = older_strings(&entry.take("sourceLabels"));
    entry.finish();
    Some(HttpMatch { headers, label_texts, rpc: RpcMatch { services, methods, attachments }, ..HttpMatch::default() })
}

fn required_text(field: &Field<'_>) -> Option<crate::matcher::Text> {
    match field.node().and_then(Node::as_text) {
        Some(_) => text_or_string(field),
        None => matches::text(field),
    }
}

fn method(field: &Field<'_>) -> Option<MethodMatch> {
    let mut entry = field.object()?;
    let service = text_or_string(&entry.take("service"));
    let (name, older) = (entry.take("name"), entry.take("methodName"));
    let name = text_or_string(&name).or_else(|| text_or_string(&older));
    let arguments = entry.take("args").list().unwrap_or_default();
    let arguments = arguments.iter().filter_map(argument).collect();
    entry.finish();
    Some(MethodMatch { service, name, arguments })
}

fn argument(field: &Field<'_>) -> Option<ArgumentMatch> {
    let mut entry = field.object()?;
    let index =
        entry
            .take("index")
            .required()
            .read(Code::WrongType, "the position of an argument, from 0", |text, _| text.parse().ok());
    let [kind, value] = ["type", "value"].map(|key| text_or_string(&entry.take(key)));
    entry.finish();
    Some(ArgumentMatch { index: index?, kind, value })
}
