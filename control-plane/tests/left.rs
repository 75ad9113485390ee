//! What a control plane leaves behind: nothing. Alone in its process, so that what
//! is counted is its own.
#![cfg(target_os = "linux")]

use sergo_control_plane::{Options, Serving};
use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// The watches and sockets that are open, and the threads that wait for watches.
fn held() -> (usize, usize, usize) {
    let leads = |entry: fs::DirEntry| fs::read_link(entry.path()).unwrap_or_default().display().to_string();
    let open: Vec<String> = fs::read_dir("/proc/self/fd").unwrap().map(|entry| leads(entry.unwrap())).collect();
    let count = |word: &str| open.iter().filter(|file| file.contains(word)).count();
    let name = |entry: fs::DirEntry| fs::read_to_string(entry.path().join("comm")).unwrap_or_default();
    let tasks = fs::read_dir("/proc/self/task").unwrap().map(|entry| name(entry.unwrap()));
    (count("inotify"), count("socket:"), tasks.filter(|name| name.starts_with("notify")).count())
}

#[tokio::test]
async fn one_that_has_ended_leaves_no_watch_socket_or_thread() {
    let folder = std::env::temp_dir().join(format!("sergo-left-{}", std::process::id()));
    fs::create_dir_all(folder.join("more")).unwrap();
    let tokens = folder.join("tokens");
    fs::write(&tokens, "tokens: []").unwrap();
    let before = held();
    for is_told in [true, false] {
        let free = SocketAddr::from(([127, 0, 0, 1], 0));
        let options = Options {
            listen: free,
            http: Some(free),
            tokens: Some(tokens.clone()),
            ..Options::new(vec![folder.clone()])
        };
        let serving = Serving::start(options, Arc::new(|_| {})).await.unwrap();
        assert_eq!(held(), (before.0 + 2, before.1 + 2, before.2 + 2), "for rules and tokens, gRPC and HTTP");
        if is_told {
            serving.stop().await;
        } else {
            drop(serving);
        }
        let mut tries = 0;
        while held() != before {
            tries += 1;
            assert!(tries < 6_000, "{:?} are left, there were {before:?}", held());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    fs::remove_dir_all(folder).unwrap();
}
