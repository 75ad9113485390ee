//! `sergo serve`: the control plane.

use clap::{Args, ValueEnum};
use sergo_control_plane::{Event, Limits, Log, Options, Serving, Tls};
use std::io::{Write, stdout};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

const EXAMPLES: &str = "\
Examples:
  sergo serve --rules rules/
  sergo serve --rules rules/ --listen 0.0.0.0:10246 --tls-cert tls.crt --tls-key tls.key --tokens tokens.yaml
  sergo serve --rules base/ team.yaml --listen 127.0.0.1:0 --format json

A file of tokens:
  tokens:
  - name: shop
    sha256: <what `printf %s \"$TOKEN\" | sha256sum` writes>
    namespaces: [default]
  - name: operators
    token: <16 bytes or more>
    namespaces: ['*']";

/// Serves rule files to every process that subscribes: a control plane.
///
/// It speaks the OpenSergo transport over gRPC. Files are watched, and what has
/// changed is pushed to who has subscribed to it. Beside it, over HTTP: /healthz,
/// /readyz, /metrics, /v1/rules (what is served, and all that is wrong with it),
/// /v1/clients (who is connected, and which version each has taken or refused, and
/// why) and /v1/services (what processes say that they offer).
///
/// It runs until it is interrupted or terminated, and then exits with 0; with 2
/// when a path can't be read or an address can't be listened on.
#[derive(Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// Rule files, and folders of them (every .yaml, .yml and .json file below, but for hidden ones)
    #[arg(long, required = true, num_args = 1.., value_name = "PATH")]
    rules: Vec<PathBuf>,
    /// Where subscribers connect; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:10246", value_name = "ADDRESS", value_parser = address)]
    listen: SocketAddr,
    /// Where /healthz, /readyz, /metrics and /v1 are, or `off`; by default the loopback's 10247 beside the port 10246, else a free one
    #[arg(long, value_name = "ADDRESS", value_parser = http)]
    http: Option<Http>,
    /// How the log is written, on the standard output
    #[arg(long, default_value = "human", value_enum)]
    format: Format,
    /// What it calls itself to clients; by default sergo- and the host's name
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    security: Security,
    #[command(flatten)]
    limits: Bounds,
}

/// Who may subscribe.
#[derive(Args)]
#[command(next_help_heading = "Who may subscribe")]
struct Security {
    /// A file of tokens and the namespaces that each sees; without it everybody sees everything
    #[arg(long, value_name = "FILE")]
    tokens: Option<PathBuf>,
    /// The certificate for TLS, in PEM, with those between it and its root
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// Its private key, in PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// The roots of clients' certificates, in PEM: with them every client needs one
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_client_ca: Option<PathBuf>,
}

/// What clients may ask for.
#[derive(Args)]
#[command(next_help_heading = "What clients may ask for")]
struct Bounds {
    /// The largest message of a client, in bytes
    #[arg(long, default_value_t = Limits::default().message, value_name = "BYTES")]
    max_message: usize,
    /// The most streams at once
    #[arg(long, default_value_t = Limits::default().streams, value_name = "COUNT")]
    max_streams: usize,
    /// The most subscriptions on one stream
    #[arg(long, default_value_t = Limits::default().subscriptions, value_name = "COUNT")]
    max_subscriptions: usize,
}

#[derive(Clone, Copy, Debug)]
enum Http {
    Off,
    At(SocketAddr),
}

fn http(text: &str) -> Result<Http, String> {
    match text {
        "off" => Ok(Http::Off),
        text => address(text).map(Http::At).map_err(|expected| format!("{expected}, or off")),
    }
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "expected an IP address and a port, as in 127.0.0.1:10246".to_owned())
}

/// How a log is written.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Lines for people
    Human,
    /// One JSON object a line
    Json,
}

/// Serves until it is told to stop.
///
/// # Errors
/// A sentence that says what it can't read or where it can't listen.
pub(crate) fn serve(arguments: Arguments) -> Result<bool, String> {
    let log = log(arguments.format);
    let options = arguments.options();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("can't start threads: {error}"))?;
    runtime.block_on(async {
        // Asked for before anything is said, so that no signal is missed.
        let told = told_to_stop()?;
        let mut serving = Serving::start(options, log).await?;
        tokio::select! {
            () = told => {}
            broken = serving.broken() => broken?,
        }
        serving.stop().await;
        Ok(true)
    })
}

impl Arguments {
    fn options(self) -> Options {
        let Arguments { rules, listen, http, name, security, limits, format: _ } = self;
        let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let usual = Options::new(rules);
        let http = match (http, listen.port()) {
            (Some(Http::Off), _) => None,
            (Some(Http::At(address)), _) => Some(address),
            // Two control planes on one machine get along.
            (None, port) if port != usual.listen.port() => Some(SocketAddr::new(loopback, 0)),
            (None, _) => usual.http,
        };
        let Security { tokens, tls_cert, tls_key, tls_client_ca } = security;
        let tls = tls_cert.zip(tls_key);
        let tls = tls.map(|(certificate, key)| Tls { certificate, key, client_roots: tls_client_ca });
        let Bounds { max_message: message, max_streams: streams, max_subscriptions: subscriptions } = limits;
        Options {
            listen,
            http,
            name: name.unwrap_or_else(|| format!("sergo-{}", host_name())),
            tls,
            tokens,
            limits: Limits { message, streams, subscriptions, ..usual.limits },
            grace: Duration::from_secs(5),
            ..usual
        }
    }
}

/// The name of this host, as far as it is known.
fn host_name() -> String {
    let told = std::env::var("HOSTNAME").ok();
    let told = told.or_else(|| std::fs::read_to_string("/proc/sys/kernel/hostname").ok());
    let name = told.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
    name.unwrap_or_else(|| "unknown-host".to_owned())
}

/// Writes each event on a line of its own. Who does not read the log does not
/// stop the control plane.
fn log(format: Format) -> Log {
    Arc::new(move |event: &Event| {
        let at = humantime::format_rfc3339_millis(SystemTime::now());
        let line = match format {
            Format::Human => format!("{at} {event}\n"),
            Format::Json => {
                let mut line = serde_json::json!({"at": at.to_string()});
                if let (Some(line), Ok(serde_json::Value::Object(fields))) =
                    (line.as_object_mut(), serde_json::to_value(event))
                {
                    line.extend(fields);
                }
                format!("{line}\n")
            }
        };
        let mut out = stdout().lock();
        let _ = out.write_all(line.as_bytes()).and_then(|()| out.flush());
    })
}

#[cfg(unix)]
pub(crate) fn told_to_stop() -> Result<impl Future<Output = ()>, String> {
    use tokio::signal::unix::{SignalKind, signal};
    let wrong = |error| format!("can't listen for signals: {error}");
    let mut term = signal(SignalKind::terminate()).map_err(wrong)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(wrong)?;
    Ok(async move {
        tokio::select! {
            _ = term.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

#[cfg(not(unix))]
pub(crate) fn told_to_stop() -> Result<impl Future<Output = ()>, String> {
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}
