"""What a rule says to do with every request of a route, beside sending it on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from . import _decode

NOTHING: Mapping[str, str] = MappingProxyType({})
_SECONDS = {"ns": 1e9, "us": 1e6, "ms": 1e3, "s": 1.0}


@dataclass(frozen=True)
class Retries:
    """How often and on what a call is made again."""

    attempts: int = 0
    """The most retries; 0 is none."""
    retry_on: str = ""
    """The conditions and status codes, with commas between them."""
    per_try_timeout: float | None = None
    """How long each attempt may take, in seconds; None is no limit of its own."""
    backoff: float | None = None
    """The least wait between attempts, in seconds; None is not said."""
    retry_remote_localities: bool | None = None
    """Whether other localities are tried; None is not said."""
    retry_ignore_previous_hosts: bool | None = None
    """Whether hosts that were tried are left out; None is not said."""


@dataclass(frozen=True)
class HeaderChanges:
    """Changes to one set of headers, to be made in the order remove, set, add."""

    remove: tuple[str, ...] = ()
    """Headers that are taken away."""
    set: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    """Headers that get this one value."""
    add: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    """Headers that get this value beside those that they have."""


@dataclass(frozen=True)
class Headers:
    """The changes to the headers of a request and of its response."""

    request: HeaderChanges = HeaderChanges()
    """Those to the request's."""
    response: HeaderChanges = HeaderChanges()
    """Those to the response's."""


@dataclass(frozen=True)
class TextMatch:
    """What a rule asks of a text: one of the three."""

    exact: str | None = None
    """This text."""
    prefix: str | None = None
    """A text that begins with this one."""
    regex: str | None = None
    """A text that this expression, in RE2's dialect, matches as a whole."""


@dataclass(frozen=True)
class CorsPolicy:
    """Which other origins may read a response."""

    allow_origins: tuple[TextMatch, ...] = ()
    """The origins that may."""
    allow_methods: tuple[str, ...] = ()
    """The methods that they may use."""
    allow_headers: tuple[str, ...] = ()
    """The headers that they may send."""
    expose_headers: tuple[str, ...] = ()
    """The headers that they may read."""
    max_age: float | None = None
    """How long a browser may keep what a preflight said, in seconds; None is not said."""
    allow_credentials: bool | None = None
    """Whether credentials may be sent; None is not said."""
    unmatched_preflights: str | None = None
    """What becomes of preflights from other origins: ``FORWARD`` or ``IGNORE``; None is not said."""


@dataclass(frozen=True)
class Policy:
    """What a rule says to do with every request of a route; the caller does it."""

    timeout: float | None = None
    """How long the call may take, in seconds; None is no limit."""
    retries: Retries = Retries()
    """How often and on what it is made again."""
    headers: Headers = Headers()
    """The changes to the headers of the request and of the response."""
    cors: CorsPolicy | None = None
    """Which other origins may read the response; None is not said."""


def seconds(span: str | None) -> float | None:
    """Read a time as the core writes it, as in ``1500ms``."""
    if span is None:
        return None
    count, unit = re.fullmatch(r"(\d+)(\D+)", span).groups()  # type: ignore[union-attr]
    return int(count) / _SECONDS[unit]


def policy(data: Mapping[str, Any]) -> Policy:
    """Read the policy of an answer."""
    retries, headers, cors = data.get("retries") or {}, data.get("headers") or {}, data.get("corsPolicy")
    return Policy(
        seconds(data.get("timeout")),
        _decode.one(
            Retries,
            retries,
            per_try_timeout=seconds(retries.get("perTryTimeout")),
            backoff=seconds(retries.get("backoff")),
        ),
        Headers(_changes(headers.get("request", {})), _changes(headers.get("response", {}))),
        None if cors is None else _cors(cors),
    )


def _changes(data: Mapping[str, Any]) -> HeaderChanges:
    pairs = {name: MappingProxyType(data[name]) for name in ("set", "add") if name in data}
    return HeaderChanges(tuple(data.get("remove", ())), **pairs)


def _cors(data: Mapping[str, Any]) -> CorsPolicy:
    lists = {name: tuple(value) for name, value in data.items() if isinstance(value, list)}
    origins = _decode.many(TextMatch, data.get("allowOrigins", []))
    return _decode.one(CorsPolicy, {**data, **lists}, allow_origins=origins, max_age=seconds(data.get("maxAge")))
