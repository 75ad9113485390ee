//! Enter, exit, and why an entry was blocked.

use crate::code::{answer, run, sergo_code};
use crate::text::{sergo_pair, sergo_str, sergo_text};
use sergo_border::call::{self, Entered};
use sergo_border::with;
use sergo_core::{Block, BlockId, Code, Permit};
use std::ptr::null;
use std::sync::Arc;

/// As a time: this moment, on the library's own monotonic clock.
pub const SERGO_NOW: u64 = u64::MAX;
/// As a length of time: not known.
pub const SERGO_UNKNOWN: u64 = u64::MAX;

/// For `sergo_enter`: a request that this instance serves.
pub const SERGO_INBOUND: u32 = 0;
/// For `sergo_enter`: a request that this instance makes.
pub const SERGO_OUTBOUND: u32 = 1;

/// For `sergo_exit`: the call went well.
pub const SERGO_SUCCEEDED: u32 = 0;
/// For `sergo_exit`: the call failed.
pub const SERGO_FAILED: u32 = 1;

/// For `sergo_exit`: the call never began, its wait was cancelled, say.
pub const SERGO_CANCELLED: u32 = 2;

/// A decision's outcome: go on.
pub const SERGO_PASS: u32 = 0;
/// A decision's outcome: sleep for `wait_nanos`, then go on without asking again.
pub const SERGO_WAIT: u32 = 1;
/// A decision's outcome: do not go on. There is nothing to exit.
pub const SERGO_BLOCK: u32 = 2;

/// A strategy's kind: sheds inbound load when the instance is overloaded.
pub const SERGO_ADAPTIVE_OVERLOAD_PROTECTION: u32 = 1;
/// A strategy's kind: bounds what is in flight at once.
pub const SERGO_CONCURRENCY_LIMIT: u32 = 2;
/// A strategy's kind: stops calling what keeps failing or is slow.
pub const SERGO_CIRCUIT_BREAKER: u32 = 3;
/// A strategy's kind: bounds what is admitted in any window of time.
pub const SERGO_RATE_LIMIT: u32 = 4;
/// A strategy's kind: spaces entries out, letting them queue for a while.
pub const SERGO_THROTTLING: u32 = 5;

/// What an entry that passed holds until it exits. Plain data: copy it to where
/// the request lives, but exit one copy only.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct sergo_permit {
    /// Sergo's; all zero once it is closed.
    pub words: [u64; 5],
}

/// The answer to an entry. Nothing in it is to be freed.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct sergo_decision {
    /// `SERGO_PASS`, `SERGO_WAIT` or `SERGO_BLOCK`.
    pub outcome: u32,
    /// Of a block: the kind of the strategy that blocked, `SERGO_RATE_LIMIT`, say.
    pub blocked_by: u32,
    /// Of a wait: how long to sleep before going on, in nanoseconds.
    pub wait_nanos: u64,
    /// Of a block: after how many nanoseconds the same entry would pass, or
    /// `SERGO_UNKNOWN`.
    pub retry_after_nanos: u64,
    /// Of a block: its id, for `sergo_block_get`. The same id always stands for the
    /// same block, so what it stands for may be kept.
    pub block: u64,
    /// Of a pass or wait: what to hand to `sergo_exit`.
    pub permit: sergo_permit,
}

/// Which strategy of which rule blocked, and what to answer with. Free it with
/// `sergo_block_free`, which its texts live until.
#[repr(C)]
#[derive(Debug)]
pub struct sergo_block {
    /// The strategy's kind as in its document, `RateLimitStrategy`, say.
    pub kind: sergo_str,
    /// The strategy's name.
    pub strategy: sergo_str,
    /// The rule's name.
    pub rule: sergo_str,
    /// The HTTP status to answer with; 0 where the rule has no fallback.
    pub status: u32,
    /// How many headers the fallback has.
    pub header_count: usize,
    /// The headers to answer with.
    pub headers: *const sergo_pair,
    /// The body to answer with; absent where the rule has no fallback.
    pub body: sergo_str,
    /// Sergo's.
    pub owner: *const sergo_block_owner,
}

/// What the texts of a `sergo_block` live in.
#[derive(Debug)]
pub struct sergo_block_owner {
    /// Holds what the pairs and the other texts point to.
    _block: Arc<Block>,
    headers: Vec<sergo_pair>,
}

/// Resolves a resource's name, also one that no rule knows, to an id for
/// `sergo_enter`. It holds until rules change the set of names that they govern;
/// then `sergo_enter` answers SERGO_STALE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sergo_resolve(engine: u64, resource: sergo_str, id: *mut u64) -> sergo_code {
    // SAFETY: the caller's text lives through the call, and it vouches for `id`.
    unsafe { answer(id, || call::resolve(engine, resource.get()?)) }
}

/// Asks to enter the resource with this id. `cost` is how much of a limit the
/// entry takes, usually 1 (0 is read as 1); `flags` is `SERGO_INBOUND` or
/// `SERGO_OUTBOUND`; `now` is nanoseconds since the engine was made, or
/// `SERGO_NOW`. Takes no lock and never sleeps.
///
/// SERGO_STALE: the rules have changed, resolve the name again. After any error
/// the decision is a pass without a permit: to overlook an error is to serve the
/// request ungoverned.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sergo_enter(
    engine: u64,
    id: u64,
    cost: u32,
    flags: u32,
    now: u64,
    decision: *mut sergo_decision,
) -> sergo_code {
    // SAFETY: as the caller vouches for `decision`.
    unsafe { answer(decision, || Ok(decide(call::enter(engine, id, cost, flag(flags)?, now)?))) }
}

/// As `sergo_enter`, by name: nothing to resolve, and never SERGO_STALE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sergo_enter_name(
    engine: u64,
    resource: sergo_str,
    cost: u32,
    flags: u32,
    now: u64,
    decision: *mut sergo_decision,
) -> sergo_code {
    let enter = || {
        let outbound = flag(flags)?;
        // SAFETY: the caller's text lives through the call.
        let resource = unsafe { resource.get() }?;
        Ok(decide(call::enter_name(engine, resource, cost, outbound, now)?))
    };
    // SAFETY: as the caller vouches for `decision`.
    unsafe { answer(decision, enter) }
}

/// Gives a permit back and closes it: a second exit does nothing. `flags` is
/// `SERGO_SUCCEEDED`, `SERGO_FAILED` or `SERGO_CANCELLED`, `now` as for
/// `sergo_enter`. Of a cancelled call nothing is counted but that there was one; no
/// breaker judges by it, and if it was to probe, the next entry may.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sergo_exit(engine: u64, permit: *mut sergo_permit, flags: u32, now: u64) -> sergo_code {
    run(|| {
        if flags > SERGO_CANCELLED {
            return Err(Code::Argument);
        }
        if permit.is_null() || !permit.is_aligned() {
            return Err(Code::Argument);
        }
        // SAFETY: not null, aligned, and the caller's for the time of the call.
        let words = unsafe { permit.replace(sergo_permit::default()) }.words;
        match flags {
            SERGO_CANCELLED => call::cancel(engine, words, now),
            _ => call::exit(engine, words, flags == SERGO_FAILED, now),
        }
    })
}

/// What the `block` of a decision stands for.
///
/// SERGO_STALE when the rules have changed eight times since.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sergo_block_get(engine: u64, id: u64, block: *mut sergo_block) -> sergo_code {
    // SAFETY: as the caller vouches for `block`.
    unsafe { answer(block, || with(engine, |host| host.engine().block(BlockId(id)).map(describe).ok_or(Code::Stale))) }
}

/// As `sergo_block_get`, as JSON: `{"strategy": kind, "name", "rule", "fallback":
/// {"status", "body", "headers": [[name, value]]} or null}`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sergo_block_json(engine: u64, id: u64, json: *mut sergo_text) -> sergo_code {
    // SAFETY: as the caller vouches for `json`.
    unsafe { answer(json, || call::block(engine, id).map(sergo_text::own)) }
}

/// Frees a block's texts and makes it all zero: freeing it again is harmless, and
/// so is `NULL`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sergo_block_free(block: *mut sergo_block) {
    if block.is_null() || !block.is_aligned() {
        return;
    }
    // SAFETY: a block that the caller owns.
    let owner = unsafe { block.replace(sergo_block::default()) }.owner;
    if !owner.is_null() {
        // SAFETY: `describe` made it of a box, and it is taken out of the block just once.
        drop(unsafe { Box::from_raw(owner.cast_mut()) });
    }
}

impl Default for sergo_block {
    fn default() -> Self {
        let absent = sergo_str::default();
        sergo_block {
            kind: absent,
            strategy: absent,
            rule: absent,
            status: 0,
            header_count: 0,
            headers: null(),
            body: absent,
            owner: null(),
        }
    }
}

/// A flag word of which only the lowest bit has a meaning.
#[inline]
pub(crate) fn flag(flags: u32) -> Result<bool, Code> {
    match flags {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(Code::Argument),
    }
}

#[inline]
fn decide(entered: Entered) -> sergo_decision {
    let Entered { permit, wait, blocked_by, block, retry_after_plus_one } = entered;
    let outcome = match (blocked_by, wait) {
        (0, 0) => SERGO_PASS,
        (0, _) => SERGO_WAIT,
        _ => SERGO_BLOCK,
    };
    sergo_decision {
        outcome,
        blocked_by: u32::from(blocked_by),
        wait_nanos: wait,
        // 0 is unknown there, and wraps to what is unknown here.
        retry_after_nanos: if outcome == SERGO_BLOCK { retry_after_plus_one.wrapping_sub(1) } else { 0 },
        block,
        permit: sergo_permit { words: permit },
    }
}

fn describe(block: Arc<Block>) -> sergo_block {
    let pair =
        |(name, value): &(String, String)| sergo_pair { name: sergo_str::lend(name), value: sergo_str::lend(value) };
    let headers = block.fallback.iter().flat_map(|fallback| &fallback.headers).map(pair).collect();
    let owner = Box::new(sergo_block_owner { headers, _block: Arc::clone(&block) });
    sergo_block {
        kind: sergo_str::lend(block.strategy.as_str()),
        strategy: sergo_str::lend(&block.strategy_name),
        rule: sergo_str::lend(&block.rule),
        status: block.fallback.as_ref().map_or(0, |fallback| u32::from(fallback.status)),
        header_count: owner.headers.len(),
        headers: owner.headers.as_ptr(),
        body: sergo_str::lend_option(block.fallback.as_ref().map(|fallback| fallback.body.as_str())),
        owner: Box::into_raw(owner),
    }
}

// A permit of the core has as many words as the header says.
const _: () = assert!(Permit::WORDS == 5);

#[cfg(test)]
mod tests {
    use super::*;
    use sergo_core::{Fallback, StrategyKind};

    #[test]
    fn the_constants_are_the_cores() {
        assert_eq!(SERGO_NOW, sergo_border::NOW);
        let kinds = [
            SERGO_ADAPTIVE_OVERLOAD_PROTECTION,
            SERGO_CONCURRENCY_LIMIT,
            SERGO_CIRCUIT_BREAKER,
            SERGO_RATE_LIMIT,
            SERGO_THROTTLING,
        ];
        assert_eq!(kinds.as_slice(), StrategyKind::ALL.map(|kind| kind as u32));
    }

    #[test]
    fn a_decision_says_one_of_three_things() {
        let passed = decide(Entered { permit: [1, 2, 3, 4, 5], ..Entered::default() });
        assert_eq!((passed.outcome, passed.permit.words), (SERGO_PASS, [1, 2, 3, 4, 5]));
        let waits = decide(Entered { wait: 7, ..Entered::default() });
        assert_eq!((waits.outcome, waits.wait_nanos), (SERGO_WAIT, 7));
        let entered = Entered { blocked_by: 4, block: 9, retry_after_plus_one: 1, ..Entered::default() };
        let blocked = decide(entered);
        assert_eq!((blocked.outcome, blocked.blocked_by, blocked.block), (SERGO_BLOCK, SERGO_RATE_LIMIT, 9));
        assert_eq!(blocked.retry_after_nanos, 0);
        assert_eq!(decide(Entered { retry_after_plus_one: 0, ..entered }).retry_after_nanos, SERGO_UNKNOWN);
    }

    #[test]
    fn a_blocks_texts_live_until_it_is_freed() {
        let fallback = Fallback { status: 429, body: "calm down".into(), headers: vec![("X-A".into(), "1".into())] };
        let mut block = describe(Arc::new(Block {
            strategy: StrategyKind::RateLimit,
            strategy_name: "s".into(),
            rule: "r".into(),
            fallback: Some(Arc::new(fallback)),
        }));
        // SAFETY: the block is not freed yet.
        unsafe {
            assert_eq!(block.kind.get(), Ok("RateLimitStrategy"));
            assert_eq!(block.body.get(), Ok("calm down"));
            assert_eq!((*block.headers).value.get(), Ok("1"));
            sergo_block_free(&raw mut block);
            sergo_block_free(&raw mut block);
        }
        assert!(block.owner.is_null() && block.body.data.is_null());
    }
}
