//! Sessions with a control plane: what has happened to the socket, and what is to
//! be done.

use crate::cold::{Bytes, answer, number, raw, text};
use crate::value;
use jni::EnvUnowned;
use jni::objects::JClass;
use jni::sys::jlong;
use serde_json::Value;
use sergo::Code;
use sergo_border::metadata;
use sergo_border::session::{self, Step};

/// Begins a session of an engine: its handle.
#[unsafe(no_mangle)]
extern "system" fn Java_io_sergo_SessionCalls_open<'local>(
    env: EnvUnowned<'local>,
    _: JClass<'local>,
    engine: jlong,
    options: Bytes<'local>,
    seed: jlong,
) -> jlong {
    number(env, |env| Ok(session::open(engine as u64, &text(env, &options)?, seed as u64)?))
}

/// Forgets a session.
#[unsafe(no_mangle)]
extern "system" fn Java_io_sergo_SessionCalls_close<'local>(
    env: EnvUnowned<'local>,
    _: JClass<'local>,
    session: jlong,
) -> jlong {
    number(env, |_| Ok(session::close(session as u64).map(|()| 0)?))
}

/// The stream can be sent on.
#[unsafe(no_mangle)]
extern "system" fn Java_io_sergo_SessionCalls_connected<'local>(
    env: EnvUnowned<'local>,
    _: JClass<'local>,
    session: jlong,
    stream: jlong,
) -> jlong {
    number(env, |_| Ok(session::connected(session as u64, stream as u64).map(|()| 0)?))
}

/// A whole message has come.
#[unsafe(no_mangle)]
extern "system" fn Java_io_sergo_SessionCalls_received<'local>(
    env: EnvUnowned<'local>,
    _: JClass<'local>,
    session: jlong,
    stream: jlong,
    message: Bytes<'local>,
) -> jlong {
    number(env, |env| {
        let message = env.convert_byte_array(&message)?;
        Ok(session::received(session as u64, stream as u64, &message).map(|()| 0)?)
    })
}

/// The stream has come to an end.
#[unsafe(no_mangle)]
extern "system" fn Java_io_sergo_SessionCalls_closed<'local>(
    env: EnvUnowned<'local>,
    _: JClass<'local>,
    session: jlong,
    stream: jlong,
    reason: Bytes<'local>,
) -> jlong {
    number(env, |env| Ok(session::closed(session as u64, stream as u64, &text(env, &reason)?).map(|()| 0)?))
}

/// Nothing but that time has passed.
#[unsafe(no_mangle)]
extern "system" fn Java_io_sergo_SessionCalls_time<'local>(
    env: EnvUnowned<'local>,
    _: JClass<'local>,
    session: jlong,
) -> jlong {
    number(env, |_| Ok(session::time(session as u64).map(|()| 0)?))
}

/// After how many nanoseconds it wants to hear of the time; the greatest number of
/// Java's for never.
#[unsafe(no_mangle)]
extern "system" fn Java_io_sergo_SessionCalls_waitNanos<'local>(
    env: EnvUnowned<'local>,
    _: JClass<'local>,
    session: jlong,
) -> jlong {
    number(env, |_| Ok(session::wait(session as u64)?.min(i64::MAX as u64)))
}

/// What is to be done next: after the code a byte, `n` for nothing; `d`, `s` or `c`
/// and the stream's number as `i64`, then to the end the address to dial, the
/// message to send, or the reason to close; or `a` and the report's value.
#[unsafe(no_mangle)]
extern "system" fn Java_io_sergo_SessionCalls_poll<'local>(
    env: EnvUnowned<'local>,
    _: JClass<'local>,
    session: jlong,
) -> Bytes<'local> {
    raw(env, |_| Ok(written(session::poll(session as u64)?)?))
}

fn written(step: Option<Step>) -> Result<Vec<u8>, Code> {
    let (tag, stream, rest) = match step {
        None => return Ok(vec![b'n']),
        Some(Step::Applied { report }) => {
            let mut out = vec![b'a'];
            value::write(&mut out, &value::read(&report)?);
            return Ok(out);
        }
        Some(Step::Dial { stream, address }) => (b'd', stream, address.into_bytes()),
        Some(Step::Send { stream, bytes }) => (b's', stream, bytes),
        Some(Step::Close { stream, reason }) => (b'c', stream, reason.into_bytes()),
    };
    Ok([&[tag], &stream.to_le_bytes()[..], &rest].concat())
}

/// What the session is doing.
#[unsafe(no_mangle)]
extern "system" fn Java_io_sergo_SessionCalls_state<'local>(
    env: EnvUnowned<'local>,
    _: JClass<'local>,
    session: jlong,
) -> Bytes<'local> {
    answer(env, |_| Ok(value::read(&session::state(session as u64)?)?))
}

/// The last good documents as a text.
#[unsafe(no_mangle)]
extern "system" fn Java_io_sergo_SessionCalls_save<'local>(
    env: EnvUnowned<'local>,
    _: JClass<'local>,
    session: jlong,
) -> Bytes<'local> {
    answer(env, |_| Ok(Value::String(session::save(session as u64)?)))
}

/// Takes the documents of such a text; empty, or why nothing was taken.
#[unsafe(no_mangle)]
extern "system" fn Java_io_sergo_SessionCalls_restore<'local>(
    env: EnvUnowned<'local>,
    _: JClass<'local>,
    session: jlong,
    saved: Bytes<'local>,
) -> Bytes<'local> {
    answer(env, |env| Ok(Value::String(session::restore(session as u64, &text(env, &saved)?)?)))
}

/// Subscribes to a kind for an app: 1 where it is subscribed to now.
#[unsafe(no_mangle)]
extern "system" fn Java_io_sergo_SessionCalls_subscribe<'local>(
    env: EnvUnowned<'local>,
    _: JClass<'local>,
    session: jlong,
    app: Bytes<'local>,
    kind: Bytes<'local>,
) -> jlong {
    number(env, |env| {
        let (app, kind) = (text(env, &app)?, text(env, &kind)?);
        Ok(session::subscribe(session as u64, &app, &kind).map(u64::from)?)
    })
}

/// Ends a subscription: 1 where there was one.
#[unsafe(no_mangle)]
extern "system" fn Java_io_sergo_SessionCalls_unsubscribe<'local>(
    env: EnvUnowned<'local>,
    _: JClass<'local>,
    session: jlong,
    app: Bytes<'local>,
    kind: Bytes<'local>,
) -> jlong {
    number(env, |env| {
        let (app, kind) = (text(env, &app)?, text(env, &kind)?);
        Ok(session::unsubscribe(session as u64, &app, &kind).map(u64::from)?)
    })
}

/// Ends the session.
#[unsafe(no_mangle)]
extern "system" fn Java_io_sergo_SessionCalls_end<'local>(
    env: EnvUnowned<'local>,
    _: JClass<'local>,
    session: jlong,
) -> jlong {
    number(env, |_| Ok(session::end(session as u64).map(|()| 0)?))
}

/// The message that reports services to a control plane.
#[unsafe(no_mangle)]
extern "system" fn Java_io_sergo_SessionCalls_metadata<'local>(
    env: EnvUnowned<'local>,
    _: JClass<'local>,
    app: Bytes<'local>,
    node: Bytes<'local>,
    services: Bytes<'local>,
) -> Bytes<'local> {
    raw(env, |env| {
        let (app, node, services) = (text(env, &app)?, text(env, &node)?, text(env, &services)?);
        Ok(metadata::metadata(&app, &node, &services)?)
    })
}
