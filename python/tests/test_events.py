"""Hearing of what happens."""

from __future__ import annotations

import asyncio
import logging
import threading

import pytest

import sergo
from conftest import eventually, limit


def tickers() -> int:
    """How many threads hand events on."""
    return sum(thread.name == "sergo-events" for thread in threading.enumerate())


def versions(events: list[sergo.Event]) -> list[int]:
    """The versions of the rules that were heard of."""
    return [event.version for event in events if isinstance(event, sergo.RulesApplied)]


def test_all_that_listen_hear_of_all_from_then_on(engine: sergo.Engine) -> None:
    first: list[sergo.Event] = []
    second: list[sergo.Event] = []
    eventually(lambda: tickers() == 0)
    engine.load(limit())
    assert tickers() == 0
    with engine.on_event(first.append):
        engine.load(limit(0))
        with engine.on_event(second.append) as listening:
            engine.decide("/foo")
            eventually(lambda: len(first) == 2 and len(second) == 1)
            assert tickers() == 1
            assert not listening.closed
        assert "closed" in repr(listening)
        engine.load(limit())
        eventually(lambda: len(first) == 3)
    blocked = sergo.FirstBlock("/foo", "rate-limit-foo")
    assert first == [sergo.RulesApplied(2), blocked, sergo.RulesApplied(3)]
    assert second == [blocked]
    eventually(lambda: tickers() == 0)


def test_who_listens_and_who_drains_take_nothing_from_each_other(engine: sergo.Engine) -> None:
    heard: list[sergo.Event] = []
    engine.load("")
    with engine.on_event(heard.append):
        engine.load("")
        eventually(lambda: heard)
        engine.load("")
        assert versions(engine.drain_events()) == [1, 2, 3]
        assert engine.drain_events() == []
        eventually(lambda: len(heard) == 2)
    engine.load("")
    assert versions(heard) == [2, 3]
    assert versions(engine.drain_events()) == [4]


@pytest.mark.parametrize("failure", [ZeroDivisionError, SystemExit])
def test_a_callback_that_fails_harms_nobody(
    engine: sergo.Engine, caplog: pytest.LogCaptureFixture, failure: type[BaseException]
) -> None:
    heard: list[sergo.Event] = []

    def fail(event: sergo.Event) -> None:
        raise failure

    with caplog.at_level(logging.ERROR, "sergo"), engine.on_event(fail), engine.on_event(heard.append):
        for version in range(1, 4):
            engine.load("")
            eventually(lambda version=version: versions(heard)[-1:] == [version])  # type: ignore[misc]
    assert versions(heard) == [1, 2, 3]
    assert failure.__name__ in caplog.text


def test_closing_the_engine_tells_the_rest_and_ends_it(engine: sergo.Engine) -> None:
    heard: list[sergo.Event] = []
    listening = engine.on_event(heard.append)
    engine.load("")
    engine.close()
    assert versions(heard) == [1]
    assert listening.closed
    assert tickers() == 0
    engine.close()
    with pytest.raises(sergo.SergoError, match="closed"):
        engine.on_event(heard.append)


def test_a_callback_may_close_what_it_is_called_for(engine: sergo.Engine) -> None:
    heard: list[sergo.Event] = []

    def hear_once(event: sergo.Event) -> None:
        heard.append(event)
        once.close()

    def hear_and_end(event: sergo.Event) -> None:
        heard.append(event)
        engine.close()

    once, other = engine.on_event(hear_once), engine.on_event(hear_and_end)
    engine.load("")
    eventually(lambda: once.closed and other.closed)
    eventually(lambda: tickers() == 0)
    assert versions(heard) == [1, 1]


def test_of_too_many_the_newest_are_kept(engine: sergo.Engine) -> None:
    heard: list[sergo.Event] = []
    hold = threading.Event()

    def hear_late(event: sergo.Event) -> None:
        hold.wait(60)
        heard.append(event)

    with engine.on_event(hear_late):
        for _ in range(1_500):
            engine.load("")
        assert versions(engine.drain_events())[-1] == 1_500
        hold.set()
        eventually(lambda: versions(heard)[-1:] == [1_500])
    assert 1_024 <= len(heard) < 1_500
    assert versions(heard)[-1_024:] == list(range(477, 1_501))


def test_a_coroutine_hears_too(engine: sergo.Engine) -> None:
    async def run() -> list[sergo.Event]:
        with engine.events() as events:
            engine.load("")
            engine.load("")
            first = await events.__anext__()
            engine.load("")
            engine.close()
            rest = [event async for event in events]
            assert [event async for event in events] == []
        assert events.closed
        return [first, *rest]

    assert versions(asyncio.run(run())) == [1, 2, 3]


def test_a_stream_that_is_closed_ends(engine: sergo.Engine) -> None:
    async def run() -> list[list[sergo.Event]]:
        events = engine.events()

        async def listen() -> list[sergo.Event]:
            return [event async for event in events]

        listening = [asyncio.ensure_future(listen()) for _ in range(2)]
        await asyncio.sleep(0)
        events.close()
        events.close()
        return list(await asyncio.gather(*listening))

    assert asyncio.run(run()) == [[], []]
    eventually(lambda: tickers() == 0)


def test_a_stream_whose_loop_has_ended_is_closed(engine: sergo.Engine) -> None:
    async def run() -> sergo.EventStream:
        return engine.events()

    events = asyncio.run(run())
    engine.load("")
    eventually(lambda: events.closed)
    eventually(lambda: tickers() == 0)
    with pytest.raises(RuntimeError):
        engine.events()
