//! The port of the Rust crate: the public API of `sergo`, nothing else.

use serde_json::{Value, json};
use sergo::route::{Caller, Rpc, RpcArgument};
use sergo::stat::event::Event;
use sergo::{
    Answer, Ask, CallOutcome, Config, Connection, Decision, Direction, Directions, Effects, Engine, Headers, Instance,
    Outcome, Permit, Pick, Request, Rolls, Source, SystemLoad, Tick,
};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{BufRead, Write};

/// Answers every line of standard input.
pub(crate) fn serve() {
    let mut out = std::io::stdout();
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        let answer = serde_json::from_str(&line)
            .map_or_else(|error| json!({"error": error.to_string()}), |vector: Value| Port::new(&vector).run(&vector));
        if writeln!(out, "{answer}").and_then(|()| out.flush()).is_err() {
            break;
        }
    }
}

struct Port {
    engine: Engine,
    /// The permits under each name, oldest first, open ones and closed ones.
    permits: BTreeMap<String, Vec<Permit>>,
    /// The state of the random numbers of `repeat`.
    seed: u64,
}

type Answered = Result<Value, String>;

impl Port {
    fn new(vector: &Value) -> Self {
        let config =
            Config { namespace: text(vector, "namespace"), app: text(vector, "app"), labels: texts(&vector["labels"]) };
        Port { engine: Engine::new(config), permits: BTreeMap::new(), seed: 0 }
    }

    fn run(&mut self, vector: &Value) -> Value {
        let steps = vector["steps"].as_array().map_or(&[][..], Vec::as_slice);
        let answers: Vec<Value> =
            steps.iter().map(|step| self.step(step).unwrap_or_else(|why| json!({"error": why}))).collect();
        json!({"answers": answers})
    }

    fn step(&mut self, step: &Value) -> Answered {
        let now = Tick(step["at"].as_u64().unwrap_or(0));
        match step["op"].as_str().unwrap_or_default() {
            "rules" => {
                let report = self.engine.apply(&[Source { name: "", text: &text(step, "text") }]);
                serde_json::to_value(&report).map_err(|error| error.to_string())
            }
            "enter" => self.enter(step, now),
            "exit" => self.exit(step, now),
            "state" => {
                let state = self.engine.breaker_state(&text(step, "resource"), &text(step, "strategy"));
                Ok(json!({"state": state}))
            }
            "events" => Ok(self.events()),
            "load" => {
                let figure = |name: &str| step[name].as_f64();
                let load = SystemLoad { cpu: figure("cpu"), load1: figure("load1"), memory: figure("memory") };
                self.engine.set_system_load(load, now);
                Ok(json!({}))
            }
            "endpoints" => {
                self.engine.set_instances(&text(step, "host"), instances(&step["instances"]));
                Ok(json!({}))
            }
            "route" => self.route(step),
            "pick" => self.route(step),
            "report" => self.report(step, now),
            "ejected" => Ok(json!({"ejected": self.engine.ejected(&text(step, "host"), now)})),
            "label" => self.label(step),
            "connect" => self.connect(step),
            other => Err(format!("unknown op: {other}")),
        }
    }

    fn enter(&mut self, step: &Value, now: Tick) -> Answered {
        let resource = text(step, "resource");
        let cost = u32::try_from(step["cost"].as_u64().unwrap_or(1)).map_err(|error| error.to_string())?;
        let direction = if step["direction"] == "outbound" { Direction::Outbound } else { Direction::Inbound };
        let repeat = step["repeat"].as_u64().unwrap_or(1);
        let (mut passed, mut blocked, mut last) = (0, 0, Value::Null);
        for _ in 0..repeat {
            let decision = self.engine.enter(&resource, Ask { cost, direction }, now);
            last = self.decided(decision, step["as"].as_str());
            if last.get("block").is_some() { blocked += 1 } else { passed += 1 }
        }
        Ok(if repeat == 1 { last } else { json!({"passed": passed, "blocked": blocked}) })
    }

    fn decided(&mut self, decision: Decision, name: Option<&str>) -> Value {
        let (answer, permit) = match decision {
            Decision::Pass(permit) => (json!({"pass": true}), permit),
            Decision::Wait(wait, permit) => (json!({"wait": wait.nanos()}), permit),
            Decision::Block(blocked) => {
                let names = self.engine.block(blocked.id);
                let fallback = names.as_ref().and_then(|names| names.fallback.as_ref()).map(|fallback| {
                    let headers: BTreeMap<_, _> = fallback.headers.iter().cloned().collect();
                    json!({"status": fallback.status, "body": fallback.body, "headers": headers})
                });
                return json!({
                    "block": blocked.strategy.as_str(),
                    "strategy": names.as_ref().map(|names| &*names.strategy_name),
                    "rule": names.as_ref().map(|names| &*names.rule),
                    "retryAfter": blocked.retry_after.map(sergo::Span::nanos),
                    "fallback": fallback,
                });
            }
        };
        if let Some(name) = name {
            self.permits.entry(name.to_owned()).or_default().push(permit);
        }
        answer
    }

    fn exit(&mut self, step: &Value, now: Tick) -> Answered {
        let name = text(step, "entry");
        let outcome = Outcome { error: step["error"] == true };
        let permits = self.permits.get_mut(&name).ok_or(format!("no entry is called {name}"))?;
        let again = step["again"] == true;
        let count = step["count"].as_u64().map_or(usize::MAX, |count| usize::try_from(count).unwrap_or(usize::MAX));
        for permit in permits.iter_mut().filter(|permit| permit.is_open() != again).take(count) {
            self.engine.exit(permit, outcome, now);
        }
        Ok(json!({}))
    }

    fn events(&self) -> Value {
        let events: Vec<Event> = self.engine.drain_events();
        let breakers: Vec<&Event> = events.iter().filter(|event| matches!(event, Event::Breaker { .. })).collect();
        json!({"events": breakers})
    }

    /// `route` and `pick`.
    fn route(&mut self, step: &Value) -> Answered {
        let now = Tick(step["at"].as_u64().unwrap_or(0));
        let picks = step["op"] == "pick";
        let asked = Asked::read(step);
        asked.ask(step, |request| {
            self.repeat(step, |engine, rolls| {
                if picks {
                    engine.pick(request, rolls, now)
                } else {
                    without_instance(engine.direct(request, rolls, now))
                }
            })
        })
    }

    fn report(&self, step: &Value, now: Tick) -> Answered {
        let outcome = match step["outcome"].as_str().unwrap_or_default() {
            "success" => CallOutcome::Success,
            "error" => CallOutcome::Error,
            "gateway-error" => CallOutcome::GatewayError,
            "local-error" => CallOutcome::LocalError,
            other => return Err(format!("unknown outcome: {other}")),
        };
        for _ in 0..step["repeat"].as_u64().unwrap_or(1) {
            self.engine.report(&text(step, "host"), &text(step, "instance"), outcome, now);
        }
        Ok(json!({}))
    }

    fn label(&self, step: &Value) -> Answered {
        let label = Asked::read(step).ask(step, |request| self.engine.label(request, step["trust"] != false));
        label.map_or(Ok(json!({"none": true})), |label| serde_json::to_value(label).map_err(|error| error.to_string()))
    }

    fn connect(&mut self, step: &Value) -> Answered {
        let now = Tick(step["at"].as_u64().unwrap_or(0));
        let host = text(step, "host");
        let labels = step["source"].get("labels").filter(|labels| labels.is_object()).map(texts);
        let connection = Connection {
            port: step["port"].as_u64().and_then(|port| u16::try_from(port).ok()),
            sni: step["sni"].as_str(),
            address: step["address"].as_str(),
            client: step["client"].as_str(),
            caller: caller(step, labels.as_ref()),
            ..Connection::new(&host)
        };
        self.repeat(step, |engine, rolls| {
            let answer = engine.connect(&connection, rolls, now).and_then(|id| engine.answer(id))?;
            without_instance(Some(Directions { answer, effects: Effects::default() }))
        })
    }

    /// Asks as often as the step says.
    fn repeat(&mut self, step: &Value, ask: impl Fn(&Engine, &mut Rolls<'_>) -> Option<Pick>) -> Answered {
        let given: Option<Vec<f64>> =
            step["rolls"].as_array().map(|rolls| rolls.iter().filter_map(Value::as_f64).collect());
        let repeat = step["repeat"].as_u64().unwrap_or(1);
        let mut share: BTreeMap<String, u64> = BTreeMap::new();
        let mut last = json!({"none": true});
        for _ in 0..repeat {
            self.seed += 1;
            let mut rolls = given.as_deref().map_or(Rolls::seeded(self.seed), Rolls::given);
            let pick = ask(&self.engine, &mut rolls);
            let instance = pick.as_ref().and_then(|pick| Some(pick.endpoint.as_ref()?.instance.id.clone()));
            last = match pick.as_ref().map(|pick| &*pick.directions.answer) {
                None => json!({"none": true}),
                Some(Answer::Empty { host, subset }) => json!({"none": {"host": host, "subset": subset}}),
                Some(answer) => {
                    if let Answer::To { destination, .. } = answer {
                        let name = instance.as_ref().or(destination.subset.as_ref()).unwrap_or(&destination.host);
                        *share.entry(name.clone()).or_default() += 1;
                    }
                    let mut shape = serde_json::to_value(&pick).map_err(|error| error.to_string())?;
                    if step["op"] == "pick" {
                        shape["subset"] = shape["destination"]["subset"].clone();
                    }
                    shape
                }
            };
        }
        Ok(if repeat == 1 { last } else { json!({"share": share}) })
    }
}

/// What `route` says, as a pick of no instance.
fn without_instance(directions: Option<Directions>) -> Option<Pick> {
    Some(Pick { directions: directions?, endpoint: None })
}

/// The texts of a request, kept while it is asked about.
struct Asked {
    texts: [String; 4],
    labels: Option<BTreeMap<String, String>>,
    service: String,
    method: String,
    arguments: Vec<(Option<String>, Option<String>)>,
    attachments: BTreeMap<String, String>,
}

impl Asked {
    fn read(step: &Value) -> Self {
        let rpc = &step["rpc"];
        let plain = |value: &Value| match value {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        };
        let arguments = rpc["args"].as_array().into_iter().flatten();
        Asked {
            texts: ["host", "method", "path", "scheme"].map(|key| text(step, key)),
            labels: step["source"].get("labels").filter(|labels| labels.is_object()).map(texts),
            service: text(rpc, "service"),
            method: text(rpc, "method"),
            arguments: arguments.map(|argument| (plain(&argument["type"]), plain(&argument["value"]))).collect(),
            attachments: texts(&rpc["attachments"]),
        }
    }

    fn ask<T>(&self, step: &Value, ask: impl FnOnce(&Request<'_>) -> T) -> T {
        let [host, method, path, scheme] = &self.texts;
        let headers = StepHeaders(&step["headers"]);
        let arguments: Vec<RpcArgument<'_>> = self
            .arguments
            .iter()
            .map(|(kind, value)| RpcArgument { kind: kind.as_deref(), value: value.as_deref() })
            .collect();
        let attachments: Vec<(&str, &str)> =
            self.attachments.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        let rpc =
            Rpc { service: &self.service, method: &self.method, arguments: &arguments, attachments: &attachments };
        ask(&Request {
            method,
            path,
            scheme,
            port: step["port"].as_u64().and_then(|port| u16::try_from(port).ok()),
            headers: &headers,
            client: step["client"].as_str(),
            caller: caller(step, self.labels.as_ref()),
            hash: step["hash"].as_str(),
            rpc: step["rpc"].is_object().then_some(rpc),
            ..Request::new(host)
        })
    }
}

/// Who calls, as far as the step says.
fn caller<'a>(step: &'a Value, labels: Option<&'a BTreeMap<String, String>>) -> Caller<'a> {
    let source = |key| step["source"].get(key).and_then(Value::as_str);
    Caller { labels, namespace: source("namespace"), gateway: source("gateway") }
}

/// The header pairs of a step.
struct StepHeaders<'a>(&'a Value);

impl Headers for StepHeaders<'_> {
    fn header(&self, name: &str) -> Option<Cow<'_, str>> {
        let pairs: Vec<(&str, &str)> = self
            .0
            .as_array()?
            .iter()
            .filter_map(|pair| Some((pair.get(0)?.as_str()?, pair.get(1)?.as_str()?)))
            .collect();
        pairs.as_slice().header(name).map(|value| Cow::Owned(value.into_owned()))
    }
}

fn text(step: &Value, key: &str) -> String {
    step[key].as_str().unwrap_or_default().to_owned()
}

fn texts(map: &Value) -> BTreeMap<String, String> {
    let entries = map.as_object().into_iter().flatten();
    entries.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
}

fn instances(list: &Value) -> Vec<Instance> {
    let list = list.as_array().into_iter().flatten();
    list.map(|instance| Instance {
        id: text(instance, "id"),
        labels: texts(&instance["labels"]),
        healthy: instance["healthy"] != false,
        weight: instance["weight"].as_u64().and_then(|weight| u32::try_from(weight).ok()).unwrap_or(1),
        zone: instance["zone"].as_str().map(str::to_owned),
    })
    .collect()
}
