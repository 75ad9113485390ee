//! What sergo takes of memory: bytes for a resource that is governed and idle, and
//! allocations for an entry and its exit. Prints a line of JSON for each.

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

    let timed = Timed::under(RULES);
    let mut caller = timed.caller();
    let both = timed.engine.resolve("GET:/both");
    const TIMES: usize = 10_000;
    // What is made when it is first used, such as the buckets of response times.
    for _ in 0..TIMES {
        assert!(caller.enter_and_exit(both));
    }
    let before = CALLS.load(Relaxed);
    for _ in 0..TIMES {
        assert!(caller.enter_and_exit(both));
    }
    let each = (CALLS.load(Relaxed) - before) as f64 / TIMES as f64;
    println!(r#"{{"id": "sergo/limit+breaker/pass", "value": {each}, "unit": "allocations"}}"#);
}
