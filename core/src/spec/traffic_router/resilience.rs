//! Reading `timeout`, `retries`, `fault` and `mirrors`.

use super::destination;
use crate::policy::{Abort, Delay, Fault, GRPC_STATUS, Mirror, Percentage, Retries};
use crate::spec::code::Code;
use crate::spec::reader::{Field, Object};
use crate::time::Span;

/// Reads `timeout`; zero is none.
pub(super) fn timeout(field: &Field<'_>) -> Option<Span> {
    field.duration().filter(|timeout| *timeout > Span::ZERO)
}

/// What a call can be made again on, beside status codes.
pub const RETRY_ON: [&str; 16] = [
    "5xx",
    "gateway-error",
    "reset",
    "reset-before-request",
    "connect-failure",
    "retriable-4xx",
    "refused-stream",
    "retriable-status-codes",
    "retriable-headers",
    "envoy-ratelimited",
    "http3-post-connect-failure",
    "cancelled",
    "deadline-exceeded",
    "internal",
    "resource-exhausted",
    "unavailable",
];

/// Reads `retries`.
pub(super) fn retries(field: &Field<'_>) -> Retries {
    if !field.is_present() {
        return Retries::default();
    }
    let Some(mut entry) = field.object() else { return Retries::default() };
    let attempts = entry.take("attempts").integer(0..=i32::MAX as u64).unwrap_or(0);
    let [per_try, on, remote] = ["perTryTimeout", "retryOn", "retryRemoteLocalities"].map(|key| entry.take(key));
    if attempts == 0 && (per_try.is_present() || on.is_present() || remote.is_present()) {
        entry.wrong(
            Code::ConflictingFields,
            "settings for retries of which there are none",
            "attempts of at least 1, or nothing beside them",
        );
    }
    let retry_on = on.read(
        Code::BadValue,
        "conditions and status codes with commas between them, as in 5xx,connect-failure,503",
        |text, _| {
            let is_status = |word: &str| word.len() == 3 && word.parse().is_ok_and(is_known_status);
            let good = text.is_empty() || text.split(',').all(|word| RETRY_ON.contains(&word) || is_status(word));
            good.then(|| text.to_owned())
        },
    );
    let standard = Retries::default();
    let retries = Retries {
        attempts: u32::try_from(attempts).unwrap_or(u32::MAX),
        per_try_timeout: per_try.duration(),
        retry_on: match retry_on.filter(|text| !text.is_empty()) {
            _ if attempts == 0 => String::new(),
            Some(text) => text,
            None => standard.retry_on,
        },
        retry_remote_localities: remote.boolean(),
        retry_ignore_previous_hosts: entry.take("retryIgnorePreviousHosts").boolean(),
        backoff: entry.take("backoff").duration(),
    };
    entry.finish();
    retries
}

/// Whether HTTP has this status code.
const fn is_known_status(status: u16) -> bool {
    matches!(status, 100..=103 | 200..=208 | 226 | 300..=305 | 307 | 308 | 400..=418 | 421..=426 | 428 | 429 | 431 | 451)
        || matches!(status, 500..=508 | 510 | 511)
}

/// Reads `fault`.
pub(super) fn fault(field: &Field<'_>) -> Fault {
    if !field.is_present() {
        return Fault::default();
    }
    let Some(mut entry) = field.object() else { return Fault::default() };
    let (abort_field, delay_field) = (entry.take("abort"), entry.take("delay"));
    if !abort_field.is_present() && !delay_field.is_present() {
        entry.wrong(Code::MissingField, "a fault that is none", "abort, delay or both");
    }
    let abort = if abort_field.is_present() { abort(&abort_field) } else { None };
    let delay = if delay_field.is_present() { delay(&delay_field) } else { None };
    entry.finish();
    Fault { abort, delay }
}

fn abort(field: &Field<'_>) -> Option<Abort> {
    let mut entry = field.object()?;
    let percentage = share(&mut entry).unwrap_or_default();
    let (http, grpc, http2) = (entry.take("httpStatus"), entry.take("grpcStatus"), entry.take("http2Error"));
    if http2.is_present() {
        http2.tell(Code::UnsupportedField, "an abort by HTTP/2 error", "httpStatus or grpcStatus");
    }
    match (http.is_present(), grpc.is_present()) {
        (true, true) => entry.wrong(Code::ConflictingFields, "httpStatus beside grpcStatus", "one of them"),
        (false, false) if !http2.is_present() => {
            field.tell(Code::NoEffect, "an abort without a status, which does nothing", "httpStatus or grpcStatus")
        }
        _ => {}
    }
    let http = http.integer(200..=599).and_then(|status| u16::try_from(status).ok());
    let words = GRPC_STATUS.map(|status| (status, status));
    let grpc = grpc.one_of(&words).map(|status| Abort::Grpc(status.to_owned(), percentage));
    entry.finish();
    http.map(|status| Abort::Http(status, percentage)).or(grpc)
}

fn delay(field: &Field<'_>) -> Option<Delay> {
    let mut entry = field.object()?;
    let percentage = share(&mut entry).unwrap_or_default();
    let exponential = entry.take("exponentialDelay");
    if exponential.is_present() {
        exponential.tell(Code::UnsupportedField, "an exponential delay", "fixedDelay");
    }
    let fixed_delay = entry.take("fixedDelay").required().duration_over_zero();
    entry.finish();
    Some(Delay { fixed_delay: fixed_delay?, percentage })
}

/// Reads `percentage: {value}`, or the older `percent`.
fn share(entry: &mut Object<'_>) -> Option<Percentage> {
    let whole = percent(&entry.take("percent"));
    percentage(&entry.take("percentage")).or(whole)
}

fn percent(field: &Field<'_>) -> Option<Percentage> {
    field.read(Code::OutOfRange, "a percentage from 0 to 100", |text, quoted| {
        let number = crate::spec::quantity::Decimal::parse(text).filter(|number| !quoted && !number.is_negative())?;
        Percentage::new(number.to_f64())
    })
}

fn percentage(field: &Field<'_>) -> Option<Percentage> {
    if !field.is_present() {
        return None;
    }
    let mut entry = field.object()?;
    let value = entry.take("value");
    // An absent value is the number 0, as in protobuf.
    let share = if value.is_present() { percent(&value) } else { Some(Percentage::default()) };
    entry.finish();
    share
}

/// Reads `mirrors[]`, or the older `mirror` with its percentage beside it.
pub(super) fn mirrors(entry: &mut Object<'_>, namespace: &str) -> Vec<Mirror> {
    let (one, many) = (entry.take("mirror"), entry.take("mirrors"));
    if one.is_present() && many.is_present() {
        entry.wrong(Code::ConflictingFields, "mirror beside mirrors", "one of them");
    }
    let older = percent(&entry.take("mirrorPercent"));
    let beside = percentage(&entry.take("mirrorPercentage")).or(older);
    let first = one.is_present().then(|| mirror(&one, beside, namespace)).flatten();
    let others = many.list().unwrap_or_default();
    let others = others.iter().filter_map(|item| {
        let mut item = item.object()?;
        let share = percentage(&item.take("percentage"));
        let read = mirror(&item.take("destination").required(), share, namespace);
        item.finish();
        read
    });
    first.into_iter().chain(others).collect()
}

fn mirror(field: &Field<'_>, share: Option<Percentage>, namespace: &str) -> Option<Mirror> {
    let to = destination::read(field, namespace)?;
    if !to.fallbacks.is_empty() {
        field.tell(
            Code::UnsupportedField,
            "a mirror with a fallback",
            "a destination without one: a copy may get lost",
        );
    }
    Some(Mirror { host: to.host, subset: to.subset, port: to.port, percentage: share.unwrap_or(Percentage::ALL) })
}
