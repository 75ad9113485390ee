//! The other end of the stream: the core's session over gRPC, for commands, tests
//! and measurements.

use crate::frame::{Frame, Raw};
use crate::serving::reason;
use bytes::Bytes;
use http::uri::PathAndQuery;
use sergo::Report;
use sergo::Tick;
use sergo::subscribe::{Input, Options, Output, Session, State, Update, contract, wire};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::client::Grpc;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};
use tonic::{Request, Status};

/// How long connecting may take; the session's patience is longer.
const CONNECTING: Duration = Duration::from_secs(10);
/// How long it sleeps where the session has nothing to wait for.
const LONG: Duration = Duration::from_secs(60);
/// How many messages are taken before one has been looked at.
const AHEAD: usize = 16;

/// How to reach a control plane.
#[derive(Clone, Debug)]
pub struct Connecting {
    /// TLS; without it, plain text.
    pub tls: Option<ClientTls>,
    /// Sent as `authorization: Bearer <token>`.
    pub token: Option<String>,
    /// How often a connection is asked whether it is still there, and how long that
    /// may take.
    pub ping: (Duration, Duration),
}

impl Default for Connecting {
    fn default() -> Self {
        Connecting { tls: None, token: None, ping: (Duration::from_secs(20), Duration::from_secs(10)) }
    }
}

/// TLS at a client's end, in PEM.
#[derive(Clone, Debug, Default)]
pub struct ClientTls {
    /// The roots to trust; empty is the system's.
    pub roots: Vec<u8>,
    /// The client's certificate and its private key.
    pub identity: Option<(Vec<u8>, Vec<u8>)>,
    /// The name in the server's certificate, where it is not that of the address.
    pub server_name: Option<String>,
}

impl Connecting {
    fn endpoint(&self, address: &str) -> Result<Endpoint, String> {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        let wrong = |error: tonic::transport::Error| format!("{address}: {}", reason(&error));
        let endpoint = Endpoint::from_shared(format!("{scheme}://{address}")).map_err(wrong)?;
        let endpoint = endpoint
            .connect_timeout(CONNECTING)
            .http2_keep_alive_interval(self.ping.0)
            .keep_alive_timeout(self.ping.1)
            .keep_alive_while_idle(true);
        let Some(tls) = &self.tls else { return Ok(endpoint) };
        let mut config = match tls.roots.as_slice() {
            [] => ClientTlsConfig::new().with_native_roots(),
            roots => ClientTlsConfig::new().ca_certificate(Certificate::from_pem(roots)),
        };
        if let Some((certificate, key)) = &tls.identity {
            config = config.identity(Identity::from_pem(certificate, key));
        }
        if let Some(name) = &tls.server_name {
            config = config.domain_name(name);
        }
        endpoint.tls_config(config).map_err(wrong)
    }

    async fn connect(&self, address: &str) -> Result<Grpc<Channel>, String> {
        let channel = self.endpoint(address)?.connect().await.map_err(|error| reason(&error))?;
        let mut grpc = Grpc::new(channel).max_decoding_message_size(wire::MAX_MESSAGE);
        grpc.ready().await.map_err(|error| reason(&error))?;
        Ok(grpc)
    }

    fn request<T>(&self, message: T) -> Result<Request<T>, String> {
        let mut request = Request::new(message);
        if let Some(token) = &self.token {
            let value: MetadataValue<Ascii> = format!("Bearer {token}")
                .parse()
                .map_err(|_| "a token has only visible ASCII characters".to_owned())?;
            request.metadata_mut().insert("authorization", value);
        }
        Ok(request)
    }
}

/// Reports what a process offers: an encoded
/// [`ReportMetadataRequest`](contract::ReportMetadataRequest).
///
/// # Errors
/// Why it did not arrive.
pub async fn report(connecting: &Connecting, address: &str, report: Vec<u8>) -> Result<(), String> {
    let mut grpc = connecting.connect(address).await?;
    let request = connecting.request(Frame::from(report))?;
    let sent = grpc.unary(request, PathAndQuery::from_static(contract::METHOD), Raw).await;
    sent.map(drop).map_err(|status| said(&status))
}

/// What has happened to a stream.
enum Happened {
    Connected,
    Received(Bytes),
    Closed(String),
}

/// Something that whoever drives a subscriber should know.
#[derive(Debug)]
pub enum News {
    /// A stream was opened there.
    Connected(String),
    /// The stream is no more, and why.
    Lost(String),
    /// Documents to apply; then [`Subscriber::applied`].
    Update(Update),
}

/// A session that runs.
pub struct Subscriber {
    session: Session,
    connecting: Connecting,
    begun: Instant,
    happened: mpsc::Receiver<(u64, Happened)>,
    happening: mpsc::Sender<(u64, Happened)>,
    /// The stream of the moment: its number, what it is sent, and its task.
    stream: Option<(u64, mpsc::UnboundedSender<Vec<u8>>, JoinHandle<()>)>,
    news: Vec<News>,
}

impl Subscriber {
    /// A session that dials when it is first asked for news. The seed is from the
    /// system's random numbers.
    #[must_use]
    pub fn new(options: Options, connecting: Connecting, seed: u64) -> Self {
        let (happening, happened) = mpsc::channel(AHEAD);
        Subscriber {
            session: Session::new(options, seed),
            connecting,
            begun: Instant::now(),
            happened,
            happening,
            stream: None,
            news: Vec::new(),
        }
    }

    /// What the session is doing.
    #[must_use]
    pub fn state(&self) -> State {
        self.session.state()
    }

    /// The last good documents, for a file from which the next process can
    /// [`restore`](Subscriber::restore) them.
    #[must_use]
    pub fn save(&self) -> String {
        self.session.save()
    }

    /// Begins with the documents that an earlier process saved.
    ///
    /// # Errors
    /// A sentence that says what was found in their place.
    pub fn restore(&mut self, text: &str) -> Result<(), String> {
        self.session.restore(text)
    }

    /// Waits for the next thing to know. It may be given up at any time.
    pub async fn news(&mut self) -> News {
        loop {
            self.session.handle(Input::Time, self.now());
            while let Some(output) = self.session.poll() {
                match output {
                    Output::Dial { stream, address } => self.dial(stream, address),
                    Output::Send { stream, bytes } => self.send(stream, bytes),
                    Output::Close { stream, reason } => self.close(stream, &reason),
                    Output::Apply(update) => self.news.push(News::Update(update)),
                }
            }
            if !self.news.is_empty() {
                return self.news.remove(0);
            }
            let deadline = self.session.deadline();
            let pause = deadline.map(|at| Duration::from_nanos(at.0.saturating_sub(self.now().0)));
            tokio::select! {
                happened = self.happened.recv() => {
                    if let Some((stream, happened)) = happened {
                        self.take(stream, happened);
                    }
                    // What has come together is one update.
                    while let Ok((stream, happened)) = self.happened.try_recv() {
                        self.take(stream, happened);
                    }
                }
                () = sleep(pause.unwrap_or(LONG)) => {}
            }
        }
    }

    /// The last update has been applied, and this is what came of it.
    pub fn applied(&mut self, report: &Report) {
        self.session.handle(Input::Applied(report), self.now());
    }

    fn now(&self) -> Tick {
        Tick(u64::try_from(self.begun.elapsed().as_nanos()).unwrap_or(u64::MAX))
    }

    fn take(&mut self, stream: u64, happened: Happened) {
        if self.stream.as_ref().is_none_or(|(current, ..)| *current != stream) {
            return;
        }
        let now = self.now();
        match happened {
            Happened::Connected => {
                self.session.handle(Input::Connected { stream }, now);
                self.news.push(News::Connected(self.session.state().address));
            }
            Happened::Received(bytes) => self.session.handle(Input::Received { stream, bytes: &bytes }, now),
            Happened::Closed(reason) => {
                self.session.handle(Input::Closed { stream, reason: &reason }, now);
                self.stream = None;
                self.news.push(News::Lost(reason));
            }
        }
    }

    fn dial(&mut self, stream: u64, address: String) {
        let (sender, requests) = mpsc::unbounded_channel();
        let (connecting, happening) = (self.connecting.clone(), self.happening.clone());
        let task = tokio::spawn(async move {
            let reason = run(&connecting, &address, requests, stream, &happening).await;
            let _ = happening.send((stream, Happened::Closed(reason))).await;
        });
        self.stream = Some((stream, sender, task));
    }

    fn send(&mut self, stream: u64, bytes: Vec<u8>) {
        if let Some((current, sender, _)) = &self.stream
            && *current == stream
        {
            // Where the stream has ended meanwhile, that is told by itself.
            let _ = sender.send(bytes);
        }
    }

    fn close(&mut self, stream: u64, reason: &str) {
        if let Some((_, _, task)) = self.stream.take_if(|(current, ..)| *current == stream) {
            task.abort();
            self.news.push(News::Lost(reason.to_owned()));
        }
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        if let Some((_, _, task)) = &self.stream {
            task.abort();
        }
    }
}

/// Runs one stream to its end; why it ended.
async fn run(
    connecting: &Connecting,
    address: &str,
    requests: mpsc::UnboundedReceiver<Vec<u8>>,
    stream: u64,
    happening: &mpsc::Sender<(u64, Happened)>,
) -> String {
    let frames = futures_util::StreamExt::map(UnboundedReceiverStream::new(requests), Frame::from);
    let request = match connecting.request(frames) {
        Ok(request) => request,
        Err(why) => return why,
    };
    let mut grpc = match connecting.connect(address).await {
        Ok(grpc) => grpc,
        Err(why) => return why,
    };
    // The existing control plane sends nothing, not even headers, before it is asked.
    let _ = happening.send((stream, Happened::Connected)).await;
    let opened = grpc.streaming(request, PathAndQuery::from_static(wire::METHOD), Raw).await;
    let mut responses = match opened {
        Ok(response) => response.into_inner(),
        Err(status) => return said(&status),
    };
    loop {
        match responses.message().await {
            Ok(Some(bytes)) => {
                let _ = happening.send((stream, Happened::Received(bytes))).await;
            }
            Ok(None) => return "the control plane ended it".to_owned(),
            Err(status) => return said(&status),
        }
    }
}

/// What a status says, and what caused it.
fn said(status: &Status) -> String {
    let cause = std::error::Error::source(status).map(reason).unwrap_or_default();
    let parts = [status.message(), &cause].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>();
    // Some causes say again what the status says.
    let text = if cause.starts_with(status.message()) { cause.clone() } else { parts.join(": ") };
    match text.as_str() {
        "" => status.code().to_string(),
        text => format!("{text} ({:?})", status.code()),
    }
}
