"""Where requests go, and what is done with them on the way."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from . import _decode
from ._policy import Policy, policy, seconds


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
class DirectResponse:
    """A response that a rule gives itself: nobody is called."""

    status: int
    """The status code."""
    body: str | None = None
    """The body; None where there is none."""


@dataclass(frozen=True)
class Redirect:
    """Where the caller of one request is sent."""

    uri: str
    """The path; the query is the caller's to keep."""
    authority: str
    """The host; with a port only where the request's own stays."""
    scheme: str
    """The URL's scheme."""
    redirect_code: int
    """The status code."""
    port: int | None = None
    """The port, where the rule decides it."""


@dataclass(frozen=True)
class Rewrite:
    """How one request is changed before it is sent on."""

    uri: str | None = None
    """The path that the destination sees; None is the request's own. The query is the caller's to keep."""
    authority: str | None = None
    """The host that the destination sees; None is the request's own."""


@dataclass(frozen=True)
class Abort:
    """An error that one request is ended with: of HTTP or of gRPC."""

    percentage: float
    """How many requests the rule wants aborted, in percent."""
    http_status: int | None = None
    """The status code."""
    grpc_status: str | None = None
    """The status, as in ``UNAVAILABLE``."""


@dataclass(frozen=True)
class Delay:
    """A time that one request is held up for."""

    percentage: float
    """How many requests the rule wants held up, in percent."""
    fixed_delay: float
    """For how long, in seconds."""


@dataclass(frozen=True)
class Fault:
    """What is done to one request on purpose."""

    abort: Abort | None = None
    """Ends it with an error, after the delay."""
    delay: Delay | None = None
    """Holds it up."""


@dataclass(frozen=True)
class Mirror:
    """A destination that gets a copy of one request."""

    destination: Destination
    """The destination."""
    percentage: float
    """How many requests the rule wants copied, in percent."""


@dataclass(frozen=True)
class Routing:
    """Where one request goes, and what is done with it on the way; the caller does it.

    It is true when it has a destination. Otherwise it may be a ``redirect`` or a
    ``response``, or nothing: no route says, or ``empty`` says what has no healthy
    instance.
    """

    route: str | None = None
    """The matched route's name, if it has one."""
    destination: Destination | None = None
    """Where to."""
    fallback: bool = False
    """Whether this is a fallback for the destination that was picked."""
    empty: Destination | None = None
    """The last host and subset that had no healthy instance, when that is why it goes nowhere."""
    redirect: Redirect | None = None
    """Where its caller is sent instead."""
    response: DirectResponse | None = None
    """What it is answered with at once instead."""
    policy: Policy = field(default_factory=Policy)
    """What holds for every request of the route."""
    rewrite: Rewrite | None = None
    """How it is changed before it is sent on."""
    fault: Fault | None = None
    """What is done to it on purpose."""
    mirrors: tuple[Mirror, ...] = ()
    """Who gets a copy of it."""

    def __bool__(self) -> bool:
        return self.destination is not None


def from_json(text: str) -> tuple[Routing, bool]:
    """Read an answer of the core; and whether there is more to it for each request."""
    return read(json.loads(text))


def read(data: dict[str, Any]) -> tuple[Routing, bool]:
    """Take an answer of the core from its members."""
    given = {name: part(data[name]) for name, part in _PARTS.items() if data.get(name) is not None}
    routing = _decode.one(
        Routing,
        {"route": data.get("route"), "fallback": data.get("fallback", False)},
        response=given.pop("directResponse", None),
        mirrors=given.pop("mirror", ()),
        policy=policy(data),
        **given,
    )
    return routing, data.get("varies", False)


def _destination(data: Mapping[str, Any]) -> Destination:
    return _decode.one(Destination, data)


def _response(data: Mapping[str, Any]) -> DirectResponse:
    return DirectResponse(data["status"], data.get("body", {}).get("string"))


def _fault(data: Mapping[str, Any]) -> Fault:
    abort, delay = data.get("abort"), data.get("delay")
    return Fault(
        abort and _decode.one(Abort, abort, percentage=abort["percentage"]["value"]),
        delay and Delay(delay["percentage"]["value"], seconds(delay["fixedDelay"]) or 0.0),
    )


def _mirrors(data: list[Mapping[str, Any]]) -> tuple[Mirror, ...]:
    return tuple(Mirror(_destination(mirror["destination"]), mirror["percentage"]["value"]) for mirror in data)


_PARTS: dict[str, Any] = {
    "destination": _destination,
    "empty": _destination,
    "redirect": lambda data: _decode.one(Redirect, data),
    "directResponse": _response,
    "rewrite": lambda data: _decode.one(Rewrite, data),
    "fault": _fault,
    "mirror": _mirrors,
}
