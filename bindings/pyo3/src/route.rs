//! Asking where requests and connections go, and the answer as a
//! `sergo.Routing`.

use crate::engine::Engine;
use crate::error::raise;
use crate::request::{AskedConnection, AskedRequest, rolls};
use crate::text::Roll;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use sergo::{AnswerId, Code};
use sergo_border::handle::with_view;
use sergo_border::{call, text, with};
use std::sync::Arc;

/// What an id stands for, as Python's own value.
pub(crate) struct Known {
    /// A `sergo.Routing`.
    pub(crate) routing: Py<PyAny>,
    /// Whether there is more to it, worked out or drawn for each request.
    varies: bool,
    /// The host of its destination, if it has one.
    pub(crate) host: Option<String>,
}

impl Known {
    /// Reads an answer's JSON, in Python, where the dataclasses are.
    pub(crate) fn read(py: Python<'_>, json: &str) -> PyResult<Known> {
        static READ: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let read = READ.import(py, "sergo._routing", "from_json")?;
        let (routing, varies) = read.call1((json,))?.extract::<(Bound<'_, PyAny>, bool)>()?;
        let destination = routing.getattr("destination")?;
        let host = if destination.is_none() { None } else { Some(destination.getattr("host")?.extract()?) };
        Ok(Known { routing: routing.unbind(), varies, host })
    }
}

/// Where a request goes.
pub(crate) fn request(py: Python<'_>, engine: &Engine, asked: &AskedRequest<'_>) -> PyResult<Py<PyAny>> {
    let now = engine.now(py)?;
    asked.ask(|request, rolls| {
        let ask =
            || with_view(engine.handle(), |host, view| Ok(view.route(request, &mut rolls.clone(), host.tick(now))));
        let answer = answer(py, engine, ask)?;
        if !answer.varies {
            return Ok(answer.routing.clone_ref(py));
        }
        let directions = with(engine.handle(), |host| {
            let directions = host.engine().direct(request, &mut rolls.clone(), host.tick(now));
            Ok(directions.map_or(NOWHERE.to_owned(), |directions| text::directions(&directions)))
        });
        Ok(Known::read(py, &directions.map_err(raise)?)?.routing)
    })
}

/// Where a connection goes.
pub(crate) fn connection(
    py: Python<'_>,
    engine: &Engine,
    asked: &AskedConnection,
    roll: Option<&Roll>,
) -> PyResult<Py<PyAny>> {
    let (connection, rolls) = (asked.connection(), rolls(roll));
    let now = engine.now(py)?;
    let ask =
        || with(engine.handle(), |host| Ok(host.engine().connect(&connection, &mut rolls.clone(), host.tick(now))));
    let answer = answer(py, engine, ask)?;
    Ok(answer.routing.clone_ref(py))
}

/// What no rule has an answer to: a `sergo.Routing` without anything.
const NOWHERE: &str = "{}";

/// The same, kept under 0.
pub(crate) fn nowhere(py: Python<'_>, engine: &Engine) -> PyResult<Arc<Known>> {
    match engine.answers.get(&0) {
        Some(known) => Ok(known),
        None => Ok(engine.answers.put(0, Known::read(py, NOWHERE)?)),
    }
}

fn answer(py: Python<'_>, engine: &Engine, ask: impl Fn() -> Result<Option<AnswerId>, Code>) -> PyResult<Arc<Known>> {
    // Twice, since new rules may come between the answer and its description.
    for _ in 0..2 {
        let id = ask().map_err(raise)?.map_or(0, |id| id.0);
        if let Some(known) = known(py, engine, id)? {
            return Ok(known);
        }
    }
    Err(raise(Code::Stale))
}

/// What an id stands for, 0 being nowhere; None when that is no longer known.
pub(crate) fn known(py: Python<'_>, engine: &Engine, id: u64) -> PyResult<Option<Arc<Known>>> {
    if let Some(known) = engine.answers.get(&id) {
        return Ok(Some(known));
    }
    if id == 0 {
        return nowhere(py, engine).map(Some);
    }
    match call::answer(engine.handle(), id) {
        Ok(text) => Ok(Some(engine.answers.put(id, Known::read(py, &text)?))),
        Err(Code::Stale) => Ok(None),
        Err(code) => Err(raise(code)),
    }
}
