//! `sergo watch`: what a control plane pushes.

mod difference;

use crate::files::pair;
use crate::print::print;
use crate::serve::{Format, told_to_stop};
use clap::Args;
use difference::{Change, Documents};
use serde_json::json;
use sergo::spec::kind;
use sergo::subscribe::{self, State};
use sergo::{Config, Engine, Report};
use sergo_control_plane::subscriber::{ClientTls, Connecting, News, Subscriber};
use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

const EXAMPLES: &str = "\
Examples:
  sergo watch 127.0.0.1:10246 --app foo-app
  sergo watch 127.0.0.1:10246 --app foo-app --kind RateLimitStrategy --format json
  sergo watch rules.example.com:10246 --app foo-app --tls --token token.txt
  sergo watch 127.0.0.1:10246 --app foo-app --service bar-app --messages --once";

/// Subscribes to a control plane and prints what it pushes, with the differences.
///
/// Each push is applied as by a service of that app, and answered with what came
/// of it, so that what a service would refuse is seen here and in the control
/// plane's /v1/clients. It runs until it is interrupted, or with --once until
/// everything has been pushed; the exit code is then 1 when there are mistakes.
#[derive(Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// Where control planes listen, as host:port; tried in turn
    #[arg(required = true, value_name = "ADDRESS")]
    addresses: Vec<String>,
    /// The app to subscribe for
    #[arg(long, default_value = "")]
    app: String,
    /// The namespace to subscribe in
    #[arg(long, default_value = "default")]
    namespace: String,
    /// A kind, as RateLimitStrategy; may be repeated; all of them by default
    #[arg(long = "kind", value_name = "KIND", value_parser = whole_kind)]
    kinds: Vec<String>,
    /// A service that the app calls, whose routes an existing control plane keeps apart; may be repeated
    #[arg(long = "service", value_name = "APP")]
    services: Vec<String>,
    /// A label of the workload; may be repeated
    #[arg(long = "label", value_name = "KEY=VALUE", value_parser = pair)]
    labels: Vec<(String, String)>,
    /// Take the messages that existing clients get, instead of whole documents
    #[arg(long)]
    messages: bool,
    /// End when everything has been pushed once
    #[arg(long)]
    once: bool,
    /// How it is written
    #[arg(long, default_value = "human", value_enum)]
    format: Format,
    #[command(flatten)]
    security: Security,
}

/// How to connect.
#[derive(Args)]
#[command(next_help_heading = "How to connect")]
struct Security {
    /// Connect under TLS, and trust the system's roots
    #[arg(long)]
    tls: bool,
    /// Connect under TLS, and trust these roots, in PEM
    #[arg(long, value_name = "FILE")]
    tls_ca: Option<PathBuf>,
    /// A certificate to show, in PEM
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// Its private key, in PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// The name in the control plane's certificate, where it is not that of the address
    #[arg(long, value_name = "NAME")]
    tls_name: Option<String>,
    /// A file that holds the token; the environment's SERGO_TOKEN without one
    #[arg(long, value_name = "FILE")]
    token: Option<PathBuf>,
}

fn whole_kind(text: &str) -> Result<String, String> {
    if text.contains('/') {
        return Ok(text.to_owned());
    }
    let mut kinds = kind::on_the_wire();
    kinds.find(|kind| kind.rsplit('/').next() == Some(text)).ok_or_else(|| {
        let names: Vec<_> = kind::on_the_wire().filter_map(|kind| Some(kind.rsplit('/').next()?.to_owned())).collect();
        format!("a kind is one of {}, or group/version/kind", names.join(", "))
    })
}

impl Security {
    fn connecting(&self) -> Result<Connecting, String> {
        let read = |path: &Path| std::fs::read(path).map_err(|error| format!("can't read {}: {error}", path.display()));
        let has_tls = self.tls || self.tls_ca.is_some() || self.tls_cert.is_some() || self.tls_name.is_some();
        let tls = || {
            let identity = match (&self.tls_cert, &self.tls_key) {
                (Some(certificate), Some(key)) => Some((read(certificate)?, read(key)?)),
                _ => None,
            };
            let roots = self.tls_ca.as_deref().map(read).transpose()?.unwrap_or_default();
            Ok::<_, String>(ClientTls { roots, identity, server_name: self.tls_name.clone() })
        };
        let token = match &self.token {
            Some(path) => Some(String::from_utf8_lossy(&read(path)?).trim().to_owned()),
            None => std::env::var("SERGO_TOKEN").ok(),
        };
        Ok(Connecting { tls: has_tls.then(tls).transpose()?, token, ..Connecting::default() })
    }
}

/// Prints pushes as they come; false when `--once` ended with mistakes.
///
/// # Errors
/// A sentence that says which file it can't read.
pub(crate) fn watch(arguments: Arguments) -> Result<bool, String> {
    let connecting = arguments.security.connecting()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("can't start: {error}"))?;
    runtime.block_on(async {
        let told = told_to_stop()?;
        tokio::select! {
            () = told => Ok(true),
            done = Watch::new(arguments, connecting).run() => done,
        }
    })
}

struct Watch {
    subscriber: Subscriber,
    engine: Engine,
    seen: Documents,
    once: bool,
    format: Format,
}

impl Watch {
    fn new(arguments: Arguments, connecting: Connecting) -> Watch {
        let Arguments { addresses, app, namespace, kinds, services, labels, messages, once, format, security: _ } =
            arguments;
        let labels: BTreeMap<_, _> = labels.into_iter().collect();
        let config = Config { namespace, app, labels };
        let usual = subscribe::Options::new(&config);
        let kinds = if kinds.is_empty() { usual.kinds.clone() } else { kinds };
        let options = subscribe::Options { addresses, kinds, services, documents: !messages, ..usual };
        let seed = RandomState::new().hash_one(std::process::id());
        let engine = Engine::new(config);
        let subscriber = Subscriber::new(options, connecting, seed);
        Watch { subscriber, engine, seen: Documents::default(), once, format }
    }

    async fn run(mut self) -> Result<bool, String> {
        loop {
            match self.subscriber.news().await {
                News::Connected(address) => {
                    self.say(&format!("connected to {address}"), json!({"event": "connected", "address": address}))?;
                }
                News::Lost(reason) => {
                    self.say(&format!("the stream ended: {reason}"), json!({"event": "lost", "reason": reason}))?;
                }
                News::Update(update) => {
                    let report = update.apply(&self.engine);
                    self.subscriber.applied(&report);
                    let documents = Documents::read(update.sources.iter().map(|source| source.text.as_str()));
                    let changes = self.seen.changes(&documents);
                    self.seen = documents;
                    self.tell(&changes, &report)?;
                    if self.once && self.subscriber.state().is_synced {
                        return Ok(report.rejected.is_empty());
                    }
                }
            }
        }
    }

    fn tell(&self, changes: &[Change], report: &Report) -> Result<(), String> {
        let State { control_plane, subscriptions, .. } = self.subscriber.state();
        let version = subscriptions.iter().filter_map(|one| one.version).max();
        let mut text = format!(
            "push {} of {control_plane}: {} in force, {} added, {} changed, {} removed",
            version.map_or_else(|| "without a version".to_owned(), |version| version.to_string()),
            self.seen.len(),
            changes.iter().filter(|change| matches!(change, Change::Added(..))).count(),
            changes.iter().filter(|change| matches!(change, Change::Changed(..))).count(),
            changes.iter().filter(|change| matches!(change, Change::Removed(..))).count(),
        );
        changes.iter().for_each(|change| text += &format!("\n{change}"));
        report.rejected.iter().for_each(|one| text += &format!("\n  mistake: {}", one.message));
        report.waiting.iter().for_each(|one| text += &format!("\n  waiting: {}", one.message));
        let changes: Vec<_> = changes.iter().map(Change::to_json).collect();
        let json = json!({
            "event": "push", "controlPlane": control_plane, "version": version, "documents": self.seen.len(),
            "changes": changes, "rejected": report.rejected, "waiting": report.waiting,
        });
        self.say(&text, json)
    }

    fn say(&self, text: &str, json: serde_json::Value) -> Result<(), String> {
        let at = humantime::format_rfc3339_millis(SystemTime::now());
        match self.format {
            Format::Human => print(&format!("{at} {text}\n")),
            Format::Json => {
                let mut line = json!({"at": at.to_string()});
                if let (Some(line), serde_json::Value::Object(fields)) = (line.as_object_mut(), json) {
                    line.extend(fields);
                }
                print(&format!("{line}\n"))
            }
        }
    }
}
