"""Why a request goes where it goes."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from . import _decode, _routing
from ._routing import Routing


@dataclass(frozen=True)
class BlockMiss:
    """The first field of a match block that does not hold."""

    field: str
    """The field, as in ``headers.tag``."""
    expected: str
    """What the rule asks for."""
    found: str
    """What the request has."""


@dataclass(frozen=True)
class RouteMiss:
    """A route that does not match."""

    position: int
    """Its index in the document's list."""
    blocks: tuple[BlockMiss, ...]
    """For each of its match blocks, why it does not hold."""


@dataclass(frozen=True)
class RouteExplanation:
    """Which route a request goes by, and why none of those before it does.

    As a ``str`` it is for people to read.
    """

    router: str | None
    """The kind and name of the router of the host; None where there is none."""
    misses: tuple[RouteMiss, ...]
    """The routes that do not match, in order, up to the one that does; the first 1,000 of them."""
    position: int | None
    """The index of the route that matches, as in ``spec.http[2]``; None where none does."""
    routing: Routing
    """Where it goes, and all that is done with it."""
    text: str = field(repr=False)
    """The same for people to read."""

    def __str__(self) -> str:
        return self.text


def from_json(text: str) -> RouteExplanation:
    """Read an explanation of the core."""
    data = json.loads(text)
    misses = tuple(RouteMiss(miss["position"], _decode.many(BlockMiss, miss["blocks"])) for miss in data["misses"])
    routing, _ = _routing.read(data["directions"] or {})
    return RouteExplanation(data["router"], misses, data["position"], routing, data["text"])
