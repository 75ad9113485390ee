//! What discovery knows, and what is known of its instances.

use crate::code::{answer, run, sergo_code};
use crate::text::{list, map, sergo_pair, sergo_str, sergo_text};
use sergo_border::{call, with};
use sergo_core::{Code, Instance};

/// For an instance: discovery holds it for healthy.
pub const SERGO_HEALTHY: u32 = 0;
/// For an instance: discovery holds it for unhealthy.
pub const SERGO_UNHEALTHY: u32 = 1;

/// An instance of a host, as discovery found it.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct sergo_instance {
    /// Its identity.
    pub id: sergo_str,
    /// Its zone; may be absent.
    pub zone: sergo_str,
    /// Its labels.
    pub labels: *const sergo_pair,
    /// How many.
    pub label_count: usize,
    /// Its weight among its like; 0 is read as 1. One that is to get nothing is told
    /// by `sergo_set_instances_json`.
    pub weight: u32,
    /// `SERGO_HEALTHY` or `SERGO_UNHEALTHY`.
    pub flags: u32,
}

/// Tells what discovery knows of a host, replacing what it knew. A host of which
/// it has never told is unknown, not empty.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sergo_set_instances(
    engine: u64,
    host: sergo_str,
    instances: *const sergo_instance,
    count: usize,
) -> sergo_code {
    run(|| {
        // SAFETY: the caller's text and instances live through the call.
        let (name, instances) = unsafe { (host.get()?, read_all(instances, count)?) };
        with(engine, |host| {
            host.engine().set_instances(name, instances);
            Ok(())
        })
    })
}

/// As `sergo_set_instances`, from JSON: a list of `{"id", "labels" ({}), "healthy"
/// (true), "weight" (1), "zone" (null)}`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sergo_set_instances_json(engine: u64, host: sergo_str, json: sergo_str) -> sergo_code {
    // SAFETY: the caller's texts live through the call.
    run(|| unsafe { call::set_instances(engine, host.get()?, json.get()?) })
}

/// Tells what has changed of a host: instances that are new or take the place of
/// those with their ids, and the ids of those that are gone. What is known of the
/// others stays.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sergo_update_instances(
    engine: u64,
    host: sergo_str,
    changed: *const sergo_instance,
    changed_count: usize,
    gone: *const sergo_str,
    gone_count: usize,
) -> sergo_code {
    run(|| {
        // SAFETY: the caller's texts and instances live through the call.
        let (name, changed, gone) =
            unsafe { (host.get()?, read_all(changed, changed_count)?, list(gone, gone_count)?) };
        // SAFETY: so do the ids.
        let gone = gone.iter().map(|id| unsafe { id.get() }).collect::<Result<Vec<_>, _>>()?;
        with(engine, |host| {
            host.engine().update_instances(name, changed, &gone);
            Ok(())
        })
    })
}

/// As `sergo_update_instances`, from JSON: a list as for
/// `sergo_set_instances_json`, and a list of ids.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sergo_update_instances_json(
    engine: u64,
    host: sergo_str,
    changed: sergo_str,
    gone: sergo_str,
) -> sergo_code {
    // SAFETY: the caller's texts live through the call.
    run(|| unsafe { call::update_instances(engine, host.get()?, changed.get()?, gone.get()?) })
}

/// The ids of a host's instances that outlier detection has ejected at `now`, as a
/// sorted JSON list.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sergo_ejected(engine: u64, host: sergo_str, now: u64, json: *mut sergo_text) -> sergo_code {
    // SAFETY: the caller's text lives through the call, and it vouches for `json`.
    unsafe { answer(json, || call::ejected(engine, host.get()?, now).map(sergo_text::own)) }
}

/// The limits that rules set for connections to a host, or to a subset of it where
/// that is not absent, as JSON: `{"tcp", "http"}`, shaped as `connectionPool` in
/// the rule, null where the rule leaves something open. Text of no length when they
/// set none. They are data: your client keeps them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sergo_connection_pool(
    engine: u64,
    host: sergo_str,
    subset: sergo_str,
    json: *mut sergo_text,
) -> sergo_code {
    let look = || {
        // SAFETY: the caller's texts live through the call.
        let (host, subset) = unsafe { (host.get()?, subset.option()?) };
        call::connection_pool(engine, host, subset).map(sergo_text::own)
    };
    // SAFETY: as the caller vouches for `json`.
    unsafe { answer(json, look) }
}

/// # Safety
/// As for [`list`], and all that the instances point to lives through the call.
unsafe fn read_all(first: *const sergo_instance, count: usize) -> Result<Vec<Instance>, Code> {
    // SAFETY: as the caller vouches.
    unsafe { list(first, count)?.iter().map(|instance| read(instance)).collect() }
}

/// # Safety
/// All that the instance points to lives through the call.
unsafe fn read(instance: &sergo_instance) -> Result<Instance, Code> {
    let healthy = match instance.flags {
        SERGO_HEALTHY => true,
        SERGO_UNHEALTHY => false,
        _ => return Err(Code::Argument),
    };
    // SAFETY: as the caller vouches.
    unsafe {
        Ok(Instance {
            id: instance.id.get()?.to_owned(),
            labels: map(instance.labels, instance.label_count)?,
            healthy,
            weight: instance.weight.max(1),
            zone: instance.zone.option()?.map(str::to_owned),
        })
    }
}
