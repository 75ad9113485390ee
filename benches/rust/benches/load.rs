//! `make rust-bench`: what it takes until rules are in force, all of them and
//! with one of many changed.

use divan::{Bencher, black_box};
use sergo::{Config, Engine, Source};
use std::fmt::Write;

fn main() {
    divan::main();
}

/// What the documents are.
#[derive(Clone, Copy, Debug)]
enum Form {
    /// A rule and the strategy that it names, for a resource of its own.
    Limits,
    /// A router of one route, for a host of its own.
    Routers,
    /// One router with as many routes.
    Routes,
}

const FORMS: [Form; 3] = [Form::Limits, Form::Routers, Form::Routes];
/// How many documents; with `Routes`, how many routes.
const COUNT: usize = 10_000;

/// The documents, the one in the middle with this number in it.
fn text(form: Form, changed: usize) -> String {
    let mut text = String::new();
    if matches!(form, Form::Routes) {
        text.push_str(
            "apiVersion: traffic.opensergo.io/v1alpha1\nkind: TrafficRouter\nmetadata:\n  name: all\nspec:\n  hosts:\n  - shop\n  http:\n",
        );
    }
    let count = if matches!(form, Form::Limits) { COUNT / 2 } else { COUNT };
    for n in 0..count {
        let own = if n == count / 2 { changed } else { 7 };
        let written = match form {
            Form::Limits => write!(
                text,
                "apiVersion: fault-tolerance.opensergo.io/v1alpha1\nkind: RateLimitStrategy\nmetadata:\n  name: limit-{n}\nspec:\n  metricType: RequestAmount\n  limitMode: Local\n  threshold: {own}\n  statDurationSeconds: 1\n---\n\
                 apiVersion: fault-tolerance.opensergo.io/v1alpha1\nkind: FaultToleranceRule\nmetadata:\n  name: rule-{n}\nspec:\n  targets:\n  - targetResourceName: 'GET:/svc{n}/orders'\n  strategies:\n  - name: limit-{n}\n    kind: RateLimitStrategy\n---\n"
            ),
            Form::Routers => write!(
                text,
                "apiVersion: traffic.opensergo.io/v1alpha1\nkind: TrafficRouter\nmetadata:\n  name: router-{n}\nspec:\n  hosts:\n  - svc{n}\n  http:\n  - match:\n    - headers:\n        x-user:\n          exact: user-{own}\n    route:\n    - destination:\n        host: svc{n}\n        subset: v2\n---\n"
            ),
            Form::Routes => write!(
                text,
                "  - match:\n    - uri:\n        exact: /svc{n}/orders/{own}\n    route:\n    - destination:\n        host: svc{n}\n        subset: v2\n"
            ),
        };
        written.expect("a text takes any text");
    }
    text
}

fn engine() -> Engine {
    Engine::new(Config::new("bench-app"))
}

fn load(engine: &Engine, text: &str) {
    let report = engine.apply(&[Source { name: "rules.yaml", text: black_box(text) }]);
    assert!(report.rejected.is_empty() && report.waiting.is_empty() && report.warnings.is_empty(), "{report:?}");
}

/// All rules, into an engine without any.
#[divan::bench(args = FORMS, sample_count = 10, sample_size = 1)]
fn first(bencher: Bencher<'_, '_>, form: Form) {
    let text = text(form, 7);
    bencher.with_inputs(engine).bench_values(|engine| {
        load(&engine, &text);
        engine
    });
}

/// All rules again, with one of them changed.
#[divan::bench(args = FORMS, sample_count = 10, sample_size = 1)]
fn one_changed(bencher: Bencher<'_, '_>, form: Form) {
    let texts = [text(form, 7), text(form, 8)];
    let engine = engine();
    load(&engine, &texts[0]);
    let mut turn = 0usize;
    bencher.bench_local(|| {
        turn = turn.wrapping_add(1);
        load(&engine, &texts[turn % 2]);
    });
}

/// The same rules again.
#[divan::bench(args = FORMS, sample_count = 10, sample_size = 1)]
fn none_changed(bencher: Bencher<'_, '_>, form: Form) {
    let text = text(form, 7);
    let engine = engine();
    load(&engine, &text);
    bencher.bench_local(|| load(&engine, &text));
}
