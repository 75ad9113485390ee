"""What goes on in forked children."""

from __future__ import annotations

import asyncio
import os
import threading
from pathlib import Path

import pytest

import sergo
from conftest import OVERLOAD, ROUTER, Child, eventually, limit

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")


def test_three_workers_pick_differently() -> None:
    with sergo.Engine("foo-app") as engine:
        engine.load(ROUTER)

        def picks() -> list[str | None]:
            routings = [engine.route("provider", path="/split") for _ in range(64)]
            return [routing.destination.subset for routing in routings if routing.destination]

        picks()
        workers = [Child(picks) for _ in range(3)]
        everyone = [worker.result() for worker in workers] + [repr(picks())]
    assert len(set(everyone)) == 4
    assert all("v1" in one and "v2" in one for one in everyone)


def test_a_child_enters_by_counts_of_its_own(limited: sergo.Engine) -> None:
    limited.decide("/foo")
    child = Child(lambda: [limited.decide("/foo").passed for _ in range(2)])
    assert child.result() == "[True, False]"
    assert limited.decide("/foo").passed


def test_a_child_goes_on_watching(folder: Path) -> None:
    with sergo.Engine("foo-app") as engine, engine.subscribe(sergo.file(folder), interval=0.02) as subscription:

        def work() -> object:
            eventually(lambda: subscription.last_report and subscription.last_report.version == 2)
            threads = threading.active_count()
            subscription.close()
            return (engine.version, threads, threading.active_count())

        child = Child(work)
        (folder / "foo.yaml").write_text(limit(7))
        assert child.result() == "(2, 2, 1)"
        eventually(lambda: engine.version == 2)


def test_a_child_goes_on_sampling_and_listening() -> None:
    heard: list[object] = []
    with sergo.Engine("foo-app") as engine, engine.on_event(heard.append):
        engine.load(OVERLOAD)
        eventually(lambda: heard)

        def work() -> object:
            running = sorted(thread.name for thread in threading.enumerate() if thread.name.startswith("sergo"))
            engine.load(OVERLOAD)
            eventually(lambda: sergo.RulesApplied(2) in heard)
            engine.close()
            return (running, threading.active_count())

        assert Child(work).result() == "(['sergo-events', 'sergo-system'], 1)"
        assert heard == [sergo.RulesApplied(1)]


def test_a_stream_stays_with_its_parent() -> None:
    async def run() -> None:
        with sergo.Engine("foo-app") as engine, engine.events() as events:

            def work() -> object:
                engine.load("")
                eventually(lambda: events.closed)
                return events

            assert "closed" in Child(work).result()
            assert not events.closed

    asyncio.run(run())


def test_a_fork_finds_no_rules_half_changed() -> None:
    with sergo.Engine("foo-app") as engine:
        stopping = threading.Event()

        def change() -> None:
            while not stopping.is_set():
                engine.load(limit())

        changing = threading.Thread(target=change)
        changing.start()
        try:
            for _ in range(20):
                child = Child(lambda: engine.load(limit()).accepted)
                assert child.result() == "3"
        finally:
            stopping.set()
            changing.join()
