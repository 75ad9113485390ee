"""What was counted, and what happened."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Union

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
    in_flight: int
    """Entries that passed and have not exited."""
    completed: int
    """Entries that exited."""
    errors: int
    """Of these, those that exited with an error."""
    rt_sum_nanos: int
    """The sum of their response times, in nanoseconds."""
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
    resources: tuple[ResourceFigures, ...]
    """One per target that rules name, in the order of their names."""


@dataclass(frozen=True)
class BreakerChanged:
    """A circuit breaker changed its state: ``closed``, ``open``, ``half-open``."""

    resource: str
    """The target as the rule writes it."""
    strategy: str
    """The strategy's name."""
    from_state: str
    """The state that it left."""
    to_state: str
    """The state that it is in."""
    total: int | None = None
    """For closed to open: the completions that it judged by."""
    bad: int | None = None
    """For closed to open: how many of them were bad."""


@dataclass(frozen=True)
class RulesApplied:
    """New rules are in force."""

    version: int
    """The version of the rules, counted from 1."""


@dataclass(frozen=True)
class FirstBlock:
    """A resource was blocked for the first time after a calm."""

    resource: str
    """The target as the rule writes it."""
    strategy: str
    """The strategy's name."""


Event = Union[BreakerChanged, RulesApplied, FirstBlock]
"""What :meth:`sergo.Engine.drain_events` gives."""


def figures_from_json(text: str) -> Figures:
    """Read the figures of the core."""
    data = json.loads(text)
    resources = tuple(
        _decode.one(ResourceFigures, resource, strategies=_decode.many(StrategyFigures, resource["strategies"]))
        for resource in data["resources"]
    )
    return _decode.one(Figures, data, resources=resources)


def events_from_json(text: str) -> list[Event]:
    """Read the events of the core."""
    events: list[Event] = []
    for data in json.loads(text):
        if data["event"] == "breaker":
            events.append(_decode.one(BreakerChanged, data, from_state=data["from"], to_state=data["to"]))
        elif data["event"] == "rulesApplied":
            events.append(_decode.one(RulesApplied, data))
        elif data["event"] == "firstBlock":
            events.append(_decode.one(FirstBlock, data))
    return events
