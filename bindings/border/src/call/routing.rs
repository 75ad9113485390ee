//! Where a request goes, and to which instance.

use crate::handle::{Host, with, with_view};
use crate::{packed, text};
use sergo::route::{AnswerId, PickedId, Request, Rolls};
use sergo::{CallOutcome, Code, Pick, View};

/// The random numbers that a call brings.
#[derive(Clone, Copy, Debug)]
pub enum Random<'a> {
    /// One random 64-bit number, from which as many as needed are made.
    Seed(u64),
    /// The numbers themselves, each in `[0, 1)`.
    Rolls(&'a [f64]),
}

impl<'a> Random<'a> {
    fn rolls(self) -> Rolls<'a> {
        match self {
            Random::Seed(seed) => Rolls::seeded(seed),
            Random::Rolls(numbers) => Rolls::given(numbers),
        }
    }
}

/// Hands a packed request to the engine. [`Code::Stale`] where its headers were
/// selected for other rules than are in force; the check after the call sees rules
/// that came in the middle of it, whose answer `undo` takes back.
fn asked<T>(
    handle: u64,
    block: &[u8],
    ask: impl FnOnce(&Host, &Request<'_>) -> T,
    undo: impl FnOnce(T),
) -> Result<T, Code> {
    with(handle, |host| {
        packed::request(block, |request, version| {
            let is_stale = || version.is_some_and(|version| version != host.engine().version());
            if is_stale() {
                return Err(Code::Stale);
            }
            let answer = ask(host, request);
            if is_stale() {
                undo(answer);
                return Err(Code::Stale);
            }
            Ok(answer)
        })
    })
}

/// The same for hot calls, by the rules of one moment: they don't change meanwhile.
#[inline]
fn viewed<T>(handle: u64, block: &[u8], ask: impl FnOnce(&Host, View<'_>, &Request<'_>) -> T) -> Result<T, Code> {
    with_view(handle, |host, view| {
        packed::request(block, |request, version| match version {
            Some(version) if version != view.version() => Err(Code::Stale),
            _ => Ok(ask(host, view, request)),
        })
    })
}

/// Where a [packed] request goes: an id for [`answer`], or 0 for
/// nowhere.
///
/// # Errors
/// [`Code::Argument`], [`Code::Utf8`]; [`Code::Stale`]: select the headers again;
/// and those of [`with`].
#[inline]
pub fn route(handle: u64, block: &[u8], random: Random<'_>) -> Result<u64, Code> {
    viewed(handle, block, |host, view, request| {
        view.route(request, &mut random.rolls(), host.moment()).map_or(0, |id| id.0)
    })
}

/// Where a [packed] request goes and all that is done with it on the
/// way, as [`text::directions`]; empty for nowhere. For the same request and
/// random numbers it is what [`route`] answers.
///
/// # Errors
/// Those of [`route`].
pub fn direct(handle: u64, block: &[u8], random: Random<'_>) -> Result<String, Code> {
    let direct = |host: &Host, request: &Request<'_>| {
        let directions = host.engine().direct(request, &mut random.rolls(), host.moment());
        directions.map(|directions| text::directions(&directions)).unwrap_or_default()
    };
    asked(handle, block, direct, drop)
}

/// What an id of [`route`] stands for, as [`text::answer`].
///
/// # Errors
/// [`Code::Stale`] when it is no longer kept; and those of [`with`].
pub fn answer(handle: u64, id: u64) -> Result<String, Code> {
    with(handle, |host| host.engine().answer(AnswerId(id)).map(|answer| text::answer(&answer)).ok_or(Code::Stale))
}

/// Where a connection goes, by the TLS and TCP routes, as [`text::answer`]; empty
/// for nowhere. The connection is described as in [`text::Connecting`].
///
/// # Errors
/// [`Code::Argument`] for other JSON; and those of [`with`].
pub fn connect(handle: u64, json: &str, random: Random<'_>) -> Result<String, Code> {
    let connecting = text::connecting(json)?;
    with(handle, |host| {
        // An answer is only forgotten when many new versions of the rules come
        // between the two questions: then the newest are asked.
        while let Some(id) = host.engine().connect(&connecting.connection(), &mut random.rolls(), host.moment()) {
            if let Some(answer) = host.engine().answer(id) {
                return Ok(text::answer(&answer));
            }
        }
        Ok(String::new())
    })
}

/// Where a [packed] request goes at `now` and which instance takes it:
/// what [`direct`] says, and `"instance"`, its id or null, and `"number"`, by which
/// [`instance`] and [`report_id`] know it; empty for nowhere. The request counts as
/// in flight on the instance until [`report`].
///
/// # Errors
/// Those of [`route`].
pub fn pick(handle: u64, block: &[u8], random: Random<'_>, now: u64) -> Result<String, Code> {
    let pick = |host: &Host, request: &Request<'_>| host.engine().pick(request, &mut random.rolls(), host.tick(now));
    let unpick = |pick: Option<Pick>| {
        if let Some(endpoint) = pick.and_then(|pick| pick.endpoint) {
            endpoint.health.end();
        }
    };
    let pick = asked(handle, block, pick, unpick)?;
    Ok(pick.map(|pick| text::json(&pick)).unwrap_or_default())
}

/// The answer to [`pick_id`] as plain integers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Picked {
    /// Where the request goes, for [`answer`]; 0 with an instance is the host that
    /// was asked for, which no router names.
    pub answer: u64,
    /// The instance's number, for [`instance`] and [`report_id`]; 0 is to ask
    /// [`pick`] with the same random numbers.
    pub instance: u64,
}

impl From<Option<PickedId>> for Picked {
    fn from(pick: Option<PickedId>) -> Self {
        pick.map_or(Picked::default(), |pick| Picked {
            answer: pick.answer.map_or(0, |id| id.0),
            instance: pick.endpoint.health.number(),
        })
    }
}

/// What [`pick`] says, where that is a plain destination with an instance: it
/// allocates nothing while no instance is ejected. All else [`pick`] has to tell;
/// nothing has been counted then.
///
/// # Errors
/// Those of [`route`].
#[inline]
pub fn pick_id(handle: u64, block: &[u8], random: Random<'_>, now: u64) -> Result<Picked, Code> {
    viewed(handle, block, |host, view, request| view.pick_id(request, &mut random.rolls(), host.tick(now)))
        .map(Picked::from)
}

/// The instance of a host behind a number of [`pick_id`], as
/// [`text::instance`]. A number is never another instance's, also later, so
/// that it may be remembered.
///
/// # Errors
/// [`Code::Stale`] when discovery knows it no longer; and those of [`with`].
pub fn instance(handle: u64, host_name: &str, number: u64) -> Result<String, Code> {
    with(handle, |host| {
        host.engine().instance(host_name, number).map(|instance| text::instance(&instance)).ok_or(Code::Stale)
    })
}

/// Takes what came of a call to an instance of a host at `now`: 0 a success, 1 a
/// server error, 2 a gateway error (502, 503, 504), 3 no connection, 4 cancelled:
/// the call was not made, or tells nothing.
///
/// # Errors
/// [`Code::Argument`] for another outcome; and those of [`with`].
pub fn report(handle: u64, host_name: &str, instance: &str, outcome: u32, now: u64) -> Result<(), Code> {
    let outcome = read_outcome(outcome)?;
    with(handle, |host| {
        host.engine().report(host_name, instance, outcome, host.tick(now));
        Ok(())
    })
}

/// The same, with the instance's number.
///
/// # Errors
/// Those of [`report`].
#[inline]
pub fn report_id(handle: u64, host_name: &str, number: u64, outcome: u32, now: u64) -> Result<(), Code> {
    let outcome = read_outcome(outcome)?;
    with_view(handle, |host, view| {
        view.report_id(host_name, number, outcome, host.tick(now));
        Ok(())
    })
}

fn read_outcome(outcome: u32) -> Result<CallOutcome, Code> {
    Ok(match outcome {
        0 => CallOutcome::Success,
        1 => CallOutcome::Error,
        2 => CallOutcome::GatewayError,
        3 => CallOutcome::LocalError,
        4 => CallOutcome::Cancelled,
        _ => return Err(Code::Argument),
    })
}

/// The ids of a host's instances that are ejected at `now`, a sorted JSON list.
///
/// # Errors
/// Those of [`with`].
pub fn ejected(handle: u64, host_name: &str, now: u64) -> Result<String, Code> {
    with(handle, |host| Ok(text::json(&host.engine().ejected(host_name, host.tick(now)))))
}

/// The lane of a [packed] request that comes in, `{"lane", "baggage":
/// {key: lane}}`, or empty for none. Where `trust` is false the lane that it
/// carries is not believed.
///
/// # Errors
/// Those of [`route`].
pub fn label(handle: u64, block: &[u8], trust: bool) -> Result<String, Code> {
    let label = asked(handle, block, |host, request| host.engine().label(request, trust), drop)?;
    Ok(label.map(|label| text::json(&label)).unwrap_or_default())
}

/// The `baggage` header of the next call: that of the one that came in, and the
/// lane under its key.
#[must_use]
pub fn baggage(incoming: &str, key: &str, lane: &str) -> String {
    sergo::matcher::baggage::merge(incoming, key, lane)
}

/// Which headers and query parameters [`route`] and [`pick`] look at for a host,
/// `{"version", "headers": [name], "parameters": [name]}`; for an empty host, which
/// ones [`label`] looks at. It holds for that version of the rules: see [packed].
/// At version 0, before any rules, there is nothing to go by.
///
/// # Errors
/// Those of [`with`].
pub fn required(handle: u64, host_name: &str) -> Result<String, Code> {
    with(handle, |host| {
        let engine = host.engine();
        let required = if host_name.is_empty() { engine.required_to_label() } else { engine.required(host_name) };
        Ok(text::json(&required))
    })
}

/// Which route a [packed] request goes by at `now`, and why none of those
/// before it does, as [`text::explanation`]. It changes nothing.
///
/// # Errors
/// Those of [`route`].
pub fn explain_route(handle: u64, block: &[u8], random: Random<'_>, now: u64) -> Result<String, Code> {
    let explain =
        |host: &Host, request: &Request<'_>| host.engine().explain_route(request, &mut random.rolls(), host.tick(now));
    asked(handle, block, explain, drop).map(|explanation| text::explanation(&explanation))
}

/// The limits that rules set for connections to a host, or to a subset of it, as
/// JSON (see [`sergo::policy::ConnectionPool`]); empty for none.
///
/// # Errors
/// Those of [`with`].
pub fn connection_pool(handle: u64, host_name: &str, subset: Option<&str>) -> Result<String, Code> {
    with(handle, |host| {
        let pool = host.engine().connection_pool(host_name, subset);
        Ok(pool.map(|pool| text::json(&pool)).unwrap_or_default())
    })
}

/// Tells what has changed of a host: a JSON list of instances that are new or
/// changed (see [`text::instances`]), and one of the ids of those that are gone.
///
/// # Errors
/// [`Code::Argument`] for other JSON; and those of [`with`].
pub fn update_instances(handle: u64, host_name: &str, changed: &str, gone: &str) -> Result<(), Code> {
    let (changed, gone) = (text::instances(changed)?, text::ids(gone)?);
    with(handle, |host| {
        let gone: Vec<&str> = gone.iter().map(String::as_str).collect();
        host.engine().update_instances(host_name, changed, &gone);
        Ok(())
    })
}

/// Tells what discovery knows of a host, as a JSON list (see [`text::instances`]).
///
/// # Errors
/// [`Code::Argument`] for other JSON; and those of [`with`].
pub fn set_instances(handle: u64, host_name: &str, json: &str) -> Result<(), Code> {
    let instances = text::instances(json)?;
    with(handle, |host| {
        host.engine().set_instances(host_name, instances);
        Ok(())
    })
}
