//! Instances and lanes: which instance takes a request, what came of it, and the
//! lane that a request is of.

use crate::cold::{Bytes, answer, given, number, random, somewhere, text};
use jni::EnvUnowned;
use jni::objects::{JClass, JDoubleArray};
use jni::sys::{jboolean, jint, jlong};
use serde_json::Value;
use sergo::Code;
use sergo_border::call::{self, Random};

/// Runs a call about a host.
fn of_host<'local>(
    env: EnvUnowned<'local>,
    host: &Bytes<'local>,
    call: impl FnOnce(&str) -> Result<String, Code>,
) -> Bytes<'local> {
    answer(env, |env| somewhere(&call(&text(env, host)?)?))
}

/// Runs a call about a packed request.
fn of_request<'local>(
    env: EnvUnowned<'local>,
    request: &Bytes<'local>,
    call: impl FnOnce(&[u8]) -> Result<String, Code>,
) -> Bytes<'local> {
    answer(env, |env| somewhere(&call(&env.convert_byte_array(request)?)?))
}

/// Runs a call about a packed request that is decided by random numbers: those
/// given, or what the seed makes where they are null.
fn of_choice<'local>(
    env: EnvUnowned<'local>,
    request: &Bytes<'local>,
    seed: jlong,
    rolls: &JDoubleArray<'local>,
    call: impl FnOnce(&[u8], Random<'_>) -> Result<String, Code>,
) -> Bytes<'local> {
    answer(env, |env| {
        let (request, rolls) = (env.convert_byte_array(request)?, given(env, rolls)?);
        somewhere(&call(&request, random(rolls.as_deref(), seed))?)
    })
}

/// Where a packed request goes and which instance takes it, null for nowhere; by
/// the random numbers given, or by the seed where they are null.
#[unsafe(no_mangle)]
extern "system" fn Java_io_sergo_Native_pick<'local>(
    env: EnvUnowned<'local>,
    _: JClass<'local>,
    engine: jlong,
    request: Bytes<'local>,
    seed: jlong,
    rolls: JDoubleArray<'local>,
    now: jlong,
) -> Bytes<'local> {
    of_choice(env, &request, seed, &rolls, |request, random| call::pick(engine as u64, request, random, now as u64))
}

/// Takes what came of a call to an instance.
#[unsafe(no_mangle)]
extern "system" fn Java_io_sergo_Native_report<'local>(
    env: EnvUnowned<'local>,
    _: JClass<'local>,
    engine: jlong,
    host: Bytes<'local>,
    instance: Bytes<'local>,
    outcome: jint,
    now: jlong,
) -> jlong {
    number(env, |env| {
        let (host, instance) = (text(env, &host)?, text(env, &instance)?);
        Ok(call::report(engine as u64, &host, &instance, outcome as u32, now as u64).map(|()| 0)?)
    })
}

/// The instance of a host with a number.
#[unsafe(no_mangle)]
extern "system" fn Java_io_sergo_Native_instance<'local>(
    env: EnvUnowned<'local>,
    _: JClass<'local>,
    engine: jlong,
    host: Bytes<'local>,
    number: jlong,
) -> Bytes<'local> {
    of_host(env, &host, |host| call::instance(engine as u64, host, number as u64))
}

/// The ids of a host's instances that are ejected, sorted.
#[unsafe(no_mangle)]
extern "system" fn Java_io_sergo_Native_ejected<'local>(
    env: EnvUnowned<'local>,
    _: JClass<'local>,
    engine: jlong,
    host: Bytes<'local>,
    now: jlong,
) -> Bytes<'local> {
    of_host(env, &host, |host| call::ejected(engine as u64, host, now as u64))
}

/// Tells what has changed of a host: instances, and the ids of those that are gone.
#[unsafe(no_mangle)]
extern "system" fn Java_io_sergo_Native_updateInstances<'local>(
    env: EnvUnowned<'local>,
    _: JClass<'local>,
    engine: jlong,
    host: Bytes<'local>,
    changed: Bytes<'local>,
    gone: Bytes<'local>,
) -> jlong {
    number(env, |env| {
        let (host, changed, gone) = (text(env, &host)?, text(env, &changed)?, text(env, &gone)?);
        Ok(call::update_instances(engine as u64, &host, &changed, &gone).map(|()| 0)?)
    })
}

/// The limits for connections to a host, or where `subset` is not null to that
/// subset of it; null for none.
#[unsafe(no_mangle)]
extern "system" fn Java_io_sergo_Native_connectionPool<'local>(
    env: EnvUnowned<'local>,
    _: JClass<'local>,
    engine: jlong,
    host: Bytes<'local>,
    subset: Bytes<'local>,
) -> Bytes<'local> {
    answer(env, |env| {
        let host = text(env, &host)?;
        let subset = if subset.is_null() { None } else { Some(text(env, &subset)?) };
        somewhere(&call::connection_pool(engine as u64, &host, subset.as_deref())?)
    })
}

/// Which headers and query parameters are looked at for a host.
#[unsafe(no_mangle)]
extern "system" fn Java_io_sergo_Native_required<'local>(
    env: EnvUnowned<'local>,
    _: JClass<'local>,
    engine: jlong,
    host: Bytes<'local>,
) -> Bytes<'local> {
    of_host(env, &host, |host| call::required(engine as u64, host))
}

/// Which route a packed request goes by, and why none before it.
#[unsafe(no_mangle)]
extern "system" fn Java_io_sergo_Native_explainRoute<'local>(
    env: EnvUnowned<'local>,
    _: JClass<'local>,
    engine: jlong,
    request: Bytes<'local>,
    seed: jlong,
    rolls: JDoubleArray<'local>,
    now: jlong,
) -> Bytes<'local> {
    let explain = |request: &[u8], random: Random<'_>| call::explain_route(engine as u64, request, random, now as u64);
    of_choice(env, &request, seed, &rolls, explain)
}

/// The lane of a packed request that came in; null for none.
#[unsafe(no_mangle)]
extern "system" fn Java_io_sergo_Native_label<'local>(
    env: EnvUnowned<'local>,
    _: JClass<'local>,
    engine: jlong,
    request: Bytes<'local>,
    trust: jboolean,
) -> Bytes<'local> {
    of_request(env, &request, |request| call::label(engine as u64, request, trust))
}

/// Which lane a packed request is of, and why.
#[unsafe(no_mangle)]
extern "system" fn Java_io_sergo_Native_explainLabel<'local>(
    env: EnvUnowned<'local>,
    _: JClass<'local>,
    engine: jlong,
    request: Bytes<'local>,
    trust: jboolean,
) -> Bytes<'local> {
    of_request(env, &request, |request| call::explain_label(engine as u64, request, trust))
}

/// The `baggage` header of the next call.
#[unsafe(no_mangle)]
extern "system" fn Java_io_sergo_Native_baggage<'local>(
    env: EnvUnowned<'local>,
    _: JClass<'local>,
    incoming: Bytes<'local>,
    key: Bytes<'local>,
    lane: Bytes<'local>,
) -> Bytes<'local> {
    answer(env, |env| {
        let (incoming, key, lane) = (text(env, &incoming)?, text(env, &key)?, text(env, &lane)?);
        Ok(Value::String(call::baggage(&incoming, &key, &lane)))
    })
}
