//! How much `sergo check` does: it is counted in allocations, which no other
//! work of the machine changes.

use std::alloc::{GlobalAlloc, Layout, System};
use std::fmt::Write;
use std::sync::atomic::{AtomicUsize, Ordering};

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

struct Counting;

// SAFETY: the system's allocator does all of it; counting changes nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// This many rules, each with a limit and a breaker of its own that names have
/// mistakes in, and as many routes of one router.
fn rules(count: usize) -> String {
    let mut text = String::new();
    for i in 0..count {
        let _ = write!(
            text,
            "apiVersion: fault-tolerance.opensergo.io/v1alpha1\nkind: RateLimitStrategy\nmetadata: {{name: l{i}}}\n\
             spec: {{threshold: {i}.5, statDuration: 1s, note: a}}\n---\n\
             apiVersion: fault-tolerance.opensergo.io/v1alpha1\nkind: CircuitBreakerStrategy\nmetadata: {{name: b{i}}}\n\
             spec: {{strategy: ErrorRequestRatio, triggerRatio: 50%, statDuration: 30, recoveryTimeout: 5s, minRequestAmount: 9}}\n---\n\
             apiVersion: fault-tolerance.opensergo.io/v1alpha1\nkind: FaultToleranceRule\nmetadata: {{name: r{i}}}\n\
             spec: {{targets: [{{targetResourceName: /all}}, {{targetResourceName: '/r{i}'}}], strategies: [{{name: l{i}}}, {{name: b{i}}}]}}\n---\n"
        );
    }
    text.push_str("apiVersion: traffic.opensergo.io/v1alpha1\nkind: TrafficRouter\nmetadata: {name: a}\nspec:\n  hosts: [a]\n  http:\n");
    for i in 0..count {
        let _ = writeln!(text, "  - {{match: [{{uri: {{prefix: /r{i}/}}}}], route: [{{destination: {{host: a}}}}]}}");
    }
    text
}

fn allocations(count: usize) -> usize {
    let text = rules(count);
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    let told = sergo_cli::check_in_every_format(&text);
    assert!(told.iter().all(|told| told.matches("missing-unit").count() >= count), "every one of them is told of");
    ALLOCATIONS.load(Ordering::Relaxed) - before
}

/// Limits of one target are compared with a few others and not with all, so that
/// twice the documents are about twice the work.
#[test]
fn the_work_grows_with_the_documents_and_not_faster() {
    let (some, twice) = (allocations(500), allocations(1000));
    assert!(twice < some * 5 / 2, "{some} allocations for 1,501 documents, {twice} for 3,001");
}
