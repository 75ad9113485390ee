"""Work that is done every so often in the background."""

from __future__ import annotations

import logging
import threading
from typing import Any, Callable

from . import _fork
from ._errors import SergoError

_log = logging.getLogger("sergo")


class Ticker:
    """Does ``work`` every ``period`` seconds on a daemon thread, in forked children too.

    It ends when it is stopped, when ``work`` answers false, and when the engine that
    ``work`` is for is closed or has failed. What else ``work`` raises is logged.
    """

    def __init__(self, name: str, period: float, work: Callable[[], object]) -> None:
        self._name = name
        self._period = period
        self._work = work
        with _fork.lock:
            _fork.tickers.add(self)
            self.restart()

    @property
    def stopped(self) -> bool:
        """Whether it has ended, or is about to."""
        return self._stopping.is_set()

    def pause(self) -> None:
        """Get ready for a fork: what it does is done under the lock."""

    def restart(self) -> None:
        """Start the thread: at first, and in a forked child, where it is gone."""
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(self._stopping,), name=self._name, daemon=True)
        self._thread.start()

    def stop(self, timeout: float | None = None) -> None:
        """Stop, and wait ``timeout`` seconds at most, else without end, for work that is under way."""
        self._stopping.set()
        _fork.tickers.discard(self)
        if self._thread is not threading.current_thread():
            self._thread.join(timeout)

    def _wait(self, stopping: threading.Event) -> bool:
        """Wait until there is work; whether it is to stop instead."""
        return stopping.wait(self._period)

    def _end(self) -> None:
        """Let go of what the thread had for itself."""

    def _run(self, stopping: threading.Event) -> None:
        self._work_on(stopping)
        self._end()

    def _work_on(self, stopping: threading.Event) -> None:
        while not self._wait(stopping):
            try:
                goes_on = self._work()
            except SergoError:
                goes_on = False
            except BaseException:
                # Also what would end a thread without a word, as sys.exit().
                _log.exception("%s failed; it goes on", self._name)
                goes_on = True
            if not goes_on:
                self.stop()


def call(callback: Callable[[Any], object], argument: object) -> None:
    """Call what a user gave: should it fail, that is logged and harms nobody else."""
    try:
        callback(argument)
    except Exception:
        _log.exception("%r failed; whoever calls it goes on", callback)
