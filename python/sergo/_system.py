"""How loaded the system is."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import ref

from . import _fork
from ._ticker import Ticker

if TYPE_CHECKING:
    from ._engine import Engine

PERIOD = 0.5
"""How often, in seconds, a sample is taken."""


class Sampling:
    """Samples the system's load for an engine, while its rules look at it and until it is ended."""

    def __init__(self, engine: Engine, wanted: bool) -> None:
        # Weak, so that an engine that is forgotten is closed.
        self._engine = ref(engine)
        self._ended = not wanted
        self._ticker: Ticker | None = None

    def follow(self) -> None:
        """Take the first sample at once, and go on, when the rules in force begin to look."""
        with _fork.lock:
            if self._ticker is None and self._sample():
                self._ticker = Ticker("sergo-system", PERIOD, self._sample)

    def end(self) -> None:
        """Sample no more: what was sampled last stands, until the engine is told otherwise."""
        with _fork.lock:
            self._ended = True
            ticker, self._ticker = self._ticker, None
        if ticker is not None:
            ticker.stop()

    def _sample(self) -> bool:
        with _fork.lock:
            engine = self._engine()
            if self._ended or engine is None or not engine.needs_system_load:
                self._ticker = None
                return False
            engine._sample_system()
            return True
