//! How loaded the system is, as the system itself tells it.

use crate::cgroup::{Groups, Version};
use arc_swap::ArcSwapOption;
use sergo::SystemLoad;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How often a package is to take a sample.
pub const PERIOD: Duration = Duration::from_millis(500);
/// How much of the smoothed share of CPU time is left after one [`PERIOD`].
const KEPT: f64 = 0.95;
/// Counters over a shorter time say little: the last share stands, and the next
/// sample counts from where this one would have.
const SHORTEST: Duration = Duration::from_millis(100);

/// Samples the load of the system that the process runs in: that of its
/// container where it is limited, else the host's. What the system doesn't tell
/// is unknown; everything is, elsewhere than on Linux.
///
/// It takes no lock and keeps only counters of the system, so that it works on
/// in a forked process.
#[derive(Debug)]
pub struct Sampler {
    root: PathBuf,
    last: ArcSwapOption<Reading>,
    replaced: AtomicBool,
}

/// What the CPU's counters said, and the smoothed share that came of it.
#[derive(Debug)]
struct Reading {
    time: CpuTime,
    at: Instant,
    share: Option<f64>,
}

impl Default for Sampler {
    fn default() -> Self {
        Sampler::at(Path::new("/"))
    }
}

impl Sampler {
    /// A sampler of the system whose `proc` and `sys` are in this folder.
    #[must_use]
    pub fn at(root: &Path) -> Self {
        Sampler { root: root.to_owned(), last: ArcSwapOption::empty(), replaced: AtomicBool::new(false) }
    }

    /// The load at `now`. CPU is known from the second sample on; it is smoothed:
    /// what it was fades to 0.95 per [`PERIOD`].
    #[must_use]
    pub fn sample(&self, now: Instant) -> SystemLoad {
        SystemLoad { cpu: self.cpu(now), load1: self.load1(), memory: self.memory() }
    }

    /// The application tells its own figures: from now on they stand for good.
    pub fn replace(&self) {
        self.replaced.store(true, Ordering::Release);
    }

    /// Whether the application has told figures of its own.
    #[must_use]
    pub fn is_replaced(&self) -> bool {
        self.replaced.load(Ordering::Acquire)
    }

    fn cpu(&self, now: Instant) -> Option<f64> {
        let last = self.last.load_full();
        let elapsed = last.as_ref().map_or(Duration::MAX, |last| now.saturating_duration_since(last.at));
        if elapsed < SHORTEST {
            return last?.share;
        }
        let time = CpuTime::read(&self.root);
        let share = time.as_ref().zip(last).and_then(|(time, last)| {
            let share = time.share_since(&last.time, elapsed)?;
            Some(last.share.map_or(share, |old| smooth(old, share, elapsed)))
        });
        self.last.store(time.map(|time| Arc::new(Reading { time, at: now, share })));
        share
    }

    fn load1(&self) -> Option<f64> {
        let figure: f64 = text(&self.root, "proc/loadavg")?.split_whitespace().next()?.parse().ok()?;
        Some(figure).filter(|figure| figure.is_finite() && *figure >= 0.0)
    }

    /// That of the group which is nearest to its limit; the host's where none has
    /// one below the host's memory.
    fn memory(&self) -> Option<f64> {
        let host = HostMemory::read(&self.root);
        let total = host.as_ref().map_or(NO_LIMIT, |host| host.total);
        let groups = Groups::of(&self.root, "memory").map(|groups| {
            let shares = groups.folders().filter_map(|folder| group_memory(groups.version, &folder, total));
            shares.fold(None, |most: Option<f64>, share| Some(most.map_or(share, |most| most.max(share))))
        });
        groups.flatten().or_else(|| host?.share())
    }
}

fn smooth(old: f64, new: f64, elapsed: Duration) -> f64 {
    let kept = KEPT.powf(elapsed.as_secs_f64() / PERIOD.as_secs_f64());
    old * kept + new * (1.0 - kept)
}

/// CPU time that has been used, counted since some moment long ago.
#[derive(Debug)]
enum CpuTime {
    /// That of a group that may use so many cores, fewer than there are.
    Group { folder: PathBuf, used: Duration, cores: f64 },
    /// That of the host's CPUs which the process may run on, in ticks of all
    /// time and of busy time.
    Host(HostCpus),
}

impl CpuTime {
    fn read(root: &Path) -> Option<Self> {
        let host = HostCpus::read(root);
        let cores = host.as_ref().map_or(f64::INFINITY, |host| host.cpus.len() as f64);
        Self::of_group(root, cores).or_else(|| host.map(CpuTime::Host))
    }

    /// That of the group with the tightest limit below `most` cores; of two that
    /// are equal the outer one, for it uses more.
    fn of_group(root: &Path, most: f64) -> Option<Self> {
        let groups = Groups::of(root, "cpu")?;
        let limits = groups.folders().filter_map(|folder| Some((cores(groups.version, &folder)?, folder)));
        let tightest = limits.filter(|(cores, _)| *cores < most).reduce(|a, b| if b.0 <= a.0 { b } else { a });
        let (cores, folder) = tightest?;
        let used = match groups.version {
            Version::Two => Duration::from_micros(field(&folder, "cpu.stat", "usage_usec")?),
            Version::One => Duration::from_nanos(number(&groups.beside(root, "cpuacct", &folder)?, "cpuacct.usage")?),
        };
        Some(CpuTime::Group { folder, used, cores })
    }

    /// The share of what could be used that has been; unknown when the counters
    /// are others or went backwards.
    fn share_since(&self, before: &CpuTime, elapsed: Duration) -> Option<f64> {
        match (self, before) {
            (CpuTime::Group { folder, used, cores }, CpuTime::Group { folder: old_folder, used: old_used, .. })
                if folder == old_folder =>
            {
                let used = used.checked_sub(*old_used)?;
                Some((used.as_secs_f64() / elapsed.as_secs_f64() / cores).min(1.0))
            }
            (CpuTime::Host(host), CpuTime::Host(old)) if host.cpus == old.cpus => {
                let total = host.total.checked_sub(old.total).filter(|total| *total > 0)?;
                Some((host.busy.checked_sub(old.busy)? as f64 / total as f64).min(1.0))
            }
            _ => None,
        }
    }
}

/// The cores that a group may use, where that is limited.
fn cores(version: Version, folder: &Path) -> Option<f64> {
    let (quota, period) = match version {
        Version::Two => {
            let text = text(folder, "cpu.max")?;
            let mut words = text.split_whitespace();
            (words.next()?.parse().ok()?, words.next()?.parse().ok()?)
        }
        // No limit is a quota of -1, which is no number here.
        Version::One => (number(folder, "cpu.cfs_quota_us")?, number(folder, "cpu.cfs_period_us")?),
    };
    (quota > 0 && period > 0).then(|| quota as f64 / period as f64)
}

/// The time of some of the host's CPUs.
#[derive(Debug)]
struct HostCpus {
    cpus: Vec<u32>,
    total: u64,
    busy: u64,
}

impl HostCpus {
    fn read(root: &Path) -> Option<Self> {
        let allowed = fields(root, "proc/self/status").and_then(|status| ranges(status.get("Cpus_allowed_list:")?));
        let mut host = HostCpus { cpus: Vec::new(), total: 0, busy: 0 };
        for line in text(root, "proc/stat")?.lines() {
            let mut words = line.split_whitespace();
            let Some(cpu) = words.next().and_then(|word| word.strip_prefix("cpu")?.parse().ok()) else { continue };
            // user nice system idle iowait irq softirq steal; guests are in user and nice.
            let times: Vec<u64> = words.map_while(|word| word.parse().ok()).take(8).collect();
            let [_, _, _, idle, ..] = times[..] else { continue };
            if allowed.as_ref().is_none_or(|allowed| allowed.iter().any(|range| range.contains(&cpu))) {
                let total = times.iter().fold(0, |sum: u64, time| sum.saturating_add(*time));
                let idle = idle.saturating_add(times.get(4).copied().unwrap_or(0));
                host.cpus.push(cpu);
                host.total = host.total.saturating_add(total);
                host.busy = host.busy.saturating_add(total.saturating_sub(idle));
            }
        }
        (!host.cpus.is_empty()).then_some(host)
    }
}

/// A list of numbers as in `0-3,8`.
fn ranges(list: &str) -> Option<Vec<std::ops::RangeInclusive<u32>>> {
    let range = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        Some(first.parse().ok()?..=last.parse().ok()?)
    };
    list.split(',').map(range).collect()
}

/// A limit from which on there is none, where the host's memory is unknown.
const NO_LIMIT: u64 = 1 << 60;

/// The share of its limit that a group uses, without the files that could be
/// dropped; none without a limit below `total`.
fn group_memory(version: Version, folder: &Path, total: u64) -> Option<f64> {
    let (limit, usage, inactive) = match version {
        Version::Two => ("memory.max", "memory.current", "inactive_file"),
        Version::One => ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    };
    let limit = number(folder, limit).filter(|limit| (1..total).contains(limit))?;
    let used = number(folder, usage)?.saturating_sub(field(folder, "memory.stat", inactive).unwrap_or(0));
    Some((used as f64 / limit as f64).min(1.0))
}

/// The host's memory in bytes.
struct HostMemory {
    total: u64,
    available: Option<u64>,
}

impl HostMemory {
    fn read(root: &Path) -> Option<Self> {
        let fields = fields(root, "proc/meminfo")?;
        let bytes = |name| fields.get(name)?.parse::<u64>().ok()?.checked_mul(1024);
        let total = bytes("MemTotal:").filter(|total| *total > 0)?;
        Some(HostMemory { total, available: bytes("MemAvailable:") })
    }

    fn share(&self) -> Option<f64> {
        Some(self.total.saturating_sub(self.available?) as f64 / self.total as f64)
    }
}

fn text(folder: &Path, name: &str) -> Option<String> {
    std::fs::read_to_string(folder.join(name)).ok()
}

fn number(folder: &Path, name: &str) -> Option<u64> {
    text(folder, name)?.trim().parse().ok()
}

/// The first two words of each line.
fn fields(folder: &Path, name: &str) -> Option<BTreeMap<String, String>> {
    let text = text(folder, name)?;
    let pairs = text.lines().filter_map(|line| line.split_whitespace().next().zip(line.split_whitespace().nth(1)));
    Some(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

fn field(folder: &Path, name: &str, field: &str) -> Option<u64> {
    fields(folder, name)?.get(field)?.parse().ok()
}
