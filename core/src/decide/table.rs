//! The plans of all governed resources, and how a name finds its plan.

use super::gate::Gate;
use super::overload::Protection;
use super::permit::Seat;
use super::{Block, BlockId, ResourceId};
use crate::error::Code;
use crate::name::StrategyKind;
use crate::stat::tally::Tally;
use crate::sync::Arc;
use hashbrown::HashTable;
use std::hash::BuildHasher;

/// The plans of all governed resources, in one version of the rules. It is
/// immutable but for the statistics that it points to, which outlive it.
#[derive(Debug, Default)]
pub struct Table {
    /// The version of the rules.
    pub(crate) version: u64,
    /// Counts the changes of the set of governed names.
    pub(crate) names: u64,
    /// By name.
    pub(crate) targets: Box<[Target]>,
    /// From a name's hash to its index in `targets`.
    pub(crate) index: HashTable<u32>,
    /// The gates of each target, one target after the other.
    pub(crate) gates: Box<[Gate]>,
    /// By seat.
    pub(crate) places: Box<[Place]>,
    /// What is asked of every inbound entry, in order.
    pub(crate) protections: Box<[Protection]>,
    /// What the gates are called.
    pub(crate) blocks: Arc<Blocks>,
    /// What they were called in earlier versions, the latest first.
    pub(crate) past: Box<[Arc<Blocks>]>,
}

/// A target, and what is asked of an entry that resolves to it.
#[derive(Debug)]
pub(crate) struct Target {
    /// Its name, as the rules write it.
    pub(crate) name: Arc<str>,
    /// Its index among the places.
    pub(crate) seat: u32,
    /// The first of its gates.
    pub(crate) first: u32,
    /// How many gates it has that are asked, in order.
    pub(crate) asked: u32,
    /// How many gates follow whose document is missing: they hear of exits.
    pub(crate) absent: u32,
    /// Whether more than one gate that is asked spends a budget.
    pub(crate) spends_several: bool,
    /// Where the resource is one of another target too.
    pub(crate) both: Option<Box<Both>>,
    /// Its counters.
    pub(crate) tally: Arc<Tally>,
}

impl Target {
    /// How many gates an entry is asked, those of a target `/path` included.
    pub(crate) fn count(&self) -> usize {
        self.both.as_ref().map_or(self.asked as usize, |both| both.order.len())
    }
}

/// For a target `M:/path` where there is a target `/path`.
#[derive(Debug)]
pub(crate) struct Both {
    /// The target `/path`.
    pub(crate) other: u32,
    /// The gates of both, in order.
    pub(crate) order: Box<[u32]>,
}

/// A seat, and who has it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// How often it was taken before.
    pub(crate) generation: u32,
    /// The target, as an index; [`Place::FREE`] for nobody.
    pub(crate) target: u32,
}

impl Place {
    /// Nobody's.
    pub(crate) const FREE: u32 = u32::MAX;
}

/// What the gates of one or more versions of the rules are called.
#[derive(Debug, Default)]
pub(crate) struct Blocks {
    /// The first of these versions.
    pub(crate) version: u64,
    /// By index.
    pub(crate) list: Box<[Arc<Block>]>,
}

/// How many lists of names are kept beside the present one.
pub(crate) const PAST: usize = 7;
const INDEX_BITS: u32 = 24;
const INDEX_MASK: u64 = (1 << INDEX_BITS) - 1;
/// Both kinds of id stay below 2⁵³.
pub(crate) const SERIAL_MASK: u64 = (1 << (53 - INDEX_BITS)) - 1;
/// The longest name of a resource.
const LONGEST_NAME: usize = 1024;

impl Table {
    /// The target that a resource's entries are asked by, as an index.
    pub(crate) fn find(&self, resource: &str) -> Option<u32> {
        if resource.is_empty() || resource.len() > LONGEST_NAME {
            return None;
        }
        self.named(resource).or_else(|| self.named(path_of(resource)?))
    }

    /// The target of exactly this name.
    pub(crate) fn named(&self, name: &str) -> Option<u32> {
        let is_it = |index: &u32| self.targets.get(*index as usize).is_some_and(|target| &*target.name == name);
        self.index.find(hash(name), is_it).copied()
    }

    /// Resolves a resource's name for [`enter_id`](Self::enter_id).
    #[must_use]
    pub fn resolve(&self, resource: &str) -> ResourceId {
        let index = self.find(resource).map_or(0, |index| u64::from(index).wrapping_add(1));
        ResourceId((self.names & SERIAL_MASK) << INDEX_BITS | index)
    }

    /// The target that a resolved resource stands for.
    pub(crate) fn target(&self, resource: ResourceId) -> Result<Option<u32>, Code> {
        if resource.0 >> INDEX_BITS != self.names & SERIAL_MASK {
            return Err(Code::Stale);
        }
        match (resource.0 & INDEX_MASK).checked_sub(1) {
            None => Ok(None),
            Some(index) if (index as usize) < self.targets.len() => Ok(Some(index as u32)),
            Some(_) => Err(Code::Stale),
        }
    }

    /// The target that has the seat still.
    pub(crate) fn seated(&self, seat: Seat) -> Option<&Target> {
        let place = self.places.get(usize::try_from(seat.index.checked_sub(1)?).ok()?)?;
        (u64::from(place.generation) == seat.generation).then(|| self.targets.get(place.target as usize))?
    }

    /// The seat of a target.
    pub(crate) fn seat(&self, target: &Target) -> Seat {
        match self.places.get(target.seat as usize) {
            Some(place) => {
                Seat { index: u64::from(target.seat).wrapping_add(1), generation: u64::from(place.generation) }
            }
            None => Seat::NONE,
        }
    }

    /// The gates of the target alone: those that are asked, then those whose
    /// document is missing.
    pub(crate) fn gates_of(&self, target: &Target) -> &[Gate] {
        let first = target.first as usize;
        let count = target.asked.saturating_add(target.absent) as usize;
        self.gates.get(first..first.saturating_add(count)).unwrap_or_default()
    }

    /// The id of a block by a gate.
    pub(crate) fn block_id(&self, block: u32) -> BlockId {
        BlockId((self.blocks.version & SERIAL_MASK) << INDEX_BITS | u64::from(block).wrapping_add(1))
    }

    /// The names behind a block; `None` when eight versions of the rules have
    /// come since.
    #[must_use]
    pub fn block(&self, id: BlockId) -> Option<Arc<Block>> {
        let blocks = std::iter::once(&self.blocks)
            .chain(&self.past)
            .find(|blocks| blocks.version & SERIAL_MASK == id.0 >> INDEX_BITS)?;
        let index = (id.0 & INDEX_MASK).checked_sub(1)?;
        blocks.list.get(usize::try_from(index).ok()?).cloned()
    }

    /// What a gate is called.
    pub(crate) fn called(&self, block: u32) -> Option<&Block> {
        self.blocks.list.get(block as usize).map(|block| &**block)
    }

    /// The target's gate of this kind and name.
    pub(crate) fn gate(&self, target: &str, kind: StrategyKind, strategy: &str) -> Option<&Gate> {
        let target = self.targets.get(self.named(target)? as usize)?;
        self.gates_of(target).iter().find(|gate| {
            self.called(gate.block).is_some_and(|block| block.strategy == kind && &*block.strategy_name == strategy)
        })
    }

    /// Whether anything here looks at the system's figures.
    #[must_use]
    pub fn needs_system_load(&self) -> bool {
        self.protections.iter().any(|protection| protection.is_asked)
    }
}

/// The hash that a name is found by.
pub(crate) fn hash(name: &str) -> u64 {
    foldhash::fast::FixedState::default().hash_one(name)
}

/// For `M:/path`, M of upper-case letters, the `/path`.
pub(crate) fn path_of(resource: &str) -> Option<&str> {
    let (method, path) = resource.split_once(':')?;
    let is_method = !method.is_empty() && method.bytes().all(|byte| byte.is_ascii_uppercase());
    (is_method && path.starts_with('/')).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_is_upper_case_and_a_path_begins_with_a_slash() {
        assert_eq!(path_of("GET:/foo"), Some("/foo"));
        assert_eq!(path_of("GET:/a:/b"), Some("/a:/b"));
        for other in ["get:/foo", "GET:foo", ":/foo", "/foo", "G1:/foo", "GET", "GET: /foo"] {
            assert_eq!(path_of(other), None, "{other}");
        }
    }
}
