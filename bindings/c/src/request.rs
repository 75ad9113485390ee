//! A request, and the random numbers that it is chosen by.

use crate::text::{list, map, one, sergo_pair, sergo_str};
use sergo_border::call::Random;
use sergo_border::handle::Host;
use sergo_border::with;
use sergo_core::route::{Caller, Rpc, RpcArgument};
use sergo_core::{Code, Headers, Request};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// A request to route. All zero but the host is `GET /` over http without
/// headers.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct sergo_request {
    /// The host that is called, perhaps with a port.
    pub host: sergo_str,
    /// The method; `GET` when absent.
    pub method: sergo_str,
    /// The path, perhaps with a query; `/` when absent.
    pub path: sergo_str,
    /// The scheme; `http` when absent.
    pub scheme: sergo_str,
    /// The headers, names in any case.
    pub headers: *const sergo_pair,
    /// How many.
    pub header_count: usize,
    /// The destination port; 0 is none.
    pub port: u16,
    /// The caller's address; may be absent.
    pub client: sergo_str,
    /// A sticky key; may be absent. The same key always gets the same destination.
    pub hash: sergo_str,
    /// The calling workload's labels; `NULL` is the engine's own.
    pub caller_labels: *const sergo_pair,
    /// How many.
    pub caller_label_count: usize,
    /// The calling workload's namespace; the engine's own when absent.
    pub caller_namespace: sergo_str,
    /// The gateway that the request came through; `mesh` when absent.
    pub caller_gateway: sergo_str,
    /// The remote procedure that is called; `NULL` where it is no such call.
    pub rpc: *const sergo_rpc,
}

/// A call of a remote procedure.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct sergo_rpc {
    /// The service; empty when absent.
    pub service: sergo_str,
    /// The method; empty when absent.
    pub method: sergo_str,
    /// The arguments, in order.
    pub arguments: *const sergo_argument,
    /// How many.
    pub argument_count: usize,
    /// What is attached to the call; of several with one name the first counts.
    pub attachments: *const sergo_pair,
    /// How many.
    pub attachment_count: usize,
}

/// An argument of a remote procedure.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct sergo_argument {
    /// Its type, as the caller's language names it; absent where unknown.
    pub kind: sergo_str,
    /// Its value as text; absent where it has none.
    pub value: sergo_str,
}

/// Asks the engine about a request.
///
/// # Safety
/// All that the request points to lives through the call.
pub(crate) unsafe fn ask<T>(
    engine: u64,
    request: &sergo_request,
    call: impl FnOnce(&Host, &Request<'_>) -> T,
) -> Result<T, Code> {
    // SAFETY: as the caller vouches.
    let (labels, headers, remote) = unsafe {
        let labels = caller_labels(request.caller_labels, request.caller_label_count)?;
        let headers = Pairs::read(request.headers, request.header_count)?;
        (labels, headers, Remote::read(request.rpc)?)
    };
    // SAFETY: as the caller vouches.
    let request = unsafe {
        Request {
            host: request.host.get()?,
            method: request.method.option()?.unwrap_or("GET"),
            path: request.path.option()?.unwrap_or("/"),
            scheme: request.scheme.option()?.unwrap_or("http"),
            port: (request.port != 0).then_some(request.port),
            headers: &headers,
            client: request.client.option()?,
            caller: Caller {
                labels: labels.as_ref(),
                namespace: request.caller_namespace.option()?,
                gateway: request.caller_gateway.option()?,
            },
            hash: request.hash.option()?,
            rpc: remote.as_ref().map(Remote::rpc),
        }
    };
    with(engine, |host| Ok(call(host, &request)))
}

/// The remote procedure of a request, its lists as the core takes them.
struct Remote<'a> {
    service: &'a str,
    method: &'a str,
    arguments: Vec<RpcArgument<'a>>,
    attachments: Vec<(&'a str, &'a str)>,
}

impl<'a> Remote<'a> {
    /// # Safety
    /// `rpc` is null or has one that stays as it is for `'a`, as does all that it
    /// points to.
    unsafe fn read(rpc: *const sergo_rpc) -> Result<Option<Self>, Code> {
        if rpc.is_null() {
            return Ok(None);
        }
        // SAFETY: as the caller vouches.
        let (rpc, arguments, attachments) = unsafe {
            let rpc = one(rpc)?;
            let arguments: &'a [sergo_argument] = list(rpc.arguments, rpc.argument_count)?;
            let attachments: &'a [sergo_pair] = list(rpc.attachments, rpc.attachment_count)?;
            (rpc, arguments, attachments)
        };
        let argument = |given: &sergo_argument| {
            // SAFETY: as the caller vouches.
            unsafe { Ok(RpcArgument { kind: given.kind.option()?, value: given.value.option()? }) }
        };
        let attachment = |pair: &sergo_pair| {
            // SAFETY: as the caller vouches.
            unsafe { Ok((pair.name.get()?, pair.value.get()?)) }
        };
        Ok(Some(Remote {
            // SAFETY: as the caller vouches.
            service: unsafe { rpc.service.option()? }.unwrap_or(""),
            // SAFETY: as the caller vouches.
            method: unsafe { rpc.method.option()? }.unwrap_or(""),
            arguments: arguments.iter().map(argument).collect::<Result<_, Code>>()?,
            attachments: attachments.iter().map(attachment).collect::<Result<_, Code>>()?,
        }))
    }

    fn rpc(&self) -> Rpc<'_> {
        Rpc { service: self.service, method: self.method, arguments: &self.arguments, attachments: &self.attachments }
    }
}

/// The labels of who calls; none where they are the engine's own.
///
/// # Safety
/// As for [`map`].
pub(crate) unsafe fn caller_labels(
    first: *const sergo_pair,
    count: usize,
) -> Result<Option<BTreeMap<String, String>>, Code> {
    if first.is_null() && count == 0 {
        return Ok(None);
    }
    // SAFETY: as the caller vouches.
    unsafe { map(first, count) }.map(Some)
}

/// The headers of a request, checked once and then read in place.
struct Pairs<'a>(&'a [sergo_pair]);

impl Pairs<'_> {
    /// # Safety
    /// As for [`list`], and all their texts live as long.
    unsafe fn read<'a>(first: *const sergo_pair, count: usize) -> Result<Pairs<'a>, Code> {
        // SAFETY: as the caller vouches.
        let pairs = unsafe { list(first, count) }?;
        for pair in pairs {
            // SAFETY: as the caller vouches.
            unsafe { (pair.name.get()?, pair.value.get()?) };
        }
        Ok(Pairs(pairs))
    }
}

impl Headers for Pairs<'_> {
    fn header(&self, name: &str) -> Option<Cow<'_, str>> {
        // SAFETY: `read` has seen all of them, and whoever called it keeps them.
        let text = |text: sergo_str| unsafe { text.get() }.unwrap_or_default();
        let same = |pair: &&sergo_pair| pair.name.len == name.len() && text(pair.name).eq_ignore_ascii_case(name);
        let mut values = self.0.iter().filter(same).map(|pair| text(pair.value));
        let mut found = Cow::Borrowed(values.next()?);
        for value in values {
            let joined = found.to_mut();
            joined.push(',');
            joined.push_str(value);
        }
        Some(found)
    }
}

/// Random numbers, each in [0, 1).
///
/// # Safety
/// As for [`list`].
pub(crate) unsafe fn numbers<'a>(first: *const f64, count: usize) -> Result<&'a [f64], Code> {
    // SAFETY: as the caller vouches.
    let rolls = unsafe { list(first, count) }?;
    if rolls.iter().all(|roll| (0.0..1.0).contains(roll)) { Ok(rolls) } else { Err(Code::Argument) }
}

/// The random numbers of a packed request: those given, else what the seed makes.
///
/// # Safety
/// As for [`list`].
pub(crate) unsafe fn random<'a>(seed: u64, first: *const f64, count: usize) -> Result<Random<'a>, Code> {
    // SAFETY: as the caller vouches.
    let rolls = unsafe { numbers(first, count) }?;
    Ok(if rolls.is_empty() { Random::Seed(seed) } else { Random::Rolls(rolls) })
}
