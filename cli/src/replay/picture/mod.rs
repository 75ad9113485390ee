//! The picture: requests per second over time, and below them the states of
//! circuit breakers. As SVG, which browsers show light or dark as they are set;
//! or as PNG, which is light.

mod axis;
mod panel;
mod png;
mod svg;

use super::outcome::Outcome;
use super::timeline::Timeline;
use super::words::{count, harmless, percent};
use axis::Times;
use panel::Panel;
use std::path::{Path, PathBuf};
use svg::Svg;

/// How wide the picture is; as high as it must be.
const WIDTH: f64 = 960.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 24.0;

/// A file to draw to.
pub(crate) struct Picture {
    path: PathBuf,
    kind: Kind,
}

enum Kind {
    Svg,
    Png(png::Fonts),
}

impl Picture {
    /// Finds out, before anything is replayed, whether it can be drawn.
    ///
    /// # Errors
    /// What kinds of picture there are, or what is missing for this one.
    pub(crate) fn new(path: &Path) -> Result<Picture, String> {
        let extension = path.extension().map(|extension| extension.to_ascii_lowercase());
        let kind = match extension.as_ref().and_then(|extension| extension.to_str()) {
            Some("svg") => Kind::Svg,
            Some("png") => Kind::Png(png::Fonts::find()?),
            _ => return Err(format!("a picture is a .svg or a .png file; {} is neither", path.display())),
        };
        Ok(Picture { path: path.to_owned(), kind })
    }

    /// Draws the picture into its file.
    ///
    /// # Errors
    /// A sentence that says why it can't.
    pub(crate) fn write(&self, outcome: &Outcome) -> Result<(), String> {
        let bytes = match &self.kind {
            Kind::Svg => draw(outcome, true).into_bytes(),
            Kind::Png(fonts) => fonts.render(&draw(outcome, false))?,
        };
        std::fs::write(&self.path, bytes).map_err(|error| format!("can't write {}: {error}", self.path.display()))
    }
}

/// The picture as SVG.
fn draw(outcome: &Outcome, is_dark_at_night: bool) -> String {
    let all = || [Some(&outcome.one), outcome.other.as_ref().map(|(other, _)| other)].into_iter().flatten();
    let timelines = Timeline::readable(all().map(|ruled| ruled.run.tally.timeline.clone()).collect());
    let ends = timelines.iter().map(|timeline| timeline.width().saturating_mul(timeline.parts.len() as u64));
    let end = ends.fold(outcome.end.0, u64::max);
    let times = Times { clock: &outcome.clock, end, left: LEFT, width: WIDTH - LEFT - RIGHT };
    let highest = timelines.iter().map(highest).fold(0.0, f64::max);
    let mut svg = Svg::new(WIDTH, is_dark_at_night);
    let title = match &outcome.other {
        Some((other, _)) => format!("{} through {} and {}", outcome.trace, outcome.one.rules, other.rules),
        None => format!("{} through {}", outcome.trace, outcome.one.rules),
    };
    svg.title(&harmless(&title));
    let mut top = svg.head(&[("passed", "passed"), ("waited", "waited"), ("blocked", "blocked")]);
    for (ruled, timeline) in all().zip(&timelines) {
        let total = ruled.total();
        let caption = format!(
            "{}{}, {} waited, {} blocked",
            if outcome.other.is_some() { format!("{}: ", harmless(&ruled.rules)) } else { String::new() },
            count(total.requests(), "request"),
            percent(total.waited, total.requests()),
            percent(total.blocked, total.requests())
        );
        top = Panel { ruled, timeline, times: &times, highest }.draw(&mut svg, top, &caption);
    }
    svg.end(top)
}

/// The most requests per second that any part has.
fn highest(timeline: &Timeline) -> f64 {
    let most = timeline.parts.iter().map(|part| part.iter().sum::<u64>()).max().unwrap_or(0);
    per_second(most, timeline)
}

fn per_second(count: u64, timeline: &Timeline) -> f64 {
    count as f64 * 1e9 / timeline.width() as f64
}
