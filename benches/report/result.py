"""Medians, their spread, and ratios, of all rounds of a language."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import quantiles
from typing import Any

from .sample import DOES, Key, Samples

OURS = "sergo"


@dataclass(frozen=True)
class Spread:
    """A median, and the quartiles beside it."""

    median: float
    q1: float
    q3: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """The spread of some values, at least one."""
        if len(values) == 1:
            return cls(values[0], values[0], values[0])
        q1, middle, q3 = quantiles(values, n=4, method="inclusive")
        return cls(middle, q1, q3)


@dataclass(frozen=True)
class Result:
    """What a library takes for a job."""

    language: str
    library: str
    version: str | None
    does: str
    job: str
    size: int | None
    threads: int
    unit: str
    median: float
    q1: float
    q3: float
    rounds: int
    # How many times as long as sergo with a limit and a breaker, round by round; and
    # as sergo where it does only what this library does.
    ratio: Spread | None = None
    ratio_alike: Spread | None = None

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Result:
        """Read what `asdict` made."""
        spreads = {name: Spread(**found[name]) if found[name] else None for name in ("ratio", "ratio_alike")}
        return cls(**{**found, **spreads})


def results(language: str, rounds: Iterable[Samples], versions: Mapping[str, str]) -> list[Result]:
    """Join the rounds of a language."""
    values: dict[Key, dict[int, float]] = defaultdict(dict)
    for number, samples in enumerate(rounds):
        for key, value in samples.items():
            values[key][number] = value
    return [result(language, key, values, versions) for key in sorted(values, key=place)]


def place(key: Key) -> tuple[bool, int, str, str, str, int, str]:
    """Sergo first, and what does the same side by side."""
    does = list(DOES).index(key.does) if key.does in DOES else len(DOES)
    return not key.library.startswith(OURS), does, key.does, key.library, key.job, key.size or 0, key.unit


def result(language: str, key: Key, values: Mapping[Key, Mapping[int, float]], versions: Mapping[str, str]) -> Result:
    """One of them."""
    spread = Spread.of(list(values[key].values()))
    ours = key.library.split(" ")[0] == OURS

    def against(does: str) -> Spread | None:
        base = values.get(key._replace(library=OURS, does=does), {})
        # Round by round: what disturbed one round disturbed both in it.
        ratios = [value / base[number] for number, value in values[key].items() if base.get(number)]
        return Spread.of(ratios) if ratios and not ours and key.unit == "ns" else None

    return Result(
        language,
        key.library,
        versions.get(key.library.split(" ")[0]),
        key.does,
        key.job,
        key.size,
        key.threads,
        key.unit,
        spread.median,
        spread.q1,
        spread.q3,
        len(values[key]),
        against("limit+breaker"),
        against(key.does),
    )


@dataclass(frozen=True)
class Run:
    """All results of a language, and where they are from."""

    language: str
    toolchain: str | None
    date: str
    rounds: int
    quick: bool
    machine: Mapping[str, Any]
    results: list[Result]

    def find(self, library: str, does: str, job: str, size: int | None = None, unit: str = "ns") -> Result | None:
        """The result of this library at this job, if it was measured."""
        for each in self.results:
            if (each.library, each.does, each.job, each.size, each.unit) == (library, does, job, size, unit):
                return each
        return None

    def write(self, path: Path) -> None:
        """Write it as JSON."""
        path.write_text(json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n")

    @classmethod
    def read(cls, path: Path) -> Run:
        """Read what `write` wrote."""
        found = json.loads(path.read_text())
        return cls(**{**found, "results": [Result.from_json(each) for each in found["results"]]})
