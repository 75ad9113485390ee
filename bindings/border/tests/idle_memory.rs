//! What a governed resource costs while nobody asks for it. It stands here and
//! not with the core, whose package forbids what counting takes.

#![allow(clippy::arithmetic_side_effects, clippy::panic, clippy::unwrap_used)]

use sergo::{Ask, Config, Decision, Engine, Source, Tick};
use std::alloc::{GlobalAlloc, Layout, System};
use std::fmt::Write;
use std::sync::atomic::{AtomicIsize, Ordering};

/// The system's allocator, with a count of the bytes that are held.
struct Counting;

static HELD: AtomicIsize = AtomicIsize::new(0);

/// What an allocation takes: whole units of 16 bytes, and the size before it.
fn taken(size: usize) -> isize {
    isize::try_from((size + 8).next_multiple_of(16).max(32)).unwrap_or(isize::MAX)
}

// SAFETY: every call is passed on to the system's allocator as it is; counting
// allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        HELD.fetch_add(taken(layout.size()), Ordering::Relaxed);
        // SAFETY: the caller keeps the promises that `System` asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        HELD.fetch_sub(taken(layout.size()), Ordering::Relaxed);
        // SAFETY: the pointer came from `alloc` above, with this layout.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const RESOURCES: usize = 50_000;

fn held() -> isize {
    HELD.load(Ordering::Relaxed)
}

const LIMIT: &str = "---\napiVersion: fault-tolerance.opensergo.io/v1alpha1\nkind: RateLimitStrategy\n\
    metadata: {name: l}\nspec: {threshold: 4000, statDuration: 1s}\n";

/// The most that one resource may hold for a limit above 4,096: 512 slices of 8
/// bytes, its counters and the histogram of its response times.
const SLICED: isize = 16_384;

/// A limit for each of so many resources, in one rule.
fn rules(resources: usize) -> String {
    let mut text = format!(
        "{LIMIT}---\napiVersion: fault-tolerance.opensergo.io/v1alpha1\nkind: FaultToleranceRule\n\
         metadata: {{name: r}}\nspec:\n  strategies: [{{name: l}}]\n  targets:\n"
    );
    for number in 0..resources {
        writeln!(text, "  - targetResourceName: GET:/orders/{number:05}").unwrap();
    }
    text
}

// One test, since the count is of the whole process.
#[test]
fn memory_is_bounded_by_the_names_in_rules_and_not_by_traffic() {
    let engine = Engine::new(Config::new("demo-app"));
    let apply = |text: &str| engine.apply(&[Source { name: "", text }]).accepted;
    assert_eq!(apply(&rules(1)), 2);
    let before = held();
    let text = rules(RESOURCES);
    assert_eq!(apply(&text), 2);
    drop(text);
    let each = (held() - before) / isize::try_from(RESOURCES).unwrap();
    println!("{each} bytes for each idle resource");
    assert!(each < 600, "{each} bytes for each idle resource");

    // The same again, ten times: nothing piles up.
    let before = held();
    for _ in 0..10 {
        assert_eq!(apply(&rules(RESOURCES)), 2);
    }
    let more = held() - before;
    assert!(more < 1_000_000, "{more} bytes more after ten reloads");

    // Resources that no rule names leave nothing behind.
    let before = held();
    for number in 0..100_000 {
        let name = format!("unknown-{number}");
        let Decision::Pass(mut permit) = engine.enter(&name, Ask::default(), Tick(number)) else { panic!() };
        engine.exit(&mut permit, sergo::Outcome::default(), Tick(number + 1));
    }
    assert!(held() - before < 4096, "{} bytes more after unknown resources", held() - before);

    // A resource in use holds what it admitted, not what it might.
    let before = held();
    for number in 0..10 {
        let decision = engine.enter("GET:/orders/00001", Ask::default(), Tick(number));
        assert!(matches!(decision, Decision::Pass(_)));
    }
    assert!(held() - before < 2048, "{} bytes more after ten entries", held() - before);

    // Nor does the threshold matter: idle, a million takes no more.
    let before = held();
    let million = |resources| rules(resources).replace("threshold: 4000", "threshold: 1000000");
    assert_eq!(apply(&million(RESOURCES)), 2);
    let more = held() - before;
    assert!(more < 1_000_000, "{more} bytes more for thresholds of a million");

    // In use, what is kept of a million is slices, however many come.
    let before = held();
    for round in 1..=3 {
        for number in 0..1_000_000 {
            let decision = engine.enter("GET:/orders/00002", Ask::default(), Tick(round * 10_000_000_000 + number));
            assert!(matches!(decision, Decision::Pass(_)));
        }
        assert!(held() - before < SLICED, "{} bytes more after millions of entries", held() - before);
    }

    // Names that are gone hold nothing, however many came and went: their seats
    // are taken by others.
    apply(&rules(1));
    let before = held();
    for round in 0..300 {
        let renamed = rules(100).replace("/orders/", &format!("/round-{round}/"));
        assert_eq!(apply(&renamed), 2);
        for number in 0..100 {
            let name = format!("GET:/round-{round}/{number:05}");
            let decision = engine.enter(&name, Ask::default(), Tick(round));
            assert!(matches!(decision, Decision::Pass(_)), "{name}");
        }
    }
    apply(&rules(1));
    // The events that nobody drained are bounded, too.
    drop(engine.drain_events());
    let left = held() - before;
    let seats = 100 * 64;
    assert!(left < seats + 8192, "{left} bytes more after 30,000 names came and went");
}
