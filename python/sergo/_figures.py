"""What was counted."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from . import _decode


@dataclass(frozen=True)
class StrategyFigures:
    """How often one strategy of a target blocked."""

    kind: str
    """The strategy's kind, as in its document."""
    strategy: str
    """The strategy's name."""
    blocked: int
    """Entries that it blocked."""


@dataclass(frozen=True)
class ResourceFigures:
    """The counters of one target since it was first named by a rule."""

    resource: str
    """The target as the rule writes it."""
    passed: int
    """Entries that passed, those that wait included."""
    blocked: int
    """Entries that were blocked."""
    waited: int
    """Entries that passed after a wait."""
    cancelled: int
    """Entries that passed and were cancelled before their call began."""
    in_flight: int
    """Entries that passed and have neither exited nor been cancelled."""
    completed: int
    """Entries that exited."""
    errors: int
    """Of these, those that exited with an error."""
    rt_sum_nanos: int
    """The sum of their response times, in nanoseconds; one runs from the end of the wait to the exit."""
    rt_min_nanos: int
    """The least of their response times, in nanoseconds; 0 without any."""
    rt_max_nanos: int
    """The greatest of their response times, in nanoseconds."""
    rt_p50_nanos: int
    """The median of their response times, in nanoseconds, at most an eighth too long."""
    rt_p99_nanos: int
    """The 99th percentile of their response times, likewise."""
    rt_histogram: tuple[tuple[int, int], ...]
    """How their response times spread.

    Pairs of a time in nanoseconds and how many were under it, but not under that of the
    pair before.
    """
    strategies: tuple[StrategyFigures, ...]
    """How often each strategy blocked, in gate order."""


@dataclass(frozen=True)
class Figures:
    """All counters of an engine at one moment.

    Each is read by itself: under traffic their sums may be off by what happens
    meanwhile.
    """

    version: int
    """The version of the rules in force, 0 before the first."""
    in_flight: int
    """Inbound entries in flight, those of resources without rules included."""
    resources: tuple[ResourceFigures, ...]
    """One per target that rules name, in the order of their names."""
    instance: tuple[StrategyFigures, ...]
    """How often each overload protection blocked: they ask for the instance as a whole."""


def from_json(text: str) -> Figures:
    """Read the figures of the core."""
    data = json.loads(text)
    resources = tuple(_resource(resource) for resource in data["resources"])
    return _decode.one(Figures, data, resources=resources, instance=_decode.many(StrategyFigures, data["instance"]))


def _resource(data: dict[str, Any]) -> ResourceFigures:
    histogram = tuple((bound, count) for bound, count in data["rtHistogram"])
    strategies = _decode.many(StrategyFigures, data["strategies"])
    return _decode.one(ResourceFigures, data, rt_histogram=histogram, strategies=strategies)
