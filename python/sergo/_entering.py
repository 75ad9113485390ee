"""Entering from a coroutine."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal

from ._errors import Blocked
from ._sergo import BlockedDecision, Entry

if TYPE_CHECKING:
    from ._engine import Engine

Direction = Literal["inbound", "outbound"]
"""Which way a call goes, seen from this instance: one that it serves, or one that it makes."""


class Entering:
    """An entry that is about to be asked for, of :meth:`sergo.Engine.enter_async`.

    Await it for an :class:`~sergo.Entry`, or use it in ``async with``. It asks when
    it is awaited, and gives the permit back when it is cancelled while it waits.
    """

    __slots__ = ("_cost", "_direction", "_engine", "_entry", "_resource")

    def __init__(self, engine: Engine, resource: str, cost: int, direction: Direction) -> None:
        self._engine = engine
        self._resource = resource
        self._cost = cost
        self._direction: Direction = direction
        self._entry: Entry | None = None

    def __await__(self) -> Generator[Any, None, Entry]:
        return self._enter().__await__()

    async def _enter(self) -> Entry:
        decision = self._engine.decide(self._resource, self._cost, self._direction)
        if isinstance(decision, BlockedDecision):
            raise Blocked(decision)
        if decision.wait_ns:
            try:
                await asyncio.sleep(decision.wait)
            except BaseException:
                decision.cancel()
                raise
        return decision

    async def __aenter__(self) -> Entry:
        self._entry = await self
        return self._entry

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._entry is not None:
            self._entry.__exit__(kind, value, traceback)
