//! What is asked of a request: string matches and the blocks that they stand in.

use super::scalar::{anything, boolean, filled, hosts, like, port, subnet, text, texts, whole_or_text};
use super::shape::{Shape, filled_list, list, map};
use serde_json::json;

/// Whether an empty prefix asks for something: of a path it does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Prefix {
    MayBeEmpty,
    Filled,
}

const FORMS: &str = "Exactly one of exact, prefix and regex";
const ONE: &str = "exactly one of exact, prefix and regex";

/// A string match; an empty one asks only that something is there.
fn string(about: &str, prefix: Prefix) -> Shape {
    let prefix = match prefix {
        Prefix::MayBeEmpty => text(""),
        Prefix::Filled => filled(""),
    };
    map(about)
        .silent("exact", text("The whole value"))
        .silent("prefix", prefix.about("How the value begins, byte by byte"))
        .silent("regex", filled("A regular expression of RE2 that the whole value matches"))
        .never_null("exact")
        .never_null("prefix")
        .never_null("regex")
        .rule(json!({"maxProperties": 1}), ONE)
}

fn attribute(about: &str) -> Shape {
    string(&format!("{about}. {FORMS}"), Prefix::Filled)
}

/// A string match that must ask for something.
pub(super) fn text_match(about: &str) -> Shape {
    attribute(about).rule(json!({"minProperties": 1}), ONE)
}

fn uri() -> Shape {
    string(
        &format!("The path, without the query. {FORMS}; a prefix counts bytes: /foo is one of /foobar, too"),
        Prefix::MayBeEmpty,
    )
    .example(json!({"prefix": "/api/"}))
}

/// Names, each with a string match, or with nothing where it need only be there.
fn named(about: &str) -> Shape {
    map(about).others(attribute("The value; {} is any").or_nothing()).keyword("propertyNames", json!({"minLength": 1}))
}

/// The parts of a request that current and older blocks share.
fn parts(shape: Shape) -> Shape {
    shape
        .usual("uri", uri())
        .more("ignoreUriCase", boolean("Whether an exact path and a prefix match in either case").default(false))
        .aside("scheme", attribute("http or https").example(json!({"exact": "https"})))
        .more("method", attribute("The method, in capitals").example(json!({"regex": "GET|HEAD"})))
        .aside(
            "authority",
            attribute("The host as it was sent, port included").example(json!({"exact": "{app}.example.com"})),
        )
}

/// `sourceLabels`, `sourceNamespace` and `gateways`.
fn caller(shape: Shape) -> Shape {
    shape
        .aside(
            "sourceLabels",
            texts("Labels that the caller's workload bears, all of them").example(json!({"version": "v1"})),
        )
        .aside("sourceNamespace", filled("The caller's namespace").example("default"))
        .aside("gateways", gateways("The gateways that the request comes through, in the place of spec.gateways"))
}

/// Names of gateways.
pub(super) fn gateways(about: &str) -> Shape {
    list(&format!("{about}; `mesh` is every service"), filled("")).example(json!(["mesh"]))
}

/// `match[]` of an HTTP route.
pub(super) fn block() -> Shape {
    let shape = parts(map("All that stands in a block must hold"))
        .usual(
            "headers",
            named("Headers by name, in either case; several values are joined with `,`. {} is any value")
                .example(json!({"x-user-type": {"exact": "tester"}})),
        )
        .aside(
            "withoutHeaders",
            named("Headers that must not match; {} must not be there").example(json!({"x-robot": {}})),
        )
        .aside(
            "queryParams",
            named("Parameters of the query by name, as they are sent, not decoded; the first of a name")
                .example(json!({"beta": {"exact": "1"}})),
        )
        .aside("port", port("The port that the request is for").example(8080));
    caller(shape).silent("name", anything("A name for logs")).silent("statPrefix", anything("A name for statistics"))
}

/// A string match, or a text that is meant exactly.
fn older_string(about: &str) -> Shape {
    text(about).or(attribute(about))
}

/// Names with string matches as the older kinds write them: a map, or a list of
/// maps with one name each, beside which its match may stand.
fn older_strings(about: &str) -> Shape {
    let forms = json!([{"required": ["exact"]}, {"required": ["prefix"]}, {"required": ["regex"]}]);
    let item = map("").others(older_string("").or_nothing()).rule(
        json!({"anyOf": [
            {"minProperties": 1, "maxProperties": 1, "not": {"anyOf": forms}},
            {"minProperties": 2, "maxProperties": 2, "oneOf": forms},
        ]}),
        "a map with one name, beside which one of exact, prefix, regex may stand",
    );
    list(about, item).or(map("").others(older_string("").or_nothing()))
}

/// A block as the older kinds and lanes write it.
pub(super) fn older_block() -> Shape {
    parts(map("All that stands in a block must hold"))
        .usual(
            "headers",
            older_strings(
                "Headers by name, each with a text, or exactly one of exact, prefix and regex; {} is any value",
            )
            .example(json!({"x-user-type": {"exact": "tester"}})),
        )
        .silent("header", older_strings("The same as headers"))
        .aside(
            "withoutHeaders",
            older_strings("Headers that must not match; {} must not be there").example(json!({"x-robot": {}})),
        )
        .aside(
            "queryParams",
            older_strings("Parameters of the query by name, as they are sent; the first of a name")
                .example(json!({"beta": {"exact": "1"}})),
        )
        .aside(
            "sourceLabels",
            older_strings("Labels of the caller's workload, all of them").example(json!({"version": {"exact": "v1"}})),
        )
        .silent("name", anything("A name for logs"))
}

/// A block of a remote call.
pub(super) fn rpc_block() -> Shape {
    let argument = map("")
        .required("index", whole_or_text("The position of the argument, from 0", None).example(0))
        .usual("type", older_string("Its type").example("java.lang.String"))
        .usual("value", older_string("Its value").example(json!({"prefix": "VIP-"})));
    let method = map("")
        .more("service", older_string("The service that the method is of").example("com.example.CartService"))
        .usual("name", older_string("The method").example("add"))
        .silent("methodName", older_string("The same as name"))
        .more("args", list("What is asked of the arguments, all of it", argument));
    map("All that stands in a block must hold")
        .usual(
            "services",
            list("The service, one of these", older_string("").rule(json!({"minProperties": 1}), ONE))
                .example(json!(["com.example.CartService"])),
        )
        .more("methods", list("The method, one of these", method))
        .aside(
            "attachments",
            older_strings("What the call carries beside its arguments, by name")
                .example(json!({"tag": {"exact": "gray"}})),
        )
        .aside("headers", older_strings("Headers by name").example(json!({"x-user-type": {"exact": "tester"}})))
        .aside(
            "sourceLabels",
            older_strings("Labels of the caller's workload, all of them").example(json!({"version": {"exact": "v1"}})),
        )
        .silent("name", anything("A name for logs"))
}

/// `match[]` of a connection; one of TLS says for which names it is.
pub(super) fn connection_block(is_tls: bool) -> Shape {
    let shape = map("All that stands in a block must hold");
    let shape = if is_tls {
        let names = filled_list("The names that clients ask for, which are among spec.hosts", hosts(""));
        shape.required("sniHosts", names.example(json!(["{app}"])))
    } else {
        shape
    };
    let shape = shape
        .usual("port", port("The port that the connection is for").example(443))
        .aside(
            "destinationSubnets",
            list("The addresses that the connection is for", subnet("")).example(json!(["10.1.0.0/16"])),
        )
        .aside("sourceSubnet", subnet("The addresses that it comes from"));
    caller(shape)
}

/// The name of a header under which something travels.
pub(super) fn header_key(about: &str) -> Shape {
    like(about, r"^[A-Za-z0-9!#$%&'*+\-.^_`|~]{1,256}$", "the name of a header")
}
