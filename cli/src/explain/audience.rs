//! Whom the rules are explained for.

use crate::files::{File, pair};
use clap::Args;
use sergo::Config;
use sergo::spec::document::{self, Document, Outcome};
use sergo::spec::fault_tolerance::FaultToleranceRule;
use std::collections::{BTreeMap, BTreeSet};

/// What was said of the instance on the command line.
#[derive(Args, Clone)]
#[command(next_help_heading = "Whose rules")]
pub(crate) struct Whom {
    /// The app; may be left out where the rules are for one
    #[arg(long)]
    app: Option<String>,
    /// The namespace; may be left out where the rules are in one
    #[arg(long)]
    namespace: Option<String>,
    /// A label of its workload; may be repeated
    #[arg(long = "label", value_name = "KEY=VALUE", value_parser = pair)]
    labels: Vec<(String, String)>,
}

/// An instance that the rules are explained for.
pub(crate) struct Audience {
    pub(crate) config: Config,
    /// The rules that are not for it, by name.
    others: Vec<String>,
}

impl Audience {
    /// The instance that was asked for, or the only one that the rules can mean.
    ///
    /// # Errors
    /// A sentence that says what they leave open.
    pub(crate) fn find(asked: Whom, files: &[File]) -> Result<Audience, String> {
        let documents = good(files);
        let rules = || documents.iter().filter_map(as_rule);
        let namespaces = documents.iter().filter_map(namespace_of).collect();
        let namespace = only(asked.namespace, namespaces, "namespace")?.unwrap_or_else(|| "default".to_owned());
        let apps = rules().filter(|rule| rule.meta.namespace == namespace).filter_map(|rule| rule.app.as_deref());
        let app = only(asked.app, apps.collect(), "app")?.unwrap_or_default();
        let labels: BTreeMap<_, _> = asked.labels.into_iter().collect();
        let is_for_it = |rule: &&FaultToleranceRule| {
            rule.meta.namespace == namespace
                && rule.app.as_ref().is_none_or(|wanted| *wanted == app)
                && rule.selector.iter().all(|(key, value)| labels.get(key) == Some(value))
        };
        let others = rules().filter(|rule| !is_for_it(rule)).map(|rule| rule.meta.name.clone()).collect();
        Ok(Audience { config: Config { namespace, app, labels }, others })
    }

    /// As of which moment it is explained, for whom, and which rules are not.
    pub(crate) fn as_of(&self) -> String {
        let Config { namespace, app, labels } = &self.config;
        let app = if app.is_empty() { "any app".to_owned() } else { format!("the app {app}") };
        let labels: Vec<_> = labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let labels = if labels.is_empty() { String::new() } else { format!(" with {}", labels.join(", ")) };
        let others = match self.others.as_slice() {
            [] => String::new(),
            [one] => format!("The rule {one} is for others.\n"),
            others => format!("The rules {} are for others.\n", others.join(", ")),
        };
        format!(
            "As for an instance of {app} in the namespace {namespace}{labels} that has just\n\
             started: nothing admitted, nothing in flight, breakers closed, system load unknown.\n{others}"
        )
    }
}

fn good(files: &[File]) -> Vec<Document> {
    let readings = files.iter().flat_map(|file| document::read(&file.name, &file.text));
    let good = |outcome| if let Outcome::Good(document) = outcome { Some(document) } else { None };
    readings.filter_map(|reading| good(reading.outcome)).collect()
}

fn as_rule(document: &Document) -> Option<&FaultToleranceRule> {
    if let Document::Rule(rule) = document { Some(rule) } else { None }
}

/// The namespace of what takes effect by itself: a router without hosts is there
/// for others to delegate to, perhaps from another namespace.
fn namespace_of(document: &Document) -> Option<&str> {
    match document {
        Document::Rule(rule) => Some(&rule.meta.namespace),
        Document::Router(router) if !router.hosts.is_empty() => Some(&router.meta.namespace),
        Document::Workload(workload) => Some(&workload.meta.namespace),
        Document::Lane(lane) => Some(&lane.meta.namespace),
        Document::TrafficLabel(rule) => Some(&rule.meta.namespace),
        Document::WorkloadLabel(rule) => Some(&rule.meta.namespace),
        Document::Router(_) | Document::Strategy(_) | Document::Action(_) => None,
    }
}

/// What was asked for, or the only value there is.
fn only(asked: Option<String>, found: BTreeSet<&str>, what: &str) -> Result<Option<String>, String> {
    match (asked, found.len()) {
        (Some(asked), _) => Ok(Some(asked)),
        (None, 0 | 1) => Ok(found.first().map(|&only| only.to_owned())),
        (None, _) => {
            let found: Vec<_> = found.into_iter().collect();
            Err(format!("the rules are for several {what}s ({}): say for which with --{what}", found.join(", ")))
        }
    }
}
