"""Hearing of what happens, when it happens."""

from __future__ import annotations

import asyncio
import os
from collections import deque
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Callable

from . import _fork
from ._errors import SergoError
from ._events import MOST, Event, events_from_json
from ._ticker import Ticker, call

if TYPE_CHECKING:
    from typing_extensions import Self

    from ._engine import Engine

PERIOD = 0.2
"""How often, in seconds, events are handed on while anybody listens."""

OnEvent = Callable[[Event], object]


class Listening:
    """A callback that hears an engine's events, made by :meth:`sergo.Engine.on_event`.

    It ends with :meth:`close`, with its ``with`` block, or with the engine.
    """

    def __init__(self, engine: Engine, callback: OnEvent) -> None:
        self._callback = callback
        self._pending: deque[Event] = deque(maxlen=MOST)
        self._closed = False
        engine._listeners.add(engine, self)

    @property
    def closed(self) -> bool:
        """Whether it has ended."""
        return self._closed

    def close(self) -> None:
        """Listen no more. A call that is under way goes on. Closing again does nothing."""
        self._closed = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<sergo.{type(self).__name__} {'closed' if self.closed else 'open'}>"

    def take(self, events: list[Event]) -> None:
        """Take events, for :meth:`hand_on`."""
        self._pending.extend(events)

    def hand_on(self) -> None:
        """Call the callback with each event that was taken."""
        while self._pending and not self._closed:
            call(self._callback, self._pending.popleft())


class EventStream(Listening):
    """An engine's events for ``async for``, made by :meth:`sergo.Engine.events`.

    Of events that nobody asks for, the newest 1,024 are kept. It belongs to the event
    loop that it was made in, and in a forked child it is closed.
    """

    def __init__(self, engine: Engine) -> None:
        self._loop = asyncio.get_running_loop()
        self._process = os.getpid()
        self._queue: asyncio.Queue[Event | None] = asyncio.Queue()
        super().__init__(engine, self._hear)

    def close(self) -> None:
        """Listen no more: ``async for`` ends after the events that it has not asked for yet."""
        if not self._closed:
            super().close()
            self._hear(None)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        event = await self._queue.get()
        if event is None:
            # For whoever asks again.
            self._put(None)
            raise StopAsyncIteration
        return event

    def _hear(self, event: Event | None) -> None:
        if self._process == os.getpid() and not self._loop.is_closed():
            # The loop may be closed meanwhile.
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._put, event)
        else:
            self._closed = True

    def _put(self, event: Event | None) -> None:
        if self._queue.qsize() >= MOST:
            self._queue.get_nowait()
        self._queue.put_nowait(event)


class Listeners:
    """Hands an engine's events on to all that listen, and keeps them for whoever drains them."""

    def __init__(self) -> None:
        self._open: list[Listening] = []
        self._drainable: deque[Event] = deque(maxlen=MOST)
        self._ticker: Ticker | None = None

    def add(self, engine: Engine, listening: Listening) -> None:
        """Add one that hears of what happens from now on."""
        with _fork.lock:
            self._pull(engine)
            self._open.append(listening)
            if self._ticker is None:
                self._ticker = Ticker("sergo-events", PERIOD, partial(self._tick, engine))

    def drain(self, engine: Engine) -> list[Event]:
        """Take what happened since the last call."""
        with _fork.lock:
            self._pull(engine)
            events = list(self._drainable)
            self._drainable.clear()
            return events

    def end(self, engine: Engine) -> None:
        """Hand on what is left, and close all that listen."""
        with _fork.lock:
            with suppress(SergoError):
                self._pull(engine)
            listening, self._open = self._open, []
            ticker, self._ticker = self._ticker, None
        if ticker is not None:
            ticker.stop()
        for one in listening:
            one.hand_on()
            one.close()

    def _pull(self, engine: Engine) -> None:
        events = events_from_json(engine._drain_events())
        self._drainable.extend(events)
        for listening in self._open:
            listening.take(events)

    def _tick(self, engine: Engine) -> bool:
        with _fork.lock:
            self._open = [listening for listening in self._open if not listening.closed]
            if not self._open:
                self._ticker = None
                return False
            self._pull(engine)
            listening = list(self._open)
        for one in listening:
            one.hand_on()
        return True
