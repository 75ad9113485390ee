"""Following a control plane."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import TYPE_CHECKING, Any, Callable

from . import _contract, _fork, _last_good, _report, _sergo
from ._contract import ServiceContract
from ._control_plane import ControlPlaneSource, ControlPlaneState, state_from_json
from ._errors import SergoError
from ._report import Report
from ._subscription import OnError, OnReport
from ._ticker import call

if TYPE_CHECKING:
    from ._engine import Engine
    from ._streams import Stream

Happening = tuple[str, int, Any]

_TIME: Happening = ("time", 0, None)
_STOP: Happening = ("stop", 0, None)
_PATIENCE = 5.0
"""How long, in seconds, the threads of a stream may take to end."""
_CLOSING = 0.1
"""How long, in seconds, a fork waits for gRPC to be done with a stream that was closed for it."""
_QUIET = 0.5
"""How long, in seconds, gRPC is left alone after a fork, by the process that forked."""


class _Waiter:
    """A coroutine that waits, told from whichever thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop, changed: asyncio.Event) -> None:
        self._loop = loop
        self._changed = changed

    def tell(self) -> None:
        # Its loop may be closed meanwhile.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._changed.set)


class ControlPlaneSubscription:
    """Rules that follow a control plane, made by :meth:`sergo.Engine.subscribe`.

    A daemon thread keeps a stream to it, and dials again when that breaks; meanwhile the
    rules stay. Over a fork the stream is closed, and parent and child each dial their own.
    """

    def __init__(
        self,
        engine: Engine,
        source: ControlPlaneSource,
        on_report: OnReport | None = None,
        on_error: OnError | None = None,
    ) -> None:
        from . import _streams

        self._open_stream = _streams.Stream
        self._tell_services = _streams.report
        self._engine = engine
        self._source = source
        self._on_report = on_report
        self._on_error = on_error
        self._last_report: Report | None = None
        self._last_error: Exception | None = None
        self._closed = False
        self._keepalive = source.keepalive
        self._prepare(self._read())
        if self._last_error is not None and on_error is not None:
            call(on_error, self._last_error)
        # Here, so that what was saved is in force when this returns.
        self._turn([_TIME])
        with _fork.lock:
            _fork.tickers.add(self)
            self._start()
        self.wait_synced(source.first_rules_timeout)

    @property
    def last_report(self) -> Report | None:
        """What the last load came to; None before the first."""
        return self._last_report

    @property
    def last_error(self) -> Exception | None:
        """What is wrong now with the connection, or with the file of last good rules; None while nothing is."""
        return self._last_error

    @property
    def state(self) -> ControlPlaneState:
        """What it is doing.

        Raises:
            SergoError: the engine is closed, or has failed.
        """
        with _fork.lock:
            return state_from_json(self._session.state())

    def wait_synced(self, timeout: float | None = None) -> bool:
        """Wait, at most so many seconds, until every subscription has been answered; whether it has.

        A control plane that says nothing where it has nothing never lets that come true.
        """
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            changed = self._changed
            synced = self._settled()
            if synced is not None:
                return synced
            left = None if end is None else end - time.monotonic()
            if left is not None and left <= 0:
                return False
            changed.wait(left)

    async def wait_synced_async(self, timeout: float | None = None) -> bool:
        """Wait as :meth:`wait_synced`, in a coroutine: no thread is held up, and cancelling it is harmless.

        >>> async def start(engine):
        ...     plane = sergo.control_plane("127.0.0.1:1", first_rules_timeout=0)
        ...     return await engine.subscribe(plane).wait_synced_async(0.1)
        >>> with sergo.Engine("foo-app") as engine:
        ...     asyncio.run(start(engine))
        False
        """
        loop = asyncio.get_running_loop()
        end = None if timeout is None else loop.time() + timeout
        while True:
            changed = asyncio.Event()
            waiter = _Waiter(loop, changed)
            self._waiters.add(waiter)
            try:
                # Asked after it is certain that the next change is told.
                synced = self._settled()
                if synced is not None:
                    return synced
                left = None if end is None else end - loop.time()
                if left is not None and left <= 0:
                    return False
                await asyncio.wait_for(changed.wait(), left)
            except asyncio.TimeoutError:
                return False
            finally:
                self._waiters.discard(waiter)

    def _settled(self) -> bool | None:
        """Whether every subscription has been answered; None while that may still come."""
        if self._closed:
            return False
        try:
            return self.state.is_synced or None
        except SergoError:
            return False

    def subscribe(self, app: str, kind: str) -> bool:
        """Subscribe to one more kind for an app; whether it is now, which it is not where there are too many."""
        return self._ask(lambda session: session.subscribe(app, kind))

    def unsubscribe(self, app: str, kind: str) -> bool:
        """End a subscription: its rules go. Whether there was one."""
        return self._ask(lambda session: session.unsubscribe(app, kind))

    def report_services(self, contracts: Iterable[ServiceContract], *, timeout: float = 10.0) -> None:
        """Tell the control plane which services this process offers; it waits at most ``timeout`` seconds.

        Raises:
            ConnectionError: it does not answer, or refuses.
        """
        message = _sergo.metadata(self._engine.app, _contract.node(), _contract.to_json(contracts))
        self._tell_services(self.state.address, self._source, message, timeout)

    @property
    def closed(self) -> bool:
        """Whether it has ended."""
        return self._closed

    def close(self) -> None:
        """Stop following; the rules stay. Returns when the threads have ended. Closing again does nothing."""
        self.stop()

    def __enter__(self) -> ControlPlaneSubscription:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        state = "closed" if self._closed else "following"
        return f"<sergo.ControlPlaneSubscription {state} {', '.join(self._source.addresses)}>"

    def stop(self, timeout: float | None = None) -> None:
        """Stop, and wait ``timeout`` seconds at most, else without end, for work that is under way."""
        self._closed = True
        _fork.tickers.discard(self)
        self._happened.put(_STOP)
        self._tell_change()
        if self._thread is not threading.current_thread():
            self._thread.join(timeout)

    def pause(self) -> None:
        """Get ready for a fork: gRPC survives none while a stream is open, or is being opened.

        It is dialled again when no other fork has come for a while: servers fork several times in a row.
        """
        if self._streams:
            self._hang_up_all(_PATIENCE)
            # What gRPC does for a stream that is closed goes on for a moment on threads of its own.
            time.sleep(_CLOSING)
        self._dials_from = time.monotonic() + _QUIET

    def restart(self) -> None:
        """Go on in a forked child: with a session, a thread and a stream of its own."""
        try:
            self._prepare(self._session.save())
        except SergoError:
            self._closed = True
            return
        self._happened.put(_TIME)
        self._start()

    def _prepare(self, saved: str) -> None:
        self._happened: SimpleQueue[Happening] = SimpleQueue()
        self._changed = threading.Event()
        self._waiters: set[_Waiter] = set()
        self._streams: dict[int, Stream] = {}
        self._dials_from = 0.0
        seed = int.from_bytes(os.urandom(8), "little")
        with _fork.lock:
            self._session = _sergo.Session(self._engine, self._source.options(), seed)
            refused = self._session.restore(saved) if saved else ""
        if refused:
            self._last_error = ValueError(f"{self._source.last_good}: {refused}")

    def _start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="sergo-control-plane", daemon=True)
        self._thread.start()

    def _read(self) -> str:
        try:
            return "" if self._source.last_good is None else _last_good.read(self._source.last_good)
        except (OSError, ValueError) as error:
            self._last_error = error
            return ""

    def _ask(self, ask: Callable[[_sergo.Session], bool]) -> bool:
        with _fork.lock:
            done = ask(self._session)
        self._happened.put(_TIME)
        return done

    def _run(self) -> None:
        try:
            while not self._closed:
                happened = self._wait()
                while time.monotonic() < self._dials_from and not self._closed:
                    time.sleep(_QUIET / 10)
                self._turn(happened)
        except SergoError:
            # The engine is closed, or has failed: nothing more will come of it.
            self._closed = True
            _fork.tickers.discard(self)
        finally:
            self._end()

    def _wait(self) -> list[Happening]:
        """Wait until something happens: all that has."""
        with _fork.lock:
            patience = self._session.wait()
        try:
            happened = [self._happened.get(timeout=patience)]
        except Empty:
            return [_TIME]
        while not self._happened.empty():
            happened.append(self._happened.get())
        return happened

    def _turn(self, happened: list[Happening]) -> None:
        """Tell the session what has happened, and do what it says."""
        reports: list[Report] = []
        errors: list[Exception] = []
        saved = ""
        with _fork.lock:
            for what, stream, detail in happened:
                self._tell(what, stream, detail, errors)
            while (step := self._session.poll()) is not None:
                what, stream, detail = step
                if what == "dial":
                    self._dial(stream, detail)
                elif what == "applied":
                    reports.append(_report.from_json(detail))
                elif what == "send" and stream in self._streams:
                    self._streams[stream].send(detail)
                elif what == "close":
                    self._hang_up(stream)
                    errors.append(ConnectionError(detail))
            if reports:
                self._engine._sampling.follow()
                saved = self._session.save() if self._source.last_good is not None else ""
        if saved:
            self._write(saved, errors)
        self._hand_on(reports, errors)

    def _tell(self, what: str, stream: int, detail: Any, errors: list[Exception]) -> None:
        session = self._session
        if what == "connected":
            session.connected(stream)
        elif what == "received":
            session.received(stream, detail)
            self._last_error = None
        elif what == "closed":
            session.closed(stream, detail)
            if stream in self._streams:
                errors.append(ConnectionError(detail))
            if "too_many_pings" in detail:
                self._keepalive *= 2
            self._hang_up(stream)
        else:
            session.time()

    def _dial(self, number: int, address: str) -> None:
        happened = self._happened
        try:
            self._streams[number] = self._open_stream(
                number, address, self._source, self._keepalive, lambda *happening: happened.put(happening)
            )
        except Exception as error:
            # A certificate that cannot be read, say.
            happened.put(("closed", number, f"{type(error).__name__}: {error}"))

    def _hang_up(self, number: int) -> None:
        stream = self._streams.pop(number, None)
        if stream is not None:
            stream.close()

    def _write(self, saved: str, errors: list[Exception]) -> None:
        assert self._source.last_good is not None
        try:
            _last_good.write(self._source.last_good, saved)
        except OSError as error:
            errors.append(error)

    def _hand_on(self, reports: list[Report], errors: list[Exception]) -> None:
        for report in reports:
            self._last_report = report
            if self._on_report is not None:
                call(self._on_report, report)
        for error in errors:
            self._last_error = error
            if self._on_error is not None:
                call(self._on_error, error)
        self._tell_change()

    def _tell_change(self) -> None:
        changed, self._changed = self._changed, threading.Event()
        changed.set()
        for waiter in list(self._waiters):
            waiter.tell()

    def _end(self) -> None:
        """Close the stream, and wait for what runs for it."""
        self._hang_up_all(_PATIENCE)
        self._tell_change()

    def _hang_up_all(self, timeout: float) -> None:
        streams = list(self._streams.values())
        self._streams.clear()
        for stream in streams:
            stream.close()
        for stream in streams:
            stream.join(timeout)
