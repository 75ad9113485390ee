//! What a step must come to, against what came.

use crate::duration::nanos;
use crate::vector::{Step, Vector};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// What is wrong with the answers to a vector, a sentence each.
pub(crate) fn vector(vector: &Vector, answers: &[Value]) -> Vec<String> {
    if answers.len() != vector.steps.len() {
        return vec![format!("{} steps were asked and {} answered", vector.steps.len(), answers.len())];
    }
    let mut named: BTreeMap<&str, &Value> = BTreeMap::new();
    let mut known = Known::new();
    let mut failures = Vec::new();
    for (step, answer) in vector.steps.iter().zip(answers) {
        if step.verb == "endpoints" {
            known.insert(step.request["host"].to_string(), step.request["instances"].clone());
        }
        if let Err(why) = check(step, answer, &named, &known) {
            failures.push(format!("{}: {why}", step.place));
        }
        if let Some(name) = &step.name {
            named.insert(name, answer);
        }
    }
    failures
}

/// The instances that each host was last said to have.
type Known = BTreeMap<String, Value>;

/// Whether an instance of an earlier answer is gone since.
fn is_gone(step: &Step, earlier: &Value, known: &Known) -> bool {
    let host = step.request.get("host").map(ToString::to_string).unwrap_or_default();
    let instances = known.get(&host).and_then(Value::as_array);
    let is_here = |instance: &Value| instance["id"] == earlier["instance"] && instance["healthy"] != false;
    !instances.is_some_and(|instances| instances.iter().any(is_here))
}

fn check(step: &Step, answer: &Value, named: &BTreeMap<&str, &Value>, known: &Known) -> Result<(), String> {
    if let Some(error) = answer.get("error").and_then(Value::as_str) {
        return Err(format!("failed: {error}"));
    }
    let Some(expect) = &step.expect else { return Ok(()) };
    let came = match step.verb.as_str() {
        "enter" => entered(expect, answer),
        "state" => or_none(answer.get("state")),
        "events" => answer.get("events").cloned().unwrap_or_default(),
        "ejected" => answer.get("ejected").cloned().unwrap_or_default(),
        "route" | "pick" | "connect" => return routed(step, expect, answer, named, known),
        "label" if answer.get("none") == Some(&json!(true)) => json!("none"),
        "rules" => return reported(expect, answer),
        "exit" | "load" | "endpoints" | "report" => {
            return Err(format!("{} has nothing to expect", step.verb));
        }
        _ => answer.clone(),
    };
    expect_keys(&step.verb, expect)?;
    matches(expect, &came, &[]).map_err(|why| format!("expected {expect}, came {came}{why}"))
}

fn or_none(value: Option<&Value>) -> Value {
    value.filter(|value| !value.is_null()).cloned().unwrap_or(json!("none"))
}

/// Keys that an expectation may name; any other can only be a slip.
fn expect_keys(verb: &str, expect: &Value) -> Result<(), String> {
    let known: &[&str] = match verb {
        "enter" => &["wait", "block", "strategy", "rule", "retryAfter", "fallback", "passed", "blocked"],
        "rules" => &["accepted", "rejected", "waiting", "warnings", "shadowed"],
        "label" => &["lane", "baggage"],
        "route" | "pick" | "connect" => &[
            "none",
            "route",
            "destination",
            "fallback",
            "timeout",
            "retries",
            "headers",
            "rewrite",
            "redirect",
            "directResponse",
            "fault",
            "mirror",
            "corsPolicy",
            "same",
            "sameUnlessGone",
            "share",
            "tolerance",
            "instance",
            "subset",
            "oneOf",
        ],
        _ => return Ok(()),
    };
    let unknown = expect.as_object().and_then(|map| map.keys().find(|key| !known.contains(&key.as_str())));
    unknown.map_or(Ok(()), |key| Err(format!("expect: unknown key {key}")))
}

/// The answer to an entry in the words of a vector: `pass`, a map, or counts.
fn entered(expect: &Value, answer: &Value) -> Value {
    if answer.get("passed").is_some() {
        return answer.clone();
    }
    let blocked = answer.get("block").is_some();
    if expect.get("passed").is_some() || expect.get("blocked").is_some() {
        return json!({"passed": u8::from(!blocked), "blocked": u8::from(blocked)});
    }
    if answer.get("pass") == Some(&json!(true)) { json!("pass") } else { answer.clone() }
}

/// A report's lists come in any order; an absent one is empty.
fn reported(expect: &Value, answer: &Value) -> Result<(), String> {
    expect_keys("rules", expect)?;
    let Some(expected) = expect.as_object() else { return Err(format!("expect: found {expect}, expected a map")) };
    for (key, wanted) in expected {
        let came = answer.get(key).cloned().unwrap_or_default();
        let fits = match wanted {
            Value::Array(wanted) => same_set(wanted, came.as_array().map_or(&[], Vec::as_slice)),
            Value::String(none) if none == "none" => came.as_array().is_none_or(Vec::is_empty),
            wanted => matches(wanted, &came, &[]).is_ok(),
        };
        if !fits {
            return Err(format!("{key}: expected {wanted}, came {came}"));
        }
    }
    Ok(())
}

/// Whether each element fits one of the other list, each used once.
fn same_set(wanted: &[Value], came: &[Value]) -> bool {
    fn assign(wanted: &[Value], came: &[Value], used: &mut Vec<bool>) -> bool {
        let Some((first, rest)) = wanted.split_first() else { return true };
        for index in 0..came.len() {
            if !used[index] && matches(first, &came[index], &[]).is_ok() {
                used[index] = true;
                if assign(rest, came, used) {
                    return true;
                }
                used[index] = false;
            }
        }
        false
    }
    wanted.len() == came.len() && assign(wanted, came, &mut vec![false; came.len()])
}

fn routed(
    step: &Step,
    expect: &Value,
    answer: &Value,
    named: &BTreeMap<&str, &Value>,
    known: &Known,
) -> Result<(), String> {
    expect_keys("route", expect)?;
    let nowhere = answer.get("none").is_some_and(|none| none != &Value::Bool(false));
    let wrong = || format!("expected {expect}, came {answer}");
    if expect == "none" {
        return if nowhere { Ok(()) } else { Err(wrong()) };
    }
    let Some(map) = expect.as_object() else { return Err(format!("expect: found {expect}, expected a map or none")) };
    if let Some(share) = map.get("share") {
        return shares(share, map.get("tolerance"), answer).map_err(|why| format!("{}: {why}", wrong()));
    }
    for key in ["same", "sameUnlessGone"] {
        let Some(name) = map.get(key).and_then(Value::as_str) else { continue };
        let earlier = named.get(name).ok_or(format!("no earlier answer is called {name}"))?;
        let what = if answer.get("instance").is_some() { "instance" } else { "destination" };
        let gone = key == "sameUnlessGone" && is_gone(step, earlier, known);
        if answer.get(what).is_none() || (earlier.get(what) != answer.get(what) && !gone) {
            return Err(format!("{}, and {name} was {earlier}", wrong()));
        }
    }
    if let Some(any) = map.get("oneOf").and_then(Value::as_array)
        && !answer.get("instance").is_some_and(|instance| any.contains(instance))
    {
        return Err(wrong());
    }
    if let Some(empty) = map.get("none") {
        let came = answer.get("none").filter(|none| none.is_object()).cloned().unwrap_or_default();
        return matches(empty, &came, &[]).map_err(|why| format!("{}{why}", wrong()));
    }
    if nowhere {
        return Err(wrong());
    }
    let rest: Map<String, Value> = map
        .iter()
        .filter(|(key, _)| !["same", "sameUnlessGone", "oneOf", "tolerance"].contains(&key.as_str()))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    matches(&Value::Object(rest), answer, &[]).map_err(|why| format!("{}{why}", wrong()))
}

fn shares(share: &Value, tolerance: Option<&Value>, answer: &Value) -> Result<(), String> {
    let tolerance = tolerance.and_then(Value::as_f64).ok_or("a share needs a tolerance")?;
    let counts = answer.get("share").and_then(Value::as_object).ok_or("no shares came")?;
    let total: f64 = counts.values().filter_map(Value::as_f64).sum();
    let wanted = share.as_object().ok_or("share is a map")?;
    if let Some(other) = counts.keys().find(|key| !wanted.contains_key(*key)) {
        return Err(format!("{other} was not expected at all"));
    }
    for (key, part) in wanted {
        let part = part.as_f64().ok_or(format!("{key}: a share is a number"))?;
        let came = counts.get(key).and_then(Value::as_f64).unwrap_or(0.0) / total.max(1.0);
        if (came - part).abs() > tolerance {
            return Err(format!("{key} got {came:.4}"));
        }
    }
    Ok(())
}

/// Whether a value fits what is expected; `path` is the keys that led here.
fn matches(expect: &Value, came: &Value, path: &[&str]) -> Result<(), String> {
    let wrong = || if path.is_empty() { String::new() } else { format!(" (at {})", path.join(".")) };
    let fits = match (expect, came) {
        (Value::String(none), _) if none == "none" => came.is_null() || came == "none",
        (Value::Object(expected), Value::Object(_)) => {
            for (key, wanted) in expected {
                let came = find(came, key, path).cloned().unwrap_or_default();
                let mut deeper = path.to_vec();
                deeper.push(key);
                matches(wanted, &came, &deeper)?;
            }
            true
        }
        (Value::Array(expected), Value::Array(list)) => {
            let anything = json!({});
            expected.len() == list.len()
                && expected
                    .iter()
                    .zip(list)
                    .all(|(wanted, came)| *wanted == anything || matches(wanted, came, path).is_ok())
        }
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        // A port answers nanoseconds where a vector writes a duration.
        (Value::String(text), Value::Number(number)) if is_duration(path) => nanos(text) == number.as_u64(),
        (Value::String(a), Value::String(b)) => a == b || nanos(a).is_some_and(|a| Some(a) == nanos(b)),
        (Value::String(_), Value::Number(_)) | (Value::Number(_), Value::String(_)) => plain(expect) == plain(came),
        _ => expect == came,
    };
    if fits { Ok(()) } else { Err(wrong()) }
}

/// A key's value; under `headers` the case of a name does not matter.
fn find<'a>(map: &'a Value, key: &str, path: &[&str]) -> Option<&'a Value> {
    let exact = map.get(key);
    if exact.is_some() || !path.contains(&"headers") {
        return exact;
    }
    map.as_object()?.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value)
}

/// Keys whose numbers are nanoseconds in an answer.
fn is_duration(path: &[&str]) -> bool {
    path.last().is_some_and(|key| ["wait", "retryAfter", "timeout", "perTryTimeout", "maxAge"].contains(key))
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(verb: &str, expect: Value) -> Step {
        Step { place: "step 0".into(), verb: verb.into(), name: None, request: Map::new(), expect: Some(expect) }
    }

    fn judge(verb: &str, expect: Value, answer: Value) -> Result<(), String> {
        check(&step(verb, expect), &answer, &BTreeMap::new(), &Known::new())
    }

    #[test]
    fn an_entry_is_judged_by_its_reason() {
        let block = json!({"block": "RateLimitStrategy", "strategy": "s", "rule": "r", "retryAfter": 1_000_000_000u64, "fallback": null});
        assert_eq!(judge("enter", json!("pass"), json!({"pass": true})), Ok(()));
        assert!(judge("enter", json!("pass"), block.clone()).is_err());
        assert!(judge("enter", json!("pass"), json!({"wait": 5})).is_err());
        assert_eq!(judge("enter", json!({"wait": "20ms"}), json!({"wait": 20_000_000})), Ok(()));
        assert_eq!(
            judge(
                "enter",
                json!({"block": "RateLimitStrategy", "retryAfter": "1s", "fallback": "none"}),
                block.clone()
            ),
            Ok(())
        );
        assert!(judge("enter", json!({"block": "RateLimitStrategy", "rule": "other"}), block.clone()).is_err());
        assert!(
            judge("enter", json!({"blocks": "RateLimitStrategy"}), block.clone()).unwrap_err().contains("unknown key")
        );
        assert_eq!(judge("enter", json!({"passed": 0, "blocked": 1}), block), Ok(()));
    }

    #[test]
    fn header_names_have_no_case_and_none_must_be_absent() {
        let answer = json!({"block": "K", "fallback": {"status": 429, "headers": {"X-A": "1"}}});
        assert_eq!(
            judge("enter", json!({"fallback": {"headers": {"x-a": "1", "x-b": "none"}}}), answer.clone()),
            Ok(())
        );
        assert!(judge("enter", json!({"fallback": {"headers": {"x-a": "none"}}}), answer).is_err());
    }

    #[test]
    fn a_report_is_a_set_of_findings() {
        let answer = json!({"accepted": 1, "rejected": [{"kind": "A", "field": "x"}, {"kind": "B", "field": "y"}]});
        assert_eq!(
            judge("rules", json!({"rejected": [{"kind": "B"}, {"kind": "A"}], "warnings": []}), answer.clone()),
            Ok(())
        );
        assert!(judge("rules", json!({"rejected": [{"kind": "B"}]}), answer.clone()).is_err());
        assert!(judge("rules", json!({"rejected": "none"}), answer.clone()).is_err());
        assert!(judge("rules", json!({"accepted": 2}), answer).is_err());
    }

    #[test]
    fn routes_shares_and_nowhere() {
        let to = json!({"route": "r", "destination": {"host": "h", "subset": "v2", "port": null}, "fallback": false});
        assert_eq!(judge("route", json!({"destination": {"subset": "v2", "port": "none"}}), to.clone()), Ok(()));
        assert!(judge("route", json!("none"), to.clone()).is_err());
        assert!(judge("route", json!({"route": "r"}), json!({"none": true})).is_err());
        assert_eq!(judge("route", json!("none"), json!({"none": {"host": "h"}})), Ok(()));
        assert!(judge("route", json!({"none": {"host": "h"}}), json!({"none": true})).is_err());
        let shares = json!({"share": {"v1": 90, "v2": 10}});
        assert_eq!(judge("route", json!({"share": {"v1": 0.9, "v2": 0.1}, "tolerance": 0.01}), shares.clone()), Ok(()));
        assert!(judge("route", json!({"share": {"v1": 1.0}, "tolerance": 0.2}), shares).is_err());
        let named = BTreeMap::from([("a", &to)]);
        assert_eq!(check(&step("route", json!({"same": "a"})), &to, &named, &Known::new()), Ok(()));
        assert!(check(&step("route", json!({"same": "b"})), &to, &named, &Known::new()).is_err());
    }

    #[test]
    fn an_instance_may_change_only_when_it_is_gone() {
        let [a, b] = ["a", "b"].map(|id| json!({"instance": id, "destination": {"host": "h"}}));
        let named = BTreeMap::from([("first", &a)]);
        let asked = |known: Value, answer: &Value| {
            let mut step = step("pick", json!({"sameUnlessGone": "first"}));
            step.request.insert("host".into(), json!("h"));
            check(&step, answer, &named, &Known::from([("\"h\"".to_owned(), known)]))
        };
        assert_eq!(asked(json!([{"id": "a"}, {"id": "b"}]), &a), Ok(()));
        assert!(asked(json!([{"id": "a"}, {"id": "b"}]), &b).is_err());
        assert_eq!(asked(json!([{"id": "b"}]), &b), Ok(()));
        assert_eq!(asked(json!([{"id": "a", "healthy": false}, {"id": "b"}]), &b), Ok(()));
    }

    #[test]
    fn a_failed_step_and_a_lost_answer_are_failures() {
        assert!(judge("exit", json!({}), json!({"error": "no"})).is_err());
        assert!(judge("events", json!([{"to": "open"}]), json!({"events": []})).is_err());
        assert_eq!(judge("events", json!([{}]), json!({"events": [{"to": "open"}]})), Ok(()));
        assert_eq!(judge("state", json!("none"), json!({"state": null})), Ok(()));
    }
}
