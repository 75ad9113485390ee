//! Rules come, change, go, and are bad.

use crate::kit::{App, Folder, Plane, limit, options, router, until};
use sergo::{Request, Rolls, Tick};
use sergo_control_plane::Event;
use sergo_control_plane::subscriber::Connecting;
use std::fs;

#[tokio::test(flavor = "multi_thread")]
async fn rules_come_and_change_and_go() {
    let folder = Folder::new();
    folder.write("a.yaml", &limit("3"));
    let plane = Plane::of(&folder).await;
    let app = App::connect(&plane.address(), Connecting::default());
    app.has_limit(3.0).await;
    assert_eq!(app.passes(5), 3);
    folder.write("a.yaml", &limit("4"));
    app.has_limit(4.0).await;
    assert_eq!(app.passes(5), 1, "what was admitted before still counts");
    folder.remove("a.yaml");
    app.sees("no rule", |_| app.limit().is_none()).await;
    assert_eq!(app.passes(5), 5);
    let state = app.sees("that all is answered", |seen| seen.state.as_ref().is_some_and(|state| state.is_synced)).await;
    assert_eq!(state.state.unwrap().control_plane, "sergo-test");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_subscription_is_answered_also_with_nothing() {
    let folder = Folder::new();
    let plane = Plane::of(&folder).await;
    let app = App::connect(&plane.address(), Connecting::default());
    let seen = app.sees("answers", |seen| seen.state.as_ref().is_some_and(|state| state.is_synced)).await;
    let state = seen.state.unwrap();
    assert!(state.subscriptions.len() > 10 && state.subscriptions.iter().all(|one| one.version > Some(0)), "{state:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_document_is_refused_and_seen_and_takes_no_other_with_it() {
    let folder = Folder::new();
    folder.write("a.yaml", &limit("3"));
    let plane = Plane::of(&folder).await;
    let app = App::connect(&plane.address(), Connecting::default());
    app.has_limit(3.0).await;
    folder.write("a.yaml", &limit("many"));
    folder.write("b.yaml", &router("shop", "shop"));
    app.sees("the mistake, and the other document", |seen| {
        seen.report.rejected.len() == 1 && seen.report.accepted == 2
    })
    .await;
    assert_eq!(app.limit(), Some(3.0), "the last good version stays");
    let refused = until("the refusal", || async {
        plane.subscriptions("RateLimitStrategy").await.into_iter().find(|one| !one["refused"].is_null())
    })
    .await;
    assert_eq!(refused["refused"]["code"], 4001);
    assert_eq!(refused["refused"]["details"][0]["field"], "spec.threshold");
    assert!(refused["refused"]["version"].as_i64() > refused["acknowledged"].as_i64(), "{refused}");
    let rules = plane.json("/v1/rules").await;
    assert_eq!(rules["report"]["rejected"][0]["name"], "limit");
    assert_eq!(rules["report"]["rejected"][0]["line"], 4);
    let told = |event: &Event| matches!(event, Event::Mistake(mistake) if mistake.field == "spec.threshold");
    assert_eq!(plane.log.lock().unwrap().iter().filter(|event| told(event)).count(), 1);
    folder.write("a.yaml", &limit("7"));
    app.has_limit(7.0).await;
    until("the acknowledgement", || async {
        plane.subscriptions("RateLimitStrategy").await.into_iter().find(|one| one["refused"].is_null())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_half_written_loses_nothing() {
    let folder = Folder::new();
    folder.write("a.yaml", &limit("3"));
    let plane = Plane::of(&folder).await;
    let app = App::connect(&plane.address(), Connecting::default());
    app.has_limit(3.0).await;
    // Cut within a text in quotes: no YAML, and nobody knows what it would be.
    folder.write("a.yaml", "kind: 'Rate");
    folder.write("b.yaml", &router("shop", "shop"));
    app.sees("the other file", |seen| seen.report.accepted == 3).await;
    assert_eq!(app.limit(), Some(3.0));
    let rules = plane.json("/v1/rules").await;
    assert_eq!(rules["report"]["rejected"].as_array().unwrap().len(), 1);
    folder.write("a.yaml", &limit("5"));
    app.has_limit(5.0).await;
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_is_turned_is_one_change() {
    let folder = Folder::new();
    for (version, threshold) in [("..1", "1"), ("..2", "2")] {
        fs::create_dir(folder.path().join(version)).unwrap();
        folder.write(&format!("{version}/a.yaml"), &limit(threshold));
        folder.write(&format!("{version}/b.yaml"), &router("shop", "shop"));
    }
    let link = |to: &str, name: &str| std::os::unix::fs::symlink(to, folder.path().join(name)).unwrap();
    link("..1", "..data");
    link("..data/a.yaml", "a.yaml");
    link("..data/b.yaml", "b.yaml");
    let plane = Plane::of(&folder).await;
    let app = App::connect(&plane.address(), Connecting::default());
    app.has_limit(1.0).await;
    let before = plane.json("/v1/rules").await;
    link("..2", "..new");
    fs::rename(folder.path().join("..new"), folder.path().join("..data")).unwrap();
    app.has_limit(2.0).await;
    let after = plane.json("/v1/rules").await;
    assert_eq!(after["documents"], before["documents"]);
    assert!(after["version"].as_i64() > before["version"].as_i64());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_is_gone_changes_nothing_and_is_told() {
    let folder = Folder::new();
    folder.write("a.yaml", &limit("3"));
    let plane = Plane::of(&folder).await;
    let app = App::connect(&plane.address(), Connecting::default());
    app.has_limit(3.0).await;
    let away = folder.path().with_extension("away");
    fs::rename(folder.path(), &away).unwrap();
    let rules = until("the trouble", || async {
        Some(plane.json("/v1/rules").await).filter(|rules| !rules["error"].is_null())
    })
    .await;
    assert!(rules["error"].as_str().unwrap().contains("no such file"), "{rules}");
    assert_eq!(app.limit(), Some(3.0));
    fs::rename(&away, folder.path()).unwrap();
    folder.write("a.yaml", &limit("4"));
    app.has_limit(4.0).await;
    assert!(plane.json("/v1/rules").await["error"].is_null());
}

#[tokio::test(flavor = "multi_thread")]
async fn each_app_gets_its_own_rules_and_every_route_of_its_namespace() {
    let folder = Folder::new();
    let mine = limit("3").replace("name: rule", "name: rule, labels: {app: demo}");
    let theirs = limit("9").replace("name: rule", "name: other-rule, labels: {app: other}");
    let theirs = theirs.replace("name: limit}\nspec", "name: other-limit, labels: {app: other}}\nspec");
    folder.write("a.yaml", &mine);
    folder.write("b.yaml", &theirs.replace("[{name: limit}]", "[{name: other-limit}]"));
    folder.write(
        "c.yaml",
        &(router("shop", "shop") + &router("far", "far").replace("name: far,", "name: far, namespace: away,")),
    );
    let plane = Plane::of(&folder).await;
    let app = App::connect(&plane.address(), Connecting::default());
    let other = App::with("other", vec![plane.address()], Connecting::default(), |_| {});
    app.has_limit(3.0).await;
    other.has_limit(9.0).await;
    // The limit that names no app is for both.
    for (app, documents) in [(&app, 3), (&other, 4)] {
        let seen = app.sees("its documents", |seen| seen.report.accepted == documents).await;
        assert_eq!(seen.report.waiting.len() + seen.report.rejected.len(), 0, "{:?}", seen.report);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_strategy_of_another_app_is_pushed_where_a_rule_names_it() {
    let folder = Folder::new();
    let text = limit("3").replace("name: rule", "name: rule, labels: {app: demo}");
    folder.write("a.yaml", &text.replace("name: limit}\nspec", "name: limit, labels: {app: other}}\nspec"));
    let plane = Plane::of(&folder).await;
    let app = App::connect(&plane.address(), Connecting::default());
    app.has_limit(3.0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_router_of_another_namespace_comes_where_one_delegates_to_it() {
    let folder = Folder::new();
    let root = "apiVersion: traffic.opensergo.io/v1alpha1
kind: TrafficRouter
metadata: {name: root}
spec: {hosts: [shop], http: [{delegate: {name: part, namespace: away}}]}
---
apiVersion: traffic.opensergo.io/v1alpha1
kind: TrafficRouter
metadata: {name: part, namespace: away}
spec: {http: [{route: [{destination: {host: shop, subset: v1}}]}]}
";
    folder.write("a.yaml", root);
    let plane = Plane::of(&folder).await;
    let app = App::connect(&plane.address(), Connecting::default());
    let seen = app.sees("both routers", |seen| seen.report.accepted == 2).await;
    assert!(seen.report.waiting.is_empty(), "{:?}", seen.report);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_messages_mean_what_the_documents_mean() {
    let folder = Folder::new();
    folder.write("a.yaml", &(limit("3") + &router("shop", "demo")));
    let plane = Plane::of(&folder).await;
    let app = App::with("demo", vec![plane.address()], Connecting::default(), |options| options.documents = false);
    app.has_limit(3.0).await;
    let request = Request::new("shop");
    let routed = || app.engine.direct(&request, &mut Rolls::given(&[0.5]), Tick(0));
    app.sees("the route", |_| routed().is_some()).await;
    let directions = serde_json::to_value(routed().unwrap()).unwrap();
    assert_eq!(directions["destination"]["subset"], "v1", "{directions}");
    let forms = |all: &[serde_json::Value]| all.iter().all(|one| one["form"] == "message");
    assert!(forms(&plane.subscriptions("RateLimitStrategy").await));
    // It cannot judge a bad document, and so is not asked to: it keeps the good one.
    folder.write("a.yaml", &(limit("many") + &router("shop", "demo") + &router("far", "demo")));
    app.sees("the other change", |seen| seen.report.accepted == 4).await;
    assert_eq!((app.limit(), app.now().report.rejected.len()), (Some(3.0), 0));
    folder.write("a.yaml", &limit("5"));
    app.has_limit(5.0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_apps_and_a_third_that_comes_late_have_the_same() {
    let folder = Folder::new();
    folder.write("a.yaml", &limit("3"));
    let plane = Plane::of(&folder).await;
    let [first, second] = [(); 2].map(|()| App::connect(&plane.address(), Connecting::default()));
    first.has_limit(3.0).await;
    second.has_limit(3.0).await;
    for threshold in ["4", "5", "6"] {
        folder.write("a.yaml", &limit(threshold));
        first.has_limit(threshold.parse().unwrap()).await;
    }
    second.has_limit(6.0).await;
    let third = App::connect(&plane.address(), Connecting::default());
    third.has_limit(6.0).await;
    until("three acknowledgements of one version", || async {
        let all = plane.subscriptions("RateLimitStrategy").await;
        let versions: Vec<_> = all.iter().map(|one| one["acknowledged"].as_i64()).collect();
        (versions.len() == 3 && versions.iter().all(|one| one.is_some() && *one == versions[0])).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_grow_over_restarts() {
    let folder = Folder::new();
    folder.write("a.yaml", &limit("3"));
    let mut last = 0;
    for _ in 0..3 {
        let plane = Plane::start(options(&folder)).await;
        let version = plane.json("/v1/rules").await["version"].as_i64().unwrap();
        assert!(version > last);
        last = version;
        plane.serving.stop().await;
        // The clock that versions are made of counts in milliseconds.
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
}
