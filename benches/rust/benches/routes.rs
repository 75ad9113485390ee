//! `make rust-bench`: what finding a route among many costs, with the index and
//! by asking one after the other; what building the index takes, in time and in
//! bytes (`max alloc`); and what a whole `route` and `pick` cost.

use divan::{AllocProfiler, Bencher, black_box};
use sergo::Request;
use sergo::matcher::{Pattern, Text};
use sergo::route::condition::{Condition, HeaderName, Home, Seen};
use sergo::route::rule::{Action, Block, Routes, Rule};
use sergo::{Config, Engine, Instance, Rolls, Source, Tick};
use std::collections::BTreeMap;

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

/// What the routes of a table ask for.
#[derive(Clone, Copy)]
enum Form {
    Exact,
    Prefix,
    Header,
    Mixed,
    Regex,
}

fn condition(form: Form, n: usize) -> Condition {
    let text = match (form, n % 3) {
        (Form::Exact, _) | (Form::Mixed, 0) => Text::Exact(format!("/svc{n}/orders").into()),
        (Form::Prefix, _) | (Form::Mixed, 1) => Text::Prefix(format!("/svc{n}/").into()),
        (Form::Header, _) | (Form::Mixed, _) => {
            return Condition::Header(HeaderName::new("x-user"), Some(Text::Exact(format!("svc{n}").into())));
        }
        (Form::Regex, _) => Text::Regex(Pattern::new(&format!("/svc{n}/[a-z]+(/[0-9]+)?")).expect("a good pattern")),
    };
    Condition::Path(text)
}

fn rules(form: Form, count: usize) -> Vec<Rule> {
    let rule = |n| Rule {
        position: n,
        blocks: vec![Block { conditions: vec![condition(form, n)], prefix: None }],
        action: Action::Answer(0),
    };
    (0..count).map(rule).collect()
}

/// Six headers, of which the last is asked about.
fn six(user: &str) -> [(&'static str, &str); 6] {
    [("accept", "*/*"), ("user-agent", "bench"), ("x-request-id", "7"), ("x-a", "1"), ("x-b", "2"), ("x-user", user)]
}

/// Asks for the last route, with six headers.
fn ask(bencher: Bencher<'_, '_>, form: Form, count: usize, indexed: bool) {
    let routes = Routes::new(rules(form, count));
    let (path, user) = (format!("/svc{}/orders", count - 1), format!("svc{}", count - 1));
    let headers = six(&user);
    let headers = headers.as_slice();
    let request = Request { path: &path, headers: &headers, ..Request::new("shop") };
    let labels = BTreeMap::new();
    bencher.bench_local(|| {
        let seen = Seen::new(black_box(&request), Home { namespace: "default", labels: &labels });
        let found = if indexed { routes.first_match(&seen) } else { routes.linear_match(&seen) };
        found.map(|(rule, _)| rule.position)
    });
}

/// Builds the index of routes that are there.
fn build(bencher: Bencher<'_, '_>, form: Form, count: usize) {
    let rules = rules(form, count);
    bencher.with_inputs(|| rules.clone()).bench_local_values(Routes::new);
}

/// An engine with one router of mixed routes, and ten instances where they lead.
fn engine(count: usize) -> Engine {
    let mut text = String::from(
        "{apiVersion: traffic.opensergo.io/v1alpha1, kind: TrafficRouter, metadata: {name: shop}, spec: {hosts: [shop], http: [",
    );
    for n in 0..count {
        let matches = match n % 3 {
            0 => format!("uri: {{exact: /svc{n}/orders}}"),
            1 => format!("uri: {{prefix: /svc{n}/}}"),
            _ => format!("headers: {{x-user: {{exact: svc{n}}}}}"),
        };
        text += &format!("{{match: [{{{matches}}}], route: [{{destination: {{host: backend, subset: v1}}}}]}},\n");
    }
    text += "]}}";
    let engine = Engine::new(Config::new("bench-app"));
    let report = engine.apply(&[Source { name: "routes.yaml", text: &text }]);
    assert!(report.accepted == 1 && report.warnings.is_empty(), "{report:?}");
    let instance = |n| Instance {
        id: format!("10.0.0.{n}:8080"),
        labels: [("version".to_owned(), "v1".to_owned())].into(),
        healthy: true,
        weight: 1,
        zone: None,
    };
    engine.set_instances("backend", (0..10).map(instance).collect());
    engine
}

/// Asks an engine for the last route, with six headers.
fn whole<T>(bencher: Bencher<'_, '_>, count: usize, ask: impl Fn(&Engine, &Request<'_>, &mut Rolls<'_>) -> Option<T>) {
    let engine = engine(count);
    let (path, user) = (format!("/svc{}/orders", count - 1), format!("svc{}", count - 1));
    let headers = six(&user);
    let headers = headers.as_slice();
    let request = Request { path: &path, headers: &headers, ..Request::new("shop") };
    let mut rolls = Rolls::seeded(7);
    bencher.bench_local(|| ask(&engine, black_box(&request), &mut rolls).expect("a route"));
}

/// `Engine::route`: host, route, destination.
#[divan::bench(args = MANY)]
fn route(bencher: Bencher<'_, '_>, count: usize) {
    whole(bencher, count, |engine, request, rolls| engine.route(request, rolls, Tick(0)));
}

/// `Engine::pick_id` and its report: the instance as well.
#[divan::bench(args = MANY)]
fn pick(bencher: Bencher<'_, '_>, count: usize) {
    whole(bencher, count, |engine, request, rolls| {
        let picked = engine.pick_id(request, rolls, Tick(0))?;
        engine.report_id("backend", picked.endpoint.health.number(), sergo::CallOutcome::Success, Tick(0));
        Some(())
    });
}

macro_rules! tables {
    ($($name:ident, $linear:ident, $build:ident, $form:ident, $counts:expr;)*) => { $(
        #[divan::bench(args = $counts)]
        fn $name(bencher: Bencher<'_, '_>, count: usize) {
            ask(bencher, Form::$form, count, true);
        }

        #[divan::bench(args = $counts)]
        fn $linear(bencher: Bencher<'_, '_>, count: usize) {
            ask(bencher, Form::$form, count, false);
        }

        #[divan::bench(args = $counts, max_time = 1)]
        fn $build(bencher: Bencher<'_, '_>, count: usize) {
            build(bencher, Form::$form, count);
        }
    )* };
}

const MANY: [usize; 5] = [10, 100, 1_000, 10_000, 50_000];
/// A pattern takes some ten kilobytes.
const PATTERNS: [usize; 3] = [10, 100, 1_000];

tables! {
    exact, exact_linear, exact_build, Exact, MANY;
    prefix, prefix_linear, prefix_build, Prefix, MANY;
    header, header_linear, header_build, Header, MANY;
    mixed, mixed_linear, mixed_build, Mixed, MANY;
    regex, regex_linear, regex_build, Regex, PATTERNS;
}
