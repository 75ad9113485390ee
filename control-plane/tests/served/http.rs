//! What is answered over HTTP.

use crate::kit::{App, Folder, Plane, limit, options, until};
use sergo_control_plane::Options;
use sergo_control_plane::subscriber::Connecting;

#[tokio::test(flavor = "multi_thread")]
async fn it_is_alive_and_ready_and_counts() {
    let folder = Folder::new();
    folder.write("a.yaml", &limit("3"));
    let plane = Plane::of(&folder).await;
    assert_eq!(plane.get("/healthz", "").await, (200, "ok\n".to_owned()));
    assert_eq!(plane.get("/readyz", "").await, (200, "ready\n".to_owned()));
    assert_eq!(plane.get("/nothing", "").await.0, 404);
    let app = App::connect(&plane.address(), Connecting::default());
    app.has_limit(3.0).await;
    let figures = until("all acknowledgements", || async {
        let (_, text) = plane.get("/metrics", "").await;
        text.contains("sergo_subscriptions_unanswered 0\n").then_some(text)
    })
    .await;
    for line in
        ["sergo_streams 1\n", "sergo_rules_documents 2\n", "sergo_rules_mistakes 0\n", "sergo_streams_total 1\n"]
    {
        assert!(figures.contains(line), "{line} in {figures}");
    }
    // Each figure is told of before it is given.
    let mut told = std::collections::HashSet::new();
    for line in figures.lines() {
        match line.strip_prefix("# TYPE ") {
            Some(kind) => drop(told.insert(kind.split(' ').next().unwrap())),
            None if line.starts_with('#') => {}
            None => {
                let name = line.split(['{', ' ']).next().unwrap();
                let base = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end));
                assert!(told.contains(name) || base.is_some_and(|base| told.contains(base)), "{line}");
                assert!(line.rsplit(' ').next().unwrap().parse::<f64>().is_ok(), "{line}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_connected_is_shown_until_it_leaves() {
    let folder = Folder::new();
    folder.write("a.yaml", &limit("3"));
    let plane = Plane::of(&folder).await;
    let app = App::with("demo", vec![plane.address()], Connecting::default(), |options| {
        options.labels = [("version".to_owned(), "v2".to_owned())].into();
    });
    app.has_limit(3.0).await;
    let client = plane.json("/v1/clients").await["clients"][0].clone();
    assert!(client["address"].as_str().unwrap().starts_with("127.0.0.1:"));
    assert!(client["identifier"].as_str().unwrap().starts_with("sergo-"));
    assert_eq!((&client["labels"]["version"], &client["token"]), (&"v2".into(), &serde_json::Value::Null));
    drop(app);
    until("nobody", || async {
        plane.json("/v1/clients").await["clients"].as_array().unwrap().is_empty().then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_tokens_the_details_need_one_that_sees_everything() {
    let folder = Folder::new();
    folder.write(
        "tokens",
        "tokens:
- {name: shop, token: a-secret-of-the-shop, namespaces: [default]}
- {name: ops, token: a-secret-of-the-operators, namespaces: ['*']}
",
    );
    let tokens = Some(folder.path().join("tokens"));
    let plane = Plane::start(Options { tokens, ..options(&folder) }).await;
    for path in ["/v1/rules", "/v1/clients", "/v1/services"] {
        assert_eq!(plane.get(path, "").await.0, 401);
        assert_eq!(plane.get(path, "authorization: Bearer a-secret-of-the-shop\r\n").await.0, 403);
        assert_eq!(plane.get(path, "authorization: Bearer a-secret-of-the-operators\r\n").await.0, 200);
    }
    assert_eq!(plane.get("/healthz", "").await.0, 200);
    assert_eq!(plane.get("/metrics", "").await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_can_do_without() {
    let folder = Folder::new();
    let plane = Plane::start(Options { http: None, ..options(&folder) }).await;
    assert_eq!(plane.serving.http(), None);
}
