"""What a fork needs: the engine whole, random numbers new, tickers running.

A child has the forking thread alone. So no fork may happen while another thread
does what must not be left half done; and the child starts its own tickers and seeds
its own random numbers.
"""

from __future__ import annotations

import atexit
import os
import threading
from typing import TYPE_CHECKING
from weakref import WeakSet

from . import _sergo

if TYPE_CHECKING:
    from ._ticker import Ticker

lock = threading.RLock()
"""Held over what a fork must not come between, and over the fork itself; never while a user's callback runs."""

tickers: WeakSet[Ticker] = WeakSet()
"""The tickers that run."""

_LAST_WAIT = 1.0
"""How long, in seconds, the end of the process waits for a callback that is under way."""


def _reseed() -> None:
    _sergo.reseed(int.from_bytes(os.urandom(8), "little"))


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
