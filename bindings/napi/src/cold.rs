//! Making and closing engines, rules, and what can be looked at.

use crate::failure::{Result, failure};
use crate::thread;
use crate::words::HANDLE;
use napi::bindgen_prelude::AsyncTask;
use napi::{Env, Task};
use napi_derive::napi;
use sergo::{Code, Config, Source, StrategyKind};
use sergo_border::call;

/// The version of this addon, which must be the package's.
#[napi(catch_unwind)]
pub fn addon_version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}

/// The words and sentences of the codes, `[number, word, sentence, ...]` in one
/// flat list, for errors of hot calls.
#[napi(catch_unwind)]
pub fn codes() -> Vec<String> {
    Code::ALL
        .iter()
        .flat_map(|code| [(*code as i32).to_string(), code.word().to_owned(), code.sentence().to_owned()])
        .collect()
}

/// The document kinds of the strategies; the number of a kind is its place, from 1.
#[napi(catch_unwind)]
pub fn strategy_kinds() -> Vec<String> {
    StrategyKind::ALL.iter().map(|kind| kind.as_str().to_owned()).collect()
}

/// Makes an engine; its handle. `labels` is a flat list of names and values.
///
/// # Errors
/// `full` when no more can be open, `argument` for a label without a value.
#[napi(catch_unwind)]
pub fn open(app: String, namespace: String, labels: Vec<String>) -> Result<f64> {
    let (pairs, rest) = labels.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(failure(Code::Argument));
    }
    let labels = pairs.iter().cloned().map(|[name, value]| (name, value)).collect();
    let handle = sergo_border::open(Config { namespace, app, labels }).map_err(failure)?;
    thread::made(handle);
    Ok(handle as f64)
}

/// Closes an engine.
///
/// # Errors
/// `closed` when it is closed already.
#[napi(catch_unwind)]
pub fn close(handle: f64) -> Result<()> {
    thread::closed(handle as u64);
    sergo_border::close(handle as u64).map_err(failure)
}

/// Resolves a resource's name.
///
/// # Errors
/// The codes of an engine.
#[napi(catch_unwind)]
pub fn resolve(handle: f64, resource: String) -> Result<f64> {
    Ok(call::resolve(handle as u64, &resource).map_err(failure)? as f64)
}

/// The names behind a block, as JSON (`sergo_border::text::block`).
///
/// # Errors
/// `stale` when they are no longer kept, and the codes of an engine.
#[napi(catch_unwind)]
pub fn block(handle: f64, id: f64) -> Result<String> {
    call::block(handle as u64, id as u64).map_err(failure)
}

/// Replaces all rules by the texts, each a source of its own; the report as JSON.
///
/// # Errors
/// `argument` when there are not as many names as texts, and the codes of an engine.
#[napi(catch_unwind)]
pub fn apply(handle: f64, names: Vec<String>, texts: Vec<String>) -> Result<String> {
    Apply { handle, names, texts }.run().map_err(failure)
}

/// As [`apply`], on a thread of the pool: what was said of it comes later.
#[napi(catch_unwind)]
pub fn apply_later(handle: f64, names: Vec<String>, texts: Vec<String>) -> AsyncTask<Apply> {
    AsyncTask::new(Apply { handle, names, texts })
}

/// Rules that are about to replace an engine's.
pub struct Apply {
    handle: f64,
    names: Vec<String>,
    texts: Vec<String>,
}

impl Apply {
    fn run(&self) -> Result<String, Code> {
        if self.names.len() != self.texts.len() {
            return Err(Code::Argument);
        }
        let texts = self.names.iter().zip(&self.texts);
        let sources: Vec<Source<'_>> = texts.map(|(name, text)| Source { name, text }).collect();
        call::apply(self.handle as u64, &sources)
    }
}

/// What came of it: the number of a code, else 0, and the report as JSON.
#[napi(object)]
pub struct Loaded {
    /// The number of a code where nothing was loaded, else 0.
    pub code: i32,
    /// The report.
    pub report: String,
}

impl Task for Apply {
    type Output = Result<String, Code>;
    type JsValue = Loaded;

    fn compute(&mut self) -> napi::Result<Self::Output> {
        Ok(self.run())
    }

    fn resolve(&mut self, _env: Env, output: Self::Output) -> napi::Result<Loaded> {
        Ok(match output {
            Ok(report) => Loaded { code: 0, report },
            Err(code) => Loaded { code: code as i32, report: String::new() },
        })
    }
}

/// The version of the rules in force, 0 before the first.
///
/// # Errors
/// The codes of an engine.
#[napi(catch_unwind)]
pub fn version(handle: f64) -> Result<f64> {
    Ok(call::version(handle as u64).map_err(failure)? as f64)
}

/// The state of a breaker, empty for none.
///
/// # Errors
/// The codes of an engine.
#[napi(catch_unwind)]
pub fn breaker_state(handle: f64, target: String, strategy: String) -> Result<String> {
    call::breaker_state(handle as u64, &target, &strategy).map_err(failure)
}

/// Takes the application's figures of the system at the moment in the thread's
/// [words](crate::words); what is no number is unknown.
///
/// # Errors
/// The codes of an engine.
#[napi(catch_unwind)]
pub fn set_system_load(cpu: f64, load1: f64, memory: f64) -> Result<()> {
    thread::on_words(|words| call::set_system_load(words.number(HANDLE), cpu, load1, memory, words.time()))
}

/// Samples the system's figures at the moment in the thread's [words](crate::words).
///
/// # Errors
/// The codes of an engine.
#[napi(catch_unwind)]
pub fn sample_system() -> Result<()> {
    thread::on_words(|words| call::sample_system(words.number(HANDLE), words.time()))
}

/// What an entry with the cost, direction and moment in the thread's
/// [words](crate::words) would be answered, and why, as JSON.
///
/// # Errors
/// The codes of an engine.
#[napi(catch_unwind)]
pub fn explain(resource: String) -> Result<String> {
    thread::on_words(|words| call::explain(words.number(HANDLE), &resource, words.cost(), words.flag(), words.time()))
}

/// Whether the rules in force look at the system's figures.
///
/// # Errors
/// The codes of an engine.
#[napi(catch_unwind)]
pub fn needs_system_load(handle: f64) -> Result<bool> {
    call::needs_system_load(handle as u64).map_err(failure)
}

/// The events since the last call, a JSON list.
///
/// # Errors
/// The codes of an engine.
#[napi(catch_unwind)]
pub fn drain_events(handle: f64) -> Result<String> {
    call::drain_events(handle as u64).map_err(failure)
}

/// The counters of this moment, as JSON.
///
/// # Errors
/// The codes of an engine.
#[napi(catch_unwind)]
pub fn figures(handle: f64) -> Result<String> {
    call::figures(handle as u64).map_err(failure)
}

/// Panics inside the border, on purpose.
///
/// # Errors
/// Always `panicked`, or the codes of an engine.
#[cfg(feature = "test-panic")]
#[napi(catch_unwind)]
pub fn panic_on_purpose(handle: f64) -> Result<()> {
    call::panic_on_purpose(handle as u64).map_err(failure)
}
