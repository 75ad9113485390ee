"""What goes wrong: a block, and what sergo itself cannot do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._sergo import BlockedDecision


class SergoError(Exception):
    """Sergo could not do what a call asked for.

    ``code`` is a stable word: ``closed``, ``poisoned``, ``panicked``, ``argument``,
    ``utf8``, ``stale`` or ``full``; ``message`` says what happened and what to do
    about it.

    >>> engine = sergo.Engine("foo-app")
    >>> engine.close()
    >>> engine.enter("GET:/foo")
    Traceback (most recent call last):
      ...
    sergo._errors.SergoError: the engine is closed, or was never made: make a new one
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True)
class Fallback:
    """The HTTP response that a rule gives to what it blocks."""

    status: int
    """The status code."""
    body: str
    """The body, as the rule writes it."""
    headers: tuple[tuple[str, str], ...]
    """Names and values, as the rule writes them and in its order."""


class Blocked(Exception):
    """An entry may not go on; it has left no trace.

    >>> engine = sergo.Engine("foo-app")
    >>> report = engine.load(rules)
    >>> for n in range(3):
    ...     engine.enter("GET:/foo").exit()
    Traceback (most recent call last):
      ...
    sergo._errors.Blocked: blocked by RateLimitStrategy 'rate-limit-foo' of rule 'limit-foo'...
    """

    if TYPE_CHECKING:
        # What every exception does, at a third of the price.
        def __init__(self, decision: BlockedDecision) -> None: ...

    @property
    def decision(self) -> BlockedDecision:
        """The same as a value."""
        decision: BlockedDecision = self.args[0]
        return decision

    @property
    def strategy(self) -> str:
        """The kind of the strategy that blocked, as in ``RateLimitStrategy``."""
        return self.decision.strategy

    @property
    def name(self) -> str:
        """The name of the strategy that blocked."""
        return self.decision.name

    @property
    def rule(self) -> str:
        """The name of the rule that blocked."""
        return self.decision.rule

    @property
    def fallback(self) -> Fallback | None:
        """The response that the rule gives, if it gives one."""
        return self.decision.fallback

    @property
    def retry_after(self) -> float | None:
        """After how many seconds the same entry would pass this gate; None is unknown."""
        return self.decision.retry_after

    @property
    def retry_after_ns(self) -> int | None:
        """After how many nanoseconds the same entry would pass this gate; None is unknown."""
        return self.decision.retry_after_ns

    def __str__(self) -> str:
        retry = "" if self.retry_after is None else f", retry after {self.retry_after:g} s"
        return f"blocked by {self.strategy} {self.name!r} of rule {self.rule!r}{retry}"
