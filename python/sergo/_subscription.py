"""Watching a source of rules."""

from __future__ import annotations

import time
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Callable, Literal

from ._errors import SergoError
from ._files import FileSource, Place, Seen
from ._report import Report
from ._ticker import call
from ._watching import Watching

if TYPE_CHECKING:
    from ._engine import Engine

OnReport = Callable[[Report], Any]
OnError = Callable[[Exception], Any]


_SAFE = 0.7
"""How often, in seconds, files are looked at where changes are told: another machine's file system tells none."""
_POLL = 0.2
"""How often they are looked at where none are, and how long they then have to stay the same."""
_REST = 0.025
"""How long they have to stay the same after a change was told."""
_SOON = 0.005
"""How long after a change was told they are looked at: most changes are told several times."""
_SHARE = 2
"""Between two looks lies at least so many times what one took."""


@dataclass(frozen=True)
class FileState:
    """A subscription to files at one moment."""

    noticing: Literal["native", "polling", "ended"]
    """How changes are noticed: the system tells of them, or they are only looked for."""
    polling_reason: str | None
    """Why they are only looked for; None where they are not."""


class Subscription:
    """Rules that follow files, made by :meth:`sergo.Engine.subscribe`.

    A daemon thread looks at the files when the system tells that they have changed (on
    Linux), and every ``interval`` seconds. A change is loaded, all files as one push, when
    they have not gone on changing until the next look. While they cannot be read, the
    rules stay as they are and :attr:`last_error` says why. In a forked child it goes on by
    itself.
    """

    def __init__(
        self,
        engine: Engine,
        source: FileSource,
        on_report: OnReport | None = None,
        on_error: OnError | None = None,
        interval: float | None = None,
    ) -> None:
        self._engine = engine
        self._source = source
        self._on_report = on_report
        self._on_error = on_error
        self._interval = interval
        self._last_report: Report | None = None
        self._last_error: Exception | None = None
        self._seen: tuple[Seen, ...] | Exception = ()
        self._done: tuple[Seen, ...] | None = None
        self._texts: list[tuple[str, str]] | None = None
        self._told = True
        self._look({})
        self._take()
        # What was read may have been half-written: the thread reads it once more.
        self._done = None
        self._watching = Watching(f"sergo-watch {', '.join(source.paths)}", self._watch)

    @property
    def last_report(self) -> Report | None:
        """What the last load came to; None before the first."""
        return self._last_report

    @property
    def last_error(self) -> Exception | None:
        """Why the source cannot be read or loaded now; None while it can."""
        return self._last_error

    @property
    def state(self) -> FileState:
        """How it notices changes."""
        refused = self._watching.refused
        return FileState(
            "ended" if self.closed else "native" if refused is None else "polling",
            None if refused is None else str(refused),
        )

    @property
    def closed(self) -> bool:
        """Whether it has ended."""
        return self._watching.stopped

    def close(self) -> None:
        """Stop watching; the rules stay. Returns when the thread has ended. Closing again does nothing."""
        self._watching.stop()

    def __enter__(self) -> Subscription:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        state = "closed" if self.closed else "watching"
        return f"<sergo.Subscription {state} {self._source!r}>"

    def _watch(self, watching: Watching) -> bool:
        before, told = self._seen, self._told
        places: dict[str, Place] = {}
        start = time.monotonic()
        self._look(places)
        took = time.monotonic() - start
        is_same = self._seen == before
        # Two looks alike: whoever writes it has finished.
        if is_same and (self._seen != self._done or self._last_error is not None):
            try:
                self._take()
            except SergoError as error:
                # The engine is closed, or has failed: nothing more will come of it.
                if error.code != "closed":
                    self._fail(error)
                return False
        is_new = watching.follow(places)
        heard = watching.heard() or is_new
        self._told = heard or (told and not is_same)
        self._until_next(watching, is_same and not heard, took * _SHARE)
        return True

    def _until_next(self, watching: Watching, is_settled: bool, least: float) -> None:
        interval = self._interval
        if is_settled:
            usual = _SAFE if watching.refused is None else _POLL
            watching.listen(max(usual if interval is None else interval, least), max(_SOON, least))
        else:
            rest = _REST if self._told else _POLL
            watching.rest(max(rest if interval is None else min(interval, rest), least))

    def _look(self, places: dict[str, Place]) -> None:
        try:
            self._seen = self._source.look(places)
        except Exception as error:
            # The same error again is the same sight.
            if not isinstance(self._seen, Exception) or str(self._seen) != str(error):
                self._seen = error

    def _take(self) -> None:
        """Load what was last seen, or say what is wrong with it."""
        seen = self._seen
        if isinstance(seen, Exception):
            self._fail(seen)
            return
        try:
            texts = self._source.read(seen)
            if texts != self._texts:
                self._last_report = report = self._engine.push(texts)
                self._texts = texts
                if self._on_report is not None:
                    call(self._on_report, report)
        except SergoError:
            raise
        except Exception as error:
            self._fail(error)
        else:
            self._done = seen
            self._last_error = None

    def _fail(self, error: Exception) -> None:
        known = self._last_error
        self._last_error = error
        if self._on_error is not None and (known is None or str(known) != str(error)):
            call(self._on_error, error)
