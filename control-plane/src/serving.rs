//! A control plane that runs.

use crate::event::{Event, Log};
use crate::options::{Options, Tls};
use crate::plane::Plane;
use crate::service::{Metadata, Transport};
use crate::{http_side, watching};
use std::future::Future;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Certificate, Identity, Server, ServerTlsConfig};

/// How long the beginning of TLS may take.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// The most streams on one connection.
const STREAMS: u32 = 1_000;

/// A control plane that serves until it is told to stop, or dropped.
pub struct Serving {
    plane: Arc<Plane>,
    grpc: SocketAddr,
    http: Option<SocketAddr>,
    grace: Duration,
    servers: JoinSet<Result<(), String>>,
    watchers: Vec<AbortHandle>,
}

impl Serving {
    /// Reads the rules, and serves them.
    ///
    /// # Errors
    /// A sentence that says which file can't be read or which address can't be
    /// listened on.
    pub async fn start(options: Options, log: Log) -> Result<Serving, String> {
        let Options { rules, listen, http, name, tls, tokens, limits, look, ping, grace } = options;
        let mut server = server(ping);
        if let Some(tls) = &tls {
            let wrong = |error| format!("the certificate {}: {}", tls.certificate.display(), reason(&error));
            server = server.tls_config(read_tls(tls)?).map_err(wrong)?;
        }
        let plane = Arc::new(Plane::new(name, limits, look, log));
        let mut watchers = Vec::new();
        if let Some(tokens) = tokens {
            watchers.push(tokio::spawn(watching::load_tokens(&plane, tokens).await?).abort_handle());
        }
        let (grpc, incoming) = bind(listen).await?;
        let http = match http {
            Some(address) => Some(bind(address).await?),
            None => None,
        };
        watchers.push(tokio::spawn(watching::load(&plane, &rules).await?).abort_handle());
        let mut servers = JoinSet::new();
        let incoming = TcpIncoming::from(incoming).with_nodelay(Some(true));
        let services = server.add_service(Transport(plane.clone())).add_service(Metadata(plane.clone()));
        let stopped = stopped(&plane);
        servers.spawn(async move {
            services.serve_with_incoming_shutdown(incoming, stopped).await.map_err(|error| reason(&error))
        });
        let mut http_address = None;
        if let Some((address, listener)) = http {
            http_address = Some(address);
            let router = http_side::router(plane.clone());
            let stopped = self::stopped(&plane);
            servers.spawn(async move {
                axum::serve(listener, router).with_graceful_shutdown(stopped).await.map_err(|error| error.to_string())
            });
        }
        plane.log(&Event::Listening { grpc, http: http_address });
        Ok(Serving { plane, grpc, http: http_address, grace, servers, watchers })
    }

    /// Where subscribers connect.
    #[must_use]
    pub fn grpc(&self) -> SocketAddr {
        self.grpc
    }

    /// Where people and monitoring look.
    #[must_use]
    pub fn http(&self) -> Option<SocketAddr> {
        self.http
    }

    /// Waits until a server breaks off, which none does by itself.
    ///
    /// # Errors
    /// Why it did.
    pub async fn broken(&mut self) -> Result<(), String> {
        match self.servers.join_next().await {
            Some(Ok(done)) => done,
            Some(Err(error)) => Err(format!("a server broke off: {error}")),
            None => Ok(()),
        }
    }

    /// Turns away who comes, tells who is there that it ends, and waits until they
    /// have gone, but not for longer than the grace that the options give.
    pub async fn stop(mut self) {
        self.plane.stop();
        let gone = async { while self.servers.join_next().await.is_some() {} };
        // Whoever does not read what it is told is cut off.
        let _ = tokio::time::timeout(self.grace, gone).await;
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // Streams live in tasks of their own.
        self.plane.stop();
        self.watchers.iter().for_each(AbortHandle::abort);
    }
}

fn server((ping, pong): (Duration, Duration)) -> Server {
    Server::builder()
        .http2_keepalive_interval(Some(ping))
        .http2_keepalive_timeout(Some(pong))
        .tcp_keepalive(Some(ping))
        .max_concurrent_streams(STREAMS)
        .http2_max_pending_accept_reset_streams(Some(100))
}

/// Ends when the plane stops.
fn stopped(plane: &Plane) -> impl Future<Output = ()> + Send + use<> {
    let mut stopping: watch::Receiver<bool> = plane.stopping.subscribe();
    async move {
        let _ = stopping.wait_for(|stopping| *stopping).await;
    }
}

async fn bind(address: SocketAddr) -> Result<(SocketAddr, TcpListener), String> {
    let wrong = |error: std::io::Error| format!("can't listen on {address}: {error}");
    let listener = TcpListener::bind(address).await.map_err(wrong)?;
    Ok((listener.local_addr().map_err(wrong)?, listener))
}

fn read_tls(tls: &Tls) -> Result<ServerTlsConfig, String> {
    let read = |path: &Path| std::fs::read(path).map_err(|error| format!("can't read {}: {error}", path.display()));
    let identity = Identity::from_pem(read(&tls.certificate)?, read(&tls.key)?);
    let config = ServerTlsConfig::new().identity(identity).timeout(HANDSHAKE);
    Ok(match &tls.client_roots {
        Some(roots) => config.client_ca_root(Certificate::from_pem(read(roots)?)),
        None => config,
    })
}

/// An error with what caused it, on one line.
pub(crate) fn reason(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}
