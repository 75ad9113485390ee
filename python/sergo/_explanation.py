"""What an entry would be answered, and why."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Literal

from . import _decode

Verdict = Literal["pass", "wait", "block"]
"""What is answered, without the figures."""

BreakerState = Literal["closed", "open", "half-open"]
"""The state of a circuit breaker."""


@dataclass(frozen=True)
class GateExplanation:
    """What one gate would answer by itself, and why."""

    target: str
    """The target as the rule writes it; empty for an overload protection, which stands before the whole instance."""
    kind: str
    """The strategy's kind, as in its document."""
    strategy: str
    """The strategy's name."""
    rule: str
    """The name of the rule that a block is reported under."""
    answer: Verdict
    """The answer."""
    wait_ns: int | None
    """For a wait: how many nanoseconds."""
    retry_after_ns: int | None
    """For a block: after how many nanoseconds the same entry would pass this gate; None is unknown."""
    state: BreakerState | None
    """The state of a circuit breaker; None for other kinds."""
    limit: int | float | None
    """The limit.

    The threshold of a rate limit, the most in flight, the share of bad calls at which a
    breaker opens, the timeout of a queue in nanoseconds, the figure of the system at
    which protection begins.
    """
    used: int | float | None
    """What stands against the limit, in its unit; None where it is not known.

    What was admitted in the window, what is in flight, the share of bad calls, the wait
    at the queue's end, the figure of the system.
    """
    why: str
    """Why, in a sentence with the figures."""


@dataclass(frozen=True)
class Explanation:
    """What an entry to a resource would be answered at one moment, and why.

    As a ``str`` it is for people to read, and reads alike in every language.
    """

    resource: str
    """The resource that was asked about."""
    governed: bool
    """Whether a rule names it. Overload protections ask every inbound entry, named or not."""
    answer: Verdict
    """The answer: that of the first gate that blocks, else a wait where there is one."""
    wait_ns: int | None
    """For a wait: the longest, in nanoseconds."""
    retry_after_ns: int | None
    """For a block: after how many nanoseconds the gate that blocks would let the same entry pass; None is unknown."""
    gates: tuple[GateExplanation, ...]
    """Every gate that applies, in the order in which they are asked."""
    text: str = field(repr=False)
    """The same for people to read."""

    def __str__(self) -> str:
        return self.text


def from_json(text: str) -> Explanation:
    """Read an explanation of the core."""
    data = json.loads(text)
    gates = tuple(_decode.one(GateExplanation, gate, **_times(gate)) for gate in data["gates"])
    return _decode.one(Explanation, data, gates=gates, **_times(data))


def _times(data: dict[str, Any]) -> dict[str, Any]:
    return {"wait_ns": data["wait"], "retry_after_ns": data["retryAfter"]}
