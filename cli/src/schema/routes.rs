//! `TrafficRouter`, and `VirtualService`, which is read as one.

use super::actions;
use super::matches::{block, connection_block, gateways};
use super::scalar::{duration, filled, host, hosts, idle, none, port, whole};
use super::shape::{Shape, filled_list, list, map};
use serde_json::json;

/// How many fallbacks a destination may have, one behind the other.
pub(super) const FALLBACKS: usize = 4;

/// A destination with this many fallbacks behind it, at most.
pub(super) fn destination(fallbacks: usize) -> Shape {
    let shape = map("Where it goes")
        .required("host", host("The host: a service's name, as discovery knows it").example("{app}"))
        .usual(
            "subset",
            filled("A subset of its instances, as a VirtualWorkload defines it; without it all of them").example("v1"),
        );
    let number = port("The number, 1 to 65535").example(8080);
    let shape = shape.aside("port", map("The port").required("number", number));
    match fallbacks {
        0 => shape.silent("fallback", none("A mistake here: a copy may get lost")),
        some => shape.more("fallback", fallback(some)),
    }
}

/// Where to go instead; each fallback may have one of its own.
fn fallback(more: usize) -> Shape {
    let shape = map("Where it goes while the subset (or the host, without one) has no healthy instance; up to four, one behind the other")
        .silent("host", host("The host; without it the one before"))
        .usual("subset", filled("A subset of its instances; without it all of them").example("v2"));
    match more {
        0 | 1 => shape.silent("fallback", none("A mistake here: four in a chain are the most")),
        more => shape.silent("fallback", fallback(more.saturating_sub(1))),
    }
}

/// `route[]`: destinations with weights.
fn route() -> Shape {
    let weighted = map("")
        .required("destination", destination(FALLBACKS))
        .usual(
            "weight",
            whole(
                "Its share, in relation to the others' (0 is none); a single destination gets everything",
                0,
                Some(2_147_483_647),
            )
            .example(90),
        )
        .silent("headers", actions::headers("Headers to change for this destination"));
    filled_list("Where requests go; several destinations share them by weight", weighted)
        .also(json!({"destination": {"host": "{app}", "subset": "v2"}, "weight": 10}))
}

/// `http[]`.
fn http() -> Shape {
    let delegate = map("Another router's routes stand here, each block of match combined with these; not beside route, redirect, directResponse")
        .required("name", filled("The other router, which needs no hosts").example("{app}-details"))
        .usual("namespace", filled("Its namespace; this router's without it").example("default"));
    let sent = ["route", "fault", "rewrite"];
    let done = ["route", "redirect", "directResponse", "delegate"].map(|one| json!({"required": [one]}));
    let shape = map("")
        .usual("name", filled("What the route is called in answers and logs").example("canary"))
        .usual(
            "match",
            list(
                "Which requests it is for: one of these blocks must hold. Without it, all that come this far",
                block(),
            ),
        )
        .usual("route", route())
        .never_null("route")
        .more("timeout", duration("The longest that a request may take; 0 or absent is no bound").example("5s"))
        .more("retries", actions::retries())
        .aside("headers", actions::headers("Headers to change"))
        .aside("rewrite", actions::rewrite())
        .aside("fault", actions::fault());
    actions::mirrors(shape)
        .aside("corsPolicy", actions::cors())
        .aside("redirect", actions::redirect())
        .aside("directResponse", actions::direct_response())
        .aside("delegate", delegate)
        .apart("delegate", &["route", "redirect", "directResponse"])
        .apart("redirect", &["directResponse"])
        .apart("redirect", &sent)
        .apart("directResponse", &sent)
        .rule(json!({"anyOf": done}), "one of route, redirect, directResponse, delegate")
}

/// `tls[]` and `tcp[]`.
fn connections(is_tls: bool) -> Shape {
    let (about, blocks) = if is_tls {
        (
            "Routes of TLS connections, by the name that the client asks for",
            filled_list("Which connections it is for: one of these blocks must hold", connection_block(true)),
        )
    } else {
        (
            "Routes of other connections",
            list(
                "Which connections it is for: one of these blocks must hold. Without it, all",
                connection_block(false),
            ),
        )
    };
    let shape = map("");
    let shape = if is_tls { shape.required("match", blocks) } else { shape.usual("match", blocks) };
    let destination = json!([{"destination": {"host": "{app}", "port": {"number": 443}}}]);
    list(about, shape.required("route", route().example(destination)))
}

/// `TrafficRouter` and `VirtualService`.
pub(super) fn router() -> Shape {
    let alone = json!({
        "if": {"not": {"anyOf": [{"required": ["tls"]}, {"required": ["tcp"]}]}},
        "then": {
            "required": ["http"],
            "errorMessage": "at least one route",
            "properties": {"http": {"type": "array", "minItems": 1, "errorMessage": "a list of routes, at least one"}},
        },
    });
    let rest = json!({"name": "everyone", "route": [{"destination": {"host": "{app}", "subset": "v1"}}]});
    map("Which requests to which hosts go where")
        .usual(
            "hosts",
            list("The hosts that callers name, without port, in either case; a `*` may stand at one end. Only a router that others delegate to needs none", hosts(""))
                .example(json!(["{app}"])),
        )
        .aside("gateways", gateways("The gateways that requests come through; without it, mesh"))
        .usual("http", list("Routes, asked in this order: the first that matches is taken", http()).also(rest))
        .aside("tls", connections(true))
        .aside("tcp", connections(false))
        .silent("exportTo", idle("a rule is for its own namespace"))
        .given(alone)
}
