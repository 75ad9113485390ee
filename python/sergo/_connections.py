"""Limits that rules set for connections."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from . import _decode
from ._policy import seconds


@dataclass(frozen=True)
class Keepalive:
    """When and how often an idle connection is probed; what is None the rule leaves open."""

    probes: int | None = None
    """How many probes go unanswered before the connection is given up."""
    time: float | None = None
    """How long, in seconds, a connection is idle before the first probe."""
    interval: float | None = None
    """The time between probes, in seconds."""


@dataclass(frozen=True)
class TcpPool:
    """Limits of connections; what is None the rule leaves open."""

    max_connections: int | None = None
    """The most connections."""
    connect_timeout: float | None = None
    """How long connecting may take, in seconds."""
    max_connection_duration: float | None = None
    """How long a connection may live, in seconds."""
    idle_timeout: float | None = None
    """How long a connection may be idle, in seconds."""
    tcp_keepalive: Keepalive | None = None
    """When and how often an idle one is probed."""


@dataclass(frozen=True)
class HttpPool:
    """Limits of requests; what is None the rule leaves open."""

    http1_max_pending_requests: int | None = None
    """The most requests that wait for a connection."""
    http2_max_requests: int | None = None
    """The most requests in flight."""
    max_requests_per_connection: int | None = None
    """The most requests on one connection; 0 is no limit."""
    max_retries: int | None = None
    """The most retries in flight."""
    idle_timeout: float | None = None
    """How long, in seconds, a connection may be without requests."""
    h2_upgrade_policy: str | None = None
    """``DEFAULT``, ``DO_NOT_UPGRADE`` or ``UPGRADE``."""
    use_client_protocol: bool | None = None
    """Whether the client's protocol is kept."""
    max_concurrent_streams: int | None = None
    """The most streams on one HTTP/2 connection."""


@dataclass(frozen=True)
class ConnectionPool:
    """The limits of connections to a host or to a subset of it; the caller's framework keeps them."""

    tcp: TcpPool
    """Those of connections."""
    http: HttpPool
    """Those of requests."""


def from_json(text: str) -> ConnectionPool | None:
    """Read the limits of the core; an empty text is none."""
    if not text:
        return None
    data = json.loads(text)
    tcp, http = data["tcp"], data["http"]
    keepalive = tcp["tcpKeepalive"] and _one(Keepalive, tcp["tcpKeepalive"], "time", "interval")
    times = ("connectTimeout", "maxConnectionDuration", "idleTimeout")
    return ConnectionPool(
        _one(TcpPool, {**tcp, "tcpKeepalive": keepalive}, *times), _one(HttpPool, http, "idleTimeout")
    )


def _one(shape: Any, data: dict[str, Any], *times: str) -> Any:
    return _decode.one(shape, {**data, **{name: seconds(data[name]) for name in times}})
