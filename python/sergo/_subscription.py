"""Watching a source of rules."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Any, Callable

from ._errors import SergoError
from ._files import FileSource, Seen
from ._report import Report
from ._ticker import Ticker, call

if TYPE_CHECKING:
    from ._engine import Engine

OnReport = Callable[[Report], Any]
OnError = Callable[[Exception], Any]


class Subscription:
    """Rules that follow a source, made by :meth:`sergo.Engine.subscribe`.

    The source is looked at every ``interval`` seconds on a daemon thread. When it has
    changed, and has not gone on changing until the next look, all of it is loaded as
    one push. While it cannot be read, the rules stay as they are and
    :attr:`last_error` says why. In a forked child it goes on by itself.
    """

    def __init__(
        self,
        engine: Engine,
        source: FileSource,
        on_report: OnReport | None = None,
        on_error: OnError | None = None,
        interval: float = 0.2,
    ) -> None:
        self._engine = engine
        self._source = source
        self._on_report = on_report
        self._on_error = on_error
        self._last_report: Report | None = None
        self._last_error: Exception | None = None
        self._seen: tuple[Seen, ...] | Exception = ()
        self._done: tuple[Seen, ...] | None = None
        self._texts: list[tuple[str, str]] | None = None
        self._look()
        self._take()
        # What was read may have been half-written: the thread reads it once more.
        self._done = None
        self._ticker = Ticker(f"sergo-watch {source.path}", interval, self._watch)

    @property
    def last_report(self) -> Report | None:
        """What the last load came to; None before the first."""
        return self._last_report

    @property
    def last_error(self) -> Exception | None:
        """Why the source cannot be read or loaded now; None while it can."""
        return self._last_error

    @property
    def closed(self) -> bool:
        """Whether it has ended."""
        return self._ticker.stopped

    def close(self) -> None:
        """Stop watching; the rules stay. Returns when the thread has ended. Closing again does nothing."""
        self._ticker.stop()

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

    def _watch(self) -> bool:
        before = self._seen
        self._look()
        # Two looks alike: whoever writes it has finished.
        if self._seen == before and (self._seen != self._done or self._last_error is not None):
            try:
                self._take()
            except SergoError as error:
                # The engine is closed, or has failed: nothing more will come of it.
                if error.code != "closed":
                    self._fail(error)
                return False
        return True

    def _look(self) -> None:
        try:
            self._seen = self._source.look()
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
