"""Calls of remote procedures, as rules look at them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class RpcArgument:
    """One argument of a call."""

    type: str | None = None
    """Its type, as the caller's language names it; None is unknown."""
    value: str | None = None
    """Its value as text; None where it has none."""


@dataclass(frozen=True)
class Rpc:
    """The remote procedure that a request calls, for ``rpc=`` of :meth:`sergo.Engine.route` and its like.

    >>> sergo.Rpc("io.demo.Hello", "say", [sergo.RpcArgument("String", "you")], {"trace": "1"}).method
    'say'
    """

    service: str
    """The service."""
    method: str
    """The method."""
    arguments: tuple[RpcArgument, ...] = ()
    """The arguments, in order."""
    attachments: Mapping[str, str] = field(default_factory=dict)
    """What is attached to the call."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "arguments", tuple(self.arguments))
        object.__setattr__(self, "attachments", dict(self.attachments))
