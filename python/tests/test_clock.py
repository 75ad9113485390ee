"""A clock that stands, jumps, and goes back: nothing fails, and no limit is exceeded."""

from __future__ import annotations

import random

import pytest

import sergo
from conftest import BREAKER, CONCURRENCY, THROTTLE, limit, together

MINUTE = 60_000_000_000
HOUR = 60 * MINUTE


def passes(engine: sergo.Engine) -> int:
    """How many of ten entries pass."""
    return sum(engine.decide("/foo").passed for _ in range(10))


def test_a_limit_stands_while_time_stands_jumps_and_goes_back(engine: sergo.Engine, clock: sergo.ManualClock) -> None:
    engine.load(limit(5))
    clock.now_ns = HOUR
    assert passes(engine) == 5
    clock.now_ns = HOUR - MINUTE // 2
    assert passes(engine) == 0, "what was admitted later counts"
    clock.now_ns = 0
    assert passes(engine) == 0
    clock.now_ns = HOUR + MINUTE - 1
    assert passes(engine) == 0
    clock.now_ns = HOUR + MINUTE
    assert passes(engine) == 5, "one window later it has recovered"
    clock.now_ns += HOUR
    assert passes(engine) == 5
    assert passes(engine) == 0


@pytest.mark.parametrize("seed", range(8))
def test_no_window_holds_more_than_its_limit_whatever_time_does(
    engine: sergo.Engine, clock: sergo.ManualClock, seed: int
) -> None:
    chance = random.Random(seed)
    engine.load(together(limit(5), BREAKER, CONCURRENCY, THROTTLE.replace("/bar", "/foo")))
    latest = 0
    admitted: list[int] = []
    opened: list[sergo.Entry] = []
    for _ in range(1_000):
        step = chance.choice([0, 0, 1, 20_000_000, 1_000_000_000, MINUTE, HOUR, -1, -MINUTE, -HOUR])
        clock.now_ns = max(0, clock.now_ns + step)
        decision = engine.decide("/foo")
        if isinstance(decision, sergo.Entry):
            # What comes after another was admitted after it, whatever its clock says.
            latest = max(latest, clock.now_ns)
            admitted.append(latest)
            opened.append(decision)
        if len(opened) > chance.randrange(4):
            opened.pop(chance.randrange(len(opened))).exit(error=chance.random() < 0.3)
        assert engine.explain("/foo").answer in ("pass", "wait", "block")
        assert engine.figures().resources[0].in_flight == len(opened) <= 3
    assert len(admitted) > 10
    assert all(late - early >= MINUTE for early, late in zip(admitted, admitted[5:]))
    for entry in opened:
        entry.exit()
    foo = engine.figures().resources[0]
    assert (foo.in_flight, foo.completed) == (0, len(admitted))
