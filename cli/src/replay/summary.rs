//! What a replay came to, as text.

use super::breakers::word;
use super::compare::Difference;
use super::names::Names;
use super::outcome::{Outcome, Ruled};
use super::tally::Counts;
use super::words::{Clock, count, harmless, number, percent, span, table};
use sergo::{Config, Tick};

/// The most resources that have a line of their own.
const ROWS: usize = 40;
/// The most changes of a breaker that are listed.
const CHANGES: usize = 12;
/// The most targets that are proposed.
const TARGETS: usize = 5;

/// The whole text.
pub(crate) fn summary(outcome: &Outcome) -> String {
    let Outcome { one, other, names, clock, end, .. } = outcome;
    let mut text = begin(outcome);
    text += &ruled(one, names, clock, *end);
    if let Some((other, difference)) = other {
        text += &format!("\nAgainst {}, {}\n\n", harmless(&other.rules), whose(&other.audience.config));
        text += &ruled(other, names, clock, *end);
        text += &differences(one, other, difference, names, clock);
    }
    let notes = notes(outcome);
    if !notes.is_empty() {
        text += "\n";
        notes.iter().for_each(|note| text += &format!("note: {note}\n"));
    }
    text
}

fn begin(outcome: &Outcome) -> String {
    let Outcome { one, clock, trace, told, .. } = outcome;
    let last = one.total().came.map_or(Tick(0), |(_, last)| last);
    let from = clock.whole(Tick(0)).map_or(String::new(), |from| format!(" from {from}"));
    let requests = match told.format {
        Some(_) => format!("{} of {}", count(told.requests, "request"), harmless(trace)),
        None => count(told.requests, "synthetic request"),
    };
    format!(
        "{requests} in {}{from},\nthrough {}, {}\n\n",
        span(last.0),
        harmless(&one.rules),
        whose(&one.audience.config)
    )
}

fn whose(config: &Config) -> String {
    let Config { namespace, app, labels } = config;
    let app = if app.is_empty() { "any app".to_owned() } else { format!("the app {}", harmless(app)) };
    let labels: Vec<_> = labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let labels = if labels.is_empty() { String::new() } else { format!(" with {}", harmless(&labels.join(", "))) };
    format!("as an instance of {app} in the namespace {}{labels}", harmless(namespace))
}

/// What some rules did: resources, breakers, peaks.
fn ruled(ruled: &Ruled, names: &Names, clock: &Clock, end: Tick) -> String {
    let titles =
        ["resource", "requests", "passed", "waited", "blocked", "mean wait", "max wait", "peak/s", "in flight"];
    let mut rows = vec![titles.map(str::to_owned).to_vec()];
    let resources = ruled.resources(names);
    let (shown, others) = resources.split_at(resources.len().min(ROWS));
    for (index, counts) in shown {
        let is_governed = ruled.governs(names, *index);
        let name = harmless(names.name(*index));
        rows.push(row(&if is_governed { name } else { format!("{name} (no rule)") }, counts));
        for (gate, blocks) in &counts.blocks {
            if let Some(gate) = ruled.run.tally.gates.get(*gate) {
                rows.push(vec![format!(
                    "  {} blocked by {} {} of the rule {}, {}",
                    number(blocks.count),
                    gate.kind,
                    harmless(&gate.strategy),
                    harmless(&gate.rule),
                    when(clock, blocks.first, blocks.last)
                )]);
            }
        }
    }
    if !others.is_empty() {
        let sum = |of: fn(&Counts) -> u64| others.iter().map(|(_, counts)| of(counts)).sum::<u64>();
        let counts = [sum(Counts::requests), sum(|of| of.passed), sum(|of| of.waited), sum(|of| of.blocked)];
        let mut cells = vec![format!("{} more", number(others.len() as u64))];
        cells.extend(counts.map(number));
        rows.push(cells);
    }
    if resources.len() > 1 {
        rows.push(row("total", ruled.total()));
    }
    let total = ruled.total();
    let (rate, flight) = ruled.peaks();
    let mut text = table(&rows);
    text += &format!(
        "\n{} blocked, {} waited; peaks: {} in the second from {}, {} in flight at {}\n",
        percent(total.blocked, total.requests()),
        percent(total.waited, total.requests()),
        count(rate.most, "request"),
        clock.moment(rate.at),
        number(flight.most),
        clock.moment(flight.at)
    );
    text + &breakers(ruled, clock, end)
}

fn row(name: &str, counts: &Counts) -> Vec<String> {
    let wait = |nanos: Option<u64>| nanos.map_or("-".to_owned(), span);
    vec![
        name.to_owned(),
        number(counts.requests()),
        number(counts.passed),
        number(counts.waited),
        number(counts.blocked),
        wait(counts.wait_mean()),
        wait(counts.wait_mean().map(|_| counts.wait_most)),
        number(counts.rate.most),
        number(counts.flight.most),
    ]
}

fn when(clock: &Clock, first: Tick, last: Tick) -> String {
    if first == last {
        format!("at {}", clock.moment(first))
    } else {
        format!("from {} to {}", clock.moment(first), clock.moment(last))
    }
}

fn breakers(ruled: &Ruled, clock: &Clock, end: Tick) -> String {
    let mut text = String::new();
    for breaker in ruled.breakers() {
        let name = format!("{} {}", harmless(&breaker.target), harmless(&breaker.strategy));
        if breaker.changed == 0 {
            text += &format!("\nbreaker {name}: closed throughout\n");
            continue;
        }
        let not_closed = breaker.not_closed(end);
        text += &format!(
            "\nbreaker {name}: opened {}, not closed for {}, {} of the time\n",
            if breaker.opened == 1 { "once".to_owned() } else { count(breaker.opened, "time") },
            span(not_closed),
            percent(not_closed, end.0)
        );
        for change in breaker.changes.iter().take(CHANGES) {
            let judged = change
                .judged
                .map_or(String::new(), |(total, bad)| format!("  {} of {} bad", number(bad), count(total, "call")));
            let (from, to) = (word(change.from), word(change.to));
            let line = format!("  {}  {from:<9} -> {to:<9}{judged}", clock.moment(change.at));
            text += line.trim_end();
            text.push('\n');
        }
        if let Some(more) = breaker.changed.checked_sub(CHANGES as u64).filter(|more| *more > 0) {
            text += &format!("  and {} more; --json has them\n", count(more, "change"));
        }
    }
    text
}

fn differences(one: &Ruled, other: &Ruled, difference: &Difference, names: &Names, clock: &Clock) -> String {
    let total = &difference.total;
    let requests = one.total().requests();
    if total.first.is_none() {
        return format!("\nThe two answer all {} alike.\n", count(requests, "request"));
    }
    let mut text = format!(
        "\n{} of {} answered differently, {}:\n\n",
        count(total.differing(), "request"),
        number(requests),
        percent(total.differing(), requests)
    );
    let titles = ["resource", "passed", "waited", "blocked", "differently", "first at"];
    let mut rows = vec![titles.map(str::to_owned).to_vec()];
    let differing = difference.differing(names);
    let mut add = |name: String, before: &Counts, after: &Counts, count: u64, first: Option<Tick>| {
        let mut row = vec![name];
        let pairs = [(before.passed, after.passed), (before.waited, after.waited), (before.blocked, after.blocked)];
        row.extend(pairs.map(|(before, after)| changed(before, after)));
        row.extend([number(count), first.map_or(String::new(), |first| clock.moment(first))]);
        rows.push(row);
    };
    let nothing = Counts::default();
    let of = |ruled: &'_ Ruled, number: usize| ruled.run.tally.resources.get(number).cloned();
    for (number, moves) in differing.iter().take(ROWS) {
        let (before, after) = (of(one, *number), of(other, *number));
        let (before, after) = (before.as_ref().unwrap_or(&nothing), after.as_ref().unwrap_or(&nothing));
        add(harmless(names.name(*number)), before, after, moves.differing(), moves.first);
    }
    add("total".to_owned(), one.total(), other.total(), total.differing(), total.first);
    text += &table(&rows);
    if differing.len() > ROWS {
        text += &format!("and {} more\n", count((differing.len() - ROWS) as u64, "resource"));
    }
    text.push('\n');
    for (before, after, count) in total.kinds() {
        text += &format!("{} {after} instead of {before}\n", number(count));
    }
    text += "\nThe first of them:\n";
    for moment in &difference.first {
        text += &format!(
            "  {}  line {}  {}: {}, now {}\n",
            clock.moment(moment.at),
            number(moment.line),
            harmless(names.name(moment.resource)),
            harmless(&moment.before),
            harmless(&moment.after)
        );
    }
    text
}

fn changed(before: u64, after: u64) -> String {
    match after.cmp(&before) {
        std::cmp::Ordering::Equal => number(after),
        std::cmp::Ordering::Greater => format!("{} (+{})", number(after), number(after - before)),
        std::cmp::Ordering::Less => format!("{} (-{})", number(after), number(before - after)),
    }
}

/// What one has to know to believe the figures.
fn notes(outcome: &Outcome) -> Vec<String> {
    let Outcome { told, one, names, .. } = outcome;
    let mut notes = Vec::new();
    if told.unreadable > 0 {
        notes.push(format!("{} could not be read and count nowhere", count(told.unreadable, "line")));
    }
    if told.late > 0 {
        notes.push(format!(
            "{} came later than --reorder says, and began when the trace had got to",
            count(told.late, "request")
        ));
    }
    if told.spread {
        notes.push(
            "the log has whole seconds, so each request ended at a random moment of its second (--seed); \
             --as-logged keeps it at the beginning"
                .to_owned(),
        );
    }
    if told.timed == 0 {
        notes.push(
            "the trace does not say how long requests took, so they take no time: concurrency limits and \
             breakers for slow calls do not show"
                .to_owned(),
        );
    }
    let resources = one.resources(names);
    let mut unnamed = resources.iter().map(|(number, _)| *number).filter(|number| !one.governs(names, *number));
    if let Some((name, folded)) = unnamed.find_map(|number| Some((names.name(number), names.folded(number)?))) {
        notes.push(format!(
            "{} has an id in it that makes it a resource of its own: --fold-ids makes it {}, --template what you like",
            harmless(name),
            harmless(&folded)
        ));
    }
    let is_governed = |ruled: &Ruled| ruled.resources(names).iter().any(|(number, _)| ruled.governs(names, *number));
    // Overload protection asks everything, whatever rules name.
    if !is_governed(one) && one.total().blocked == 0 {
        let targets = one.run.targets();
        let known: Vec<_> = targets.iter().take(TARGETS).map(|target| harmless(target)).collect();
        let more = if targets.len() > TARGETS { ", ..." } else { "" };
        notes.push(match known.as_slice() {
            [] => "no rule is for this app: --app, --namespace and --workload-label say whose are meant".to_owned(),
            known => format!(
                "no rule names any of these resources; rules name {}{more}. --template and --fold-ids make \
                 names of paths",
                known.join(", ")
            ),
        });
    }
    notes
}

/// The unreadable lines, as far as they are shown, for the standard error output.
pub(crate) fn unreadable(outcome: &Outcome) -> String {
    let told = &outcome.told;
    let trace = harmless(&outcome.trace);
    let mut text = String::new();
    for unreadable in &told.shown {
        text += &format!("{trace}:{}: {}\n", unreadable.line, unreadable.why);
    }
    if let Some(more) = told.unreadable.checked_sub(told.shown.len() as u64).filter(|more| *more > 0) {
        text += &format!("{trace}: and {} that can't be read\n", count(more, "more line"));
    }
    text
}
