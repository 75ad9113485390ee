//! Changes of files that the system tells of: nobody looks by himself for an hour.
#![cfg(unix)]

use crate::kit::{App, Folder, Plane, limit, options, router, until};
use sergo_control_plane::subscriber::Connecting;
use sergo_control_plane::{Event, Looking, Options};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::time::Duration;

fn told(folder: &Folder) -> Options {
    let hour = Duration::from_secs(3_600);
    Options { looking: Looking { told: hour, untold: hour, ..Looking::default() }, ..options(folder) }
}

/// A control plane that is told of changes, and an app.
async fn following(options: Options) -> (Plane, App) {
    let plane = Plane::start(options).await;
    let app = App::connect(&plane.address(), Connecting::default());
    (plane, app)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_written_or_put_in_its_place() {
    let folder = Folder::new();
    folder.write("a.yaml", &limit("1"));
    let (_plane, app) = following(told(&folder)).await;
    app.has_limit(1.0).await;
    folder.write("a.yaml", &limit("2"));
    app.has_limit(2.0).await;
    // As editors save: beside it, with the old one as a copy, and back.
    folder.write(".a.yaml.swp", &limit("3"));
    fs::rename(folder.path().join("a.yaml"), folder.path().join("a.yaml~")).unwrap();
    fs::rename(folder.path().join(".a.yaml.swp"), folder.path().join("a.yaml")).unwrap();
    app.has_limit(3.0).await;
    folder.write("a.yaml", &limit("4"));
    app.has_limit(4.0).await;
    folder.remove("a.yaml");
    app.sees("no rule", |_| app.limit().is_none()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_file_alone() {
    let folder = Folder::new();
    folder.write("a.yaml", &limit("1"));
    let (_plane, app) = following(Options { rules: vec![folder.path().join("a.yaml")], ..told(&folder) }).await;
    app.has_limit(1.0).await;
    for threshold in ["2", "3"] {
        folder.write("new", &limit(threshold));
        fs::rename(folder.path().join("new"), folder.path().join("a.yaml")).unwrap();
        app.has_limit(threshold.parse().unwrap()).await;
    }
    folder.remove("a.yaml");
    folder.write("a.yaml", &limit("4"));
    app.has_limit(4.0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn folders_that_come_and_go_and_come_again() {
    let folder = Folder::new();
    let rules = folder.path().join("rules");
    fs::create_dir(&rules).unwrap();
    folder.write("rules/a.yaml", &limit("1"));
    let (plane, app) = following(Options { rules: vec![rules.clone()], ..told(&folder) }).await;
    app.has_limit(1.0).await;
    // Made step by step, and at once with what is in it.
    fs::create_dir_all(rules.join("more/and")).unwrap();
    folder.write("rules/more/and/b.yaml", &router("shop", "shop"));
    app.sees("a router in a new folder", |seen| seen.report.accepted == 3).await;
    fs::create_dir(folder.path().join("beside")).unwrap();
    folder.write("beside/c.yaml", &router("far", "far"));
    fs::rename(folder.path().join("beside"), rules.join("beside")).unwrap();
    app.sees("a router in a folder from elsewhere", |seen| seen.report.accepted == 4).await;
    folder.write("rules/beside/c.yaml", &(router("far", "far") + &router("near", "near")));
    app.sees("two routers in it", |seen| seen.report.accepted == 5).await;
    // Each time it is another folder of the same name.
    for threshold in 2..=4 {
        fs::remove_dir_all(&rules).unwrap();
        until("the trouble", || async {
            Some(plane.json("/v1/rules").await).filter(|rules| !rules["error"].is_null())
        })
        .await;
        fs::create_dir_all(rules.join("more/and")).unwrap();
        folder.write("rules/more/and/b.yaml", &limit(&threshold.to_string()));
        app.has_limit(f64::from(threshold)).await;
    }
    fs::rename(&rules, folder.path().join("away")).unwrap();
    until("the trouble", || async { Some(plane.json("/v1/rules").await).filter(|rules| !rules["error"].is_null()) })
        .await;
    fs::rename(folder.path().join("away"), &rules).unwrap();
    folder.write("rules/more/and/b.yaml", &limit("5"));
    app.has_limit(5.0).await;
    assert!(plane.json("/v1/rules").await["polling"].is_null());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_config_map_that_is_swapped_and_what_links_point_into() {
    let folder = Folder::new();
    let at = |name: &str| folder.path().join(name);
    for name in ["..1", "..2", "elsewhere", "rules", "rules/..1", "rules/..2"] {
        fs::create_dir(at(name)).unwrap();
    }
    folder.write("rules/..1/a.yaml", &limit("1"));
    folder.write("rules/..2/a.yaml", &limit("2"));
    folder.write("elsewhere/b.yaml", &router("shop", "shop"));
    symlink("..1", at("rules/..data")).unwrap();
    symlink("..data/a.yaml", at("rules/a.yaml")).unwrap();
    symlink("../elsewhere/b.yaml", at("rules/b.yaml")).unwrap();
    let (_plane, app) = following(Options { rules: vec![at("rules")], ..told(&folder) }).await;
    app.has_limit(1.0).await;
    symlink("..2", at("rules/..new")).unwrap();
    fs::rename(at("rules/..new"), at("rules/..data")).unwrap();
    fs::remove_dir_all(at("rules/..1")).unwrap();
    app.has_limit(2.0).await;
    folder.write("elsewhere/b.yaml", &(router("shop", "shop") + &router("far", "far")));
    app.sees("two routers behind a link", |seen| seen.report.accepted == 4).await;
    folder.write("rules/..2/a.yaml", &limit("3"));
    app.has_limit(3.0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_is_a_link_itself() {
    let folder = Folder::new();
    let at = |name: &str| -> PathBuf { folder.path().join(name) };
    for version in ["1", "2"] {
        fs::create_dir(at(version)).unwrap();
        folder.write(&format!("{version}/a.yaml"), &limit(version));
    }
    symlink("1", at("now")).unwrap();
    symlink("now", at("rules")).unwrap();
    let (_plane, app) = following(Options { rules: vec![at("rules")], ..told(&folder) }).await;
    app.has_limit(1.0).await;
    symlink("2", at("new")).unwrap();
    fs::rename(at("new"), at("now")).unwrap();
    app.has_limit(2.0).await;
    folder.write("2/a.yaml", &limit("3"));
    app.has_limit(3.0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_there_are_too_many_folders_they_are_looked_at_and_that_is_said() {
    let folder = Folder::new();
    fs::create_dir(folder.path().join("more")).unwrap();
    folder.write("a.yaml", &limit("1"));
    let few = Looking { folders: 3, untold: Duration::from_millis(10), ..told(&folder).looking };
    let (plane, app) = following(Options { looking: few, ..told(&folder) }).await;
    app.has_limit(1.0).await;
    assert!(plane.json("/v1/rules").await["polling"].is_null());
    fs::create_dir(folder.path().join("more/still")).unwrap();
    let polling =
        until("that it polls", || async { plane.json("/v1/rules").await["polling"].as_str().map(str::to_owned) }).await;
    assert_eq!(polling, "4 folders are more than the 3 to watch");
    let told = |event: &Event| matches!(event, Event::Polling { .. });
    assert_eq!(plane.log.lock().unwrap().iter().filter(|event| told(event)).count(), 1);
    folder.write("more/still/a.yaml", &router("shop", "shop"));
    app.sees("the router", |seen| seen.report.accepted == 3).await;
    folder.write("a.yaml", &limit("2"));
    app.has_limit(2.0).await;
}
