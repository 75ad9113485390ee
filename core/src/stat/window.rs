//! The completions of the last while, good and bad, in ten slices.

use super::cell::{Cell, is_newer};
use crate::sync::{AtomicU64, OnceLock, Ordering, fence};
use crate::time::{Span, Tick};

/// How many slices a window has.
const SLICES: u64 = 10;
/// How many cells there are: slices that left are kept a little, so that a
/// clock which is read out of order finds its slice.
const CELLS: u64 = 16;

const COUNT_BITS: u32 = 32;
const LIFE_BITS: u32 = 8;
const LIFE_MASK: u64 = (1 << LIFE_BITS) - 1;
const LAP_MASK: u64 = u64::MAX >> COUNT_BITS >> LIFE_BITS;

type Count = Cell<COUNT_BITS>;

/// Completions by slice. Slices are aligned to multiples of a tenth of the
/// window since the engine was made; a completion counts while its slice is the
/// current one or one of the nine before.
#[derive(Debug)]
pub struct Window {
    length: Span,
    /// How often it was emptied: cells of an earlier life are empty.
    life: AtomicU64,
    /// The slice after the newest that anything bad was counted in, of any life.
    bad_before: AtomicU64,
    /// Made for the first completion: a window that nobody uses is small.
    cells: OnceLock<Box<Cells>>,
}

/// By slice: all completions, and the bad ones.
type Cells = [(Count, Count); CELLS as usize];

/// What a window holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Completions {
    /// All of them.
    pub total: u64,
    /// The bad ones.
    pub bad: u64,
}

/// A period between two times that the window was emptied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Life(u64);

impl Window {
    /// An empty window of this length.
    #[must_use]
    pub fn new(length: Span) -> Window {
        Window { length, life: AtomicU64::new(0), bad_before: AtomicU64::new(0), cells: OnceLock::new() }
    }

    /// Its length.
    #[must_use]
    pub fn length(&self) -> Span {
        self.length
    }

    /// The present life, for [`add`](Self::add).
    #[must_use]
    pub fn life(&self) -> Life {
        Life(self.life.load(Ordering::Acquire))
    }

    /// Forgets all completions, and those of the lives so far that are still
    /// to be added.
    pub fn empty(&self) {
        self.life.fetch_add(1, Ordering::AcqRel);
    }

    /// Counts a completion of this life at `now`, and says what the window then
    /// holds; `None` where none of it is bad.
    pub fn add(&self, life: Life, bad: bool, now: Tick) -> Option<Completions> {
        let slice = now.slice(self.length, SLICES);
        if bad {
            // Before it is counted: whoever is counted after it in a slice sees it here.
            self.bad_before.fetch_max(slice.saturating_add(1), Ordering::AcqRel);
        }
        let cells = self.cells.get_or_init(Box::default);
        if let Some((total, bads)) = cells.get((slice % CELLS) as usize) {
            let (tag, lap) = (tag(life, slice), slice / CELLS);
            // A cell of a later life, or of a later slice, is not to be spoilt.
            let late = |found: u64| match (found & LIFE_MASK) == (life.0 & LIFE_MASK) {
                true => is_newer(found >> LIFE_BITS, lap & LAP_MASK, LAP_MASK),
                false => is_newer(found & LIFE_MASK, life.0 & LIFE_MASK, LIFE_MASK),
            };
            if total.add(tag, 1, late) && bad {
                bads.add(tag, 1, late);
            }
        }
        if self.bad_before.load(Ordering::Acquire) <= oldest(slice) {
            return None;
        }
        // Of two that complete at once one sees both: each looks after it has counted.
        fence(Ordering::SeqCst);
        Some(sum(cells, life, slice)).filter(|seen| seen.bad > 0)
    }

    /// What the window holds at `now`.
    #[must_use]
    pub fn read(&self, life: Life, now: Tick) -> Completions {
        let newest = now.slice(self.length, SLICES);
        self.cells.get().map(|cells| sum(cells, life, newest)).unwrap_or_default()
    }
}

/// The first of the slices that count together with this one.
const fn oldest(newest: u64) -> u64 {
    newest.saturating_sub(SLICES.saturating_sub(1))
}

fn sum(cells: &Cells, life: Life, newest: u64) -> Completions {
    let mut sum = Completions::default();
    for slice in oldest(newest)..=newest {
        if let Some((total, bad)) = cells.get((slice % CELLS) as usize) {
            let tag = tag(life, slice);
            // The bad ones first: what is bad is then counted in both.
            sum.bad = sum.bad.saturating_add(bad.read(tag));
            sum.total = sum.total.saturating_add(total.read(tag));
        }
    }
    sum
}

const fn tag(life: Life, slice: u64) -> u64 {
    (slice / CELLS) << LIFE_BITS | life.0 & LIFE_MASK
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Span = Span::from_secs(1);
    const SLICE: u64 = 100_000_000;

    fn count(total: u64, bad: u64) -> Completions {
        Completions { total, bad }
    }

    /// Adds, and says what the window then holds.
    fn add(window: &Window, life: Life, bad: bool, now: Tick) -> Completions {
        let said = window.add(life, bad, now);
        let held = window.read(life, now);
        assert_eq!(said, (held.bad > 0).then_some(held));
        held
    }

    #[test]
    fn a_completion_counts_in_its_slice_and_the_nine_after() {
        let window = Window::new(WINDOW);
        let life = window.life();
        assert_eq!(add(&window, life, true, Tick(SLICE - 1)), count(1, 1));
        assert_eq!(add(&window, life, false, Tick(SLICE)), count(2, 1));
        assert_eq!(window.read(life, Tick(10 * SLICE - 1)), count(2, 1));
        assert_eq!(window.read(life, Tick(10 * SLICE)), count(1, 0));
        assert_eq!(window.read(life, Tick(11 * SLICE)), count(0, 0));
    }

    #[test]
    fn an_emptied_window_takes_nothing_from_before() {
        let window = Window::new(WINDOW);
        let before = window.life();
        window.add(before, true, Tick(5));
        for _ in 0..300 {
            window.empty();
            let life = window.life();
            assert_eq!(window.read(life, Tick(5)), count(0, 0));
            assert_eq!(add(&window, life, true, Tick(5)), count(1, 1));
        }
    }

    #[test]
    fn a_late_completion_finds_its_slice_or_none() {
        let window = Window::new(WINDOW);
        let life = window.life();
        window.add(life, false, Tick(20 * SLICE));
        assert_eq!(add(&window, life, true, Tick(15 * SLICE)), count(1, 1));
        assert_eq!(window.read(life, Tick(20 * SLICE)), count(2, 1));
        // Its cell is another slice's by now.
        window.add(life, true, Tick(4 * SLICE));
        assert_eq!(window.read(life, Tick(20 * SLICE)), count(2, 1));
    }

    #[test]
    fn a_calm_of_any_length_leaves_nothing_behind() {
        let window = Window::new(WINDOW);
        let life = window.life();
        let mut now = 7;
        for power in 0..33 {
            assert_eq!(add(&window, life, false, Tick(now)), count(1, 0), "{power}");
            now += SLICE * (16 << power) + 10 * SLICE;
        }
    }
}
