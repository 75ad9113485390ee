//! What has been counted since it began.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// The upper ends of the classes of durations, in seconds.
const CLASSES: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];

/// One number for each thing that is counted.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) streams: AtomicU64,
    pub(crate) turned_away: AtomicU64,
    pub(crate) pushes: AtomicU64,
    pub(crate) bytes: AtomicU64,
    pub(crate) refused: AtomicU64,
    pub(crate) bad_requests: AtomicU64,
    pub(crate) loads: AtomicU64,
    pub(crate) failed_loads: AtomicU64,
    pub(crate) reports: AtomicU64,
    pub(crate) acknowledged: Durations,
}

/// How long something took, in classes.
#[derive(Debug, Default)]
pub(crate) struct Durations {
    classes: [AtomicU64; CLASSES.len()],
    count: AtomicU64,
    micros: AtomicU64,
}

/// Adds to a count.
pub(crate) fn add(count: &AtomicU64, number: u64) {
    count.fetch_add(number, Relaxed);
}

impl Durations {
    /// Counts one.
    pub(crate) fn add(&self, took: Duration) {
        let class = CLASSES.iter().zip(&self.classes).find(|(end, _)| took.as_secs_f64() <= **end);
        if let Some((_, class)) = class {
            add(class, 1);
        }
        add(&self.count, 1);
        add(&self.micros, u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    }

    /// As Prometheus reads a histogram.
    fn text(&self, name: &str) -> String {
        let mut below = 0u64;
        let mut text = String::new();
        for (end, class) in CLASSES.iter().zip(&self.classes) {
            below = below.saturating_add(class.load(Relaxed));
            text += &format!("{name}_bucket{{le=\"{end}\"}} {below}\n");
        }
        let count = self.count.load(Relaxed);
        let seconds = self.micros.load(Relaxed) as f64 / 1e6;
        text + &format!("{name}_bucket{{le=\"+Inf\"}} {count}\n{name}_sum {seconds}\n{name}_count {count}\n")
    }
}

/// What is so at this moment.
#[derive(Debug, Default)]
pub(crate) struct Gauges {
    pub(crate) streams: usize,
    pub(crate) subscriptions: usize,
    pub(crate) unanswered: usize,
    pub(crate) refusing: usize,
    pub(crate) processes: usize,
    pub(crate) version: i64,
    pub(crate) documents: usize,
    pub(crate) mistakes: usize,
}

impl Counts {
    /// All of it, in Prometheus' text format.
    pub(crate) fn text(&self, now: &Gauges) -> String {
        let mut text = String::new();
        let mut figure = |name: &str, kind: &str, help: &str, value: String| {
            text += &format!("# HELP sergo_{name} {help}\n# TYPE sergo_{name} {kind}\nsergo_{name} {value}\n");
        };
        let gauges: [(&str, &str, i64); 8] = [
            ("streams", "Streams that are open.", whole(now.streams)),
            ("subscriptions", "Subscriptions on all streams.", whole(now.subscriptions)),
            ("subscriptions_unanswered", "Subscriptions whose last push has not been answered.", whole(now.unanswered)),
            ("subscriptions_refused", "Subscriptions whose last answer was a refusal.", whole(now.refusing)),
            ("reporting_processes", "Processes whose services are known.", whole(now.processes)),
            ("rules_version", "The version of the rules.", now.version),
            ("rules_documents", "Documents in the rules.", whole(now.documents)),
            ("rules_mistakes", "Mistakes in the rules.", whole(now.mistakes)),
        ];
        for (name, help, value) in gauges {
            figure(name, "gauge", help, value.to_string());
        }
        let counts = [
            ("streams_total", "Streams that have been opened.", &self.streams),
            ("streams_turned_away_total", "Streams that were turned away.", &self.turned_away),
            ("pushes_total", "Pushes that have been sent.", &self.pushes),
            ("sent_bytes_total", "Bytes of messages that have been sent.", &self.bytes),
            ("pushes_refused_total", "Pushes that clients refused.", &self.refused),
            ("bad_requests_total", "Requests that were refused.", &self.bad_requests),
            ("rules_loads_total", "Times that rules were read.", &self.loads),
            ("rules_failed_loads_total", "Times that rules could not be read.", &self.failed_loads),
            ("service_reports_total", "Reports of services that were taken.", &self.reports),
        ];
        for (name, help, count) in counts {
            figure(name, "counter", help, count.load(Relaxed).to_string());
        }
        let name = "sergo_acknowledged_seconds";
        text += &format!("# HELP {name} From a push to its acknowledgement.\n# TYPE {name} histogram\n");
        text + &self.acknowledged.text(name)
    }
}

fn whole(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_histogram_adds_up() {
        let counts = Counts::default();
        for millis in [1, 2, 40, 60_000] {
            counts.acknowledged.add(Duration::from_millis(millis));
        }
        let text = counts.text(&Gauges::default());
        assert!(text.contains("sergo_acknowledged_seconds_bucket{le=\"0.001\"} 1\n"), "{text}");
        assert!(text.contains("_bucket{le=\"0.05\"} 3\n") && text.contains("_bucket{le=\"30\"} 3\n"), "{text}");
        assert!(text.contains("_bucket{le=\"+Inf\"} 4\n") && text.contains("_sum 60.043\n"), "{text}");
    }
}
