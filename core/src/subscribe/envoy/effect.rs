//! What is done with a request beside sending it on: headers, timeouts, retries,
//! rewrites, redirects, faults and the rest, as a TrafficRouter writes them.

use super::condition::string;
use super::matching::{
    CORS_FILTER, CORS_POLICY, CorsPolicy, DENOMINATORS, FAULT_FILTER, FractionalPercent, HTTP_FAULT, HttpFault,
    RegexMatchAndSubstitute,
};
use super::message::{
    ADD, DirectResponseAction, HeaderValueOption, REDIRECTS, RedirectAction, RequestMirrorPolicy, RetryPolicy, Route,
    RouteAction, SET,
};
use super::{PREVIOUS_HOSTS, PREVIOUS_PRIORITIES, Read, cluster, misfit};
use crate::policy::GRPC_STATUS;
use crate::subscribe::wire::Any;
use crate::time::Span;
use prost::Message;
use prost_types::Duration;
use serde_json::{Map, Value, json};

/// Puts the effects of a route that sends on into its entry.
pub(super) fn forward(http: &mut Map<String, Value>, action: &RouteAction, path: &str, namespace: &str) -> Read<()> {
    if let Some(timeout) = &action.timeout {
        http.insert("timeout".into(), span(timeout, &format!("{path}.timeout"))?);
    }
    if let Some(policy) = &action.retry_policy {
        http.insert("retries".into(), retries(policy, &format!("{path}.retries"))?);
    }
    let mut rewrite = Map::new();
    if !action.prefix_rewrite.is_empty() {
        rewrite.insert("uri".into(), action.prefix_rewrite.as_str().into());
    }
    if let Some(regex) = &action.regex_rewrite {
        rewrite.insert("uriRegexRewrite".into(), substitution(regex));
    }
    if let Some(host) = &action.host_rewrite_literal {
        rewrite.insert("authority".into(), host.as_str().into());
    }
    if !rewrite.is_empty() {
        http.insert("rewrite".into(), rewrite.into());
    }
    let mirrors = action.request_mirror_policies.iter().enumerate();
    let mirrors = mirrors.map(|(i, policy)| mirror(policy, &format!("{path}.mirrors[{i}]"), namespace));
    let mirrors: Vec<Value> = mirrors.collect::<Read<_>>()?;
    if !mirrors.is_empty() {
        http.insert("mirrors".into(), mirrors.into());
    }
    Ok(())
}

/// Puts what any route can have into its entry: changes to headers, and what
/// filters do.
pub(super) fn every(http: &mut Map<String, Value>, route: &Route, path: &str) -> Read<()> {
    let sides = [
        ("request", &route.request_headers_to_add, &route.request_headers_to_remove),
        ("response", &route.response_headers_to_add, &route.response_headers_to_remove),
    ];
    headers(http, sides, &format!("{path}.headers"))?;
    if let Some(any) = route.typed_per_filter_config.get(FAULT_FILTER) {
        let path = format!("{path}.fault");
        http.insert("fault".into(), fault(&filter(any, HTTP_FAULT, &path)?, &path)?);
    }
    if let Some(any) = route.typed_per_filter_config.get(CORS_FILTER) {
        let path = format!("{path}.corsPolicy");
        http.insert("corsPolicy".into(), cors(&filter(any, CORS_POLICY, &path)?, &path)?);
    }
    Ok(())
}

/// What a filter is told, which must be this message.
fn filter<M: Message + Default>(any: &Any, name: &str, path: &str) -> Read<M> {
    if any.type_url.rsplit('/').next() != Some(name) {
        return misfit(path, format!("a filter that is told {:?}", any.type_url), name);
    }
    M::decode(any.value.as_slice()).or_else(|error| misfit(path, format!("bytes that are no message ({error})"), name))
}

/// One side of the changes: its name, what is added or set, what is removed.
pub(super) type Side<'m> = (&'static str, &'m Vec<HeaderValueOption>, &'m Vec<String>);

/// Puts changes to headers into the `headers` of an entry.
pub(super) fn headers(entry: &mut Map<String, Value>, sides: [Side<'_>; 2], path: &str) -> Read<()> {
    let mut headers = Map::new();
    for (side, changed, removed) in sides {
        let (mut set, mut add) = (Map::new(), Map::new());
        for option in changed {
            let path = format!("{path}.{side}");
            let header = option.header.clone().unwrap_or_default();
            let value = plain(&header.value, &path)?;
            match (option.append, option.append_action) {
                (Some(true), _) | (None, ADD) => add.insert(header.key, value),
                (Some(false), _) | (None, SET) => set.insert(header.key, value),
                (None, other) => {
                    return misfit(path, format!("the action {other} on a header"), "to add or to set it");
                }
            };
        }
        let mut changes = Map::new();
        for (key, pairs) in [("set", set), ("add", add)] {
            if !pairs.is_empty() {
                changes.insert(key.into(), pairs.into());
            }
        }
        if !removed.is_empty() {
            changes.insert("remove".into(), removed.clone().into());
        }
        if !changes.is_empty() {
            headers.insert(side.into(), changes.into());
        }
    }
    if !headers.is_empty() {
        entry.insert("headers".into(), headers.into());
    }
    Ok(())
}

/// A header's value without the escapes of a format.
fn plain(format: &str, path: &str) -> Read<Value> {
    let literal = format.replace("%%", "");
    if literal.contains('%') {
        return misfit(path, format!("the value {format:?}, which is made for each request"), "a value as it is");
    }
    Ok(format.replace("%%", "%").into())
}

/// Puts a redirect into its entry.
pub(super) fn redirect(http: &mut Map<String, Value>, action: RedirectAction, path: &str) -> Read<()> {
    let path = format!("{path}.redirect");
    if action.prefix_rewrite.is_some() || action.regex_rewrite.is_some() {
        return misfit(path, "a redirect that makes its path of the request's", "a path, or none");
    }
    let mut redirect = Map::new();
    let scheme = action.scheme_redirect.or_else(|| (action.https_redirect == Some(true)).then(|| "https".to_owned()));
    let texts = [("uri", action.path_redirect), ("authority", Some(action.host_redirect)), ("scheme", scheme)];
    for (key, text) in texts {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            redirect.insert(key.into(), text.into());
        }
    }
    if action.port_redirect != 0 {
        redirect.insert("port".into(), action.port_redirect.into());
    }
    let number = usize::try_from(action.response_code).ok();
    let code = number.and_then(|number| REDIRECTS.get(number)).map_or(action.response_code, |code| i32::from(*code));
    redirect.insert("redirectCode".into(), code.into());
    http.insert("redirect".into(), redirect.into());
    Ok(())
}

/// Puts an answer into its entry.
pub(super) fn respond(http: &mut Map<String, Value>, action: DirectResponseAction, path: &str) -> Read<()> {
    let mut response = Map::new();
    response.insert("status".into(), action.status.into());
    if let Some(body) = action.body {
        let text = body.inline_string.or_else(|| body.inline_bytes.and_then(|bytes| String::from_utf8(bytes).ok()));
        let Some(text) = text else {
            return misfit(format!("{path}.directResponse.body"), "a body that is not here, or no text", "a text");
        };
        response.insert("body".into(), json!({"string": text}));
    }
    http.insert("directResponse".into(), response.into());
    Ok(())
}

fn substitution(regex: &RegexMatchAndSubstitute) -> Value {
    let pattern = regex.pattern.as_ref().map_or("", |pattern| &pattern.regex);
    json!({"match": pattern, "rewrite": regex.substitution})
}

/// A duration as documents write it.
fn span(duration: &Duration, path: &str) -> Read<Value> {
    let nanos = i128::from(duration.seconds).saturating_mul(1_000_000_000).saturating_add(duration.nanos.into());
    match u64::try_from(nanos) {
        Ok(nanos) => Ok(Span(nanos).to_string().into()),
        Err(_) => misfit(path, format!("{nanos} nanoseconds"), "a duration of at least nothing"),
    }
}

fn retries(policy: &RetryPolicy, path: &str) -> Read<Value> {
    let mut retries = Map::new();
    let attempts = policy.num_retries.unwrap_or(1);
    retries.insert("attempts".into(), attempts.into());
    if attempts == 0 {
        return Ok(retries.into());
    }
    if let Some(timeout) = &policy.per_try_timeout {
        retries.insert("perTryTimeout".into(), span(timeout, &format!("{path}.perTryTimeout"))?);
    }
    let codes: Vec<String> = policy.retriable_status_codes.iter().map(ToString::to_string).collect();
    let words = policy.retry_on.split(',').map(str::trim).filter(|word| !word.is_empty());
    // The codes stand for themselves.
    let words = words.filter(|word| codes.is_empty() || *word != "retriable-status-codes");
    let words: Vec<&str> = words.chain(codes.iter().map(String::as_str)).collect();
    if !words.is_empty() {
        retries.insert("retryOn".into(), words.join(",").into());
    }
    if policy.retry_priority.as_ref().is_some_and(|priority| priority.name == PREVIOUS_PRIORITIES) {
        retries.insert("retryRemoteLocalities".into(), true.into());
    }
    if policy.retry_host_predicate.iter().any(|predicate| predicate.name == PREVIOUS_HOSTS) {
        retries.insert("retryIgnorePreviousHosts".into(), true.into());
    }
    if let Some(interval) = policy.retry_back_off.as_ref().and_then(|backoff| backoff.base_interval.as_ref()) {
        retries.insert("backoff".into(), span(interval, &format!("{path}.backoff"))?);
    }
    Ok(retries.into())
}

fn mirror(policy: &RequestMirrorPolicy, path: &str, namespace: &str) -> Read<Value> {
    let destination = cluster(&policy.cluster, &format!("{path}.destination"), namespace)?;
    let mut mirror = Map::new();
    mirror.insert("destination".into(), destination.into());
    if let Some(fraction) = &policy.runtime_fraction {
        mirror.insert("percentage".into(), percentage(fraction.default_value, path)?);
    }
    Ok(mirror.into())
}

/// A share as documents write it; absent is none.
fn percentage(fraction: Option<FractionalPercent>, path: &str) -> Read<Value> {
    let fraction = fraction.unwrap_or_default();
    let whole = usize::try_from(fraction.denominator).ok().and_then(|number| DENOMINATORS.get(number));
    let Some(whole) = whole else {
        return misfit(format!("{path}.percentage"), format!("the denominator {}", fraction.denominator), "0, 1 or 2");
    };
    let percent = f64::from(fraction.numerator) / (f64::from(*whole) / 100.0);
    Ok(json!({"value": crate::subscribe::structure::number(percent)}))
}

fn fault(fault: &HttpFault, path: &str) -> Read<Value> {
    let mut faults = Map::new();
    if let Some(abort) = &fault.abort {
        let mut entry = Map::new();
        entry.insert("percentage".into(), percentage(abort.percentage, &format!("{path}.abort"))?);
        if let Some(status) = abort.http_status {
            entry.insert("httpStatus".into(), status.into());
        }
        if let Some(status) = abort.grpc_status {
            let name = usize::try_from(status).ok().and_then(|status| GRPC_STATUS.get(status));
            entry.insert("grpcStatus".into(), name.map_or_else(|| status.into(), |name| (*name).into()));
        }
        faults.insert("abort".into(), entry.into());
    }
    if let Some(delay) = &fault.delay {
        let path = format!("{path}.delay");
        let Some(fixed) = &delay.fixed_delay else {
            return misfit(path, "a delay that each request says itself", "fixedDelay");
        };
        let percentage = percentage(delay.percentage, &path)?;
        faults.insert("delay".into(), json!({"percentage": percentage, "fixedDelay": span(fixed, &path)?}));
    }
    Ok(faults.into())
}

fn cors(policy: &CorsPolicy, path: &str) -> Read<Value> {
    let mut cors = Map::new();
    let mut origins = Vec::new();
    for (i, bytes) in policy.allow_origin_string_match.iter().enumerate() {
        let path = format!("{path}.allowOrigins[{i}]");
        match string(bytes, &path)? {
            Some(origin) => origins.push(origin),
            None => return misfit(path, "an origin that asks for nothing", "exact, prefix or regex"),
        }
    }
    let names = |text: &str| text.split(',').filter(|name| !name.is_empty()).map(Value::from).collect::<Vec<_>>();
    let lists = [
        ("allowOrigins", origins),
        ("allowMethods", names(&policy.allow_methods)),
        ("allowHeaders", names(&policy.allow_headers)),
        ("exposeHeaders", names(&policy.expose_headers)),
    ];
    for (key, list) in lists {
        if !list.is_empty() {
            cors.insert(key.into(), list.into());
        }
    }
    if !policy.max_age.is_empty() {
        // In seconds; another unit would be read as one.
        cors.insert("maxAge".into(), [&policy.max_age, "s"].concat().into());
    }
    if let Some(allowed) = policy.allow_credentials {
        cors.insert("allowCredentials".into(), allowed.into());
    }
    if let Some(forward) = policy.forward_not_matching_preflights {
        cors.insert("unmatchedPreflights".into(), if forward { "FORWARD" } else { "IGNORE" }.into());
    }
    Ok(cors.into())
}
