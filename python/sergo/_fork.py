"""What a fork needs: the engine whole, random numbers new, threads running.

A child has the forking thread alone. So no fork may happen while another thread
does what must not be left half done; and the child starts its own threads and seeds
its own random numbers.
"""

from __future__ import annotations

import atexit
import os
import threading
from typing import Protocol
from weakref import WeakSet

from . import _sergo

lock = threading.RLock()
"""Held over what a fork must not come between, and over the fork itself; never while a user's callback runs."""


class Running(Protocol):
    """What runs on a thread of its own."""

    def pause(self) -> None:
        """Get ready for a fork: let go of what would not survive it."""

    def restart(self) -> None:
        """Start the thread in a forked child, where it is gone."""

    def stop(self, timeout: float | None = None) -> None:
        """Stop, and wait ``timeout`` seconds at most, else without end, for work that is under way."""


tickers: WeakSet[Running] = WeakSet()
"""What runs."""

_LAST_WAIT = 1.0
"""How long, in seconds, the end of the process waits for a callback that is under way."""


def _reseed() -> None:
    _sergo.reseed(int.from_bytes(os.urandom(8), "little"))


def pause_first() -> None:
    """Have all that runs let go, before whatever is registered by now gets ready for a fork."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(before=_pause, after_in_parent=lock.release, after_in_child=lock.release)


def _pause() -> None:
    lock.acquire()
    for ticker in list(tickers):
        ticker.pause()


def _in_child() -> None:
    lock.release()
    _reseed()
    for ticker in list(tickers):
        ticker.restart()


@atexit.register
def _at_exit() -> None:
    for ticker in list(tickers):
        ticker.stop(_LAST_WAIT)


_reseed()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=lock.acquire, after_in_parent=lock.release, after_in_child=_in_child)
