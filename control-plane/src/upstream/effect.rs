//! What is done with a request beside sending it on, as Envoy says it.

use super::condition::{regex, string};
use super::{Unsaid, host};
use prost::Message;
use prost_types::{Any, Duration};
use sergo::Span;
use sergo::policy::{
    Abort, CorsPolicy, DirectResponse, Fault, GRPC_STATUS, HeaderChanges, Mirror, Percentage, Policy, Redirect,
    RedirectPort, Retries, UriRewrite,
};
use sergo::subscribe::envoy::matching::{
    self, CORS_FILTER, CORS_POLICY, DENOMINATORS, FAULT_FILTER, FaultAbort, FaultDelay, FractionalPercent, HTTP_FAULT,
    HttpFault, RegexMatchAndSubstitute, any,
};
use sergo::subscribe::envoy::message::{
    ADD, DataSource, DirectResponseAction, HeaderValue, HeaderValueOption, PreviousPriorities, REDIRECTS,
    RedirectAction, RequestMirrorPolicy, RetryBackOff, RetryExtension, RetryPolicy, RouteAction, RuntimeFraction, SET,
};
use sergo::subscribe::envoy::{PREVIOUS_HOSTS, PREVIOUS_HOSTS_CONFIG, PREVIOUS_PRIORITIES, PREVIOUS_PRIORITIES_CONFIG};
use std::collections::BTreeMap;

/// Puts into an action what holds for all of its destinations.
pub(super) fn forward(action: &mut RouteAction, policy: &Policy, namespace: &str, field: &str) -> Result<(), Unsaid> {
    // Absent would be Envoy's own fifteen seconds.
    action.timeout = Some(duration(policy.timeout.unwrap_or(Span::ZERO)));
    action.retry_policy = Some(retries(&policy.retries));
    if let Some(rewrite) = &policy.rewrite {
        action.host_rewrite_literal.clone_from(&rewrite.authority);
        match &rewrite.uri {
            None => {}
            Some(UriRewrite::Uri(uri)) => action.prefix_rewrite.clone_from(uri),
            Some(UriRewrite::Regex(substitution)) => {
                let (pattern, substitution) = substitution.as_written();
                let pattern = Some(regex(pattern));
                action.regex_rewrite = Some(RegexMatchAndSubstitute { pattern, substitution: substitution.into() });
            }
        }
    }
    for (i, copy) in policy.mirrors.iter().enumerate() {
        let field = format!("{field}.mirrors[{i}].destination");
        action.request_mirror_policies.push(mirror(copy, namespace, &field)?);
    }
    Ok(())
}

/// A duration.
fn duration(span: Span) -> Duration {
    const NANOS: u64 = 1_000_000_000;
    let seconds = i64::try_from(span.nanos() / NANOS).unwrap_or(i64::MAX);
    Duration { seconds, nanos: i32::try_from(span.nanos() % NANOS).unwrap_or(0) }
}

fn retries(retries: &Retries) -> RetryPolicy {
    let words: Vec<&str> = retries.retry_on.split(',').filter(|word| !word.is_empty()).collect();
    let codes: Vec<u32> = words.iter().filter_map(|word| word.parse().ok()).collect();
    let mut conditions: Vec<&str> = words.into_iter().filter(|word| word.parse::<u32>().is_err()).collect();
    if !codes.is_empty() && !conditions.contains(&"retriable-status-codes") {
        conditions.push("retriable-status-codes");
    }
    let extension = |name: &str, config: Any| RetryExtension { name: name.to_owned(), typed_config: Some(config) };
    let remote = retries.retry_remote_localities == Some(true);
    let others = retries.retry_ignore_previous_hosts == Some(true);
    RetryPolicy {
        retry_on: conditions.join(","),
        num_retries: Some(retries.attempts),
        per_try_timeout: retries.per_try_timeout.map(duration),
        retry_priority: remote.then(|| {
            let config = any(PREVIOUS_PRIORITIES_CONFIG, &PreviousPriorities { update_frequency: 2 });
            extension(PREVIOUS_PRIORITIES, config)
        }),
        retry_host_predicate: Vec::from_iter(
            others.then(|| extension(PREVIOUS_HOSTS, any(PREVIOUS_HOSTS_CONFIG, &()))),
        ),
        host_selection_retry_max_attempts: if others { 5 } else { 0 },
        retriable_status_codes: codes,
        retry_back_off: retries.backoff.map(|wait| RetryBackOff { base_interval: Some(duration(wait)) }),
    }
}

fn mirror(copy: &Mirror, namespace: &str, field: &str) -> Result<RequestMirrorPolicy, Unsaid> {
    let cluster = host::cluster(&copy.host, copy.subset.as_deref(), copy.port, namespace, field)?;
    let some = copy.percentage != Percentage::ALL;
    let runtime_fraction = some.then(|| RuntimeFraction { default_value: Some(fraction(copy.percentage)) });
    Ok(RequestMirrorPolicy { cluster, runtime_fraction })
}

/// A share in millionths, the finest that Envoy knows.
fn fraction(percentage: Percentage) -> FractionalPercent {
    let whole = DENOMINATORS.last().copied().unwrap_or(1);
    let numerator = (percentage.value() / 100.0 * f64::from(whole)).round();
    // From 0 to a million.
    FractionalPercent { numerator: numerator as u32, denominator: 2 }
}

/// Changes to one side's headers: what is added or set, and what is removed.
pub(super) fn headers(changes: &HeaderChanges) -> (Vec<HeaderValueOption>, Vec<String>) {
    let option = |action| {
        move |(key, value): &(String, String)| HeaderValueOption {
            // A percent sign would begin a format.
            header: Some(HeaderValue { key: key.clone(), value: value.replace('%', "%%") }),
            append: None,
            append_action: action,
            keep_empty_value: value.is_empty(),
        }
    };
    let changed = changes.set.iter().map(option(SET)).chain(changes.add.iter().map(option(ADD)));
    (changed.collect(), changes.remove.clone())
}

/// What filters do.
pub(super) fn filters(policy: &Policy) -> BTreeMap<String, Any> {
    let mut filters = BTreeMap::new();
    if !policy.fault.is_empty() {
        filters.insert(FAULT_FILTER.to_owned(), any(HTTP_FAULT, &fault(&policy.fault)));
    }
    if let Some(policy) = &policy.cors {
        filters.insert(CORS_FILTER.to_owned(), any(CORS_POLICY, &cors(policy)));
    }
    filters
}

fn fault(fault: &Fault) -> HttpFault {
    let abort = fault.abort.as_ref().map(|abort| {
        let (http_status, grpc_status) = match abort {
            Abort::Http(status, _) => (Some(u32::from(*status)), None),
            Abort::Grpc(name, _) => {
                let number = GRPC_STATUS.iter().position(|known| known == name);
                (None, number.and_then(|number| u32::try_from(number).ok()))
            }
        };
        FaultAbort { http_status, grpc_status, percentage: Some(fraction(abort.percentage())) }
    });
    let delay = fault.delay.as_ref().map(|delay| FaultDelay {
        fixed_delay: Some(duration(delay.fixed_delay)),
        percentage: Some(fraction(delay.percentage)),
    });
    HttpFault { delay, abort }
}

fn cors(policy: &CorsPolicy) -> matching::CorsPolicy {
    let seconds = policy.max_age.map(|age| age.ceil_secs().to_string());
    matching::CorsPolicy {
        allow_origin_string_match: policy.allow_origins.iter().map(|origin| string(origin).encode_to_vec()).collect(),
        allow_methods: policy.allow_methods.join(","),
        allow_headers: policy.allow_headers.join(","),
        expose_headers: policy.expose_headers.join(","),
        max_age: seconds.unwrap_or_default(),
        allow_credentials: policy.allow_credentials,
        forward_not_matching_preflights: policy.unmatched_preflights.as_deref().map(|word| word == "FORWARD"),
    }
}

/// A redirect; where its port is that of the scheme, `scheme` is the request's.
pub(super) fn redirect(redirect: &Redirect, scheme: &str) -> RedirectAction {
    let port = match redirect.port {
        Some(RedirectPort::Number(number)) => number,
        Some(RedirectPort::OfScheme) => {
            if redirect.scheme.as_deref().unwrap_or(scheme) == "https" {
                443
            } else {
                80
            }
        }
        // What Envoy does by itself, as far as it does.
        Some(RedirectPort::OfRequest) | None => 0,
    };
    let number = REDIRECTS.iter().position(|code| *code == redirect.code).and_then(|number| i32::try_from(number).ok());
    RedirectAction {
        host_redirect: redirect.authority.clone().unwrap_or_default(),
        path_redirect: redirect.uri.clone(),
        scheme_redirect: redirect.scheme.clone(),
        port_redirect: port.into(),
        // Others have no number and stand for themselves.
        response_code: number.unwrap_or_else(|| redirect.code.into()),
        ..RedirectAction::default()
    }
}

/// An answer.
pub(super) fn respond(response: &DirectResponse) -> DirectResponseAction {
    let body = response.body.clone().map(|body| DataSource { inline_string: Some(body), ..DataSource::default() });
    DirectResponseAction { status: response.status.into(), body }
}
