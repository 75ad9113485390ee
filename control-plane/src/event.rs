//! What happens, for logs.

use crate::refusal::Refusal;
use serde::{Serialize, Serializer};
use sergo::Diagnostic;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

/// Told of each event as it happens, from any thread; it must not wait.
pub type Log = Arc<dyn Fn(&Event) + Send + Sync>;

/// Something that happened.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Event {
    /// It listens.
    Listening {
        /// For subscribers.
        grpc: SocketAddr,
        /// For people and monitoring.
        http: Option<SocketAddr>,
    },
    /// Rules were read and are served.
    Rules {
        /// Their version.
        version: i64,
        /// How many files there are.
        files: usize,
        /// How many documents they hold.
        documents: usize,
        /// How many mistakes they have.
        rejected: usize,
    },
    /// A mistake in a document, which was not there before.
    Mistake(Box<Diagnostic>),
    /// The rules cannot be read; those before are still served.
    RulesFailed {
        /// Why.
        message: String,
    },
    /// The tokens were read.
    Tokens {
        /// How many there are.
        tokens: usize,
    },
    /// The tokens cannot be read; those before still hold.
    TokensFailed {
        /// Why.
        message: String,
    },
    /// The certificate was read again; new connections get it.
    Certificate {
        /// Its file.
        certificate: PathBuf,
    },
    /// The certificate cannot be read again; the one before is still shown.
    CertificateFailed {
        /// Why.
        message: String,
    },
    /// The system does not tell of changes to files: they are only looked at.
    Polling {
        /// Why.
        message: String,
    },
    /// A client subscribed for the first time on its stream.
    Connected {
        /// Who.
        #[serde(flatten)]
        client: Who,
        /// The namespace that it asked for first.
        namespace: String,
        /// The app that it asked for first.
        app: String,
    },
    /// A stream was turned away.
    TurnedAway {
        /// From where.
        address: String,
        /// Why.
        message: String,
    },
    /// A client's request was refused.
    BadRequest {
        /// Who.
        #[serde(flatten)]
        client: Who,
        /// Why.
        message: String,
    },
    /// A client refused a push.
    Refused {
        /// Who.
        #[serde(flatten)]
        client: Who,
        /// The namespace of the subscription.
        namespace: String,
        /// Its app.
        app: String,
        /// Its kind.
        kind: String,
        /// Why.
        refusal: Refusal,
    },
    /// A stream has ended.
    Disconnected {
        /// Who.
        #[serde(flatten)]
        client: Who,
        /// Why, where it was ended from here.
        #[serde(skip_serializing_if = "Option::is_none")]
        message: Option<String>,
    },
    /// A process reported its services.
    Reported {
        /// Its app.
        app: String,
        /// From where.
        address: String,
        /// How many services it has.
        services: usize,
    },
    /// It is about to end.
    Stopping,
}

/// A client.
#[derive(Clone, Debug, Serialize)]
pub struct Who {
    /// The number of its stream, from 1.
    pub id: u64,
    /// Its own name for the stream.
    pub identifier: String,
    /// Where it connected from.
    pub address: String,
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.identifier.as_str() {
            "" => write!(f, "client {} at {}", self.id, self.address),
            name => write!(f, "client {} ({name}) at {}", self.id, self.address),
        }
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = |number: usize, noun: &str| format!("{number} {noun}{}", if number == 1 { "" } else { "s" });
        match self {
            Event::Listening { grpc, http: None } => write!(f, "listening on {grpc}"),
            Event::Listening { grpc, http: Some(http) } => write!(f, "listening on {grpc}, HTTP on {http}"),
            Event::Rules { version, files, documents, rejected } => {
                let (documents, files) = (count(*documents, "document"), count(*files, "file"));
                write!(f, "rules {version}: {documents} in {files}, {}", count(*rejected, "mistake"))
            }
            Event::Mistake(diagnostic) => match diagnostic.line {
                0 => write!(f, "{}: {}", diagnostic.source, diagnostic.message),
                line => write!(f, "{}:{line}: {}", diagnostic.source, diagnostic.message),
            },
            Event::RulesFailed { message } => write!(f, "{message}; the rules before are still served"),
            Event::Tokens { tokens } => write!(f, "{} may subscribe", count(*tokens, "token")),
            Event::TokensFailed { message } => write!(f, "{message}; the tokens before still hold"),
            Event::Certificate { certificate } => write!(f, "new connections get {}", certificate.display()),
            Event::CertificateFailed { message } => write!(f, "{message}; the certificate before still holds"),
            Event::Polling { message } => {
                write!(f, "the system does not tell of changes to files ({message}): they are looked at now and then")
            }
            Event::Connected { client, namespace, app } => {
                write!(f, "{client} subscribes for the app {app:?} in {namespace}")
            }
            Event::TurnedAway { address, message } => write!(f, "a stream from {address} was turned away: {message}"),
            Event::BadRequest { client, message } => write!(f, "{client}: refused {message}"),
            Event::Refused { client, kind, refusal, .. } => {
                let Refusal { version, code, message, .. } = refusal;
                write!(f, "{client} refuses version {version} of {kind} with code {code}: {message}")
            }
            Event::Disconnected { client, message: None } => write!(f, "{client} has left"),
            Event::Disconnected { client, message: Some(message) } => write!(f, "{client} was let go: {message}"),
            Event::Reported { app, address, services } => {
                write!(f, "{app:?} at {address} offers {}", count(*services, "service"))
            }
            Event::Stopping => f.write_str("stopping"),
        }
    }
}

/// A moment as RFC 3339 has it, in milliseconds.
pub(crate) fn moment<S: Serializer>(at: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&humantime::format_rfc3339_millis(*at))
}
