"""A clock that stands still until it is told to go on."""

from __future__ import annotations


class ManualClock:
    """A clock for tests: an engine that is asked by it sees no other time.

    >>> clock = sergo.ManualClock()
    >>> engine = sergo.Engine("foo-app", clock=clock)
    >>> report = engine.load(rules)
    >>> [engine.decide("GET:/foo").passed for n in range(3)]
    [True, True, False]
    >>> clock.advance(60.0)
    >>> engine.decide("GET:/foo").passed
    True
    """

    def __init__(self) -> None:
        self.now_ns = 0
        """The time, in nanoseconds since the engine was made."""

    def __call__(self) -> int:
        """Read the time."""
        return self.now_ns

    def advance(self, seconds: float = 0.0, *, ns: int = 0) -> None:
        """Go on by so many seconds and nanoseconds."""
        self.now_ns += round(seconds * 1e9) + ns
