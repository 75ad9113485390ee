"""What a fork needs: rules whole, random numbers new, watchers running.

A child has the forking thread alone. So no fork may happen while another thread
changes rules, which it does with the interpreter's lock released; and the child
starts its own watchers and seeds its own random numbers.
"""

from __future__ import annotations

import atexit
import os
import threading
from typing import TYPE_CHECKING
from weakref import WeakSet

from . import _sergo

if TYPE_CHECKING:
    from ._subscription import Subscription

applying = threading.RLock()
"""Held while rules are changed, and over a fork."""

watching: WeakSet[Subscription] = WeakSet()
"""The subscriptions that are open."""

_LAST_WAIT = 1.0
"""How long, in seconds, the end of the process waits for a callback that is under way."""


def _reseed() -> None:
    _sergo.reseed(int.from_bytes(os.urandom(8), "little"))


def _in_child() -> None:
    applying.release()
    _reseed()
    for subscription in list(watching):
        subscription.restart()


@atexit.register
def _at_exit() -> None:
    for subscription in list(watching):
        subscription.stop(_LAST_WAIT)


_reseed()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=applying.acquire, after_in_parent=applying.release, after_in_child=_in_child)
