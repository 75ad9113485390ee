"""Why a request is of its lane."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from . import _decode
from ._route_explanation import BlockMiss


@dataclass(frozen=True)
class CameWith:
    """The lane that a request came with."""

    lane: str
    """The lane."""
    key: str
    """The key that it stood under."""
    header: str
    """The header that it stood in: that key, or ``baggage``."""
    believed: bool
    """Whether it was believed."""


@dataclass(frozen=True)
class GoesOn:
    """What the calls that are made for a request carry."""

    key: str
    """The name of the header, whose value is the lane."""
    baggage: str
    """The value of the ``baggage`` header."""


@dataclass(frozen=True)
class LabelMiss:
    """A lane or label rule that is not for the request."""

    document: str
    """The kind and the name of the document."""
    blocks: tuple[BlockMiss, ...]
    """For each of its matches, the first field that does not hold."""


@dataclass(frozen=True)
class LabelExplanation:
    """Which lane a request is of, and why.

    As a ``str`` it is for people to read.
    """

    lane: str | None
    """The lane; None where it has none."""
    why: str
    """Why it is of that lane, or of none."""
    document: str | None
    """The document that gives it the lane; None where it came with it."""
    came: CameWith | None
    """The lane that it came with, believed or not."""
    goes: GoesOn | None
    """What goes on; None where it is of no lane."""
    misses: tuple[LabelMiss, ...]
    """The lanes and label rules that were asked before; the first 1,000 of them."""
    text: str = field(repr=False)
    """The same for people to read."""

    def __str__(self) -> str:
        return self.text


def from_json(text: str) -> LabelExplanation:
    """Read an explanation of the core."""
    data = json.loads(text)
    misses = tuple(LabelMiss(miss["document"], _decode.many(BlockMiss, miss["blocks"])) for miss in data["misses"])
    came = CameWith(**data["came"]) if data["came"] else None
    goes = GoesOn(**data["goes"]) if data["goes"] else None
    return LabelExplanation(data["lane"], data["why"], data["document"], came, goes, misses, data["text"])
