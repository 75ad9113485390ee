//! The protocol by hand, as other clients speak it.

use crate::kit::{App, Folder, Plane, limit, options, router, until};
use prost::Message;
use sergo::subscribe::wire::{
    self, Any, NACK, STRUCT_URL, Status, SubscribeRequest, SubscribeRequestTarget, SubscribeResponse, UNSUBSCRIBE,
};
use sergo::subscribe::{contract, structure};
use sergo_control_plane::subscriber::{self, Connecting};
use sergo_control_plane::{Event, Limits, Options};
use tokio::sync::mpsc;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::client::Grpc;
use tonic::transport::Endpoint;
use tonic::{Code, Streaming};
use tonic_prost::ProstCodec;

pub(crate) const LIMIT: &str = "fault-tolerance.opensergo.io/v1alpha1/RateLimitStrategy";
const ROUTER: &str = "traffic.opensergo.io/v1alpha1/TrafficRouter";

/// A stream by hand.
pub(crate) struct Peer {
    requests: mpsc::UnboundedSender<SubscribeRequest>,
    responses: Streaming<SubscribeResponse>,
}

impl Peer {
    pub(crate) async fn connect(address: &str) -> Peer {
        Peer::over(Endpoint::from_shared(format!("http://{address}")).unwrap()).await
    }

    pub(crate) async fn over(endpoint: Endpoint) -> Peer {
        let mut grpc = Grpc::new(endpoint.connect().await.unwrap()).max_decoding_message_size(usize::MAX);
        grpc.ready().await.unwrap();
        let (requests, sent) = mpsc::unbounded_channel();
        let codec = ProstCodec::<SubscribeRequest, SubscribeResponse>::default();
        let request = tonic::Request::new(UnboundedReceiverStream::new(sent));
        let method = http::uri::PathAndQuery::from_static(wire::METHOD);
        let responses = grpc.streaming(request, method, codec).await.unwrap().into_inner();
        Peer { requests, responses }
    }

    pub(crate) fn send(&self, request: SubscribeRequest) {
        self.requests.send(request).unwrap();
    }

    pub(crate) async fn next(&mut self) -> SubscribeResponse {
        self.responses.message().await.unwrap().unwrap()
    }

    /// The status that the stream ends with.
    async fn end(&mut self) -> tonic::Status {
        loop {
            match self.responses.message().await {
                Ok(Some(_)) => {}
                Ok(None) => panic!("it ended well"),
                Err(status) => return status,
            }
        }
    }
}

pub(crate) fn subscribe(app: &str, kinds: &[&str]) -> SubscribeRequest {
    SubscribeRequest {
        target: Some(SubscribeRequestTarget {
            namespace: "default".into(),
            app: app.into(),
            kinds: kinds.iter().map(|&kind| kind.to_owned()).collect(),
            ..Default::default()
        }),
        identifier: "by-hand".into(),
        request_id: "r1".into(),
        ..Default::default()
    }
}

pub(crate) fn documents(request: SubscribeRequest) -> SubscribeRequest {
    let accept = serde_json::json!({"accept": "document"});
    let value = structure::from_json(accept.as_object().unwrap()).encode_to_vec();
    SubscribeRequest { attachments: vec![Any { type_url: STRUCT_URL.into(), value }], ..request }
}

fn answer(push: &SubscribeResponse, word: &str, code: i32) -> SubscribeRequest {
    // Without a target, as existing clients answer.
    SubscribeRequest {
        response_ack: word.into(),
        request_id: push.response_id.clone(),
        status: Some(Status { code, message: "no".into(), ..Default::default() }),
        ..Default::default()
    }
}

fn types(push: &SubscribeResponse) -> Vec<&str> {
    push.data_with_version.as_ref().unwrap().data.iter().map(|any| any.type_url.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_for_documents_gets_them_whole() {
    let folder = Folder::new();
    folder.write("a.yaml", &limit("3"));
    let plane = Plane::of(&folder).await;
    let mut peer = Peer::connect(&plane.address()).await;
    peer.send(documents(subscribe("demo", &[LIMIT])));
    let push = peer.next().await;
    assert_eq!((push.ack.as_str(), push.kind.as_str(), push.app.as_str()), ("", LIMIT, "demo"));
    assert_eq!(types(&push), [STRUCT_URL]);
    let data = push.data_with_version.unwrap().data;
    let document = structure::to_json(prost_types::Struct::decode(&*data[0].value).unwrap());
    let spec = serde_json::json!({"threshold": 3, "statDuration": "1h"});
    assert_eq!((&document["metadata"]["name"], &document["spec"]), (&"limit".into(), &spec));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_gets_the_messages_of_its_app_and_no_document_among_them() {
    let folder = Folder::new();
    let rule = "fault-tolerance.opensergo.io/v1alpha1/FaultToleranceRule";
    let other = limit("3").replace("spec: {targets", "spec: {selector: {app: other}, targets");
    // In the name of a cluster a | parts the subset from what follows.
    let unsaid = router("port", "demo").replace("subset: v1", "subset: 'v|1'");
    folder.write("a.yaml", &(other + &router("shop", "demo") + &router("far", "other") + &unsaid));
    let plane = Plane::of(&folder).await;
    let mut peer = Peer::connect(&plane.address()).await;
    let overload = "fault-tolerance.opensergo.io/v1alpha1/AdaptiveOverloadProtectionStrategy";
    peer.send(subscribe("demo", &[LIMIT, ROUTER, rule, overload]));
    let mut seen = std::collections::BTreeMap::new();
    for _ in 0..4 {
        let push = peer.next().await;
        seen.insert(push.kind.clone(), types(&push).into_iter().map(str::to_owned).collect::<Vec<_>>());
    }
    assert_eq!(seen[LIMIT], ["type.googleapis.com/io.opensergo.proto.fault_tolerance.v1.RateLimitStrategy"]);
    assert!(seen[rule].is_empty() && seen[overload].is_empty(), "{seen:?}");
    assert_eq!(seen[ROUTER], ["type.googleapis.com/envoy.config.route.v3.RouteConfiguration"]);
    let rules = plane.json("/v1/rules").await;
    let left: Vec<_> =
        rules["documents"].as_array().unwrap().iter().filter(|one| one["onlyWhole"].is_string()).collect();
    assert_eq!((left.len(), &left[0]["name"]), (1, &"port".into()), "{left:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn several_kinds_are_several_pushes_and_an_unknown_one_is_empty() {
    let folder = Folder::new();
    folder.write("a.yaml", &(limit("3") + &router("shop", "shop")));
    let plane = Plane::of(&folder).await;
    let mut peer = Peer::connect(&plane.address()).await;
    peer.send(documents(subscribe("demo", &[LIMIT, ROUTER, "example.com/v1/Nothing"])));
    let mut counts = std::collections::BTreeMap::new();
    for _ in 0..3 {
        let push = peer.next().await;
        counts.insert(push.kind.clone(), types(&push).len());
    }
    assert_eq!(counts.into_values().collect::<Vec<_>>(), [0, 1, 1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_unsubscribed_from_is_not_pushed() {
    let folder = Folder::new();
    folder.write("a.yaml", &limit("3"));
    let plane = Plane::of(&folder).await;
    let mut peer = Peer::connect(&plane.address()).await;
    peer.send(documents(subscribe("demo", &[LIMIT, ROUTER])));
    let _ = [peer.next().await, peer.next().await];
    peer.send(SubscribeRequest { op_type: UNSUBSCRIBE, request_id: "r2".into(), ..subscribe("demo", &[LIMIT]) });
    let told = peer.next().await;
    assert_eq!((told.ack.as_str(), told.response_id.as_str()), ("ACK", "r2"));
    folder.write("a.yaml", &(limit("4") + &router("shop", "shop")));
    let push = peer.next().await;
    assert_eq!((push.kind.as_str(), types(&push).len()), (ROUTER, 1));
    assert!(plane.subscriptions("RateLimitStrategy").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_for_again_is_pushed_again() {
    let folder = Folder::new();
    let plane = Plane::of(&folder).await;
    let mut peer = Peer::connect(&plane.address()).await;
    let mut versions = Vec::new();
    for _ in 0..3 {
        peer.send(subscribe("demo", &[LIMIT]));
        versions.push(peer.next().await.data_with_version.unwrap().version);
    }
    assert!(versions[0] > 0 && versions.iter().all(|version| *version == versions[0]), "{versions:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_that_changes_nothing_is_not_sent() {
    let folder = Folder::new();
    folder.write("a.yaml", &limit("3"));
    let plane = Plane::of(&folder).await;
    let mut peer = Peer::connect(&plane.address()).await;
    peer.send(documents(subscribe("demo", &[LIMIT, ROUTER])));
    let first = [peer.next().await, peer.next().await];
    folder.write("a.yaml", &(limit("3") + &router("shop", "shop")));
    let push = peer.next().await;
    assert_eq!(push.kind, ROUTER);
    folder.write("a.yaml", &(limit("4") + &router("shop", "shop")));
    let next = peer.next().await;
    assert_eq!(next.kind, LIMIT);
    let version = |push: &SubscribeResponse| push.data_with_version.as_ref().unwrap().version;
    assert!(version(&next) > version(&push) && version(&push) > first.iter().map(version).max().unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_are_kept_also_those_that_say_ack_with_a_bad_code() {
    let folder = Folder::new();
    let plane = Plane::of(&folder).await;
    let mut peer = Peer::connect(&plane.address()).await;
    peer.send(subscribe("demo", &[LIMIT]));
    let push = peer.next().await;
    for (word, code, refused) in [("ACK", 4007, true), ("ACK", 1, false), (NACK, 4001, true), ("ACK", 0, false)] {
        peer.send(answer(&push, word, code));
        until("the answer", || async {
            let one = plane.subscriptions("RateLimitStrategy").await.remove(0);
            (one["refused"].is_null() != refused && one["unanswered"] == false).then_some(())
        })
        .await;
    }
    peer.send(answer(&SubscribeResponse { response_id: "another".into(), ..push }, NACK, 4001));
    peer.send(subscribe("demo", &[LIMIT]));
    peer.next().await;
    assert!(plane.subscriptions("RateLimitStrategy").await[0]["refused"].is_null());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_request_is_answered_and_harms_nothing() {
    let folder = Folder::new();
    let plane = Plane::of(&folder).await;
    let mut peer = Peer::connect(&plane.address()).await;
    let long = "n".repeat(2_000);
    for bad in [
        SubscribeRequest { target: None, ..subscribe("demo", &[]) },
        subscribe("demo", &[]),
        subscribe("demo", &["RateLimitStrategy"]),
        subscribe(&long, &[LIMIT]),
    ] {
        peer.send(bad);
        let told = peer.next().await;
        let status = told.status.unwrap();
        assert_eq!((told.ack.as_str(), told.response_id.as_str(), status.code), (NACK, "r1", 4002), "{status:?}");
    }
    peer.send(subscribe("demo", &[LIMIT]));
    assert_eq!(peer.next().await.ack, "");
    let told = |event: &Event| matches!(event, Event::BadRequest { .. });
    assert_eq!(plane.log.lock().unwrap().iter().filter(|event| told(event)).count(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_stream_of_one_name_takes_the_place_of_the_old_one() {
    let folder = Folder::new();
    let plane = Plane::of(&folder).await;
    let mut old = Peer::connect(&plane.address()).await;
    old.send(subscribe("demo", &[LIMIT]));
    old.next().await;
    let mut new = Peer::connect(&plane.address()).await;
    new.send(subscribe("demo", &[LIMIT]));
    new.next().await;
    assert_eq!(old.end().await.code(), Code::Aborted);
    until("only the new stream", || async {
        let clients = plane.json("/v1/clients").await;
        (clients["clients"].as_array().unwrap().len() == 1).then_some(())
    })
    .await;
    new.send(subscribe("demo", &[LIMIT]));
    new.next().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_much_is_refused() {
    let folder = Folder::new();
    let limits = Limits { message: 10_000, streams: 2, subscriptions: 3, ..Limits::default() };
    let plane = Plane::start(Options { limits, ..options(&folder) }).await;
    let mut peer = Peer::connect(&plane.address()).await;
    for number in 0..3 {
        peer.send(subscribe(&format!("app-{number}"), &[LIMIT]));
        peer.next().await;
    }
    peer.send(subscribe("app-4", &[LIMIT]));
    let status = peer.next().await.status.unwrap();
    assert!(status.message.contains("more than 3 subscriptions"), "{status:?}");
    // One more stream, and then one too many.
    let mut other = Peer::connect(&plane.address()).await;
    let third = App::connect(&plane.address(), Connecting::default());
    let seen = third.sees("that it is turned away", |seen| !seen.lost.is_empty()).await;
    assert!(seen.lost[0].contains("2 streams are open already"), "{:?}", seen.lost);
    other.send(subscribe(&"n".repeat(20_000), &[LIMIT]));
    assert_eq!(other.end().await.code(), Code::OutOfRange);
    third.sees("a place for it", |seen| seen.state.as_ref().is_some_and(|state| state.is_synced)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_reads_no_answers_is_let_go() {
    let folder = Folder::new();
    let plane = Plane::of(&folder).await;
    // With a window this small, what it does not read is not sent either.
    let endpoint = Endpoint::from_shared(format!("http://{}", plane.address())).unwrap();
    let mut peer = Peer::over(endpoint.initial_stream_window_size(1_000)).await;
    for _ in 0..20_000 {
        // It may be over before all is said.
        let _ = peer.requests.send(subscribe("demo", &["no kind"]));
    }
    assert_eq!(peer.end().await.code(), Code::ResourceExhausted);
}

/// Something else in the place of a request: a number where the target is.
#[derive(Clone, PartialEq, Message)]
struct Bent {
    #[prost(uint64, tag = "1")]
    target: u64,
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_request_ends_its_stream_alone() {
    let folder = Folder::new();
    folder.write("a.yaml", &limit("3"));
    let plane = Plane::of(&folder).await;
    let app = App::connect(&plane.address(), Connecting::default());
    app.has_limit(3.0).await;
    let mut grpc = Grpc::new(Endpoint::from_shared(format!("http://{}", plane.address())).unwrap().connect_lazy());
    grpc.ready().await.unwrap();
    let request = tonic::Request::new(tokio_stream::once(Bent { target: 7 }));
    let method = http::uri::PathAndQuery::from_static(wire::METHOD);
    let answer = grpc.streaming(request, method, ProstCodec::<Bent, SubscribeResponse>::default()).await;
    let status = answer.unwrap().into_inner().message().await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
    // Nor is what does not even speak HTTP/2.
    for bytes in [&b"GET / HTTP/1.1\r\n\r\n"[..], b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\xff\xff", &[0; 100]] {
        let mut stream = tokio::net::TcpStream::connect(plane.serving.grpc()).await.unwrap();
        tokio::io::AsyncWriteExt::write_all(&mut stream, bytes).await.unwrap();
        let _ = tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut Vec::new()).await;
    }
    let method = http::uri::PathAndQuery::from_static(
        "/io.opensergo.proto.transport.v1.OpenSergoUniversalTransportService/Other",
    );
    grpc.ready().await.unwrap();
    let other = grpc.unary(tonic::Request::new(Bent { target: 7 }), method, ProstCodec::<Bent, Bent>::default()).await;
    assert_eq!(other.unwrap_err().code(), Code::Unimplemented);
    folder.write("a.yaml", &limit("4"));
    app.has_limit(4.0).await;
    assert_eq!(app.now().lost, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn services_that_are_reported_are_kept_and_shown() {
    let folder = Folder::new();
    let limits = Limits { reports: 2, ..Limits::default() };
    let plane = Plane::start(Options { limits, ..options(&folder) }).await;
    let services = r#"[{"protocols": ["http"], "listeningAddresses": [{"address": "10.0.0.1", "portValue": 80}],
        "serviceContract": {"services": [{"name": "greeter", "methods": [{"name": "hello", "httpPaths": ["/hello"]}]}]}}]"#;
    for (app, pid) in [("a", 1), ("b", 1), ("b", 1), ("c", 1)] {
        let node = format!(r#"{{"identifier": {{"hostName": "h", "pid": {pid}}}}}"#);
        let report = contract::encode(app, &node, services).unwrap();
        subscriber::report(&Connecting::default(), &plane.address(), report).await.unwrap();
    }
    let shown = plane.json("/v1/services").await;
    let apps: Vec<_> = shown["processes"].as_array().unwrap().iter().map(|one| one["appName"].as_str()).collect();
    assert_eq!(apps, [Some("b"), Some("c")], "the oldest made room");
    let method = shown.pointer("/processes/0/serviceMetadata/0/serviceContract/services/0/methods/0/httpPaths/0");
    assert_eq!(method.unwrap(), "/hello");
    let wrong = subscriber::report(&Connecting::default(), &plane.address(), vec![0xff]).await;
    assert!(wrong.unwrap_err().contains("no ReportMetadataRequest"));
}
