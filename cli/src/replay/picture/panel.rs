//! What one set of rules did: the requests, and below them the breakers.

use super::super::breakers::Breaker;
use super::super::outcome::Ruled;
use super::super::timeline::Timeline;
use super::super::words::harmless;
use super::axis::{Times, marks};
use super::svg::{Anchor, Svg, cut};
use super::{WIDTH, per_second};
use sergo::Tick;
use sergo::stat::event::BreakerState;

const HEIGHT: f64 = 240.0;
/// Above the requests: what is written of them.
const CAPTION: f64 = 48.0;
/// Below them: the marks of time and what they mean.
const BELOW: f64 = 48.0;
/// The height of a breaker with its name, and of its band alone.
const BREAKER: f64 = 34.0;
const BAND: f64 = 10.0;
/// The most breakers that are drawn.
const MOST: usize = 8;
/// No band is too short to be seen.
const THINNEST: f64 = 1.0;

pub(super) struct Panel<'a> {
    pub(super) ruled: &'a Ruled,
    pub(super) timeline: &'a Timeline,
    pub(super) times: &'a Times<'a>,
    /// The most requests per second that there is room for.
    pub(super) highest: f64,
}

impl Panel<'_> {
    /// Draws it below `top`, and says where it ends.
    pub(super) fn draw(&self, svg: &mut Svg, top: f64, caption: &str) -> f64 {
        svg.text("text", Anchor::Start, 24.0, top + 14.0, &cut(caption, 120));
        let bottom = top + CAPTION + HEIGHT;
        let rates = marks(self.highest);
        let most = rates.last().copied().unwrap_or(1.0);
        let y = |rate: f64| bottom - HEIGHT * rate / most;
        let right = self.times.left + self.times.width;
        for rate in &rates {
            svg.line("line", (self.times.left, y(*rate)), (right, y(*rate)));
            svg.text("faint", Anchor::End, self.times.left - 8.0, y(*rate) + 4.0, &rate.to_string());
        }
        svg.text("faint", Anchor::Start, 24.0, top + CAPTION - 12.0, "requests/s");
        self.requests(svg, y);
        svg.line("axis", (self.times.left, bottom), (right, bottom));
        for (x, text) in self.times.marks() {
            svg.line("axis", (x, bottom), (x, bottom + 4.0));
            // The last does not reach over the edge.
            let half = 3.8 * text.len() as f64;
            svg.text("faint", Anchor::Middle, x.min(WIDTH - 4.0 - half), bottom + 18.0, &text);
        }
        let middle = self.times.left + self.times.width / 2.0;
        svg.text("faint", Anchor::Middle, middle, bottom + 36.0, self.times.unit());
        self.breakers(svg, bottom + BELOW)
    }

    /// Passed, waited and blocked upon each other.
    fn requests(&self, svg: &mut Svg, y: impl Fn(f64) -> f64) {
        let timeline = self.timeline;
        let width = timeline.width();
        let mut below = vec![0; timeline.parts.len()];
        for (index, class) in ["passed", "waited", "blocked"].into_iter().enumerate() {
            let counts = timeline.parts.iter().map(|part| part.get(index).copied().unwrap_or(0));
            let tops: Vec<u64> = below.iter().zip(counts).map(|(below, count)| below + count).collect();
            let x = |part: usize| self.times.x(width.saturating_mul(part as u64));
            let edge = |heights: &[u64]| -> Vec<(f64, f64)> {
                let sides = |(part, count): (usize, &u64)| {
                    let y = y(per_second(*count, timeline));
                    [(x(part), y), (x(part + 1), y)]
                };
                heights.iter().enumerate().flat_map(sides).collect()
            };
            if tops != below {
                let mut corners = edge(&tops);
                corners.extend(edge(&below).into_iter().rev());
                corners.dedup();
                svg.area(class, &corners);
            }
            below = tops;
        }
    }

    fn breakers(&self, svg: &mut Svg, top: f64) -> f64 {
        let breakers = self.ruled.breakers();
        let mut top = top;
        if !breakers.is_empty() {
            let mut x = 24.0;
            svg.text("text", Anchor::Start, x, top + 12.0, "circuit breakers:");
            x += 128.0;
            for (class, word) in [("closed", "closed"), ("blocked", "open"), ("waited", "half-open")] {
                svg.rectangle(class, x, top + 2.0, 12.0, 12.0);
                svg.text("text", Anchor::Start, x + 17.0, top + 12.0, word);
                x += 40.0 + 7.5 * word.len() as f64;
            }
            top += 26.0;
        }
        for breaker in breakers.iter().take(MOST) {
            self.breaker(svg, breaker, top);
            top += BREAKER;
        }
        if breakers.len() > MOST {
            let more = format!("and {} that changed less", breakers.len() - MOST);
            svg.text("faint", Anchor::Start, self.times.left, top + 10.0, &more);
            top += 18.0;
        }
        top + 12.0
    }

    fn breaker(&self, svg: &mut Svg, breaker: &Breaker, top: f64) {
        let opened = match breaker.opened {
            0 => "never opened".to_owned(),
            1 => "opened once".to_owned(),
            times => format!("opened {times} times"),
        };
        let name = format!("{} {}", harmless(&breaker.target), harmless(&breaker.strategy));
        svg.text("text", Anchor::Start, self.times.left, top + 11.0, &cut(&name, 100));
        svg.text("faint", Anchor::End, WIDTH - 24.0, top + 11.0, &opened);
        let top = top + 16.0;
        svg.rectangle("closed", self.times.left, top, self.times.width, BAND);
        for (from, to, state) in breaker.bands(Tick(self.times.end)) {
            let class = match state {
                BreakerState::Closed => continue,
                BreakerState::Open => "blocked",
                BreakerState::HalfOpen => "waited",
            };
            let (left, right) = (self.times.x(from.0), self.times.x(to.0));
            svg.rectangle(class, left, top, (right - left).max(THINNEST), BAND);
        }
    }
}
