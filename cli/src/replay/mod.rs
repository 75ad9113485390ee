//! `sergo replay`: what rules would have done to requests that came.

mod breakers;
mod compare;
mod json;
#[cfg(test)]
mod model;
mod names;
mod order;
mod outcome;
mod picture;
mod run;
mod source;
mod summary;
mod synthetic;
mod tally;
mod timeline;
pub mod trace;
mod words;

use crate::check::{self, show};
use crate::explain::audience::{Audience, Whom};
use crate::files::{self, File};
use crate::print::{pretty, print};
use clap::Args;
use compare::Difference;
use names::{Names, Shape, Template};
use outcome::{Outcome, Ruled};
use picture::Picture;
use run::Run;
use sergo::spec::quantity::{DURATION, duration};
use sergo::{Span, Tick};
use source::{Origin, Reading, Told};
use std::fs;
use std::io::{BufWriter, IsTerminal, Write, stderr, stdout};
use std::path::{Path, PathBuf};
use synthetic::{Plan, Synthetic};
use trace::Format;

const USAGE: &str = "sergo replay [OPTIONS] RULES... TRACE
       sergo replay [OPTIONS] RULES... --trace TRACE
       sergo replay [OPTIONS] RULES... --synthetic PLAN...";

const EXAMPLES: &str = "\
Examples:
  sergo replay rules/ access.log --fold-ids
  sergo replay rules/ access.log --against new-rules/ --picture difference.svg
  kubectl logs envoy | sergo replay rules/ --trace - --app shop --json
  sergo replay rules/ --synthetic 'GET:/foo 100/s for 60s, 500/s at 20s for 5s, 30% errors from 30s to 40s'
  sergo replay --synthetic 'GET:/foo 100/s for 60s, latency 20ms p99 200ms' --write trace.jsonl

Synthetic requests:
  RESOURCE CLAUSE, CLAUSE, ... where a clause is
    100/s, 30/min or 5/h          how many requests come, at random moments
    latency 20ms                  how long each takes (20ms where nothing is said), or
    latency 10ms to 30ms          anything between the two alike
    latency mean 20ms             exponential
    latency 20ms p99 200ms        log-normal, with this median and 99th percentile
    30% errors                    how many of them fail
    cost 2                        what each costs
    cpu 90%, memory 50%, load1 4  how loaded the system is when they come
    evenly                        they come one after the other, at the same distance
    outbound                      the app makes them, and does not serve them
  Behind all but the last two may stand when it holds:
    for 60s, from 20s to 25s, at 20s for 5s
  Of clauses for the same moment the last holds.";

/// Replays a trace of requests through rules, on virtual time.
///
/// The engine that every package has is asked: what it says here is what it
/// would have said there. It is told when each request came and, if it passed,
/// when it ended and whether it failed. A day takes seconds.
///
/// The trace is JSON lines, or the access log of nginx or Envoy. Lines that
/// can't be read are counted, and the first are shown with their numbers. The
/// exit code is 0 when the rules have no mistake, 1 when they have one (what is
/// left of them is replayed), and 2 when something can't be read or written.
#[derive(Args)]
#[command(override_usage = USAGE, after_long_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// Rule files or folders, and behind them the trace, unless --trace or --synthetic says it
    #[arg(value_name = "RULES")]
    paths: Vec<PathBuf>,
    /// The trace: a file, or - for the standard input
    #[arg(long, value_name = "FILE", conflicts_with = "synthetic", help_heading = "Requests")]
    trace: Option<PathBuf>,
    /// What the trace looks like, where its first lines don't tell
    #[arg(long, value_name = "FORMAT", help_heading = "Requests")]
    trace_format: Option<Format>,
    /// Call what fits /orders/{id}, or GET:/orders/{id}, by this name; may be repeated, the first that fits counts
    #[arg(long, value_name = "PATH", value_parser = Template::read, help_heading = "Requests")]
    template: Vec<Template>,
    /// Fold numbers, UUIDs and the like in paths: GET:/orders/123 is GET:/orders/{id}
    #[arg(long, help_heading = "Requests")]
    fold_ids: bool,
    /// Leave the times of a log with whole seconds as they are, and don't spread the requests over the seconds
    #[arg(long, help_heading = "Requests")]
    as_logged: bool,
    /// How late a line may come in a trace that can be read but once, since it is piped
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = time, help_heading = "Requests")]
    reorder: Span,
    /// Make requests up: 'GET:/foo 100/s for 60s', see below; may be repeated
    #[arg(long, value_name = "PLAN", value_parser = Plan::read, help_heading = "Requests")]
    synthetic: Vec<Plan>,
    /// Write the synthetic requests to a file, or - for the standard output, as a trace of JSON lines
    #[arg(long, value_name = "FILE", requires = "synthetic", help_heading = "Requests")]
    write: Option<PathBuf>,
    /// What all random numbers come from; the same seed gives the same
    #[arg(long, default_value_t = 1, help_heading = "Requests")]
    seed: u64,
    /// Rule files or folders to compare with; may be repeated
    #[arg(long, value_name = "RULES")]
    against: Vec<PathBuf>,
    /// Draw requests per second and breakers over time, to a .svg or .png file
    #[arg(long, value_name = "FILE")]
    picture: Option<PathBuf>,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    whom: Whom,
}

/// Replays; true when the rules have no mistake.
///
/// # Errors
/// A sentence that says what can't be read or written, or what is missing.
pub(crate) fn replay(arguments: &Arguments) -> Result<bool, String> {
    let (rules, origin) = what(arguments)?;
    let mut names = Names::new(shape(arguments));
    if let (Origin::Synthetic(synthetic), Some(path)) = (&origin, &arguments.write) {
        write(synthetic, path, &mut names, arguments.seed)?;
        if rules.is_empty() {
            return Ok(true);
        }
    }
    let picture = arguments.picture.as_deref().map(Picture::new).transpose()?;
    let (files, mut is_good) = good(rules)?;
    let audience = Audience::find(arguments.whom.clone(), &files)?;
    let mut one = Ruled { rules: called(rules), run: Run::new(&files, audience.config.clone()), audience };
    let mut other = None;
    if !arguments.against.is_empty() {
        let (files, is_good_too) = good(&arguments.against)?;
        is_good &= is_good_too;
        let audience = Audience::find(arguments.whom.clone(), &files)?;
        let ruled =
            Ruled { rules: called(&arguments.against), run: Run::new(&files, audience.config.clone()), audience };
        other = Some((ruled, Difference::default()));
    }
    let (told, begin) = run(&origin, arguments, &mut names, &mut one, &mut other)?;
    let outcome = Outcome::new(origin.name(), told, names, begin, one, other);
    let _ = stderr().write_all(summary::unreadable(&outcome).as_bytes());
    if let Some(picture) = picture {
        picture.write(&outcome)?;
    }
    print(&if arguments.json { pretty(&json::Whole::new(&outcome)) } else { summary::summary(&outcome) })?;
    Ok(is_good)
}

/// The rules, and where the requests come from.
fn what(arguments: &Arguments) -> Result<(&[PathBuf], Origin), String> {
    let Arguments { paths, trace, synthetic, write, against, .. } = arguments;
    let is_written = write.is_some() && against.is_empty();
    let (rules, origin) = if !synthetic.is_empty() {
        (paths.as_slice(), Origin::Synthetic(Synthetic::new(synthetic.clone())?))
    } else if let Some(trace) = trace {
        (paths.as_slice(), Origin::Path(trace.clone()))
    } else {
        match paths.split_last() {
            Some((trace, rules)) if !rules.is_empty() => (rules, Origin::Path(trace.clone())),
            Some(_) => return Err("there is no trace: sergo replay RULES TRACE, or --synthetic".to_owned()),
            None => return Err("there are no rules and no trace: sergo replay RULES TRACE".to_owned()),
        }
    };
    if rules.is_empty() && !is_written {
        return Err("there are no rules: sergo replay RULES TRACE".to_owned());
    }
    let is_input = |path: &PathBuf| path == Path::new("-");
    let inputs = rules.iter().chain(against).filter(|path| is_input(path)).count();
    if inputs + usize::from(matches!(&origin, Origin::Path(path) if is_input(path))) > 1 {
        return Err("only one of rules, --against and trace can come from the standard input".to_owned());
    }
    if !rules.is_empty() && write.as_ref().is_some_and(is_input) {
        return Err("the standard output is for the answer: --write to a file".to_owned());
    }
    Ok((rules, origin))
}

fn shape(arguments: &Arguments) -> Shape {
    Shape { templates: arguments.template.clone(), folds_ids: arguments.fold_ids }
}

fn write(synthetic: &Synthetic, path: &Path, names: &mut Names, seed: u64) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("can't write {}: {error}", path.display());
    let out: Box<dyn Write> = match path {
        path if path == Path::new("-") => Box::new(stdout().lock()),
        path => Box::new(fs::File::create(path).map_err(failed)?),
    };
    let mut out = BufWriter::new(out);
    for call in synthetic.calls(names, seed) {
        out.write_all(synthetic::line(&call, names).as_bytes()).map_err(failed)?;
    }
    out.flush().map_err(failed)
}

/// The files of these paths, and whether they have no mistake; what is wrong is
/// shown as by `sergo check`, on the standard error output.
fn good(paths: &[PathBuf]) -> Result<(Vec<File>, bool), String> {
    let files = files::read(paths)?;
    let report = check::report(&files);
    let findings = show::findings(&files, &report, stderr().is_terminal());
    // Where nobody can be told, the exit code still tells.
    let _ = stderr().write_all(findings.as_bytes());
    Ok((files, report.rejected.is_empty()))
}

/// What rules of these paths are called.
fn called(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(" ")
}

/// Runs all requests through one or two sets of rules; also says when the first
/// came.
fn run(
    origin: &Origin,
    arguments: &Arguments,
    names: &mut Names,
    one: &mut Ruled,
    other: &mut Option<(Ruled, Difference)>,
) -> Result<(Told, i64), String> {
    let reading = Reading {
        format: arguments.trace_format,
        reorder: arguments.reorder,
        as_logged: arguments.as_logged,
        seed: arguments.seed,
    };
    let (first, second) = (one.run.governs(), other.as_ref().map(|(other, _)| other.run.governs()));
    let is_governed = |name: &str| first(name) || second.as_ref().is_some_and(|second| second(name));
    let mut begin = None;
    let told = origin.read(&reading, names, &is_governed, &mut |call, names| {
        let now = Tick(call.start.abs_diff(*begin.get_or_insert(call.start)));
        let before = one.run.call(call, now, names);
        if let Some((other, difference)) = other {
            let after = other.run.call(call, now, names);
            if let (Some(before), Some(after)) = (before, after) {
                difference.count(call, now, (&one.run, before), (&other.run, after));
            }
        }
    })?;
    one.run.end();
    if let Some((other, _)) = other {
        other.run.end();
    }
    Ok((told, begin.unwrap_or_default()))
}

/// A length of time on the command line.
///
/// # Errors
/// What would be right.
fn time(text: &str) -> Result<Span, String> {
    duration(text).ok_or_else(|| format!("it is {DURATION}"))
}
