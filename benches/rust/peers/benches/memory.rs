//! What sergo takes of memory: bytes for a resource that is governed and idle, and
//! allocations for an entry and its exit. Prints a line of JSON for each.

use sergo::{Ask, Decision, Outcome, Seen, Tick};
use sergo_peers::{RULES, Timed};
use std::alloc::{GlobalAlloc, Layout, System};
use std::fmt::Write;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Counts what the system's allocator gives.
struct Counting;

static CALLS: AtomicUsize = AtomicUsize::new(0);
static LIVE: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call is handed on as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        CALLS.fetch_add(1, Relaxed);
        LIVE.fetch_add(layout.size(), Relaxed);
        // SAFETY: as the caller has it.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Relaxed);
        // SAFETY: as the caller has it.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What an engine with this many governed resources holds, its rules included.
fn bytes(resources: usize) -> usize {
    let mut rules = String::from(RULES)
        + "---\napiVersion: fault-tolerance.opensergo.io/v1alpha1\nkind: FaultToleranceRule\nmetadata: {name: many}\nspec:\n  strategies: [{name: wide, kind: RateLimitStrategy}, {name: closed, kind: CircuitBreakerStrategy}]\n  targets:\n";
    for number in 0..resources {
        writeln!(rules, "  - {{targetResourceName: 'GET:/svc{number:06}/orders'}}").expect("a text takes any text");
    }
    let before = LIVE.load(Relaxed);
    let timed = Timed::under(&rules);
    let after = LIVE.load(Relaxed);
    drop(timed);
    after - before
}

fn main() {
    const FEW: usize = 10;
    const MANY: usize = 10_010;
    let each = (bytes(MANY) - bytes(FEW)) as f64 / (MANY - FEW) as f64;
    println!(r#"{{"id": "sergo/limit+breaker/idle", "value": {each:.1}, "unit": "bytes"}}"#);

    // By a clock of its own: a call that takes longer than those before may want a
    // bucket of response times that is not made yet, once.
    const TIMES: u64 = 10_000;
    let Timed { engine, .. } = Timed::under(RULES);
    let (both, mut seen) = (engine.resolve("GET:/both"), Seen::default());
    let mut enter_and_exit = |time: u64| {
        let decision = engine.see(&mut seen).enter_id(both, Ask::default(), Tick(time * 1_000));
        let Ok(Decision::Pass(mut permit)) = decision else { panic!("{decision:?}") };
        engine.see(&mut seen).exit(&mut permit, Outcome::default(), Tick(time * 1_000 + 100));
    };
    (0..TIMES).for_each(&mut enter_and_exit);
    let before = CALLS.load(Relaxed);
    (TIMES..2 * TIMES).for_each(&mut enter_and_exit);
    let each = (CALLS.load(Relaxed) - before) as f64 / TIMES as f64;
    println!(r#"{{"id": "sergo/limit+breaker/pass", "value": {each}, "unit": "allocations"}}"#);
}
