//! Control planes that go, connections that die.

use crate::kit::{App, Folder, Plane, limit, options, until};
use sergo_control_plane::subscriber::Connecting;
use sergo_control_plane::{Event, Options};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

/// A control plane that ends without a word: its threads and sockets with it.
struct Process {
    runtime: Runtime,
    address: SocketAddr,
    version: i64,
}

impl Process {
    fn start(options: Options) -> Process {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let (address, version) = std::thread::scope(|scope| {
            let start = async {
                let plane = Plane::start(options).await;
                let version = plane.json("/v1/rules").await["version"].as_i64().unwrap();
                let address = plane.serving.grpc();
                tokio::spawn(async move {
                    let _plane = plane;
                    std::future::pending::<()>().await;
                });
                (address, version)
            };
            scope.spawn(|| runtime.block_on(start)).join().unwrap()
        });
        Process { runtime, address, version }
    }

    fn kill(self) {
        self.runtime.shutdown_background();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_control_plane_that_is_killed_leaves_its_rules_and_is_found_again() {
    let folder = Folder::new();
    folder.write("a.yaml", &limit("3"));
    let first = Process::start(options(&folder));
    let (address, version) = (first.address, first.version);
    let app = App::connect(&address.to_string(), Connecting::default());
    app.has_limit(3.0).await;
    assert_eq!(app.passes(2), 2);
    first.kill();
    app.sees("that it is alone", |seen| !seen.lost.is_empty()).await;
    assert_eq!(app.passes(5), 1, "the rules are still in force, and what they counted");
    folder.write("a.yaml", &limit("4"));
    let second = Process::start(Options { listen: address, ..options(&folder) });
    assert!(second.version > version);
    app.has_limit(4.0).await;
    assert_eq!(app.passes(5), 1);
    second.kill();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_restarts_while_there_is_no_control_plane_has_its_rules() {
    let folder = Folder::new();
    folder.write("a.yaml", &limit("3"));
    let plane = Process::start(options(&folder));
    let (address, addresses) = (plane.address, vec![plane.address.to_string()]);
    let app = App::with("demo", addresses.clone(), Connecting::default(), |_| {});
    app.has_limit(3.0).await;
    folder.write("a.yaml", &limit("many"));
    app.sees("the mistake", |seen| seen.report.rejected.len() == 1).await;
    plane.kill();
    let saved = app.now().saved;
    drop(app);
    let again = App::restored("demo", addresses, Connecting::default(), |_| {}, Some(&saved));
    again.has_limit(3.0).await;
    again.sees("that it is alone", |seen| !seen.lost.is_empty()).await;
    assert_eq!(again.passes(5), 3);
    folder.write("a.yaml", &limit("4"));
    let plane = Process::start(Options { listen: address, ..options(&folder) });
    again.has_limit(4.0).await;
    assert_eq!(again.passes(5), 1);
    plane.kill();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_address_takes_over() {
    let folder = Folder::new();
    folder.write("a.yaml", &limit("3"));
    let (first, second) = (Process::start(options(&folder)), Process::start(options(&folder)));
    let addresses = vec![first.address.to_string(), second.address.to_string()];
    let app = App::with("demo", addresses, Connecting::default(), |_| {});
    app.has_limit(3.0).await;
    first.kill();
    folder.write("a.yaml", &limit("4"));
    app.has_limit(4.0).await;
    second.kill();
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_tells_who_is_there_and_ends_in_time() {
    let folder = Folder::new();
    folder.write("a.yaml", &limit("3"));
    let plane = Plane::of(&folder).await;
    let app = App::connect(&plane.address(), Connecting::default());
    app.has_limit(3.0).await;
    plane.serving.stop().await;
    let seen = app.sees("that it stops", |seen| !seen.lost.is_empty()).await;
    assert!(seen.lost[0].contains("is stopping"), "{:?}", seen.lost);
    assert!(plane.log.lock().unwrap().iter().any(|event| matches!(event, Event::Stopping)));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_dropped_serves_no_more() {
    let folder = Folder::new();
    folder.write("a.yaml", &limit("3"));
    let plane = Plane::of(&folder).await;
    let app = App::connect(&plane.address(), Connecting::default());
    app.has_limit(3.0).await;
    drop(plane);
    app.sees("that it stops", |seen| seen.lost.len() > 1).await;
}

/// A wire between two ends that can be cut without either being told.
struct Wire {
    address: SocketAddr,
    /// How many bytes it still carries from the control plane, over all
    /// connections; what comes after is swallowed.
    carries: Arc<AtomicU64>,
    /// How many connections there have been.
    connections: Arc<AtomicU64>,
    /// Whether a swallowed byte ends the connection.
    breaks: bool,
}

impl Wire {
    async fn to(target: SocketAddr, bytes: u64, breaks: bool) -> Wire {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (carries, connections) = (Arc::new(AtomicU64::new(bytes)), Arc::new(AtomicU64::new(0)));
        let wire = Wire { address, carries, connections, breaks };
        let (carries, connections) = (wire.carries.clone(), wire.connections.clone());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                connections.fetch_add(1, SeqCst);
                tokio::spawn(carry(client, TcpStream::connect(target).await.unwrap(), carries.clone(), breaks));
            }
        });
        wire
    }

    /// From now on nothing comes through any connection that there is; `bytes` on
    /// those that come.
    fn mend(&self) {
        self.carries.store(u64::MAX, SeqCst);
    }
}

async fn carry(client: TcpStream, server: TcpStream, carries: Arc<AtomicU64>, breaks: bool) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let there = tokio::spawn(async move { tokio::io::copy(&mut from_client, &mut to_server).await });
    let mut buffer = vec![0; 16 << 10];
    let mut is_cut = false;
    while let Ok(count @ 1..) = from_server.read(&mut buffer).await {
        let left = carries.load(SeqCst);
        let some = usize::try_from(left).unwrap_or(usize::MAX).min(count);
        if left != u64::MAX {
            carries.store(left - some as u64, SeqCst);
        }
        is_cut |= some < count;
        if !is_cut && to_client.write_all(&buffer[..some]).await.is_err() {
            break;
        }
        if is_cut && breaks {
            break;
        }
    }
    there.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_dies_without_a_word_is_noticed_at_both_ends() {
    let folder = Folder::new();
    folder.write("a.yaml", &limit("3"));
    let often = (Duration::from_millis(300), Duration::from_millis(300));
    let plane = Plane::start(Options { ping: often, ..options(&folder) }).await;
    let wire = Wire::to(plane.serving.grpc(), u64::MAX, false).await;
    let app = App::connect(&wire.address.to_string(), Connecting { ping: often, ..Connecting::default() });
    app.has_limit(3.0).await;
    wire.carries.store(0, SeqCst);
    folder.write("a.yaml", &limit("4"));
    app.sees("that it is alone", |seen| !seen.lost.is_empty()).await;
    assert_eq!(app.limit(), Some(3.0));
    wire.mend();
    app.has_limit(4.0).await;
    assert!(wire.connections.load(SeqCst) > 1);
    until("one stream alone", || async {
        let clients = plane.json("/v1/clients").await;
        (clients["clients"].as_array().unwrap().len() == 1).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_that_breaks_off_is_no_push() {
    let folder = Folder::new();
    let filler = format!("metadata: {{name: limit, annotations: {{note: {}}}}}", "n".repeat(1 << 20));
    folder.write("a.yaml", &limit("3").replacen("metadata: {name: limit}", &filler, 1));
    let plane = Plane::of(&folder).await;
    // Half of the only large push comes through, and then it is over.
    let wire = Wire::to(plane.serving.grpc(), 1 << 19, true).await;
    assert!(wire.breaks);
    let app = App::connect(&wire.address.to_string(), Connecting::default());
    app.sees("that it broke off", |seen| !seen.lost.is_empty()).await;
    assert_eq!(app.limit(), None);
    wire.mend();
    app.has_limit(3.0).await;
}
