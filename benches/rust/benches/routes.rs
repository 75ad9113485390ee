//! `make rust-bench`: what finding a route among many costs, with the index and
//! by asking one after the other.

use divan::{Bencher, black_box};
use sergo::Request;
use sergo::matcher::{Pattern, Text};
use sergo::route::condition::{Condition, HeaderName, Home, Seen};
use sergo::route::rule::{Action, Block, Routes, Rule};
use std::collections::BTreeMap;

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

fn routes(form: Form, count: usize) -> Routes {
    let rule = |n| Rule {
        position: n,
        blocks: vec![Block { conditions: vec![condition(form, n)], prefix: None }],
        action: Action::Answer(0),
    };
    Routes::new((0..count).map(rule).collect())
}

/// Asks for the last route, with six headers.
fn ask(bencher: Bencher<'_, '_>, form: Form, count: usize, indexed: bool) {
    let routes = routes(form, count);
    let (path, user) = (format!("/svc{}/orders", count - 1), format!("svc{}", count - 1));
    let headers: &[(&str, &str)] = &[
        ("accept", "*/*"),
        ("user-agent", "bench"),
        ("x-request-id", "7"),
        ("x-a", "1"),
        ("x-b", "2"),
        ("x-user", &user),
    ];
    let request = Request { path: &path, headers: &headers, ..Request::new("shop") };
    let labels = BTreeMap::new();
    bencher.bench_local(|| {
        let seen = Seen::new(black_box(&request), Home { namespace: "default", labels: &labels });
        let found = if indexed { routes.first_match(&seen) } else { routes.linear_match(&seen) };
        found.map(|(rule, _)| rule.position)
    });
}

macro_rules! tables {
    ($($name:ident, $linear:ident, $form:ident, $counts:expr;)*) => { $(
        #[divan::bench(args = $counts)]
        fn $name(bencher: Bencher<'_, '_>, count: usize) {
            ask(bencher, Form::$form, count, true);
        }

        #[divan::bench(args = $counts)]
        fn $linear(bencher: Bencher<'_, '_>, count: usize) {
            ask(bencher, Form::$form, count, false);
        }
    )* };
}

const MANY: [usize; 5] = [10, 100, 1_000, 10_000, 50_000];
/// A pattern takes some ten kilobytes.
const PATTERNS: [usize; 3] = [10, 100, 1_000];

tables! {
    exact, exact_linear, Exact, MANY;
    prefix, prefix_linear, Prefix, MANY;
    header, header_linear, Header, MANY;
    mixed, mixed_linear, Mixed, MANY;
    regex, regex_linear, Regex, PATTERNS;
}
