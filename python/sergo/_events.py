"""What happened."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Union

from . import _decode

MOST = 1024
"""How many events are kept; of more, the oldest are dropped."""


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
"""What :meth:`sergo.Engine.on_event` and :meth:`sergo.Engine.drain_events` tell."""


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
