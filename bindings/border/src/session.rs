//! Sessions with a control plane behind plain numbers: what a package tells of its
//! socket, and what it is to do. `docs/subscribe.md` has the loop.
//!
//! A session belongs to an engine, whose rules it sets and by whose clock it goes;
//! a clock of the application's own plays no part. All calls are cold, and any
//! thread may make them; while rules are applied inside [`poll`] the others do not
//! wait.

use crate::handle::{Host, NOW, with};
use serde::{Deserialize, Serialize};
use sergo::subscribe::{Input, Options, Output, Session, State};
use sergo::{Code, Tick};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// How many sessions can be open at once.
pub const MAX_SESSIONS: usize = 4096;

/// What is to be done next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Open a stream of [`METHOD`](sergo::subscribe::wire::METHOD) to the address; tell
    /// of it under this number.
    Dial {
        /// The stream's number.
        stream: u64,
        /// Where to, as the options had it.
        address: String,
    },
    /// Send this message.
    Send {
        /// On this stream.
        stream: u64,
        /// The message, without the five bytes that gRPC puts before it.
        bytes: Vec<u8>,
    },
    /// Close the stream, whatever its state; nothing more need be told of it.
    Close {
        /// Which one.
        stream: u64,
        /// Why, for people to read.
        reason: String,
    },
    /// Rules have been applied to the engine: a good moment to [`save`].
    Applied {
        /// The report as JSON.
        report: String,
    },
}

/// The options as JSON; what is absent is the engine's own, or all.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OptionsText {
    addresses: Vec<String>,
    labels: Option<BTreeMap<String, String>>,
    kinds: Option<Vec<String>>,
    services: Option<Vec<String>>,
    documents: Option<bool>,
}

struct Running {
    engine: u64,
    session: Mutex<Session>,
}

#[derive(Default)]
struct Sessions {
    last: u64,
    running: HashMap<u64, Arc<Running>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn sessions() -> MutexGuard<'static, Sessions> {
    static SESSIONS: OnceLock<Mutex<Sessions>> = OnceLock::new();
    lock(SESSIONS.get_or_init(Mutex::default))
}

fn of<T>(session: u64, ask: impl FnOnce(&Host, &Mutex<Session>) -> Result<T, Code>) -> Result<T, Code> {
    let running = sessions().running.get(&session).map(Arc::clone).ok_or(Code::Closed)?;
    with(running.engine, |host| ask(host, &running.session))
}

fn tell(session: u64, input: Input<'_>) -> Result<(), Code> {
    of(session, |host, session| {
        lock(session).handle(input, host.tick(NOW));
        Ok(())
    })
}

/// Begins a session that sets an engine's rules, and gives its handle, which is
/// never 0. Options: `{"addresses": [text], "labels": {}, "kinds": [text],
/// "services": [text], "documents": bool}`, all but the addresses optional. The
/// seed is from the system's random numbers, another one in a forked process.
///
/// # Errors
/// [`Code::Argument`] for other options, [`Code::Full`] when [`MAX_SESSIONS`] are
/// open; and those of [`with`].
pub fn open(engine: u64, options: &str, seed: u64) -> Result<u64, Code> {
    let text: OptionsText = serde_json::from_str(options).map_err(|_| Code::Argument)?;
    let session = with(engine, |host| {
        let own = Options::new(host.engine().config());
        let options = Options {
            addresses: text.addresses,
            labels: text.labels.unwrap_or(own.labels),
            kinds: text.kinds.unwrap_or(own.kinds),
            services: text.services.unwrap_or(own.services),
            documents: text.documents.unwrap_or(own.documents),
            namespace: own.namespace,
            app: own.app,
        };
        Ok(Mutex::new(Session::new(options, seed)))
    })?;
    let mut sessions = sessions();
    if sessions.running.len() >= MAX_SESSIONS {
        return Err(Code::Full);
    }
    sessions.last += 1;
    let handle = sessions.last;
    sessions.running.insert(handle, Arc::new(Running { engine, session }));
    Ok(handle)
}

/// Forgets a session; every later use of the handle is [`Code::Closed`]. Its stream
/// is the caller's to close: [`end`] says which.
///
/// # Errors
/// [`Code::Closed`] when it is closed already, or was never made.
pub fn close(session: u64) -> Result<(), Code> {
    sessions().running.remove(&session).map(drop).ok_or(Code::Closed)
}

/// The stream can be sent on.
///
/// # Errors
/// [`Code::Closed`] for a session that is closed; and those of [`with`].
pub fn connected(session: u64, stream: u64) -> Result<(), Code> {
    tell(session, Input::Connected { stream })
}

/// A whole message has come, without the five bytes that gRPC puts before it.
///
/// # Errors
/// Those of [`connected`].
pub fn received(session: u64, stream: u64, bytes: &[u8]) -> Result<(), Code> {
    tell(session, Input::Received { stream, bytes })
}

/// The stream has come to an end, or could not be opened; why, for people to read.
///
/// # Errors
/// Those of [`connected`].
pub fn closed(session: u64, stream: u64, reason: &str) -> Result<(), Code> {
    tell(session, Input::Closed { stream, reason })
}

/// Nothing but that time has passed: [`wait`] is over.
///
/// # Errors
/// Those of [`connected`].
pub fn time(session: u64) -> Result<(), Code> {
    tell(session, Input::Time)
}

/// What is to be done next; ask until there is nothing, after each thing that has
/// happened. New rules are applied in here, which takes a while where they are
/// thousands.
///
/// # Errors
/// Those of [`connected`].
pub fn poll(session: u64) -> Result<Option<Step>, Code> {
    of(session, |host, session| {
        let output = lock(session).poll();
        Ok(match output {
            None => None,
            Some(Output::Dial { stream, address }) => Some(Step::Dial { stream, address }),
            Some(Output::Send { stream, bytes }) => Some(Step::Send { stream, bytes }),
            Some(Output::Close { stream, reason }) => Some(Step::Close { stream, reason }),
            Some(Output::Apply(update)) => {
                // Meanwhile the session hears what comes, and asks for no other update.
                let report = update.apply(host.engine());
                lock(session).handle(Input::Applied(&report), host.tick(NOW));
                Some(Step::Applied { report: report.to_json() })
            }
        })
    })
}

/// After how many nanoseconds [`time`] is to be called; `u64::MAX` is never. It is
/// another after everything that happens.
///
/// # Errors
/// Those of [`connected`].
pub fn wait(session: u64) -> Result<u64, Code> {
    of(session, |host, session| {
        Ok(lock(session).deadline().map_or(u64::MAX, |deadline| deadline.since(host.tick(NOW)).nanos()))
    })
}

/// The state as JSON (see [`State`]), and beside it as nanoseconds `connectedFor`,
/// `lastPushAgo` and `dialsIn`, null where it is not connected, nothing was pushed,
/// or it does not wait to dial.
///
/// # Errors
/// Those of [`connected`].
pub fn state(session: u64) -> Result<String, Code> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Timed {
        #[serde(flatten)]
        state: State,
        connected_for: Option<u64>,
        last_push_ago: Option<u64>,
        dials_in: Option<u64>,
    }
    of(session, |host, session| {
        let state = lock(session).state();
        let now = host.tick(NOW);
        let ago = |tick: Option<Tick>| tick.map(|tick| now.since(tick).nanos());
        Ok(crate::text::json(&Timed {
            connected_for: ago(state.connected_since),
            last_push_ago: ago(state.last_push),
            dials_in: state.dials_at.map(|tick| tick.since(now).nanos()),
            state,
        }))
    })
}

/// The last good documents as a text with a checksum, for the file from which the
/// next process [restores](restore) them.
///
/// # Errors
/// Those of [`connected`].
pub fn save(session: u64) -> Result<String, Code> {
    of(session, |_, session| Ok(lock(session).save()))
}

/// Takes the documents of such a text, which the next [`poll`] applies; the control
/// plane's first push takes their place. Empty, or a sentence that says why nothing
/// was taken: what was found, and what would be right.
///
/// # Errors
/// Those of [`connected`].
pub fn restore(session: u64, text: &str) -> Result<String, Code> {
    of(session, |_, session| Ok(lock(session).restore(text).err().unwrap_or_default()))
}

/// Subscribes to a kind for an app; whether it is subscribed to now, which it is
/// not when there are too many already.
///
/// # Errors
/// Those of [`connected`].
pub fn subscribe(session: u64, app: &str, kind: &str) -> Result<bool, Code> {
    of(session, |_, session| Ok(lock(session).subscribe(app, kind)))
}

/// Ends a subscription; its documents leave the engine. Whether there was one.
///
/// # Errors
/// Those of [`connected`].
pub fn unsubscribe(session: u64, app: &str, kind: &str) -> Result<bool, Code> {
    of(session, |_, session| Ok(lock(session).unsubscribe(app, kind)))
}

/// Ends the session: the next [`poll`] says which stream to close, and it dials no
/// more. The rules in force stay.
///
/// # Errors
/// Those of [`connected`].
pub fn end(session: u64) -> Result<(), Code> {
    of(session, |_, session| {
        lock(session).end();
        Ok(())
    })
}
