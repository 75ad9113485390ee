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
    prints_as_before("all-for-testers", "shop --label version=v2", 0);
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
        "shop --label version",
        "nowhere",
    ] {
        let output = sergo(wrong);
        assert_eq!((text(&output.stdout).as_str(), output.status.code()), ("", Some(2)), "{wrong}");
        assert!(!output.stderr.is_empty(), "{wrong}");
    }
    assert!(text(&sergo("--help").stdout).contains("sergo explain rules/ --resource GET:/foo"));
}
