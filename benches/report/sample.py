"""What a benchmark's framework says of one round, read into one form.

A benchmark is called `library/what it does/job`, with `@size` at its end where it
grows: `sergo/limit+breaker/pass`, `sergo/mixed/routes@1000`.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from statistics import median
from typing import NamedTuple

# What a job means to whoever reads the tables.
JOBS = {
    "pass": "passes",
    "blocked": "blocked",
    "unruled": "no rule",
    "shared": "two threads, one resource",
    "own": "two threads, two resources",
}
# What a library does of it.
DOES = {"limit+breaker": "limit and breaker", "limit": "limit", "breaker": "breaker"}
# Jobs that take more than one thread.
THREADS = {"shared": 2, "own": 2}


class Key(NamedTuple):
    """Of what a figure is."""

    library: str
    does: str
    job: str
    size: int | None
    unit: str

    @property
    def threads(self) -> int:
        """On how many threads."""
        if self.job.startswith("threads-") and self.size is not None:
            return self.size
        return THREADS.get(self.job, 1)


Samples = dict[Key, float]


def key(name: str, unit: str = "ns") -> Key:
    """Read a benchmark's name."""
    parts = name.split("/")
    if len(parts) != 3 or not all(parts):
        raise ValueError(f"benchmark {name!r}: expected library/what it does/job")
    job, _, size = parts[2].partition("@")
    return Key(parts[0], parts[1], job, int(size) if size else None, unit)


def lines(text: str) -> Samples:
    """Read lines of JSON: id, value and, where it is not ns, unit."""
    found = (json.loads(line) for line in text.splitlines() if line.startswith("{"))
    return {key(each["id"], each.get("unit", "ns")): float(each["value"]) for each in found}


GO = re.compile(r"^Benchmark\w+/(\S+?)(?:-\d+)?\s+\d+\s+([\d.]+) ns/op(?:.*?\s([\d.]+) allocs/op)?", re.MULTILINE)


def go(text: str) -> Samples:
    """Read what `go test -bench` prints."""
    samples: Samples = {}
    for name, nanoseconds, allocations in GO.findall(text):
        samples[key(name)] = float(nanoseconds)
        # Two goroutines do twice what is counted once.
        if allocations and key(name).threads == 1:
            samples[key(name, "allocations")] = float(allocations)
    return samples


def criterion(folder: Path) -> Samples:
    """Read what criterion leaves in its folder."""
    samples: Samples = {}
    for estimates in folder.glob("**/new/estimates.json"):
        name = json.loads(estimates.with_name("benchmark.json").read_text())["full_id"]
        samples[key(name)] = float(json.loads(estimates.read_text())["median"]["point_estimate"])
    return samples


JAVA_LIBRARIES = {"Sergo": "sergo", "Sentinel": "Sentinel", "Resilience4j": "resilience4j"}


def jmh(text: str) -> Samples:
    """Read JMH's JSON: peers.Sergo.limitBreaker_pass is sergo/limit+breaker/pass."""
    samples: Samples = {}
    for each in json.loads(text):
        _, kind, method = each["benchmark"].rsplit(".", 2)
        does, job = method.split("_")
        library = JAVA_LIBRARIES[kind]
        if job.endswith("ByValue"):
            library, job = f"{library} by value", job[: -len("ByValue")]
        name = f"{library}/{does.replace('limitBreaker', 'limit+breaker')}/{job}"
        samples[key(name)] = float(each["primaryMetric"]["score"])
        for metric, value in each.get("secondaryMetrics", {}).items():
            if metric.endswith("gc.alloc.rate.norm") and key(name).threads == 1:
                samples[key(name, "bytes allocated")] = round(float(value["score"]), 1)
    return samples


def pyperf(text: str) -> Samples:
    """Read pyperf's JSON, whose values are seconds."""
    suite = json.loads(text)
    samples: Samples = {}
    for each in suite["benchmarks"]:
        name = {**suite.get("metadata", {}), **each.get("metadata", {})}["name"]
        samples[key(name)] = median(value for run in each["runs"] for value in run.get("values", [])) * 1e9
    return samples
