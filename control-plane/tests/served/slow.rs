//! Clients that read slowly, or not at all.

use crate::kit::{App, Folder, Plane, limit, until};
use crate::protocol::{LIMIT, Peer, documents, subscribe};
use sergo_control_plane::subscriber::Connecting;
use std::time::Duration;
use tokio::net::TcpStream;
use tonic::transport::Endpoint;

/// Rules of about a megabyte, with this threshold.
fn large(threshold: usize) -> String {
    let text = limit(&threshold.to_string());
    let filler = format!("metadata: {{name: limit, annotations: {{note: {}}}}}", "n".repeat(1 << 20));
    text.replacen("metadata: {name: limit}", &filler, 1)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_reader_holds_up_nobody_and_gets_the_newest_state() {
    let folder = Folder::new();
    folder.write("a.yaml", &large(1));
    let plane = Plane::of(&folder).await;
    let endpoint = Endpoint::from_shared(format!("http://{}", plane.address())).unwrap();
    // It takes a few bytes, and then no more for a long time.
    let mut slow = Peer::over(endpoint.initial_stream_window_size(1_000)).await;
    slow.send(documents(subscribe("demo", &[LIMIT])));
    let app = App::connect(&plane.address(), Connecting::default());
    app.has_limit(1.0).await;
    until("a push to the slow one", || async {
        let all = plane.subscriptions("RateLimitStrategy").await;
        (all.len() == 2 && all.iter().all(|one| !one["pushed"].is_null())).then_some(())
    })
    .await;
    for threshold in 2..=9 {
        folder.write("a.yaml", &large(threshold));
        app.has_limit(threshold as f64).await;
    }
    let mut texts = Vec::new();
    while texts.last() != Some(&9) {
        let push = slow.next().await;
        let data = push.data_with_version.unwrap().data;
        let document = prost::Message::decode(&*data[0].value).map(sergo::subscribe::structure::to_json).unwrap();
        texts.push(document["spec"]["threshold"].as_i64().unwrap());
    }
    assert!(texts.len() <= 3, "of nine states it got {texts:?}: what was on its way, and the newest");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_reader_does_not_hold_up_the_end() {
    let folder = Folder::new();
    folder.write("a.yaml", &large(1));
    let plane = Plane::of(&folder).await;
    let endpoint = Endpoint::from_shared(format!("http://{}", plane.address())).unwrap();
    let slow = Peer::over(endpoint.initial_stream_window_size(1_000)).await;
    slow.send(documents(subscribe("demo", &[LIMIT])));
    until("a push that it does not read", || async {
        plane.subscriptions("RateLimitStrategy").await.iter().any(|one| !one["pushed"].is_null()).then_some(())
    })
    .await;
    let address = plane.serving.grpc();
    tokio::time::timeout(Duration::from_secs(60), plane.serving.stop()).await.expect("it ends after its grace");
    until("that nobody listens", || async { TcpStream::connect(address).await.is_err().then_some(()) }).await;
    drop(slow);
}
