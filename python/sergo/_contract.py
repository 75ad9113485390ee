"""The services that a process offers, as it reports them."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from . import _decode

_STARTED = time.time()


@dataclass(frozen=True)
class Method:
    """A method of a service."""

    name: str
    """Its name."""
    http_paths: tuple[str, ...] = ()
    """Its paths, over HTTP."""
    http_methods: tuple[str, ...] = ()
    """Its methods, over HTTP."""
    input_types: tuple[str, ...] = ()
    """The names of the types that it takes."""
    output_types: tuple[str, ...] = ()
    """The names of the types that it gives."""
    client_streaming: bool | None = None
    """Whether a client sends several messages; None is not said."""
    server_streaming: bool | None = None
    """Whether the server sends several messages; None is not said."""
    description: str | None = None
    """What it is for."""


@dataclass(frozen=True)
class Service:
    """A service."""

    name: str
    """Its name."""
    methods: tuple[Method, ...] = ()
    """Its methods."""
    description: str | None = None
    """What it is for."""


@dataclass(frozen=True)
class ServiceContract:
    """Services at one address, for :meth:`sergo.ControlPlaneSubscription.report_services`."""

    services: tuple[Service, ...]
    """The services."""
    protocols: tuple[str, ...] = ("http",)
    """What is spoken there: ``http``, ``grpc``."""
    addresses: tuple[tuple[str, int], ...] = ()
    """Where they listen: hosts and ports."""


def to_json(contracts: Iterable[ServiceContract]) -> str:
    """Write what a process offers."""
    return json.dumps(
        [
            {
                "listeningAddresses": [{"address": host, "portValue": port} for host, port in contract.addresses],
                "protocols": contract.protocols,
                "serviceContract": {"services": [_plain(asdict(service)) for service in contract.services]},
            }
            for contract in contracts
        ]
    )


def node() -> str:
    """Write which process this is."""
    started = {"seconds": int(_STARTED), "nanos": 0}
    return json.dumps({"identifier": {"hostName": socket.gethostname(), "pid": os.getpid(), "startTimestamp": started}})


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {_decode.member(name): _plain(one) for name, one in value.items() if one is not None}
    return [_plain(one) for one in value] if isinstance(value, (list, tuple)) else value
