//! Tables of routes against requests near their edges: the index answers as
//! asking one route after the other, and the parts of a request that a host's
//! routes are said to look at are all that they look at.

use serde_json::{Map, Value, json};
use sergo::{Answer, Config, Engine, Request, Rolls, Source, Tick};

/// The most lines of an input: a table is bounded by whoever writes it.
const MOST: usize = 200;
const LONGEST: usize = 256;

/// A request and its table. Each line of the bytes up to `=` is a condition:
///
/// - `p` path, `P` path in any case, `m` method, `s` scheme, each with a form (`e`,
///   `p` or `r`) and a text: `pe /a`;
/// - `h` header, `w` header that must not be so, `q` query parameter, each with a
///   form (`a` for any), a name and a text: `hr tag v[0-9]`;
/// - `-` ends a match block, `--` a route.
///
/// Behind `=` stand the path, the method and headers as `name: value`.
pub fn routes(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let lines: Vec<&str> = text.split('\n').collect();
    if lines.len() > MOST || lines.iter().any(|line| line.len() > LONGEST) {
        return;
    }
    let (table, request) = match lines.iter().position(|line| *line == "=") {
        Some(at) => (&lines[..at], &lines[at + 1..]),
        None => (&lines[..], &[][..]),
    };
    let document = document(table);
    let engine = Engine::new(Config::new("demo-app"));
    if engine.apply(&[Source { name: "fuzz", text: &document.to_string() }]).accepted != 1 {
        return;
    }
    let path = request.first().copied().unwrap_or("/");
    let method = request.get(1).copied().unwrap_or("GET");
    let headers: Vec<(&str, &str)> = request
        .iter()
        .skip(2)
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name, value.trim()))
        .collect();
    let headers = headers.as_slice();
    let request = Request { path, method, headers: &headers, ..Request::new("svc") };
    let chosen = chosen(&engine, &request);
    let explained = engine.explain_route(&request, &mut Rolls::given(&[]), Tick(0));
    assert_eq!(chosen, explained.position, "indexed, and one after the other: {document}");
    assert!(!explained.to_string().is_empty());

    // Only what is required need be there.
    let required = engine.required("svc");
    let few: Vec<(&str, &str)> =
        headers.iter().copied().filter(|(name, _)| required.headers.contains(&name.to_ascii_lowercase())).collect();
    let few = few.as_slice();
    assert_eq!(chosen, self::chosen(&engine, &Request { headers: &few, ..request }), "{required:?}: {document}");
}

/// The number of the route that takes the request.
fn chosen(engine: &Engine, request: &Request<'_>) -> Option<usize> {
    let id = engine.route(request, &mut Rolls::given(&[]), Tick(0))?;
    match &*engine.answer(id).unwrap() {
        Answer::To { route, .. } => Some(route.as_ref().unwrap().parse().unwrap()),
        other => panic!("{other:?}"),
    }
}

fn document(table: &[&str]) -> Value {
    let mut routes: Vec<Vec<Value>> = vec![Vec::new()];
    let mut block = Map::new();
    for line in table {
        match *line {
            "-" => routes.last_mut().unwrap().push(Value::Object(std::mem::take(&mut block))),
            "--" => {
                routes.last_mut().unwrap().push(Value::Object(std::mem::take(&mut block)));
                routes.push(Vec::new());
            }
            line => condition(&mut block, line),
        }
    }
    if !block.is_empty() {
        routes.last_mut().unwrap().push(Value::Object(block));
    }
    let http = routes.into_iter().enumerate().map(|(number, blocks)| {
        let mut route = json!({"name": number.to_string(), "route": [{"destination": {"host": "there"}}]});
        if !blocks.is_empty() {
            route["match"] = blocks.into();
        }
        route
    });
    json!({
        "apiVersion": "traffic.opensergo.io/v1alpha1",
        "kind": "TrafficRouter",
        "metadata": {"name": "r"},
        "spec": {"hosts": ["svc"], "http": http.collect::<Vec<_>>()},
    })
}

fn condition(block: &mut Map<String, Value>, line: &str) {
    let mut parts = line.splitn(2, ' ');
    let (what, rest) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let (what, form) = what.split_at_checked(1).unwrap_or_default();
    let text = |text: &str| match form {
        "e" => json!({"exact": text}),
        "p" => json!({"prefix": text}),
        "r" => json!({"regex": text}),
        _ => json!({}),
    };
    let mut named = |map: &str| {
        let (name, value) = rest.split_once(' ').unwrap_or((rest, ""));
        let map = block.entry(map).or_insert_with(|| json!({}));
        map[name] = text(value);
    };
    match what {
        "h" => named("headers"),
        "w" => named("withoutHeaders"),
        "q" => named("queryParams"),
        "p" | "P" => {
            block.insert("uri".to_owned(), text(rest));
            if what == "P" {
                block.insert("ignoreUriCase".to_owned(), true.into());
            }
        }
        "m" => drop(block.insert("method".to_owned(), text(rest))),
        "s" => drop(block.insert("scheme".to_owned(), text(rest))),
        _ => {}
    }
}
