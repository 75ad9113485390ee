//! Sessions with a control plane: what has happened goes in, what is to be done
//! comes out, on a thread of the pool, so that rules that are applied hold no
//! JavaScript up.

use crate::failure::{Result, failure};
use crate::thread;
use napi::bindgen_prelude::{AsyncTask, Uint8Array};
use napi::{Env, Task};
use napi_derive::napi;
use sergo::Code;
use sergo_border::metadata;
use sergo_border::session::{self, Step};

/// Something that has happened; `what` says what, by its number.
#[napi(object)]
pub struct Happening {
    /// 0: time has passed; 1: the stream is connected; 2: a message has come on it;
    /// 3: it has ended.
    pub what: u32,
    /// The stream's number.
    pub stream: f64,
    /// The message.
    pub bytes: Option<Uint8Array>,
    /// Why it has ended.
    pub reason: Option<String>,
}

/// Something that is to be done; `what` is `dial`, `send` or `close`, or `applied`
/// for what has been done.
#[napi(object)]
pub struct Doing {
    /// What is to be done.
    pub what: String,
    /// The stream's number.
    pub stream: f64,
    /// The address, the reason, or the report.
    pub text: String,
    /// The message to send.
    pub bytes: Option<Uint8Array>,
}

/// What came of a turn.
#[napi(object)]
pub struct Turned {
    /// The number of a code where the turn ended early, else 0.
    pub code: i32,
    /// What is to be done, in order.
    pub doings: Vec<Doing>,
    /// After how many milliseconds the time is to be told; infinite is never.
    pub wait_ms: f64,
    /// The text to be saved, where rules were applied and it was asked for.
    pub saved: Option<String>,
}

enum Told {
    Time,
    Connected(u64),
    Received(u64, Vec<u8>),
    Closed(u64, String),
}

/// One turn of a session.
pub struct Turn {
    session: u64,
    happenings: Vec<Told>,
    saves: bool,
}

impl Turn {
    fn new(session: f64, happenings: Vec<Happening>, saves: bool) -> Turn {
        let told = |Happening { what, stream, bytes, reason }| match what {
            1 => Told::Connected(stream as u64),
            2 => Told::Received(stream as u64, bytes.map(|bytes| bytes.to_vec()).unwrap_or_default()),
            3 => Told::Closed(stream as u64, reason.unwrap_or_default()),
            _ => Told::Time,
        };
        Turn { session: session as u64, happenings: happenings.into_iter().map(told).collect(), saves }
    }

    fn take(&mut self) -> Taken {
        let mut taken = Taken { failure: None, steps: Vec::new(), wait: u64::MAX, saved: None };
        taken.failure = self.run(&mut taken).err();
        taken
    }

    fn run(&mut self, taken: &mut Taken) -> std::result::Result<(), Code> {
        for told in self.happenings.drain(..) {
            match told {
                Told::Time => session::time(self.session)?,
                Told::Connected(stream) => session::connected(self.session, stream)?,
                Told::Received(stream, bytes) => session::received(self.session, stream, &bytes)?,
                Told::Closed(stream, reason) => session::closed(self.session, stream, &reason)?,
            }
        }
        let mut is_changed = false;
        while let Some(step) = session::poll(self.session)? {
            is_changed |= matches!(step, Step::Applied { .. });
            taken.steps.push(step);
        }
        taken.wait = session::wait(self.session)?;
        if is_changed && self.saves {
            taken.saved = Some(session::save(self.session)?);
        }
        Ok(())
    }
}

/// What came of a turn, before it is JavaScript's.
pub struct Taken {
    failure: Option<Code>,
    steps: Vec<Step>,
    wait: u64,
    saved: Option<String>,
}

impl From<Taken> for Turned {
    fn from(Taken { failure, steps, wait, saved }: Taken) -> Turned {
        let doing = |step| {
            let (what, stream, text, bytes) = match step {
                Step::Dial { stream, address } => ("dial", stream, address, None),
                Step::Send { stream, bytes } => ("send", stream, String::new(), Some(bytes.into())),
                Step::Close { stream, reason } => ("close", stream, reason, None),
                Step::Applied { report } => ("applied", 0, report, None),
            };
            Doing { what: what.to_owned(), stream: stream as f64, text, bytes }
        };
        Turned {
            code: failure.map_or(0, |code| code as i32),
            doings: steps.into_iter().map(doing).collect(),
            wait_ms: if wait == u64::MAX { f64::INFINITY } else { wait as f64 / 1e6 },
            saved,
        }
    }
}

impl Task for Turn {
    type Output = Taken;
    type JsValue = Turned;

    fn compute(&mut self) -> napi::Result<Taken> {
        Ok(self.take())
    }

    fn resolve(&mut self, _env: Env, taken: Taken) -> napi::Result<Turned> {
        Ok(taken.into())
    }
}

/// Begins a session that sets an engine's rules (`sergo_border::session::open`).
/// `seed` is a whole number from the system's random numbers.
///
/// # Errors
/// The codes of [`session::open`].
#[napi(catch_unwind)]
pub fn session_open(handle: f64, options: String, seed: f64) -> Result<f64> {
    let session = session::open(handle as u64, &options, seed as u64).map_err(failure)?;
    thread::began(session);
    Ok(session as f64)
}

/// Forgets a session.
///
/// # Errors
/// `closed` when it is closed already.
#[napi(catch_unwind)]
pub fn session_close(session: f64) -> Result<()> {
    thread::ended(session as u64);
    session::close(session as u64).map_err(failure)
}

/// Tells the session what has happened, and answers later what is to be done.
#[napi(catch_unwind)]
pub fn session_turn(session: f64, happenings: Vec<Happening>, saves: bool) -> AsyncTask<Turn> {
    AsyncTask::new(Turn::new(session, happenings, saves))
}

/// As [`session_turn`], at once.
#[napi(catch_unwind)]
pub fn session_turn_now(session: f64, happenings: Vec<Happening>, saves: bool) -> Turned {
    Turn::new(session, happenings, saves).take().into()
}

/// The state as JSON (`sergo_border::session::state`).
///
/// # Errors
/// `closed`, and the codes of an engine.
#[napi(catch_unwind)]
pub fn session_state(session: f64) -> Result<String> {
    session::state(session as u64).map_err(failure)
}

/// Takes a saved text, which the next turn applies; empty, or why nothing was taken.
///
/// # Errors
/// `closed`, and the codes of an engine.
#[napi(catch_unwind)]
pub fn session_restore(session: f64, text: String) -> Result<String> {
    session::restore(session as u64, &text).map_err(failure)
}

/// Subscribes to a kind for an app; the next turn asks for it. False where there are
/// too many already.
///
/// # Errors
/// `closed`, and the codes of an engine.
#[napi(catch_unwind)]
pub fn session_subscribe(session: f64, app: String, kind: String) -> Result<bool> {
    session::subscribe(session as u64, &app, &kind).map_err(failure)
}

/// Ends a subscription; with the next turn its rules go. False where there was none.
///
/// # Errors
/// `closed`, and the codes of an engine.
#[napi(catch_unwind)]
pub fn session_unsubscribe(session: f64, app: String, kind: String) -> Result<bool> {
    session::unsubscribe(session as u64, &app, &kind).map_err(failure)
}

/// The gRPC method that takes a report of services.
#[napi(catch_unwind)]
pub fn metadata_method() -> String {
    metadata::METHOD.to_owned()
}

/// The message of a report of services, from JSON (`sergo_border::metadata`).
///
/// # Errors
/// `argument` for other JSON.
#[napi(catch_unwind)]
pub fn metadata_message(app: String, node: String, services: String) -> Result<Uint8Array> {
    Ok(metadata::metadata(&app, &node, &services).map_err(failure)?.into())
}
