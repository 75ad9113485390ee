"""Entering from coroutines."""

from __future__ import annotations

import asyncio

import pytest

import sergo


def test_async_with_enters_and_leaves(limited: sergo.Engine) -> None:
    async def run() -> None:
        async with limited.enter_async("GET:/foo") as entry:
            assert entry.passed
            assert limited.figures().resources[0].in_flight == 1
        with pytest.raises(ZeroDivisionError):
            async with limited.enter_async("GET:/foo"):
                raise ZeroDivisionError
        with pytest.raises(sergo.Blocked):
            await limited.enter_async("GET:/foo")

    asyncio.run(run())
    foo = limited.figures().resources[0]
    assert (foo.in_flight, foo.completed, foo.errors, foo.blocked) == (0, 2, 1, 1)


def test_await_gives_an_entry_to_leave_by_hand(limited: sergo.Engine) -> None:
    async def run() -> None:
        entry = await limited.enter_async("/foo", cost=2)
        entry.exit(error=True)

    asyncio.run(run())
    assert limited.figures().resources[0].errors == 1
    assert not limited.decide("/foo")


def test_what_is_never_awaited_never_enters(limited: sergo.Engine) -> None:
    limited.enter_async("/foo")
    assert limited.figures().resources[0].passed == 0


def test_a_governed_coroutine_function_enters_and_leaves(limited: sergo.Engine) -> None:
    @limited.governed("/foo")
    async def half(number: int) -> float:
        await asyncio.sleep(0)
        assert limited.figures().resources[0].in_flight == 1
        return 1 / number

    assert asyncio.iscoroutinefunction(half)
    assert asyncio.run(half(2)) == 0.5
    with pytest.raises(ZeroDivisionError):
        asyncio.run(half(0))
    with pytest.raises(sergo.Blocked):
        asyncio.run(half(2))


def test_many_tasks_together_get_what_the_limit_allows(limited: sergo.Engine) -> None:
    async def one() -> bool:
        try:
            async with limited.enter_async("/foo"):
                await asyncio.sleep(0)
        except sergo.Blocked:
            return False
        return True

    async def run() -> list[bool]:
        return await asyncio.gather(*(one() for _ in range(50)))

    assert sum(asyncio.run(run())) == 2
    assert limited.figures().resources[0].in_flight == 0


def test_a_wait_is_slept_without_holding_up_others(paced: sergo.Engine) -> None:
    async def one() -> int:
        async with paced.enter_async("/bar") as entry:
            return entry.wait_ns

    async def run() -> list[int]:
        return await asyncio.gather(*(one() for _ in range(3)))

    assert asyncio.run(run()) == [0, 20_000_000, 40_000_000]
    bar = paced.figures().resources[0]
    assert (bar.waited, bar.in_flight) == (2, 0)
