//! Random numbers of this process. Nothing in them depends on the process that
//! it was forked from: the package reseeds in the child.

use pyo3::prelude::*;
use std::sync::atomic::{AtomicU64, Ordering};

/// The golden ratio's 64 bits, as `SplitMix64` counts in.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

static STATE: AtomicU64 = AtomicU64::new(0);

/// Starts the random numbers of this process anew from a random 64-bit number.
/// The package calls it when it is imported and in every forked child.
#[pyfunction]
pub(crate) fn reseed(seed: u64) {
    STATE.store(seed, Ordering::Relaxed);
}

/// A seed for the picks of one request.
///
/// The count is mixed, since the core counts from the seed in the same steps:
/// plain counts would hand one request's second number to the next as its first.
pub(crate) fn seed() -> u64 {
    let mut mixed = STATE.fetch_add(STEP, Ordering::Relaxed);
    mixed = (mixed ^ (mixed >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    mixed = (mixed ^ (mixed >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    mixed ^ (mixed >> 33)
}
