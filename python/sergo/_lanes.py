"""Lanes: the colour of a request, carried on to the calls that are made for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar, Token
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import _sergo
from ._errors import SergoError

if TYPE_CHECKING:
    from ._engine import Engine

BAGGAGE = "baggage"


@dataclass(frozen=True)
class Label:
    """The lane of a request, of :meth:`sergo.Engine.label`."""

    lane: str
    """The lane."""
    key: str
    """The header under which it travels, which is also its key in the ``baggage`` header."""

    @property
    def baggage(self) -> Mapping[str, str]:
        """The lane under its key."""
        return {self.key: self.lane}


@dataclass(frozen=True)
class Carried:
    """What a request hands on to the calls that are made for it."""

    label: Label | None = None
    """Its lane, if it has one."""
    baggage: str = ""
    """The ``baggage`` header that came in; empty for none."""


_NOTHING = Carried()
_carried: ContextVar[Carried] = ContextVar("sergo", default=_NOTHING)


def carried() -> Carried:
    """Say what the request that is being served here hands on."""
    return _carried.get()


@contextmanager
def carrying(label: Label | None, baggage: str = "") -> Iterator[Carried]:
    """Serve a request: what is called for it within the block goes on in its lane.

    The adapters of :mod:`sergo.wsgi` and :mod:`sergo.asgi` do it by themselves. It holds
    for this thread or task and, as every context variable, for the tasks and
    ``asyncio.to_thread`` calls that start within; a pool of threads is handed
    ``contextvars.copy_context().run``.

    >>> with sergo.carrying(sergo.Label("Gray", "x-opensergo-traffic"), "user=7"):
    ...     sergo.headers_for_next_call()
    {'x-opensergo-traffic': 'Gray', 'baggage': 'x-opensergo-traffic=Gray,user=7'}
    >>> sergo.headers_for_next_call()
    {}
    """
    token = carry(label, baggage)
    try:
        yield _carried.get()
    finally:
        _carried.reset(token)


def carry(label: Label | None, baggage: str) -> Token[Carried]:
    """Set what the request that is being served in this context hands on."""
    return _carried.set(Carried(label, baggage))


def of_request(engine: Engine, trust: bool, baggage: str, **request: Any) -> tuple[Label | None, str]:
    """Find what a request that comes in hands on: its lane and its baggage.

    From a side that is not trusted no baggage is taken: it might bring a lane. Where sergo
    fails there is no lane.
    """
    try:
        label = engine.label(**request, trust=trust)
    except SergoError:
        label = None
    return label, baggage if trust else ""


def headers_for_next_call(baggage: str | None = None) -> dict[str, str]:
    """Make the headers by which the next call goes on in the lane of the request that is being served here.

    ``baggage`` is the header that the call has already, from another library, say; None
    is the one that came in. Without a lane the baggage goes on as it is.
    """
    now = _carried.get()
    baggage = now.baggage if baggage is None else baggage
    if now.label is None:
        return {BAGGAGE: baggage} if baggage else {}
    return {now.label.key: now.label.lane, BAGGAGE: _sergo.baggage(baggage, now.label.key, now.label.lane)}
