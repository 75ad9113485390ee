//! Thousands of subscribers, and a change every second: how long until the last one
//! has it, and what a stream costs.
//!
//! The control plane is a process of its own, so that its memory and its time can
//! be told from those of the subscribers: this program's own, or the command that
//! `SERGO` names. `SUBSCRIBERS`, `RULES`, `APPS` and `CHANGES` say how much; every
//! subscriber needs a file handle at each end.

use sergo::subscribe::Options as Session;
use sergo::{Config, Report};
use sergo_control_plane::subscriber::{Connecting, News, Subscriber};
use sergo_control_plane::{Options, Serving};
use std::fmt::Write;
use std::io::{BufRead, BufReader, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{env, fs};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::sleep;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    match env::var("LOAD_SERVES") {
        Ok(folder) => runtime.block_on(serve(PathBuf::from(folder))),
        Err(_) => runtime.block_on(measure()),
    }
}

/// The control plane's process: it ends when its standard input does.
async fn serve(folder: PathBuf) {
    let free = SocketAddr::from(([127, 0, 0, 1], 0));
    let options = Options { listen: free, http: Some(free), ..Options::new(vec![folder]) };
    let serving = Serving::start(options, Arc::new(|_| {})).await.unwrap();
    println!("{}", serde_json::json!({"event": "listening", "grpc": serving.grpc(), "http": serving.http()}));
    std::io::stdout().flush().unwrap();
    let ended = tokio::task::spawn_blocking(|| std::io::stdin().read_line(&mut String::new()));
    let _ = ended.await;
}

fn setting(name: &str, usual: usize) -> usize {
    env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

struct Load {
    folder: PathBuf,
    subscribers: usize,
    rules: usize,
    apps: usize,
    changes: usize,
}

impl Load {
    fn start(&self) -> Child {
        let mut command = match env::var("SERGO") {
            Ok(sergo) => {
                let mut command = Command::new(sergo);
                command.args(["serve", "--listen", "127.0.0.1:0", "--format", "json", "--rules"]).arg(&self.folder);
                command
            }
            Err(_) => {
                let mut command = Command::new(env::current_exe().unwrap());
                command.env("LOAD_SERVES", &self.folder);
                command
            }
        };
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap()
    }

    /// The rules of an app, each with a strategy of its own.
    fn write_app(&self, app: usize, threshold: usize) {
        let mut text = String::new();
        for rule in (app..self.rules).step_by(self.apps) {
            let api = "apiVersion: fault-tolerance.opensergo.io/v1alpha1";
            let meta = format!("metadata: {{name: r{rule}, labels: {{app: app-{app}}}}}");
            let target = format!("targets: [{{targetResourceName: 'GET:/r{rule}'}}], strategies: [{{name: r{rule}}}]");
            write!(
                text,
                "{api}\nkind: RateLimitStrategy\n{meta}\nspec: {{threshold: {threshold}, statDuration: 1s}}\n---\n\
                 {api}\nkind: FaultToleranceRule\n{meta}\nspec: {{{target}}}\n---\n"
            )
            .unwrap();
        }
        replace(&self.folder.join(format!("app-{app}.yaml")), &text);
    }

    /// What every app gets.
    fn write_shared(&self, threshold: usize) {
        let text = format!(
            "apiVersion: fault-tolerance.opensergo.io/v1alpha1\nkind: ConcurrencyLimitStrategy\n\
             metadata: {{name: shared}}\nspec: {{maxConcurrency: {threshold}}}\n"
        );
        replace(&self.folder.join("shared.yaml"), &text);
    }
}

impl Load {
    /// A change a second, and how long until the last of its receivers has said that
    /// it has it.
    async fn change(&self, plane: &Process, what: &str, receivers: usize, write: impl Fn(usize)) {
        let (cpu, started) = (plane.cpu(), Instant::now());
        let mut last = Vec::new();
        for change in 0..self.changes {
            let before = plane.acknowledged().await;
            let at = Instant::now();
            write(change + 2);
            while plane.acknowledged().await < before + receivers as u64 {
                sleep(Duration::from_millis(5)).await;
            }
            last.push(at.elapsed());
            sleep(Duration::from_secs(1).saturating_sub(at.elapsed())).await;
        }
        last.sort();
        let at = |share: f64| last[((last.len() - 1) as f64 * share).round() as usize].as_millis();
        let busy = (plane.cpu() - cpu).as_secs_f64() / started.elapsed().as_secs_f64();
        println!(
            "a change of {what}, {receivers} pushes: last acknowledgement after {} ms (p50), {} ms (p99); \
             {:.0} % of a processor",
            at(0.5),
            at(0.99),
            busy * 100.0
        );
    }
}

/// Whole or not at all, as editors and config maps do.
fn replace(path: &Path, text: &str) {
    let beside = path.with_extension("new");
    fs::write(&beside, text).unwrap();
    fs::rename(beside, path).unwrap();
}

async fn measure() {
    let folder = env::temp_dir().join(format!("sergo-load-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let load = Load {
        folder: folder.clone(),
        subscribers: setting("SUBSCRIBERS", 2_000),
        rules: setting("RULES", 1_000),
        apps: setting("APPS", 20),
        changes: setting("CHANGES", 20),
    };
    (0..load.apps).for_each(|app| load.write_app(app, 1));
    load.write_shared(1);
    let mut child = load.start();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let events = lines.map(|line| serde_json::from_str::<serde_json::Value>(&line.unwrap()).unwrap());
    let mut events = events.skip_while(|event| event["event"] != "listening");
    let listening = events.next().expect("the control plane did not start");
    std::thread::spawn(move || events.count());
    let grpc = listening["grpc"].as_str().unwrap();
    let plane = Process { id: child.id(), http: listening["http"].as_str().unwrap().parse().unwrap() };

    println!("{} subscribers of {} apps, {} rules", load.subscribers, load.apps, load.rules);
    let before = plane.memory();
    let begun = Instant::now();
    let (told, mut updates) = mpsc::unbounded_channel();
    for number in 0..load.subscribers {
        tokio::spawn(subscribe(grpc.to_owned(), number % load.apps, number, told.clone()));
    }
    // One that connects and then never reads again.
    tokio::spawn(stall(grpc.to_owned()));
    let mut synced = 0;
    while synced < load.subscribers {
        synced += usize::from(updates.recv().await.unwrap());
    }
    println!("all of them have all rules after {:.1} s", begun.elapsed().as_secs_f64());
    sleep(Duration::from_secs(1)).await;
    let each = plane.memory().saturating_sub(before) as f64 / load.subscribers as f64;
    println!("memory of the control plane: {before} KiB alone, {each:.0} KiB more for each stream");

    let (all, some) = (load.subscribers, load.subscribers / load.apps);
    load.change(&plane, "a document that everybody has", all, |change| load.write_shared(change)).await;
    let write = |change: usize| load.write_app(change % load.apps, change);
    load.change(&plane, "the rules of one app", some, write).await;
    let _ = child.kill();
    let _ = child.wait();
    let _ = fs::remove_dir_all(folder);
}

/// An app that answers everything well; each message is whether it is synced for
/// the first time.
async fn subscribe(address: String, app: usize, number: usize, told: mpsc::UnboundedSender<bool>) {
    // Not all in one moment, as no fleet starts.
    sleep(Duration::from_millis(number as u64)).await;
    let mut subscriber = session(address, app, number);
    let mut is_synced = false;
    loop {
        if let News::Update(_) = subscriber.news().await {
            subscriber.applied(&Report::default());
            let is_first = !is_synced && subscriber.state().is_synced;
            is_synced |= is_first;
            let _ = told.send(is_first);
        }
    }
}

async fn stall(address: String) {
    let mut subscriber = session(address, 0, usize::MAX);
    subscriber.news().await;
    std::future::pending::<()>().await;
}

fn session(address: String, app: usize, number: usize) -> Subscriber {
    let config = Config::new(format!("app-{app}"));
    let options = Session { addresses: vec![address], ..Session::new(&config) };
    Subscriber::new(options, Connecting::default(), (number as u64) << 20 | 1)
}

/// The control plane's process, from outside.
struct Process {
    id: u32,
    http: SocketAddr,
}

impl Process {
    /// In KiB.
    fn memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id)).unwrap_or_default();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
        line.split_whitespace().nth(1).and_then(|text| text.parse().ok()).unwrap_or_default()
    }

    /// What it has used of processors, in clock ticks of a hundredth of a second.
    fn cpu(&self) -> Duration {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.id)).unwrap_or_default();
        let behind = stat.rsplit(')').next().unwrap_or_default();
        let ticks = behind.split_whitespace().skip(11).take(2).filter_map(|text| text.parse::<u64>().ok());
        Duration::from_millis(ticks.sum::<u64>() * 10)
    }

    /// How many pushes have been acknowledged.
    async fn acknowledged(&self) -> u64 {
        let mut stream = TcpStream::connect(self.http).await.unwrap();
        stream.write_all(b"GET /metrics HTTP/1.0\r\n\r\n").await.unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix("sergo_acknowledged_seconds_count "));
        line.and_then(|text| text.parse().ok()).unwrap_or_default()
    }
}
