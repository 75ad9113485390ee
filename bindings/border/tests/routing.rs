//! Routing across the border: the hot calls and the cold ones beside them.

#![allow(clippy::unwrap_used)]

use sergo::{Code, Config, Source};
use sergo_border::call::{self, Random};
use sergo_border::{close, open};

const ROUTES: &str = "
apiVersion: traffic.opensergo.io/v1alpha1
kind: TrafficRouter
metadata: {name: shop}
spec:
  hosts: [shop]
  http:
  - match: [{headers: {tag: {exact: v2}}}]
    route: [{destination: {host: shop, subset: v2}}]
  - match: [{uri: {prefix: /old/}}]
    rewrite: {uri: /new/}
    route: [{destination: {host: shop, subset: v2}}]
  - match: [{uri: {prefix: /none}}]
    route: [{destination: {host: shop, subset: v9}}]
";

fn block(host: &str, path: &str, version: Option<u64>, headers: &[(&str, &str)]) -> Vec<u8> {
    let absent = u32::MAX.to_le_bytes();
    let text = |text: &str| [&(text.len() as u32).to_le_bytes()[..], text.as_bytes()].concat();
    let mut block = [&absent[..], &text(host), &absent, &text(path), &absent.repeat(5), &absent].concat();
    if let Some(version) = version {
        block.extend(absent);
        block.extend(version.to_le_bytes());
    }
    block.extend((headers.len() as u32).to_le_bytes());
    headers.iter().for_each(|(name, value)| block.extend([text(name), text(value)].concat()));
    block
}

fn shop() -> u64 {
    let handle = open(Config::new("demo-app")).unwrap();
    call::apply(handle, &[Source { name: "", text: ROUTES }]).unwrap();
    call::set_instances(handle, "shop", r#"[{"id": "1", "labels": {"version": "v2"}, "zone": "a"}, {"id": "2"}]"#)
        .unwrap();
    handle
}

#[test]
fn the_short_pick_has_numbers_for_a_plain_destination_alone() {
    let handle = shop();
    let pick = |block: &[u8]| call::pick_id(handle, block, Random::Seed(1), 0).unwrap();
    let plain = block("shop:80", "/", None, &[("tag", "v2")]);
    let picked = pick(&plain);
    assert!(call::answer(handle, picked.answer).unwrap().contains(r#""subset":"v2""#));
    let instance = call::instance(handle, "shop", picked.instance).unwrap();
    assert_eq!(instance, r#"{"id":"1","labels":{"version":"v2"},"healthy":true,"weight":1,"zone":"a"}"#);
    let long = call::pick(handle, &plain, Random::Seed(1), 0).unwrap();
    assert!(long.contains(&format!(r#""instance":"1","number":{}"#, picked.instance)), "{long}");

    let ask = [("shop", "/old/x"), ("shop", "/none"), ("shop", "/"), ("unknown", "/")];
    for (host, path) in ask {
        assert_eq!(pick(&block(host, path, None, &[])), call::Picked::default(), "{host}{path}");
    }
    call::set_instances(handle, "cart", r#"[{"id": "3"}]"#).unwrap();
    let unrouted = pick(&block("cart", "/", None, &[]));
    assert!(unrouted.answer == 0 && unrouted.instance > 0);
    assert!(call::instance(handle, "cart", unrouted.instance).unwrap().starts_with(r#"{"id":"3""#));
    close(handle).unwrap();
}

#[test]
fn a_number_is_never_another_instances() {
    let handle = shop();
    let block = block("shop", "/", None, &[("tag", "v2")]);
    let first = call::pick_id(handle, &block, Random::Seed(1), 0).unwrap().instance;
    call::report_id(handle, "shop", first, 0, 0).unwrap();
    call::set_instances(handle, "shop", r#"[{"id": "4", "labels": {"version": "v2"}}]"#).unwrap();
    assert_eq!(call::instance(handle, "shop", first), Err(Code::Stale));
    assert_eq!(call::instance(handle, "nobody", first), Err(Code::Stale));
    let second = call::pick_id(handle, &block, Random::Seed(1), 0).unwrap().instance;
    assert!(second > first);
    assert_eq!(call::report_id(handle, "shop", second, 5, 0), Err(Code::Argument));
    // Of one that is gone nothing is known, and nothing told.
    assert_eq!(call::report_id(handle, "shop", first, 1, 0), Ok(()));
    close(handle).unwrap();
}

#[test]
fn headers_that_were_selected_for_other_rules_are_stale() {
    let handle = shop();
    let required = call::required(handle, "shop").unwrap();
    assert_eq!(
        required,
        r#"{"version":1,"headers":["baggage","opensergo-label","tag","x-opensergo-traffic"],"parameters":[]}"#
    );
    let (now, before) = (block("shop", "/", Some(1), &[("tag", "v2")]), block("shop", "/", Some(0), &[]));
    let ask = |block: &[u8]| {
        let seed = Random::Seed(1);
        [
            call::route(handle, block, seed).map(drop),
            call::direct(handle, block, seed).map(drop),
            call::pick(handle, block, seed, 0).map(drop),
            call::pick_id(handle, block, seed, 0).map(drop),
            call::label(handle, block, true).map(drop),
            call::explain_route(handle, block, seed, 0).map(drop),
        ]
    };
    assert_eq!(ask(&now), [Ok(()); 6]);
    assert_eq!(ask(&before), [Err(Code::Stale); 6]);
    call::apply(handle, &[Source { name: "", text: ROUTES }]).unwrap();
    assert_eq!(ask(&now), [Err(Code::Stale); 6]);
    close(handle).unwrap();
}
