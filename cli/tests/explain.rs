//! `sergo explain` on real files. What is printed for each question stands in
//! `tests/explained`; `UPDATE=1` writes these files anew.

mod kit;

use kit::{assert_is, folder, text};
use std::process::Output;

fn sergo(arguments: &str) -> Output {
    let arguments: Vec<&str> = ["explain"].into_iter().chain(arguments.split(' ')).collect();
    kit::sergo("explained", &arguments)
}

/// Asks, and compares both outputs and the exit code.
#[track_caller]
fn prints_as_before(case: &str, arguments: &str, code: i32) {
    let output = sergo(arguments);
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    let said = if err.is_empty() { String::new() } else { format!("--- the standard error output\n{err}") };
    assert_is(&format!("$ sergo explain {arguments}\n{out}{said}"), &folder("explained").join(format!("{case}.out")));
    assert_eq!(output.status.code(), Some(code));
}

#[test]
fn all_that_rules_govern() {
    prints_as_before("all", "shop", 0);
    prints_as_before("all-for-testers", "shop --workload-label version=v2", 0);
}

#[test]
fn an_entry() {
    prints_as_before("entry", "shop --resource POST:/cart", 0);
    prints_as_before("entry-outbound", "shop --resource pay --outbound", 0);
    prints_as_before("entry-that-costs", "shop --resource GET:/cart --cost 4", 0);
    prints_as_before("entry-as-json", "shop --resource GET:/cart --outbound --json", 0);
}

#[test]
fn an_entry_that_no_rule_names() {
    prints_as_before("entry-misspelt", "shop --resource POST:/crat", 0);
    prints_as_before("entry-unlike", "shop --resource com.example.Greeter", 0);
    prints_as_before("entry-of-another-app", "shop --resource POST:/cart --app stock", 0);
}

#[test]
fn mistakes_are_shown_and_the_rest_explained() {
    prints_as_before("mistakes", "broken", 1);
    prints_as_before("mistakes-one-entry", "broken --resource GET:/bar", 1);
}

#[test]
fn a_request() {
    prints_as_before("request-split", "shop --route --host shop --path /api/carts?x=1 -H tag:v2", 0);
    prints_as_before("request-plain", "shop --route --host shop:80 --path /api/ --method POST", 0);
    prints_as_before("request-redirected", "shop --route --host shop --path /old/x", 0);
    prints_as_before("request-answered", "shop --route --host shop --path /health", 0);
    prints_as_before("request-nowhere", "shop --route --host shop --path /", 0);
    prints_as_before("request-as-json", "shop --route --host shop --path /api/carts -H tag:v2 --json", 0);
}

#[test]
fn a_request_with_its_instances() {
    let lanes = "lanes --route --host carts --service a --rpc-method say";
    let known = format!("{lanes} --argument String=you --instances instances.yaml");
    prints_as_before("remote-fallbacks", &format!("{lanes} --argument String=you"), 0);
    prints_as_before("remote-other", &format!("{lanes} --argument =me --attachment a=b"), 0);
    prints_as_before("instances", &known, 0);
    prints_as_before("instances-roll", &format!("{known} --roll 0.6"), 0);
    prints_as_before("instances-key-as-json", &format!("{known} --hash user-1 --json"), 0);
    prints_as_before("instances-unrouted", "lanes --route --host stock --instances instances.yaml --roll 0.7", 0);
    prints_as_before("request-misspelt", "shop --route --host shpo", 0);
    let caller = "--source-label a=b --source-namespace n --gateway g --client 1.2.3.4 --scheme https --port 80";
    prints_as_before(
        "request-caller",
        &format!("shop --route --host shop --path /api/x --query a=1 --query b=2 {caller}"),
        0,
    );
}

#[test]
fn the_lane_of_a_request() {
    prints_as_before("label", "lanes --label --path /cart -H x-user:jason -H baggage:a=1", 0);
    prints_as_before("label-by-a-rule", "lanes --label --path /cart -H cookie:who=me", 0);
    prints_as_before("label-none", "lanes --label", 0);
    prints_as_before("label-came", "lanes --label -H baggage:x-opensergo-traffic=blue", 0);
    prints_as_before("label-doubted", "lanes --label -H OpenSergo-Label:blue --untrusted", 0);
    prints_as_before("label-of-another-app", "lanes --label --app shpo", 0);
    prints_as_before("label-as-json", "lanes --label --path /cart -H x-user:jason --json", 0);
}

#[test]
fn lists_and_answers_are_json() {
    let list: serde_json::Value = serde_json::from_slice(&sergo("shop --json").stdout).unwrap();
    let names: Vec<_> = list.as_array().unwrap().iter().map(|of| of["resource"].as_str().unwrap()).collect();
    assert_eq!(names, ["/cart", "POST:/cart", "pay"]);
    assert_eq!(list[0]["gates"][0]["kind"], "AdaptiveOverloadProtectionStrategy");
    let nowhere: serde_json::Value =
        serde_json::from_slice(&sergo("shop --route --host nowhere --json").stdout).unwrap();
    assert_eq!(nowhere, serde_json::json!({"router": null, "position": null, "misses": [], "ways": []}));
}

#[test]
fn for_whom_must_be_clear() {
    prints_as_before("several-apps", "apps", 2);
    let output = sergo("apps --app foo");
    assert!(text(&output.stdout).contains("The rule for-bar is for others.\n"), "{output:?}");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn usage() {
    for wrong in [
        "shop --cost 2",
        "shop --outbound",
        "shop --route",
        "shop --host shop",
        "shop --resource a --route --host shop",
        "shop --resource a --cost 0",
        "shop --route --host shop -H tag",
        "shop --workload-label version",
        "shop --label version=v2",
        "shop --label --route --host shop",
        "shop --label --resource a",
        "shop --untrusted",
        "shop --route --host shop --untrusted",
        "shop --resource a -H tag:v2",
        "shop --route --host shop --service a",
        "shop --route --host shop --argument a=b",
        "shop --route --host shop --roll 1",
        "shop --route --host shop --port 70000",
        "shop --instances instances.yaml",
        "shop --route --host shop --instances nowhere.yaml",
        "shop --route --host shop --instances shop/flow.yaml",
        "nowhere",
    ] {
        let output = sergo(wrong);
        assert_eq!((text(&output.stdout).as_str(), output.status.code()), ("", Some(2)), "{wrong}");
        assert!(!output.stderr.is_empty(), "{wrong}");
    }
    assert!(text(&sergo("--help").stdout).contains("sergo explain rules/ --resource GET:/foo"));
}
