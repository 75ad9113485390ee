//! All calls but entering, leaving and routing, and those of [`crate::pick`]: text
//! in as bytes, a code and a [value](crate::value) out.

use crate::value;
use jni::objects::{JByteArray, JByteBuffer, JClass, JDoubleArray, JObjectArray};
use jni::sys::{jboolean, jdouble, jint, jlong};
use jni::{Env, EnvUnowned, Outcome};
use serde_json::{Value, json};
use sergo::name::StrategyKind;
use sergo::{Code, Config, Source};
use sergo_border::call::{self, Random};
use sergo_border::handle;
use std::collections::BTreeMap;

/// Why a call failed. A JNI function fails only on what is no array, so that is
/// a bad argument.
pub(crate) struct Fault(Code);

impl From<Code> for Fault {
    fn from(code: Code) -> Self {
        Fault(code)
    }
}

impl From<jni::errors::Error> for Fault {
    fn from(_: jni::errors::Error) -> Self {
        Fault(Code::Argument)
    }
}

/// Bytes of a Java array.
pub(crate) type Bytes<'local> = JByteArray<'local>;
/// A Java array of arrays of bytes.
type List<'local> = JObjectArray<'local, JByteArray<'local>>;

pub(crate) fn text(env: &Env<'_>, bytes: &Bytes<'_>) -> Result<String, Fault> {
    String::from_utf8(env.convert_byte_array(bytes)?).map_err(|_| Fault(Code::Utf8))
}

fn texts(env: &mut Env<'_>, list: &List<'_>) -> Result<Vec<String>, Fault> {
    let mut texts = Vec::new();
    for index in 0..list.len(env)? {
        let element = list.get_element(env, index)?;
        texts.push(text(env, &element)?);
        env.delete_local_ref(element);
    }
    Ok(texts)
}

/// Runs a call that answers a number: 0 or more, or a code.
pub(crate) fn number<'local>(
    mut env: EnvUnowned<'local>,
    call: impl FnOnce(&mut Env<'local>) -> Result<u64, Fault>,
) -> jlong {
    match env.with_env(call).into_outcome() {
        Outcome::Ok(number) => number as jlong,
        Outcome::Err(Fault(code)) => code as jlong,
        Outcome::Panic(_) => Code::Panicked as jlong,
    }
}

/// Runs a call that answers a value.
pub(crate) fn answer<'local>(
    env: EnvUnowned<'local>,
    call: impl FnOnce(&mut Env<'local>) -> Result<Value, Fault>,
) -> JByteArray<'local> {
    raw(env, |env| call(env).map(|value| value::bytes(&value)))
}

/// Runs a call that answers bytes: what comes is a code, and for [`Code::Ok`] they.
/// Null, where not even the answer could be made, is read as a panic.
pub(crate) fn raw<'local>(
    mut env: EnvUnowned<'local>,
    call: impl FnOnce(&mut Env<'local>) -> Result<Vec<u8>, Fault>,
) -> JByteArray<'local> {
    let outcome = env.with_env(|env| -> jni::errors::Result<_> {
        let reply = value::reply(call(env).map_err(|Fault(code)| code));
        env.byte_array_from_slice(&reply)
    });
    match outcome.into_outcome() {
        Outcome::Ok(bytes) => bytes,
        Outcome::Err(_) | Outcome::Panic(_) => JByteArray::default(),
    }
}

/// The codes and the strategy kinds, so that both have one table.
#[unsafe(no_mangle)]
extern "system" fn Java_io_sergo_Native_words<'local>(env: EnvUnowned<'local>, _: JClass<'local>) -> Bytes<'local> {
    answer(env, |_| {
        let codes: Vec<Value> =
            Code::ALL.iter().map(|code| json!([*code as i32, code.word(), code.sentence()])).collect();
        let kinds: Vec<Value> = StrategyKind::ALL.iter().map(|kind| json!([*kind as u8, kind.as_str()])).collect();
        Ok(json!({"codes": codes, "kinds": kinds}))
    })
}

/// The address of a direct buffer, for the hot calls.
#[unsafe(no_mangle)]
extern "system" fn Java_io_sergo_Native_address<'local>(
    env: EnvUnowned<'local>,
    _: JClass<'local>,
    direct: JByteBuffer<'local>,
) -> jlong {
    number(env, |env| Ok(env.get_direct_buffer_address(&direct)? as usize as u64))
}

/// Makes an engine: its handle. Labels are names and values in turn.
#[unsafe(no_mangle)]
extern "system" fn Java_io_sergo_Native_open<'local>(
    env: EnvUnowned<'local>,
    _: JClass<'local>,
    app: Bytes<'local>,
    namespace: Bytes<'local>,
    labels: List<'local>,
) -> jlong {
    number(env, |env| {
        let (app, namespace) = (text(env, &app)?, text(env, &namespace)?);
        let mut labels = texts(env, &labels)?.into_iter();
        let mut map = BTreeMap::new();
        while let (Some(name), Some(value)) = (labels.next(), labels.next()) {
            map.insert(name, value);
        }
        Ok(handle::open(Config { namespace, app, labels: map })?)
    })
}

/// Closes an engine.
#[unsafe(no_mangle)]
extern "system" fn Java_io_sergo_Native_close<'local>(
    env: EnvUnowned<'local>,
    _: JClass<'local>,
    engine: jlong,
) -> jlong {
    number(env, |_| Ok(handle::close(engine as u64).map(|()| 0)?))
}

/// Resolves a resource's name: its id.
#[unsafe(no_mangle)]
extern "system" fn Java_io_sergo_Native_resolve<'local>(
    env: EnvUnowned<'local>,
    _: JClass<'local>,
    engine: jlong,
    resource: Bytes<'local>,
) -> jlong {
    number(env, |env| Ok(call::resolve(engine as u64, &text(env, &resource)?)?))
}

/// The version of the rules in force.
#[unsafe(no_mangle)]
extern "system" fn Java_io_sergo_Native_version<'local>(
    env: EnvUnowned<'local>,
    _: JClass<'local>,
    engine: jlong,
) -> jlong {
    number(env, |_| Ok(call::version(engine as u64)?))
}

/// Replaces all rules: the report. Sources are names and texts in turn.
#[unsafe(no_mangle)]
extern "system" fn Java_io_sergo_Native_apply<'local>(
    env: EnvUnowned<'local>,
    _: JClass<'local>,
    engine: jlong,
    sources: List<'local>,
) -> Bytes<'local> {
    answer(env, |env| {
        let texts = texts(env, &sources)?;
        let (pairs, _) = texts.as_chunks::<2>();
        let sources: Vec<Source<'_>> = pairs.iter().map(|[name, text]| Source { name, text }).collect();
        Ok(value::read(&call::apply(engine as u64, &sources)?)?)
    })
}

/// The names behind a block.
#[unsafe(no_mangle)]
extern "system" fn Java_io_sergo_Native_block<'local>(
    env: EnvUnowned<'local>,
    _: JClass<'local>,
    engine: jlong,
    id: jlong,
) -> Bytes<'local> {
    answer(env, |_| Ok(value::read(&call::block(engine as u64, id as u64)?)?))
}

fn numbers(env: &Env<'_>, rolls: &JDoubleArray<'_>) -> Result<Vec<f64>, Fault> {
    let mut numbers = vec![0.0; rolls.len(env)?];
    rolls.get_region(env, 0, &mut numbers)?;
    Ok(numbers)
}

/// The numbers of an array, none where it is null.
pub(crate) fn given(env: &Env<'_>, rolls: &JDoubleArray<'_>) -> Result<Option<Vec<f64>>, Fault> {
    if rolls.is_null() { Ok(None) } else { numbers(env, rolls).map(Some) }
}

pub(crate) fn random(rolls: Option<&[f64]>, seed: jlong) -> Random<'_> {
    rolls.map_or(Random::Seed(seed as u64), Random::Rolls)
}

/// An answer of the border that may be empty, for nowhere.
pub(crate) fn somewhere(json: &str) -> Result<Value, Fault> {
    Ok(if json.is_empty() { Value::Null } else { value::read(json)? })
}

/// Routes a packed request by the random numbers given: the answer's id, or 0.
#[unsafe(no_mangle)]
extern "system" fn Java_io_sergo_Native_routeBy<'local>(
    env: EnvUnowned<'local>,
    _: JClass<'local>,
    engine: jlong,
    request: Bytes<'local>,
    rolls: JDoubleArray<'local>,
) -> jlong {
    number(env, |env| {
        let (request, rolls) = (env.convert_byte_array(&request)?, numbers(env, &rolls)?);
        Ok(call::route(engine as u64, &request, Random::Rolls(&rolls))?)
    })
}

/// Where a packed request goes and all that is done with it, null for nowhere;
/// by the random numbers given, or by the seed where they are null.
#[unsafe(no_mangle)]
extern "system" fn Java_io_sergo_Native_direct<'local>(
    env: EnvUnowned<'local>,
    _: JClass<'local>,
    engine: jlong,
    request: Bytes<'local>,
    seed: jlong,
    rolls: JDoubleArray<'local>,
) -> Bytes<'local> {
    answer(env, |env| {
        let (request, rolls) = (env.convert_byte_array(&request)?, given(env, &rolls)?);
        somewhere(&call::direct(engine as u64, &request, random(rolls.as_deref(), seed))?)
    })
}

/// Where a connection, described as JSON, goes, null for nowhere; by the random
/// numbers given, or by the seed where they are null.
#[unsafe(no_mangle)]
extern "system" fn Java_io_sergo_Native_connect<'local>(
    env: EnvUnowned<'local>,
    _: JClass<'local>,
    engine: jlong,
    connection: Bytes<'local>,
    seed: jlong,
    rolls: JDoubleArray<'local>,
) -> Bytes<'local> {
    answer(env, |env| {
        let (connection, rolls) = (text(env, &connection)?, given(env, &rolls)?);
        somewhere(&call::connect(engine as u64, &connection, random(rolls.as_deref(), seed))?)
    })
}

/// What an entry would be answered, and why.
#[unsafe(no_mangle)]
extern "system" fn Java_io_sergo_Native_explain<'local>(
    env: EnvUnowned<'local>,
    _: JClass<'local>,
    engine: jlong,
    resource: Bytes<'local>,
    cost: jint,
    outbound: jboolean,
    now: jlong,
) -> Bytes<'local> {
    answer(env, |env| {
        let resource = text(env, &resource)?;
        Ok(value::read(&call::explain(engine as u64, &resource, cost as u32, outbound, now as u64)?)?)
    })
}

/// What an id of a route stands for.
#[unsafe(no_mangle)]
extern "system" fn Java_io_sergo_Native_answer<'local>(
    env: EnvUnowned<'local>,
    _: JClass<'local>,
    engine: jlong,
    id: jlong,
) -> Bytes<'local> {
    answer(env, |_| Ok(value::read(&call::answer(engine as u64, id as u64)?)?))
}

/// Tells what discovery knows of a host.
#[unsafe(no_mangle)]
extern "system" fn Java_io_sergo_Native_setInstances<'local>(
    env: EnvUnowned<'local>,
    _: JClass<'local>,
    engine: jlong,
    host: Bytes<'local>,
    instances: Bytes<'local>,
) -> jlong {
    number(env, |env| {
        let (host, instances) = (text(env, &host)?, text(env, &instances)?);
        Ok(call::set_instances(engine as u64, &host, &instances).map(|()| 0)?)
    })
}

/// The state of a breaker; empty for none.
#[unsafe(no_mangle)]
extern "system" fn Java_io_sergo_Native_breakerState<'local>(
    env: EnvUnowned<'local>,
    _: JClass<'local>,
    engine: jlong,
    target: Bytes<'local>,
    strategy: Bytes<'local>,
) -> Bytes<'local> {
    answer(env, |env| {
        let (target, strategy) = (text(env, &target)?, text(env, &strategy)?);
        Ok(Value::String(call::breaker_state(engine as u64, &target, &strategy)?))
    })
}

/// Takes the system's figures; what is no number is unknown.
#[unsafe(no_mangle)]
extern "system" fn Java_io_sergo_Native_setSystemLoad<'local>(
    env: EnvUnowned<'local>,
    _: JClass<'local>,
    engine: jlong,
    cpu: jdouble,
    load1: jdouble,
    memory: jdouble,
    now: jlong,
) -> jlong {
    number(env, |_| Ok(call::set_system_load(engine as u64, cpu, load1, memory, now as u64).map(|()| 0)?))
}

/// Samples the system's figures, and takes them.
#[unsafe(no_mangle)]
extern "system" fn Java_io_sergo_Native_sampleSystem<'local>(
    env: EnvUnowned<'local>,
    _: JClass<'local>,
    engine: jlong,
    now: jlong,
) -> jlong {
    number(env, |_| Ok(call::sample_system(engine as u64, now as u64).map(|()| 0)?))
}

/// Whether rules look at the system's figures: 1 or 0.
#[unsafe(no_mangle)]
extern "system" fn Java_io_sergo_Native_needsSystemLoad<'local>(
    env: EnvUnowned<'local>,
    _: JClass<'local>,
    engine: jlong,
) -> jlong {
    number(env, |_| Ok(call::needs_system_load(engine as u64).map(u64::from)?))
}

/// The events since the last call.
#[unsafe(no_mangle)]
extern "system" fn Java_io_sergo_Native_drainEvents<'local>(
    env: EnvUnowned<'local>,
    _: JClass<'local>,
    engine: jlong,
) -> Bytes<'local> {
    answer(env, |_| Ok(value::read(&call::drain_events(engine as u64)?)?))
}

/// The counters of this moment.
#[unsafe(no_mangle)]
extern "system" fn Java_io_sergo_Native_figures<'local>(
    env: EnvUnowned<'local>,
    _: JClass<'local>,
    engine: jlong,
) -> Bytes<'local> {
    answer(env, |_| Ok(value::read(&call::figures(engine as u64)?)?))
}

/// Panics inside the border, on purpose.
#[cfg(feature = "test-panic")]
#[unsafe(no_mangle)]
extern "system" fn Java_io_sergo_PanicOnPurpose_panic<'local>(
    env: EnvUnowned<'local>,
    _: JClass<'local>,
    engine: jlong,
) -> jlong {
    number(env, |_| Ok(call::panic_on_purpose(engine as u64).map(|()| 0)?))
}
