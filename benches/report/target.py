"""What sergo is to reach, and whether it does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Callable

from .result import OURS, Result, Run

Runs = Mapping[str, Run]
BOTH = "limit+breaker"


@dataclass(frozen=True)
class Target:
    """A bound, a bolder one where there is one, and how to come by the figure."""

    what: str
    least: float
    moonshot: float | None
    unit: str
    measure: Callable[[Runs], float | None]
    more_is_better: bool = False

    def verdict(self, runs: Runs) -> str:
        """One of: not measured, missed, met, moonshot."""
        found = self.measure(runs)
        if found is None:
            return "not measured"
        if self.moonshot is not None and self.reaches(found, self.moonshot):
            return "moonshot"
        return "met" if self.reaches(found, self.least) else "missed"

    def reaches(self, found: float, bound: float) -> bool:
        """Whether a figure is on the good side of a bound."""
        return found >= bound if self.more_is_better else found <= bound


def figure(
    language: str, library: str, does: str, job: str, size: int | None = None, unit: str = "ns", scale: float = 1
) -> Callable[[Runs], float | None]:
    """A median as it is, or in a larger unit."""

    def measure(runs: Runs) -> float | None:
        found = runs[language].find(library, does, job, size, unit) if language in runs else None
        return found.median / scale if found else None

    return measure


def times(language: str, peer: str, does: str, job: str, ours: str = OURS) -> Callable[[Runs], float | None]:
    """How many times as long a peer takes as sergo with a limit and a breaker."""

    def measure(runs: Runs) -> float | None:
        if language not in runs:
            return None
        found = runs[language].find(peer, does, job)
        if ours == OURS:
            return found.ratio.median if found and found.ratio else None
        base = runs[language].find(ours, BOTH, job)
        return found.median / base.median if found and base else None

    return measure


def share(language: str, job: str, library: str = OURS) -> Callable[[Runs], float | None]:
    """What a job takes of what a pass takes, both with a limit and a breaker."""

    def measure(runs: Runs) -> float | None:
        if language not in runs:
            return None
        found: list[Result | None] = [runs[language].find(library, BOTH, each) for each in (job, "pass")]
        return found[0].median / found[1].median if found[0] and found[1] else None

    return measure


NAMES = {"rust": "core", "c": "C", "java": "Java", "go": "Go", "node": "Node.js", "python": "Python"}
BY_VALUE = f"{OURS} by value"


def targets() -> list[Target]:
    """All of them, in the order of the table."""
    found = [
        Target("core, limit and breaker, enter and exit", 90, 55, "ns", figure("rust", OURS, BOTH, "pass")),
        Target("core against sentinel-core", 10, None, "×", times("rust", "sentinel-core", BOTH, "pass"), True),
        Target("core, two threads, one resource, of one thread's time", 2.5, 1.5, "×", share("rust", "shared")),
        Target("Java against Sentinel", 6, 9, "×", times("java", "Sentinel", BOTH, "pass"), True),
        Target("the same, two threads, one resource", 4, 8, "×", times("java", "Sentinel", BOTH, "shared"), True),
        Target("Go against sentinel-golang", 4, 8, "×", times("go", "sentinel-golang", BOTH, "pass"), True),
    ]
    for language, peer, does, least, moonshot in [
        ("node", "opossum", "breaker", 1.5, 3),
        ("node", "cockatiel", "breaker", 1, 1.5),
        ("python", "pybreaker", "breaker", 4, 6),
        ("python", "limits", "limit", 7, 12),
    ]:
        for ours, words in ((OURS, ""), (BY_VALUE, ", asked by value")):
            measure = times(language, peer, does, "pass", ours)
            found.append(Target(f"{NAMES[language]} against {peer}{words}", least, moonshot, "×", measure, True))
    shares: list[tuple[str, str, float, float | None]] = [
        ("blocked", "blocked", 1, 0.5),
        ("unruled", "a resource without rules", 0.4, None),
    ]
    for job, words, bound, bolder in shares:
        for language, name in NAMES.items():
            what = f"{words}, of a pass: {name}"
            found.append(Target(what, bound, bolder, "×", share(language, job)))
            if language in ("node", "python"):
                found.append(Target(f"{what}, asked by value", bound, bolder, "×", share(language, job, BY_VALUE)))
    found += [
        Target("route, 10,000 mixed routes, core", 150, 60, "ns", figure("rust", OURS, "mixed", "routes", 10_000)),
        Target("route, 1,000 regex routes, core", 1000, 300, "ns", figure("rust", OURS, "regex", "routes", 1_000)),
    ]
    for language, least, moonshot in (("java", 700, 350), ("go", 700, 350), ("python", 700, 350), ("node", 1200, 700)):
        what = f"route with six headers, {NAMES[language]}"
        found.append(Target(what, least, moonshot, "ns", figure(language, OURS, "route", "route")))
    found += [
        Target("loading 10,000 rules", 300, 100, "ms", figure("rust", OURS, "load", "first", 10_000, scale=1e6)),
        Target("of them one changed", 30, 3, "ms", figure("rust", OURS, "load", "changed", 10_000, scale=1e6)),
        Target(
            "bytes for a governed, idle resource", 600, 300, "bytes", figure("rust", OURS, BOTH, "idle", unit="bytes")
        ),
    ]
    for language, unit in (
        ("rust", "allocations"),
        ("c", "allocations"),
        ("java", "bytes allocated"),
        ("go", "allocations"),
    ):
        what = f"{unit} for enter and exit, {NAMES[language]}"
        found.append(Target(what, 0, None, unit.split()[0], figure(language, OURS, BOTH, "pass", unit=unit)))
    return found
