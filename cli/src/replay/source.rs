//! Where the requests come from: a file, the standard input, or the generator.

use super::names::Names;
use super::order::{Call, Lateness, Order};
use super::synthetic::Synthetic;
use super::trace::{Format, Line, Lines, Unreadable};
use indicatif::{ProgressBar, ProgressStyle};
use sergo::{Rolls, Span, SystemLoad};
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

/// How many unreadable lines are kept to be shown.
const SHOWN: usize = 10;
const BUFFER: usize = 1 << 16;
const SECOND: u64 = 1_000_000_000;

/// Where requests come from.
pub(crate) enum Origin {
    Path(PathBuf),
    Synthetic(Synthetic),
}

/// How a trace is read.
pub(crate) struct Reading {
    pub(crate) format: Option<Format>,
    /// How late lines may come where they can be read but once.
    pub(crate) reorder: Span,
    /// Whether times that are whole seconds stay so.
    pub(crate) as_logged: bool,
    pub(crate) seed: u64,
}

/// What was read.
#[derive(Default)]
pub(crate) struct Told {
    pub(crate) format: Option<Format>,
    pub(crate) requests: u64,
    /// Lines that only tell the system's load.
    pub(crate) loads: u64,
    /// Requests that the trace says the duration of.
    pub(crate) timed: u64,
    /// Whether requests were put at random moments of the seconds they came in.
    pub(crate) spread: bool,
    /// How many came later in the trace than could be waited for.
    pub(crate) late: u64,
    pub(crate) unreadable: u64,
    /// The first of the unreadable.
    pub(crate) shown: Vec<Unreadable>,
}

impl Origin {
    /// What to call it.
    pub(crate) fn name(&self) -> String {
        match self {
            Origin::Path(path) if path == Path::new("-") => "the standard input".to_owned(),
            Origin::Path(path) => path.display().to_string(),
            Origin::Synthetic(_) => "synthetic requests".to_owned(),
        }
    }

    /// Hands every call to `take`, in the order in which they began.
    ///
    /// # Errors
    /// A sentence that says why it can't be read.
    pub(crate) fn read(
        &self,
        reading: &Reading,
        names: &mut Names,
        is_governed: &dyn Fn(&str) -> bool,
        take: &mut dyn FnMut(&Call, &Names),
    ) -> Result<Told, String> {
        let failed = |why: String| format!("can't read {}: {why}", self.name());
        match self {
            Origin::Synthetic(synthetic) => {
                let bar = spinner();
                let mut told = Told::default();
                for call in synthetic.calls(names, reading.seed) {
                    told.requests += 1;
                    told.timed += 1;
                    tick(&bar, told.requests);
                    take(&call, names);
                }
                bar.finish_and_clear();
                if told.requests == 0 {
                    return Err("the synthetic plans make no request: their rates are too low".to_owned());
                }
                Ok(told)
            }
            Origin::Path(path) if path == Path::new("-") => {
                let lateness = reading.reorder.nanos();
                let pass = Pass { reading, lateness, bar: spinner() };
                pass.read(io::stdin().lock(), names, is_governed, take).map_err(failed)
            }
            Origin::Path(path) => {
                let open = || File::open(path).map_err(|error| failed(error.to_string()));
                let meta = path.metadata().map_err(|error| failed(error.to_string()))?;
                // A pipe can be read but once.
                if !meta.is_file() {
                    if meta.is_dir() {
                        return Err(failed("it is a folder".to_owned()));
                    }
                    let pass = Pass { reading, lateness: reading.reorder.nanos(), bar: spinner() };
                    return pass.read(BufReader::new(open()?), names, is_governed, take).map_err(failed);
                }
                let bar = bar(meta.len().saturating_mul(2));
                let input = BufReader::with_capacity(BUFFER, bar.wrap_read(open()?));
                let lateness = lateness(input, reading).map_err(failed)?;
                let input = BufReader::with_capacity(BUFFER, bar.wrap_read(open()?));
                Pass { reading, lateness, bar: bar.clone() }.read(input, names, is_governed, take).map_err(failed)
            }
        }
    }
}

/// How late the lines of a trace are, at most.
fn lateness(input: impl BufRead, reading: &Reading) -> Result<u64, String> {
    let mut lines = Lines::new(input, reading.format)?;
    let spread = lines.format().has_whole_seconds() && !reading.as_logged;
    let mut lateness = Lateness::default();
    while let Some((number, line)) = lines.next_line().map_err(|error| error.to_string())? {
        if let Ok(line) = line {
            lateness.see(start(&line, number, spread, reading.seed));
        }
    }
    Ok(lateness.most)
}

/// When the request of a line began. A log with whole seconds hides when in the
/// second a request ended: then it is a random moment of it, the same for the
/// same line and seed.
fn start(line: &Line<'_>, number: u64, spread: bool, seed: u64) -> i64 {
    let share = if spread { Rolls::seeded(seed ^ number.rotate_left(32)).roll() } else { 0.0 };
    line.start.saturating_add((share * SECOND as f64) as i64)
}

/// One reading of a trace from its first line to its last.
struct Pass<'a> {
    reading: &'a Reading,
    lateness: u64,
    bar: ProgressBar,
}

impl Pass<'_> {
    fn read(
        self,
        input: impl BufRead,
        names: &mut Names,
        is_governed: &dyn Fn(&str) -> bool,
        take: &mut dyn FnMut(&Call, &Names),
    ) -> Result<Told, String> {
        let mut lines = Lines::new(input, self.reading.format)?;
        let mut order = Order::new(self.lateness);
        let spread = lines.format().has_whole_seconds() && !self.reading.as_logged;
        let mut told = Told { format: Some(lines.format()), spread, ..Told::default() };
        while let Some((number, line)) = lines.next_line().map_err(|error| error.to_string())? {
            let line = match line {
                Ok(line) => line,
                Err(why) => {
                    told.unreadable += 1;
                    if told.shown.len() < SHOWN {
                        told.shown.push(Unreadable { line: number, why });
                    }
                    continue;
                }
            };
            match &line.resource {
                Some(_) => told.requests += 1,
                None => told.loads += 1,
            }
            told.timed += u64::from(line.resource.is_some() && line.duration.is_some());
            tick(&self.bar, told.requests);
            order.push(Call {
                start: start(&line, number, spread, self.reading.seed),
                line: number,
                duration: line.duration.unwrap_or_default().nanos(),
                resource: line.resource.as_deref().map(|resource| names.number(resource, is_governed)),
                cost: line.cost,
                error: line.error,
                direction: line.direction,
                load: (line.load != SystemLoad::default()).then(|| Box::new(line.load)),
            });
            while let Some(call) = order.next() {
                take(&call, names);
            }
        }
        while let Some(call) = order.take() {
            take(&call, names);
        }
        told.late = order.late;
        self.bar.finish_and_clear();
        if told.requests == 0 {
            let first = told.shown.first().map(|first| format!(": line {}: {}", first.line, first.why));
            return Err(format!("there is no request in it{}", first.unwrap_or_default()));
        }
        Ok(told)
    }
}

/// A bar on the standard error output, where that is a terminal.
fn bar(bytes: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {percent:>3}%  {msg}  {eta}");
    ProgressBar::new(bytes).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// The same where nobody knows how much there will be.
fn spinner() -> ProgressBar {
    ProgressBar::new_spinner()
}

/// Says how far it is, now and then.
fn tick(bar: &ProgressBar, requests: u64) {
    if requests.is_multiple_of(10_000) {
        bar.set_message(format!("{requests} requests"));
        if bar.length().is_none() {
            bar.tick();
        }
    }
}
