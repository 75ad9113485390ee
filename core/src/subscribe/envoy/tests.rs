//! Reading what control planes send.

use super::matching::{HeaderMatcher, QueryParameterMatcher, RegexMatcher, RouteMatch, StringMatcher};
use super::message::{ClusterSpecifierPlugin, VirtualHost, WeightedCluster};
use super::*;

fn header(name: &str, exact: &str) -> Vec<u8> {
    HeaderMatcher { name: name.into(), exact_match: Some(exact.into()), ..Default::default() }.encode_to_vec()
}

fn to(cluster: &str) -> Option<RouteAction> {
    Some(RouteAction { cluster: Some(cluster.into()), ..RouteAction::default() })
}

fn on(headers: Vec<Vec<u8>>) -> Vec<u8> {
    RouteMatch { headers, ..RouteMatch::default() }.encode_to_vec()
}

fn router(routes: Vec<Route>) -> Read<Value> {
    let domains = vec!["shop.default.svc.cluster.local".into()];
    let configuration = RouteConfiguration {
        name: "r".into(),
        virtual_hosts: vec![VirtualHost { domains, routes, ..VirtualHost::default() }],
    };
    let (name, spec) = read(&configuration.encode_to_vec(), "default")?;
    assert_eq!(name, "r");
    Ok(spec)
}

#[test]
fn a_router_comes_back_as_it_was_written() {
    let config = ClusterFallback {
        routing_cluster: "outbound||v1|shop.default.svc.cluster.local".into(),
        fallback_cluster: "outbound||base|.default.svc.cluster.local".into(),
        ..ClusterFallback::default()
    };
    let config = Any { type_url: String::new(), value: config.encode_to_vec() };
    let extension = TypedExtensionConfig { name: FALLBACK.into(), typed_config: Some(config) };
    let inline_cluster_specifier_plugin = Some(ClusterSpecifierPlugin { extension: Some(extension) });
    let weighted = [
        ("outbound|80|v1|shop.default.svc.cluster.local", 90),
        ("outbound||v2|shop.com.default.svc.cluster.local", 10),
    ];
    let weighted =
        weighted.map(|(name, weight)| ClusterWeight { name: name.into(), weight: Some(weight), ..Default::default() });
    let weighted_clusters = Some(WeightedCluster { clusters: weighted.to_vec() });
    let spec = router(vec![
        Route {
            matches: on(vec![header("x-user", "a")]),
            route: Some(RouteAction { inline_cluster_specifier_plugin, ..Default::default() }),
            ..Route::default()
        },
        Route {
            matches: vec![],
            route: Some(RouteAction { weighted_clusters, ..Default::default() }),
            name: "rest".into(),
            ..Route::default()
        },
    ]);
    let expected = json!({"hosts": ["shop"], "http": [
        {"match": [{"headers": {"x-user": {"exact": "a"}}}],
         "route": [{"destination": {"host": "shop", "subset": "v1", "fallback": {"subset": "base"}}}]},
        {"name": "rest", "route": [
            {"destination": {"host": "shop", "subset": "v1", "port": {"number": 80}}, "weight": 90},
            {"destination": {"host": "shop.com", "subset": "v2"}, "weight": 10}]},
    ]});
    assert_eq!(spec, Ok(expected));
}

#[test]
fn every_condition_that_is_understood() {
    let regex = || Some(RegexMatcher { regex: "a+".into() });
    let string = |matcher: StringMatcher| Some(matcher.encode_to_vec());
    let headers = [
        HeaderMatcher { name: "a".into(), prefix_match: Some("p".into()), ..Default::default() },
        HeaderMatcher { name: "b".into(), safe_regex_match: regex(), invert_match: true, ..Default::default() },
        HeaderMatcher { name: "c".into(), present_match: Some(true), ..Default::default() },
        HeaderMatcher { name: "d".into(), present_match: Some(false), ..Default::default() },
        HeaderMatcher {
            name: "e".into(),
            string_match: string(StringMatcher { exact: Some("x".into()), ..Default::default() }),
            ..Default::default()
        },
    ];
    let query = QueryParameterMatcher {
        name: "q".into(),
        string_match: string(StringMatcher { safe_regex: regex(), ..Default::default() }),
        present_match: None,
    };
    let bytes = RouteMatch {
        path: Some("/x".into()),
        case_sensitive: Some(false),
        headers: headers.iter().map(Message::encode_to_vec).collect(),
        query_parameters: vec![query.encode_to_vec()],
        ..RouteMatch::default()
    }
    .encode_to_vec();
    let expected = json!({
        "uri": {"exact": "/x"}, "ignoreUriCase": true,
        "headers": {"a": {"prefix": "p"}, "b": {}, "c": {}, "e": {"exact": "x"}},
        "withoutHeaders": {"b": {"regex": "a+"}, "d": {}},
        "queryParams": {"q": {"regex": "a+"}},
    });
    assert_eq!(condition::block(&bytes, "").map(Value::Object), Ok(expected));
}

#[test]
fn what_would_catch_too_much_is_refused() {
    let route = |matches: Vec<u8>| Route { matches, route: to("outbound|||shop"), ..Route::default() };
    let last = || route(vec![]);
    let refused = |matches| router(vec![route(matches), last()]).unwrap_err();
    assert_eq!(refused(vec![]).field, "spec.http[0].match");
    let query =
        RouteMatch { query_parameters: vec![QueryParameterMatcher::default().encode_to_vec()], ..Default::default() };
    assert_eq!(refused(query.encode_to_vec()).field, "spec.http[0].match[0].queryParams");
    let folded = refused(on(vec![header("v", "a"), header("v", "b")]));
    assert_eq!((folded.field.as_str(), folded.name.as_str()), ("spec.http[0].match[0].headers.v", "r"));
    // A suffix match, and a fraction of the requests.
    assert!(refused(on(vec![b"\x0a\x01a\x52\x01b".to_vec()])).found.ends_with("(field 10)"));
    assert!(refused(b"\x4a\x00".to_vec()).found.ends_with("(field 9)"));
    assert!(router(vec![route(on(vec![header("v", "a"), header("v", "a")])), last()]).is_ok());
}

#[test]
fn a_route_to_nowhere_is_refused() {
    let route = |action| router(vec![Route { route: action, ..Route::default() }]).unwrap_err().field;
    assert_eq!(route(None), "spec.http[0].route");
    assert_eq!(route(to("blackhole")), "spec.http[0].route[0]");
    let extension = TypedExtensionConfig { name: "other".into(), typed_config: Some(Any::default()) };
    let inline_cluster_specifier_plugin = Some(ClusterSpecifierPlugin { extension: Some(extension) });
    assert_eq!(
        route(Some(RouteAction { inline_cluster_specifier_plugin, ..Default::default() })),
        "spec.http[0].route[0]"
    );
    assert_eq!(read(b"", "default").unwrap_err().field, "spec.hosts");
    assert_eq!(read(b"\xff", "default").unwrap_err().field, "");
}

#[test]
fn only_the_suffix_of_the_namespace_is_cut_off() {
    for (host, expected) in [
        ("shop.default.svc.cluster.local", "shop"),
        ("*.default.svc.cluster.local", "*"),
        ("shop.default.svc.cluster.local.default.svc.cluster.local", "shop.default.svc.cluster.local"),
        ("shop.other.svc.cluster.local", "shop.other.svc.cluster.local"),
        ("shopdefault.svc.cluster.local", "shopdefault.svc.cluster.local"),
        ("shop.com", "shop.com"),
    ] {
        assert_eq!(short(host, "default"), expected);
    }
}

#[test]
fn a_chain_of_fallbacks_is_nested_only_so_deep() {
    let chain = |length: usize| {
        let link = |number| format!("outbound||f{number}|shop");
        let config = ClusterFallback {
            routing_cluster: "outbound|80||shop".into(),
            fallback_cluster: link(0),
            further_clusters: (1..length).map(link).collect(),
        };
        let typed_config = Some(Any { type_url: String::new(), value: config.encode_to_vec() });
        let extension = Some(TypedExtensionConfig { name: FALLBACK.into(), typed_config });
        let inline_cluster_specifier_plugin = Some(ClusterSpecifierPlugin { extension });
        router(vec![Route {
            route: Some(RouteAction { inline_cluster_specifier_plugin, ..Default::default() }),
            ..Route::default()
        }])
    };
    let two = chain(2).unwrap();
    let expected = json!({"host": "shop", "subset": "f0", "fallback": {"subset": "f1"}});
    assert_eq!(two.pointer("/http/0/route/0/destination/fallback"), Some(&expected));
    assert!(chain(4).is_ok());
    assert_eq!(chain(5).unwrap_err().field, "spec.http[0].route[0].destination.fallback");
    assert!(chain(100_000).is_err());
}

#[test]
fn what_stands_for_the_caller_is_read_as_such() {
    let block = |headers: Vec<Vec<u8>>| condition::block(&on(headers), "").map(Value::Object);
    let said = block(vec![
        header(PORT, "80"),
        header(SOURCE_NAMESPACE, "prod"),
        header(GATEWAY, "edge"),
        header(&[SOURCE_LABEL, "app"].concat(), "cart"),
        header(":method", "GET"),
        header(":path", "/?a"),
    ]);
    let expected = json!({
        "port": 80, "sourceNamespace": "prod", "gateways": ["edge"], "sourceLabels": {"app": "cart"},
        "method": {"exact": "GET"}, "headers": {":path": {"exact": "/?a"}},
    });
    assert_eq!(said, Ok(expected));
    let inverted = HeaderMatcher { invert_match: true, ..HeaderMatcher::decode(&*header(PORT, "80")).unwrap() };
    for refused in [header(":other", "x"), inverted.encode_to_vec()] {
        assert!(block(vec![refused]).unwrap_err().field.starts_with(".headers.:"));
    }
    assert!(block(vec![header(":method", "GET"), header(":method", "PUT")]).is_err());
}

#[test]
fn a_missing_header_meets_only_what_says_so() {
    let matcher = |exact: &str, invert_match, treat_missing_header_as_empty| HeaderMatcher {
        name: "x".into(),
        exact_match: Some(exact.into()),
        invert_match,
        treat_missing_header_as_empty,
        ..HeaderMatcher::default()
    };
    let block = |matcher: HeaderMatcher| condition::block(&on(vec![matcher.encode_to_vec()]), "").map(Value::Object);
    let without = json!({"withoutHeaders": {"x": {"exact": "a"}}});
    assert_eq!(block(matcher("a", true, true)), Ok(without));
    let both = json!({"headers": {"x": {}}, "withoutHeaders": {"x": {"exact": "a"}}});
    assert_eq!(block(matcher("a", true, false)), Ok(both));
    assert_eq!(block(matcher("a", false, true)), Ok(json!({"headers": {"x": {"exact": "a"}}})));
    assert_eq!(block(matcher("", false, true)).unwrap_err().field, ".headers.x");
}
