//! All that rules govern, as a table.

use super::audience::Audience;
use crate::print::pretty;
use sergo::{Ask, Engine, Explanation, GateExplanation, Tick};

/// Lists every governed resource with its gates.
pub(crate) fn list(engine: &Engine, audience: &Audience, json: bool) -> String {
    let names = engine.figures().resources.into_iter().map(|of| of.resource);
    let explanations: Vec<_> = names.map(|name| engine.explain(&name, Ask::default(), Tick(0))).collect();
    if json {
        return pretty(&explanations);
    }
    // What asks every entry stands before every resource, and is listed once.
    let instance = engine.explain("", Ask::default(), Tick(0));
    let mut rows = vec![["RESOURCE", "STRATEGY", "KIND", "RULE", "STATE"].map(str::to_owned)];
    rows.extend(instance.gates.iter().map(|gate| row("every inbound entry", gate)));
    for Explanation { resource, gates, .. } in &explanations {
        let own: Vec<_> = gates.iter().filter(|gate| gate.target == *resource).collect();
        match own.as_slice() {
            [] => rows.push([resource, "-", "-", "-", "no strategy of its rules is there"].map(str::to_owned)),
            own => rows.extend(own.iter().map(|gate| row(resource, gate))),
        }
    }
    match rows.as_slice() {
        [_] => format!("No rule names a resource.\n\n{}", audience.as_of()),
        rows => format!("{}\n{}", table(rows), audience.as_of()),
    }
}

fn row(resource: &str, gate: &GateExplanation) -> [String; 5] {
    [resource, &gate.strategy, gate.kind, &gate.rule, &gate.why].map(str::to_owned)
}

/// Columns as wide as their widest entry; nothing behind the last.
fn table(rows: &[[String; 5]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let [a, b, c, d] = [0, 1, 2, 3].map(width);
    let line = |[resource, strategy, kind, rule, state]: &[String; 5]| {
        format!("{resource:a$}  {strategy:b$}  {kind:c$}  {rule:d$}  {state}\n")
    };
    rows.iter().map(line).collect()
}
