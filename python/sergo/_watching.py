"""Hearing from the system that files have changed."""

from __future__ import annotations

import os
import select
import struct
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Callable

from . import _fork, _sergo
from ._files import Place
from ._ticker import Ticker

_EVENT = struct.Struct("iIII")
_IGNORED = 0x8000
_AT_ONCE = 64 << 10
"""The most bytes of events that are read at a time."""


class Watching(Ticker):
    """Does ``work`` when the system tells that watched folders have changed, and from time to time.

    The thread sleeps in the system, without Python's lock. Where the system has no means
    for it, or they have run out, :attr:`refused` says so, and only time counts.
    """

    def __init__(self, name: str, work: Callable[[Watching], object]) -> None:
        self.refused: Exception | None = None
        self._folders: _Folders | None = None
        self._heard = False
        self._pause: float | None = None
        super().__init__(name, 0.0, lambda: work(self))

    def follow(self, places: Mapping[str, Place]) -> bool:
        """Watch these folders and no others; whether it began with any, in which something may have changed before."""
        if self._folders is None:
            return False
        try:
            return self._folders.follow(places)
        except OSError as error:
            # What has run out for one has run out for all.
            self._refuse(error)
            return False

    def heard(self) -> bool:
        """Whether a change was told since ``work`` began, or was what it began for."""
        heard, self._heard = self._heard, False
        return (self._folders is not None and self._folders.hear()) or heard

    def rest(self, seconds: float) -> None:
        """Do ``work`` again after so many seconds, whatever is told until then."""
        self._period, self._pause = seconds, None

    def listen(self, seconds: float, pause: float) -> None:
        """Do ``work`` again after so many seconds, or so short a pause after a change is told."""
        self._period, self._pause = seconds, pause

    def restart(self) -> None:
        """Start the thread, in a forked child with watches of its own: those of the parent go on there."""
        self._heard = False
        self.rest(0.0)
        if self._folders is not None:
            self._folders.close()
            self._folders = None
        if self.refused is None:
            try:
                self._folders = _Folders()
            except OSError as error:
                self._refuse(error)
        super().restart()

    def stop(self, timeout: float | None = None) -> None:
        """Stop, and wait ``timeout`` seconds at most, else without end, for work that is under way."""
        self._stopping.set()
        folders = self._folders
        if folders is not None:
            folders.wake()
        super().stop(timeout)

    def _wait(self, stopping: threading.Event) -> bool:
        folders = self._folders
        if folders is None or self._pause is None:
            return stopping.wait(self._period)
        end = time.monotonic() + self._period
        while not stopping.is_set() and (left := end - time.monotonic()) > 0:
            if folders.wait(left):
                self._heard = True
                return stopping.wait(self._pause)
        return stopping.is_set()

    def _end(self) -> None:
        if self._folders is not None:
            self._folders.close()

    def _refuse(self, error: OSError) -> None:
        self.refused = error
        folders, self._folders = self._folders, None
        if folders is not None:
            folders.close()


class _Folders:
    """Folders that Linux's inotify watches, each by itself."""

    def __init__(self) -> None:
        if sys.platform != "linux":
            raise OSError("changes of files are told on Linux only")
        self._inotify = _sergo.inotify()
        try:
            self._awake, self._waking = os.pipe()
        except OSError:
            os.close(self._inotify)
            raise
        self._watched: dict[str, tuple[int, Place]] = {}

    def follow(self, places: Mapping[str, Place]) -> bool:
        """Watch these folders and no others; whether it began with any.

        Raises:
            OSError: the system watches no more of them.
        """
        for path in [path for path, (_, place) in self._watched.items() if not place.same(places.get(path))]:
            number, _ = self._watched.pop(path)
            if all(number != other for other, _ in self._watched.values()):
                _sergo.inotify_forget(self._inotify, number)
        is_new = False
        for path, place in places.items():
            known = self._watched.get(path)
            if known is None:
                try:
                    number = _sergo.inotify_watch(self._inotify, path)
                except (FileNotFoundError, NotADirectoryError, PermissionError):
                    # It has just gone, which the next look tells, or may not be read.
                    continue
                is_new = True
            else:
                number = known[0]
            self._watched[path] = (number, place)
        return is_new

    def wait(self, seconds: float) -> bool:
        """Wait until something happens, or it is woken; whether something has changed."""
        poll = select.poll()
        poll.register(self._inotify, select.POLLIN)
        poll.register(self._awake, select.POLLIN)
        poll.poll(min(seconds * 1000, 2**31 - 1))
        return self.hear()

    def hear(self) -> bool:
        """Whether something has changed since it was last asked."""
        heard = False
        for event in self._events():
            heard = self._concerns(*event) or heard
        return heard

    def wake(self) -> None:
        """End a wait, and every one after it."""
        with _fork.lock:
            if self._waking >= 0:
                os.write(self._waking, b"x")

    def close(self) -> None:
        """Watch no more. No other thread may be waiting."""
        with _fork.lock:
            for descriptor in (self._inotify, self._awake, self._waking):
                if descriptor >= 0:
                    os.close(descriptor)
            self._inotify = self._awake = self._waking = -1

    def _events(self) -> Iterator[tuple[int, int, str]]:
        with suppress(BlockingIOError):
            while told := os.read(self._inotify, _AT_ONCE):
                at = 0
                while at < len(told):
                    number, what, _, length = _EVENT.unpack_from(told, at)
                    at += _EVENT.size + length
                    yield number, what, os.fsdecode(told[at - length : at].rstrip(b"\0"))

    def _concerns(self, number: int, what: int, name: str) -> bool:
        if what & _IGNORED:
            # The folder is gone: another under its path is to be watched anew, even one with the same inode.
            for path in [path for path, (other, _) in self._watched.items() if other == number]:
                del self._watched[path]
            return True
        # A number that is none says that more has happened than could be told.
        concerned = [place for other, place in self._watched.values() if other == number]
        return number < 0 or any(place.names is None or not name or name in place.names for place in concerned)
