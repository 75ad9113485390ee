//! Documents that were read before, by their text: what has not changed is not
//! read again.

use super::diagnostic::{Diagnostic, Identity};
use super::document::{Document, Outcome, Reading};
use super::yaml::Piece;
use crate::sync::Arc;
use foldhash::quality::FixedState;
use hashbrown::HashTable;
use std::cell::{Cell, OnceCell};
use std::hash::{BuildHasher, Hasher};

/// The good documents of a push, piece by piece in the order of its sources.
#[derive(Debug, Default)]
pub struct Known {
    pieces: Vec<(Print, Arc<[Kept]>)>,
    /// Behind the piece that was found last: mostly the one that is asked for next.
    next: Cell<usize>,
    /// By print. Made when a piece is not where it was expected.
    index: OnceCell<HashTable<u32>>,
}

/// What a piece of a source is known by: its length, and two hashes of 64 bits
/// of all of its text. Two texts that happen to share it do not occur.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Print(usize, u64, u64);

impl Print {
    pub(super) fn of(text: &str) -> Print {
        let hash = |seed| {
            let mut hasher = FixedState::with_seed(seed).build_hasher();
            hasher.write(text.as_bytes());
            hasher.finish()
        };
        Print(text.len(), hash(0x9e37_79b9_7f4a_7c15), hash(0xd1b5_4a32_d192_ed03))
    }
}

/// A good document.
#[derive(Debug)]
pub struct Kept {
    /// Which it is.
    pub(super) identity: Arc<Identity>,
    /// What it says.
    pub(super) document: Document,
    /// What was warned of, if anything.
    pub(super) warnings: Option<Box<Warnings>>,
}

/// Warnings, which say where they stand.
#[derive(Debug)]
pub(super) struct Warnings {
    source: String,
    lines_before: u32,
    pub(super) list: Vec<Diagnostic>,
}

impl Known {
    /// The documents of this piece, which stood in this source before; or in any,
    /// where nothing says so.
    pub(super) fn get(&self, source: &str, piece: &Piece<'_>, print: Print) -> Option<&Arc<[Kept]>> {
        let holds = |kept: &Kept| match &kept.warnings {
            None => true,
            Some(warnings) => warnings.source == source && warnings.lines_before == piece.lines_before,
        };
        let is_it = |at: &usize| self.pieces.get(*at).is_some_and(|(own, _)| *own == print);
        let at = Some(self.next.get()).filter(is_it).or_else(|| self.find(print))?;
        self.next.set(at.saturating_add(1));
        self.pieces.get(at).map(|(_, kept)| kept).filter(|all| all.iter().all(holds))
    }

    /// Where the piece of this print stands.
    fn find(&self, print: Print) -> Option<usize> {
        let index = self.index.get_or_init(|| {
            let mut index = HashTable::with_capacity(self.pieces.len());
            for (number, (print, _)) in (0u32..).zip(&self.pieces) {
                index.insert_unique(print.1, number, |other| self.print(*other).map_or(0, |other| other.1));
            }
            index
        });
        index.find(print.1, |other| self.print(*other) == Some(print)).map(|found| *found as usize)
    }

    fn print(&self, number: u32) -> Option<Print> {
        self.pieces.get(number as usize).map(|(print, _)| *print)
    }

    /// Keeps what is known of a piece.
    pub(super) fn put(&mut self, print: Print, kept: &Arc<[Kept]>) {
        self.pieces.push((print, Arc::clone(kept)));
    }

    /// Keeps what was read of a piece, if all of it is good.
    pub(super) fn learn(&mut self, piece: &Piece<'_>, print: Print, readings: &[Reading<'_>]) {
        let kept = readings.iter().map(|reading| {
            let Outcome::Good(document) = &reading.outcome else { return None };
            let warnings = || Warnings {
                source: reading.source.to_owned(),
                lines_before: piece.lines_before,
                list: reading.warnings.clone(),
            };
            Some(Kept {
                identity: Arc::clone(&reading.identity),
                document: document.clone(),
                warnings: (!reading.warnings.is_empty()).then(|| Box::new(warnings())),
            })
        });
        if let Some(kept) = kept.collect::<Option<Vec<Kept>>>() {
            self.pieces.push((print, kept.into()));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::spec::document::{Outcome, Reading, read_again};
    use crate::spec::known::Known;
    use crate::sync::Arc;

    const LIMIT: &str = "
apiVersion: fault-tolerance.opensergo.io/v1alpha1
kind: RateLimitStrategy
metadata: {name: l}
spec: {metricType: RequestAmount, limitMode: Local, threshold: 10, statDurationSeconds: 1}
";

    fn documents<'s>(source: &'s str, text: &'s str, known: &mut Known) -> Vec<Reading<'s>> {
        let (mut now, mut readings) = (Known::default(), Vec::new());
        read_again(source, text, known, &mut now, &mut readings);
        *known = now;
        readings
    }

    #[test]
    fn what_has_not_changed_is_the_same_document() {
        let mut known = Known::default();
        let other = LIMIT.replace("name: l", "name: m").replace("10", "20");
        let all = ["---", LIMIT, "---", &other].concat();
        let first: Vec<Outcome> = documents("a", &all, &mut known).into_iter().map(|reading| reading.outcome).collect();
        assert!(first.iter().all(|outcome| matches!(outcome, Outcome::Good(_))));
        let same = |outcome: &Outcome, other: &Outcome| match (outcome, other) {
            (
                Outcome::Good(crate::spec::document::Document::Strategy(a)),
                Outcome::Good(crate::spec::document::Document::Strategy(b)),
            ) => Arc::ptr_eq(a, b),
            _ => false,
        };
        let moved = ["# moved, and after another\n---", &other, "---", LIMIT].concat();
        let text = moved.replace("20", "30");
        let again = documents("b", &text, &mut known);
        assert_eq!((again.len(), &*again[0].identity.name, again[1].source), (2, "m", "b"));
        assert!(same(&again[1].outcome, &first[0]) && !same(&again[0].outcome, &first[1]));
        assert_eq!(again[1].place("spec.threshold").line, 11);
        assert_eq!(documents("b", "", &mut known).len(), 0);
        assert!(!same(&documents("b", LIMIT, &mut known)[0].outcome, &first[0]), "what is gone is forgotten");
    }

    #[test]
    fn warnings_and_mistakes_say_where_they_stand_now() {
        let mut known = Known::default();
        let odd = LIMIT.replace("threshold", "foo: 1, threshold");
        let bad = LIMIT.replace("threshold: 10", "threshold: ten").replace("name: l", "name: b");
        for (source, before) in [("a", ""), ("a", ""), ("a", "# one line\n"), ("b", "# one line\n")] {
            let text = [before, &odd, "---", &bad].concat();
            let readings = documents(source, &text, &mut known);
            let line = u32::try_from(before.lines().count()).unwrap();
            assert_eq!((readings[0].warnings[0].line, &*readings[0].warnings[0].source), (5 + line, source));
            assert_eq!((readings[1].errors[0].line, &*readings[1].errors[0].source), (10 + line, source));
        }
    }
}
