//! The hot calls allocate nothing once a resource is warm. It stands here and not
//! with the core, whose package forbids what counting takes.

#![allow(clippy::unwrap_used)]

use sergo::{Config, Source};
use sergo_border::call::Random;
use sergo_border::{call, close, open};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering};

/// The system's allocator, with a count of what it was asked for.
struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

// SAFETY: every call is passed on to the system's allocator as it is; counting
// allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller keeps the promises that `System` asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the pointer came from `alloc` above, with this layout.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const MILLISECOND: u64 = 1_000_000;

const STRATEGIES: [(&str, &str); 5] = [
    ("RateLimitStrategy", "threshold: 10, statDuration: 1s"),
    ("RateLimitStrategy", "threshold: 1000000, statDuration: 1s"),
    ("ThrottlingStrategy", "minIntervalOfRequests: 2ms, queueTimeout: 1s"),
    ("ConcurrencyLimitStrategy", "maxConcurrency: 4, limitMode: Local"),
    (
        "CircuitBreakerStrategy",
        "strategy: ErrorRequestRatio, triggerRatio: 90%, statDuration: 1s, recoveryTimeout: 5s, minRequestAmount: 4, \
         errorConditions: {errorType: All}",
    ),
];

/// A resource named `0`, `1` ... for each strategy.
fn rules() -> String {
    let mut text = String::new();
    for (number, (kind, spec)) in STRATEGIES.iter().enumerate() {
        let head = "---\napiVersion: fault-tolerance.opensergo.io/v1alpha1\n";
        text += &format!(
            "{head}kind: {kind}\nmetadata: {{name: s{number}}}\nspec: {{{spec}}}\n\
             {head}kind: FaultToleranceRule\nmetadata: {{name: r{number}}}\n\
             spec: {{targets: [{{targetResourceName: '{number}'}}], strategies: [{{name: s{number}}}]}}\n"
        );
    }
    text
}

/// Enters and, where it passes, exits; every third with an error.
fn enter_and_exit(handle: u64, resource: u64, turn: u64) {
    let now = turn * MILLISECOND;
    let entered = call::enter(handle, resource, 1, false, now).unwrap();
    if entered.blocked_by == 0 {
        call::exit(handle, entered.permit, turn.is_multiple_of(3), now + entered.wait).unwrap();
    }
}

// One test, since the count is of the whole process.
#[test]
fn hot_calls_allocate_nothing() {
    entering_and_leaving();
    picking_and_reporting();
}

const ROUTES: &str = "
apiVersion: traffic.opensergo.io/v1alpha1
kind: TrafficRouter
metadata: {name: shop}
spec:
  hosts: [shop]
  http:
  - match: [{headers: {tag: {exact: v2}}}]
    route: [{destination: {host: shop, subset: v2}}]
  - route: [{destination: {host: shop}}]
";

/// A packed request to `shop` with the header `tag: v2`.
fn request() -> Vec<u8> {
    let absent = [0xff; 4];
    let text = |text: &str| [&(text.len() as u32).to_le_bytes()[..], text.as_bytes()].concat();
    let absents = absent.repeat(7);
    [&absent[..], &text("shop"), &absents, &absent, &1u32.to_le_bytes(), &text("tag"), &text("v2")].concat()
}

fn picking_and_reporting() {
    let handle = open(Config::new("demo-app")).unwrap();
    call::apply(handle, &[Source { name: "", text: ROUTES }]).unwrap();
    let instances = r#"[{"id": "1", "labels": {"version": "v2"}}, {"id": "2", "labels": {"version": "v2"}}]"#;
    call::set_instances(handle, "shop", instances).unwrap();
    let block = request();
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    for turn in 0..5_000 {
        let picked = call::pick_id(handle, &block, Random::Seed(turn), turn).unwrap();
        assert!(picked.answer > 0 && (1..=2).contains(&picked.instance));
        call::report_id(handle, "shop", picked.instance, (turn % 5) as u32, turn).unwrap();
    }
    assert_eq!(ALLOCATIONS.load(Ordering::Relaxed) - before, 0);
    close(handle).unwrap();
}

fn entering_and_leaving() {
    let handle = open(Config::new("demo-app")).unwrap();
    let text = rules();
    let report = call::apply(handle, &[Source { name: "", text: &text }]).unwrap();
    assert!(report.contains("\"accepted\":10"), "{report}");
    // The last of the names is one that no rule knows.
    for name in (0..=STRATEGIES.len()).map(|number| number.to_string()) {
        let resource = call::resolve(handle, &name).unwrap();
        for turn in 0..5_000 {
            enter_and_exit(handle, resource, turn);
        }
        let before = ALLOCATIONS.load(Ordering::Relaxed);
        for turn in 5_000..10_000 {
            enter_and_exit(handle, resource, turn);
        }
        assert_eq!(ALLOCATIONS.load(Ordering::Relaxed) - before, 0, "resource {name}");
    }
    close(handle).unwrap();
}
