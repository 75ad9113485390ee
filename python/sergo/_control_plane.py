"""Rules from a control plane."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Callable, Literal, Union

from . import _decode

Token = Union[str, Callable[[], str]]
Metadata = Union[Mapping[str, str], Callable[[], Mapping[str, str]]]
Phase = Literal["waiting", "dialing", "connected", "ended"]
"""What a subscription does about its connection."""


@dataclass(frozen=True)
class Tls:
    """How a connection to a control plane is secured. Files are named by their paths, in PEM."""

    roots: str | os.PathLike[str] | None = None
    """The certificates that are trusted; None is those of the system."""
    certificate: str | os.PathLike[str] | None = None
    """The client's own certificate chain, where the control plane asks for one."""
    key: str | os.PathLike[str] | None = None
    """The key of that."""
    server_name: str | None = None
    """The name that the control plane's certificate has to bear; None is that of the address."""


@dataclass(frozen=True)
class ControlPlaneSource:
    """A control plane to subscribe to, made by :func:`sergo.control_plane`."""

    addresses: tuple[str, ...]
    """Where it listens, as ``host:port``; tried in turn."""
    tls: Tls | None = None
    """How the connection is secured; None is not at all."""
    token: Token | None = None
    """What is sent as ``authorization: Bearer``, or who is asked for it at each stream."""
    metadata: Metadata | None = None
    """What else is sent at the beginning of each stream, or who is asked for it."""
    labels: Mapping[str, str] | None = None
    """The labels of the workload; None is the engine's."""
    kinds: tuple[str, ...] | None = None
    """The kinds of documents, as in ``traffic.opensergo.io/v1alpha1/TrafficRouter``; None is all."""
    services: tuple[str, ...] = ()
    """The services that the app calls, whose routing rules it subscribes to as well."""
    documents: bool = True
    """Whether whole documents are asked for, which a control plane that knows none does not mind."""
    first_rules_timeout: float = 5.0
    """How long, in seconds, subscribing waits for the first rules before it goes on without."""
    last_good: str | os.PathLike[str] | None = None
    """A file for the last good rules: read at the start, and written whenever rules were applied."""
    keepalive: float = 30.0
    """After how many seconds of silence an HTTP/2 ping is sent; doubled for one that finds that too often."""

    def options(self) -> str:
        """Write the options of the session."""
        options: dict[str, Any] = {"addresses": self.addresses, "services": self.services, "documents": self.documents}
        if self.labels is not None:
            options["labels"] = dict(self.labels)
        if self.kinds is not None:
            options["kinds"] = self.kinds
        return json.dumps(options)


def control_plane(
    *addresses: str,
    tls: Tls | bool = False,
    token: Token | None = None,
    metadata: Metadata | None = None,
    labels: Mapping[str, str] | None = None,
    kinds: Iterable[str] | None = None,
    services: Iterable[str] = (),
    documents: bool = True,
    first_rules_timeout: float = 5.0,
    last_good: str | os.PathLike[str] | None = None,
    keepalive: float = 30.0,
) -> ControlPlaneSource:
    """Name a control plane, for :meth:`sergo.Engine.subscribe`; it needs ``pip install 'sergo[grpc]'``.

    ``tls=True`` trusts the system's certificates; a :class:`sergo.Tls` says more. A
    ``token`` or ``metadata`` that is called is called at each stream. ``kinds`` are all by
    default. With a ``last_good`` file a process that starts while nobody answers is governed
    from its first request.

    >>> sergo.control_plane("127.0.0.1:10246", services=["provider"]).addresses
    ('127.0.0.1:10246',)
    """
    if not addresses:
        raise ValueError("addresses: found none, expected at least one, as in '127.0.0.1:10246'")
    return ControlPlaneSource(
        addresses,
        tls if isinstance(tls, Tls) else Tls() if tls else None,
        token,
        metadata,
        labels,
        None if kinds is None else tuple(kinds),
        tuple(services),
        documents,
        first_rules_timeout,
        last_good,
        keepalive,
    )


@dataclass(frozen=True)
class KindState:
    """What has become of the subscription to one kind."""

    app: str
    """The app."""
    kind: str
    """The kind, as in ``traffic.opensergo.io/v1alpha1/TrafficRouter``."""
    version: int | None
    """The version of its last push; None before the first."""
    documents: int
    """How many documents are in force, or wait to be."""
    is_answered: bool
    """Whether anything has come for it on this stream."""
    refused: str | None
    """Why the control plane does not serve it; None where it does."""


@dataclass(frozen=True)
class ControlPlaneState:
    """What a subscription to a control plane is doing at one moment."""

    phase: Phase
    """What it does about its connection."""
    address: str
    """The address of the connection, or of the next try."""
    control_plane: str
    """Who serves, as far as it has said."""
    identifier: str
    """The subscriber's name on this stream; empty without one."""
    connected_for: float | None
    """How long it has been connected, in seconds; None where it is not."""
    last_push_ago: float | None
    """How long ago, in seconds, the last push came that counted; None before the first."""
    dials_in: float | None
    """In how many seconds it will dial again; None where it does not wait to."""
    failures: int
    """How many times it has waited to dial since something good came."""
    last_error: str
    """What went wrong last; empty where nothing has. It stays after it is over."""
    is_synced: bool
    """Whether on this stream each subscription has been answered, and what came has been applied."""
    subscriptions: tuple[KindState, ...]
    """Each subscription."""


def state_from_json(text: str) -> ControlPlaneState:
    """Read the state of a session."""
    data = json.loads(text)
    times = {name: None if data[name] is None else data[name] / 1e9 for name in _TIMES}
    return _decode.one(
        ControlPlaneState, {**data, **times}, subscriptions=_decode.many(KindState, data["subscriptions"])
    )


_TIMES = ("connectedFor", "lastPushAgo", "dialsIn")
