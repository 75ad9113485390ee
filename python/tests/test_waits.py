"""Waits that are broken off: whatever the entry held is free again."""

from __future__ import annotations

import asyncio
import time
from typing import Callable

import pytest

import sergo
from conftest import BREAKER, CONCURRENCY, THROTTLE, together

PACE = THROTTLE.replace("/bar", "/foo").replace("20ms", "10s")
BreakOff = Callable[[sergo.Engine], None]


def interrupted(engine: sergo.Engine) -> None:
    """Enter, and press Ctrl-C in the wait."""

    def interrupt(seconds: float) -> None:
        assert engine.figures().resources[0].in_flight == 1
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "sleep", interrupt)
        with pytest.raises(KeyboardInterrupt):
            engine.enter("/foo")


def cancelled(engine: sergo.Engine) -> None:
    """Enter in a task, and cancel it in the wait."""

    async def enter() -> None:
        async with engine.enter_async("/foo"):
            pytest.fail("it has not waited")

    async def run() -> None:
        task = asyncio.ensure_future(enter())
        await asyncio.sleep(0)
        assert engine.figures().resources[0].in_flight == 1
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(run())


def timed_out(engine: sergo.Engine) -> None:
    """Enter with less patience than the wait needs."""

    async def run() -> None:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(engine.enter_async("/foo"), 0.001)

    asyncio.run(run())


def by_hand(engine: sergo.Engine) -> None:
    """Ask, and think better of it."""
    decision = engine.decide("/foo")
    assert isinstance(decision, sergo.Entry)
    assert decision.wait_ns > 0
    for _ in range(2):
        decision.cancel()
    decision.exit(error=True)


@pytest.fixture(params=[interrupted, cancelled, timed_out, by_hand])
def break_off(request: pytest.FixtureRequest) -> BreakOff:
    """A way to break a wait off."""
    way: BreakOff = request.param
    return way


def test_nothing_is_in_flight(engine: sergo.Engine, break_off: BreakOff) -> None:
    engine.load(PACE)
    engine.enter("/foo").exit()
    break_off(engine)
    foo = engine.figures().resources[0]
    assert (foo.passed, foo.waited, foo.cancelled, foo.completed, foo.in_flight) == (2, 1, 1, 1, 0)
    assert engine.figures().in_flight == 0


def test_its_place_is_free(engine: sergo.Engine, break_off: BreakOff) -> None:
    engine.load(together(CONCURRENCY, PACE))
    held = [engine.decide("/foo") for _ in range(3)]
    assert not engine.decide("/foo")
    for decision in held:
        assert isinstance(decision, sergo.Entry)
        decision.exit()
    for _ in range(4):
        break_off(engine)
    assert [engine.decide("/foo").passed for _ in range(4)] == [True, True, True, False]


def test_its_probe_is_free(engine: sergo.Engine, clock: sergo.ManualClock, break_off: BreakOff) -> None:
    engine.load(together(BREAKER, PACE))
    for _ in range(2):
        decision = engine.decide("/foo")
        assert isinstance(decision, sergo.Entry)
        decision.exit(error=True)
    assert not engine.decide("/foo")
    clock.advance(5)
    break_off(engine)
    assert engine.breaker_state("/foo", "failing") != "closed", "no call was made"
    probe = engine.decide("/foo")
    assert isinstance(probe, sergo.Entry), "the next has its turn"
    assert not engine.decide("/foo")
    probe.exit()
    assert engine.breaker_state("/foo", "failing") == "closed"
