//! `sergo convert` on real files. What it prints for each is in files beside it,
//! the documents in `.out` and what is told beside them in `.err`; `UPDATE=1`
//! writes them anew.

mod kit;

use kit::{assert_is, folder, text};
use std::fs;
use std::path::PathBuf;
use std::process::Output;

const CASES: &str = "convert";

fn sergo(arguments: &[&str]) -> Output {
    kit::sergo(CASES, arguments)
}

/// Converts a file and compares; the documents are good ones for the core.
#[track_caller]
fn converts(file: &str, rest: &[&str], code: i32) {
    let case = file.rsplit_once('.').unwrap().0;
    converts_as(case, file, rest, code);
}

#[track_caller]
fn converts_as(case: &str, file: &str, rest: &[&str], code: i32) {
    let out = prints(case, file, rest, code);
    let report = sergo::check(&[sergo::Source { name: case, text: &out }]);
    assert_eq!(report.rejected, [], "{out}");
}

#[track_caller]
fn prints(case: &str, file: &str, rest: &[&str], code: i32) -> String {
    let output = sergo(&[&["convert", file], rest].concat());
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_is(&out, &folder(CASES).join(format!("{case}.out")));
    assert_is(&err, &folder(CASES).join(format!("{case}.err")));
    assert_eq!(output.status.code(), Some(code), "{err}");
    out
}

#[test]
fn a_router_becomes_a_virtual_service() {
    converts("router.yaml", &["--to", "istio"], 0);
}

#[test]
fn a_fallback_becomes_an_aggregate_cluster() {
    converts("fallback.yaml", &["--to", "istio"], 0);
    converts_as("fallback-port", "fallback.yaml", &["--to", "istio", "--port", "9080"], 0);
}

#[test]
fn an_aggregate_cluster_becomes_a_fallback() {
    converts_as("fallback-back", "fallback-port.out", &["--to", "opensergo"], 0);
}

#[test]
fn a_fallback_is_none_of_istios_whatever_the_kind() {
    converts("service.yaml", &["--to", "istio"], 0);
}

#[test]
fn a_subset_that_nobody_defines_is_defined() {
    converts("undefined.yaml", &["--to", "istio"], 0);
}

#[test]
fn hosts_are_written_as_istio_finds_them() {
    converts("hosts.yaml", &["--to", "istio", "--port", "5432"], 0);
}

#[test]
fn lanes_become_filters_and_routes() {
    converts("lanes.yaml", &["--to", "istio", "--port", "8080"], 0);
    converts_as("lanes-without-port", "lanes.yaml", &["--to", "istio"], 0);
    converts("labels.yaml", &["--to", "istio"], 0);
}

#[test]
fn what_istio_has_nothing_like_is_named() {
    converts("limits.yaml", &["--to", "istio"], 0);
}

#[test]
fn what_opensergo_has_nothing_like_is_named() {
    converts("istio.yaml", &["--to", "opensergo"], 0);
}

/// The shapes of Istio's own samples: behind gateways, by weight, by user, with
/// faults, to names outside, for connections.
#[test]
fn the_shapes_of_istios_samples() {
    for (sample, documents) in [("gateway", 2), ("subsets", 1), ("shifting", 1), ("outside", 2), ("connections", 2)] {
        let output = sergo(&["convert", &format!("samples/{sample}.yaml"), "--to", "opensergo", "--json"]);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
        let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(told["documents"].as_array().unwrap().len(), documents, "{sample}");
        let lost: Vec<&str> =
            told["losses"].as_array().unwrap().iter().map(|loss| loss["field"].as_str().unwrap()).collect();
        let expected = match sample {
            // What OpenSergo has nothing like: the gateway and the entry themselves.
            "gateway" => vec![""],
            "subsets" => vec!["spec.trafficPolicy.tls"],
            "outside" => vec!["", "spec.trafficPolicy.portLevelSettings"],
            _ => vec![],
        };
        assert_eq!(lost, expected, "{sample}");
        let written = sergo(&["convert", &format!("samples/{sample}.yaml"), "--to", "opensergo"]);
        let report = sergo::check(&[sergo::Source { name: sample, text: &text(&written.stdout) }]);
        assert_eq!((report.accepted, report.rejected.len(), report.warnings.len()), (documents, 0, 0), "{report:?}");
    }
}

#[test]
fn older_generations_become_the_current_one() {
    converts("older.yaml", &["--to", "current"], 0);
}

#[test]
fn what_has_no_newer_form_stays() {
    converts("stays.yaml", &["--to", "current"], 0);
    converts_as("stays-istio", "stays.yaml", &["--to", "istio"], 0);
}

#[test]
fn rules_of_sentinels_java() {
    for kind in ["flow", "degrade", "system", "param-flow", "authority"] {
        converts(&format!("java-{kind}.json"), &["--to", "opensergo", "--app", "shop"], 0);
    }
}

#[test]
fn rules_of_sentinels_go() {
    for kind in ["flow", "circuitbreaker", "isolation", "hotspot", "system"] {
        converts(&format!("go-{kind}.json"), &["--to", "opensergo", "--namespace", "prod"], 0);
    }
}

#[test]
fn good_documents_are_converted_beside_bad_ones() {
    // Istio's own documents are Istio's affair.
    assert!(prints("mistakes", "mistakes.yaml", &["--to", "istio"], 1).contains("name: no-route"));
    converts_as("mistakes-opensergo", "mistakes.yaml", &["--to", "opensergo"], 1);
}

#[test]
fn only_those_that_are_asked_for() {
    let output = sergo(&["convert", "limits.yaml", "istio.yaml", "--to", "opensergo", "--from", "opensergo"]);
    assert!(text(&output.stderr).ends_with("2 documents, 1 thing lost, 0 changed, 8 other documents left out\n"));
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn strict_fails_for_what_is_lost() {
    assert_eq!(sergo(&["convert", "limits.yaml", "--to", "istio", "--strict"]).status.code(), Some(1));
    assert_eq!(sergo(&["convert", "undefined.yaml", "--to", "istio", "--strict"]).status.code(), Some(0));
}

#[test]
fn tools_are_told_all_in_one_object() {
    let output = sergo(&["convert", "fallback.yaml", "--to", "istio", "--json"]);
    assert_is(&text(&output.stdout), &folder(CASES).join("fallback.json.out"));
    assert_eq!((text(&output.stderr).as_str(), output.status.code()), ("", Some(0)));
    let same = sergo(&["convert", "fallback.yaml", "--to", "istio", "--format", "json"]);
    assert_eq!(same.stdout, output.stdout);
}

#[test]
fn a_folder_gets_a_file_for_each_document() {
    let out = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("convert-out");
    let _ = fs::remove_dir_all(&out);
    let output = sergo(&["convert", "hosts.yaml", "router.yaml", "--to", "istio", "--out", out.to_str().unwrap()]);
    assert_eq!((text(&output.stdout).as_str(), output.status.code()), ("", Some(0)));
    let mut files: Vec<_> =
        fs::read_dir(&out).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    files.sort();
    let expected = [
        "destinationrule.shop.db-subsets.yaml",
        "destinationrule.shop.db.yaml",
        "destinationrule.shop.db2-subsets.yaml",
        "destinationrule.shop.reviews.yaml",
        "virtualservice.shop.connections.yaml",
        "virtualservice.shop.gateway.yaml",
        "virtualservice.shop.hosts.yaml",
        "virtualservice.shop.reviews.yaml",
    ];
    assert_eq!(files, expected);
    let checked = sergo(&["check", out.to_str().unwrap()]);
    assert!(text(&checked.stdout).contains("8 good documents, 0 errors"), "{}", text(&checked.stdout));
}

#[test]
fn names_lead_out_of_no_folder() {
    let base = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("convert-names");
    let _ = fs::remove_dir_all(&base);
    fs::create_dir_all(&base).unwrap();
    let input = base.join("in.yaml");
    let document = |name: &str| {
        format!(
            "---\napiVersion: traffic.opensergo.io/v1alpha1\nkind: VirtualWorkload\nmetadata: {{name: {name}, namespace: '../..'}}\nspec: {{host: a}}\n"
        )
    };
    fs::write(&input, ["../../x", "/etc/x", "..", "'..\\x'"].map(document).concat()).unwrap();
    let out = base.join("out");
    let output = sergo(&["convert", input.to_str().unwrap(), "--to", "current", "--out", out.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!((fs::read_dir(&out).unwrap().count(), fs::read_dir(&base).unwrap().count()), (4, 2));
}

#[test]
fn usage() {
    assert_eq!(sergo(&["convert", "router.yaml"]).status.code(), Some(2));
    assert_eq!(sergo(&["convert", "--to", "istio"]).status.code(), Some(2));
    assert_eq!(sergo(&["convert", "router.yaml", "--to", "nginx"]).status.code(), Some(2));
    assert_eq!(sergo(&["convert", "router.yaml", "--to", "istio", "--port", "0"]).status.code(), Some(2));
    let output = sergo(&["convert", "nowhere.yaml", "--to", "istio"]);
    assert_eq!(text(&output.stderr), "sergo: can't read nowhere.yaml: there is no such file or folder\n");
    assert_eq!(output.status.code(), Some(2));
    let output = sergo(&["convert", "router.yaml", "--to", "istio", "--out", "router.yaml"]);
    assert!(text(&output.stderr).starts_with("sergo: can't write router.yaml: "), "{}", text(&output.stderr));
    assert_eq!(output.status.code(), Some(2));
}
