//! Rules in a folder, a control plane that serves them, and who subscribes.

use serde_json::Value;
use sergo::subscribe::{Options as Session, State};
use sergo::{Ask, Config, Decision, Engine, Report, Tick};
use sergo_control_plane::subscriber::{Connecting, News, Subscriber};
use sergo_control_plane::{Event, Looking, Options, Serving};
use std::future::Future;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

/// How long anything may take before it counts as never: nothing is proven by it.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until something is there.
#[track_caller]
pub(crate) fn until<T, F: Future<Output = Option<T>>>(
    what: &str,
    mut look: impl FnMut() -> F,
) -> impl Future<Output = T> {
    let what = what.to_owned();
    async move {
        let looking = async {
            loop {
                if let Some(found) = look().await {
                    return found;
                }
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(PATIENCE, looking).await.unwrap_or_else(|_| panic!("never came: {what}"))
    }
}

/// A folder of rules that is gone with the test.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Folder {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name = format!("sergo-served-{}-{}", std::process::id(), NEXT.fetch_add(1, Relaxed));
        let folder = std::env::temp_dir().join(name);
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        Folder(folder)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.0.join(name), text).unwrap();
    }

    pub(crate) fn remove(&self, name: &str) {
        std::fs::remove_file(self.0.join(name)).unwrap();
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A limit on the resource `/foo` for every app, and the rule that names it.
pub(crate) fn limit(threshold: &str) -> String {
    format!(
        "apiVersion: fault-tolerance.opensergo.io/v1alpha1
kind: RateLimitStrategy
metadata: {{name: limit}}
spec: {{threshold: {threshold}, statDuration: 1h}}
---
apiVersion: fault-tolerance.opensergo.io/v1alpha1
kind: FaultToleranceRule
metadata: {{name: rule}}
spec: {{targets: [{{targetResourceName: /foo}}], strategies: [{{name: limit}}]}}
"
    )
}

/// A router of a host.
pub(crate) fn router(host: &str, app: &str) -> String {
    format!(
        "---
apiVersion: traffic.opensergo.io/v1alpha1
kind: TrafficRouter
metadata: {{name: {host}, labels: {{app: {app}}}}}
spec: {{hosts: [{host}], http: [{{route: [{{destination: {{host: {host}, subset: v1}}}}]}}]}}
"
    )
}

pub(crate) fn options(folder: &Folder) -> Options {
    let free = SocketAddr::from(([127, 0, 0, 1], 0));
    Options {
        listen: free,
        http: Some(free),
        name: "sergo-test".to_owned(),
        looking: Looking { told: Duration::from_millis(50), untold: Duration::from_millis(10), ..Looking::default() },
        grace: Duration::from_secs(1),
        ..Options::new(vec![folder.path().to_owned()])
    }
}

/// A control plane and its log.
pub(crate) struct Plane {
    pub(crate) serving: Serving,
    pub(crate) log: Arc<Mutex<Vec<Event>>>,
}

impl Plane {
    pub(crate) async fn start(options: Options) -> Plane {
        // An address that was another's a moment ago may still be.
        until("a control plane", || async {
            let log = Arc::new(Mutex::new(Vec::new()));
            let events = log.clone();
            let told = Arc::new(move |event: &Event| events.lock().unwrap().push(event.clone()));
            match Serving::start(options.clone(), told).await {
                Ok(serving) => Some(Plane { serving, log }),
                Err(why) if why.contains("can't listen") => None,
                Err(why) => panic!("{why}"),
            }
        })
        .await
    }

    pub(crate) async fn of(folder: &Folder) -> Plane {
        Plane::start(options(folder)).await
    }

    pub(crate) fn address(&self) -> String {
        self.serving.grpc().to_string()
    }

    /// Asks over HTTP: the status, and the body.
    pub(crate) async fn get(&self, path: &str, headers: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(self.serving.http().unwrap()).await.unwrap();
        let request = format!("GET {path} HTTP/1.0\r\n{headers}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    pub(crate) async fn json(&self, path: &str) -> Value {
        let (status, body) = self.get(path, "").await;
        assert_eq!(status, 200, "{body}");
        serde_json::from_str(&body).unwrap()
    }

    /// What /v1/clients says of a kind, over all streams.
    pub(crate) async fn subscriptions(&self, kind: &str) -> Vec<Value> {
        let clients = self.json("/v1/clients").await;
        let all = clients["clients"].as_array().unwrap().iter();
        let all = all.flat_map(|client| client["subscriptions"].as_array().unwrap());
        all.filter(|one| one["kind"].as_str().unwrap().ends_with(kind)).cloned().collect()
    }
}

/// An app that subscribes with the core's session.
pub(crate) struct App {
    pub(crate) engine: Arc<Engine>,
    seen: watch::Receiver<Seen>,
    task: JoinHandle<()>,
}

/// What an app knows.
#[derive(Clone, Default)]
pub(crate) struct Seen {
    pub(crate) report: Report,
    pub(crate) state: Option<State>,
    pub(crate) lost: Vec<String>,
    pub(crate) updates: usize,
    /// The last good documents, as a file has them.
    pub(crate) saved: String,
}

impl App {
    pub(crate) fn connect(address: &str, connecting: Connecting) -> App {
        App::with("demo", vec![address.to_owned()], connecting, |_| {})
    }

    pub(crate) fn with(
        app: &str,
        addresses: Vec<String>,
        connecting: Connecting,
        set: impl FnOnce(&mut Session),
    ) -> App {
        App::restored(app, addresses, connecting, set, None)
    }

    /// One that begins with what an earlier one has saved.
    pub(crate) fn restored(
        app: &str,
        addresses: Vec<String>,
        connecting: Connecting,
        set: impl FnOnce(&mut Session),
        saved: Option<&str>,
    ) -> App {
        static SEED: AtomicU64 = AtomicU64::new(1);
        let engine = Arc::new(Engine::new(Config::new(app)));
        let mut options = Session { addresses, ..Session::new(engine.config()) };
        set(&mut options);
        let mut subscriber = Subscriber::new(options, connecting, SEED.fetch_add(1, Relaxed) << 32);
        if let Some(saved) = saved {
            subscriber.restore(saved).unwrap();
        }
        let (tell, seen) = watch::channel(Seen::default());
        let enforced = engine.clone();
        let task = tokio::spawn(async move {
            loop {
                // A refusal is no news, but the state tells of it.
                let Ok(news) = timeout(Duration::from_millis(20), subscriber.news()).await else {
                    tell.send_modify(|seen| seen.state = Some(subscriber.state()));
                    continue;
                };
                let report = match &news {
                    News::Update(update) => Some(update.apply(&enforced)),
                    News::Connected(_) | News::Lost(_) => None,
                };
                if let Some(report) = &report {
                    subscriber.applied(report);
                }
                tell.send_modify(|seen| {
                    seen.state = Some(subscriber.state());
                    seen.updates += usize::from(report.is_some());
                    if let Some(report) = report {
                        (seen.report, seen.saved) = (report, subscriber.save());
                    }
                    if let News::Lost(why) = news {
                        seen.lost.push(why);
                    }
                });
            }
        });
        App { engine, seen, task }
    }

    /// Waits until what it knows is so.
    pub(crate) async fn sees(&self, what: &str, is_so: impl FnMut(&Seen) -> bool) -> Seen {
        let mut seen = self.seen.clone();
        let found = timeout(PATIENCE, seen.wait_for(is_so)).await;
        found.unwrap_or_else(|_| panic!("never seen: {what}; last error {:?}", self.now().lost)).unwrap().clone()
    }

    pub(crate) fn now(&self) -> Seen {
        self.seen.borrow().clone()
    }

    /// Waits until `/foo` has this limit.
    pub(crate) async fn has_limit(&self, limit: f64) {
        self.sees(&format!("the limit {limit}"), |_| self.limit() == Some(limit)).await;
    }

    /// The limit of `/foo`.
    pub(crate) fn limit(&self) -> Option<f64> {
        let explained = self.engine.explain("/foo", Ask::default(), Tick(0));
        let explained = serde_json::to_value(&explained).unwrap();
        explained.pointer("/gates/0/limit").and_then(Value::as_f64)
    }

    /// How many of these entries pass.
    pub(crate) fn passes(&self, entries: usize) -> usize {
        let enter = |_: &usize| matches!(self.engine.enter("/foo", Ask::default(), Tick(0)), Decision::Pass(_));
        (0..entries).filter(enter).count()
    }
}

impl Drop for App {
    fn drop(&mut self) {
        self.task.abort();
    }
}
