"""Where requests go, and what discovery knows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field

from ._errors import SergoError


@dataclass(frozen=True)
class Destination:
    """A destination as the rule writes it."""

    host: str
    """The host."""
    subset: str | None = None
    """The subset of the host's instances."""
    port: int | None = None
    """The port."""


@dataclass(frozen=True)
class Routing:
    """Where a request goes. It is true when it goes somewhere."""

    route: str | None = None
    """The matched route's name, if it has one."""
    destination: Destination | None = None
    """Where to; None is nowhere."""
    fallback: bool = False
    """Whether this is a fallback for the destination that was picked."""
    empty: Destination | None = None
    """What had no healthy instance, when that is why it goes nowhere; else no route says."""

    def __bool__(self) -> bool:
        return self.destination is not None


@dataclass(frozen=True)
class Instance:
    """An instance of a host that discovery found."""

    id: str
    """Its identity."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Its labels."""
    healthy: bool = True
    """Whether discovery holds it for healthy."""
    weight: int = 1
    """Its weight among its like, 0 to 4,294,967,295."""
    zone: str | None = None
    """Its zone."""

    def __post_init__(self) -> None:
        if not 0 <= self.weight < 2**32:
            raise SergoError("argument", f"weight: found {self.weight}, expected 0 to {2**32 - 1}")


def instances_to_json(instances: Iterable[Instance]) -> str:
    """Write instances as the core reads them."""
    return json.dumps([asdict(instance) for instance in instances])
