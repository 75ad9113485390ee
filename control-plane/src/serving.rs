//! A control plane that runs.

use crate::event::{Event, Log};
use crate::options::Options;
use crate::plane::Plane;
use crate::service::{Metadata, Transport};
use crate::{http_side, secure, watching};
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;

/// The most streams on one connection.
const STREAMS: u32 = 1_000;

/// A control plane that serves until it is told to stop, or dropped.
pub struct Serving {
    plane: Arc<Plane>,
    grpc: SocketAddr,
    http: Option<SocketAddr>,
    grace: Duration,
    servers: JoinSet<Result<(), String>>,
    _watchers: Watchers,
}

impl Serving {
    /// Reads the rules, and serves them.
    ///
    /// # Errors
    /// A sentence that says which file can't be read or which address can't be
    /// listened on.
    pub async fn start(options: Options, log: Log) -> Result<Serving, String> {
        let Options { rules, listen, http, name, tls, tokens, limits, looking, ping, grace } = options;
        let mut server = server(ping);
        let plane = Arc::new(Plane::new(name, limits, looking, log));
        let mut watchers = Watchers::default();
        let secured = match tls {
            Some(tls) => {
                let (config, watching) = watching::load_tls(&plane, tls).await?;
                watchers.add(watching);
                Some(config)
            }
            None => None,
        };
        if let Some(tokens) = tokens {
            watchers.add(watching::load_tokens(&plane, tokens).await?);
        }
        let (grpc, incoming) = bind(listen).await?;
        let http = match http {
            Some(address) => Some(bind(address).await?),
            None => None,
        };
        watchers.add(watching::load(&plane, &rules).await?);
        let mut servers = JoinSet::new();
        let incoming = TcpIncoming::from(incoming).with_nodelay(Some(true));
        let services = server.add_service(Transport(plane.clone())).add_service(Metadata(plane.clone()));
        let stopped = stopped(&plane);
        servers.spawn(async move {
            let ended = match secured {
                Some(config) => services.serve_with_incoming_shutdown(secure::accept(incoming, config), stopped).await,
                None => services.serve_with_incoming_shutdown(incoming, stopped).await,
            };
            ended.map_err(|error| reason(&error))
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
        Ok(Serving { plane, grpc, http: http_address, grace, servers, _watchers: watchers })
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
    }
}

/// What reads files again; it ends where this is dropped.
#[derive(Default)]
struct Watchers(JoinSet<()>);

impl Watchers {
    fn add(&mut self, watching: impl Future<Output = ()> + Send + 'static) {
        self.0.spawn(watching);
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
