"""Many threads at once: nothing is lost, and no limit is exceeded."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from typing import Callable

import pytest

import sergo
from conftest import CONCURRENCY, limit, together

THREADS = 8
ROUNDS = 2_000


@pytest.fixture(autouse=True)
def _often() -> Iterator[None]:
    """Let threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def at_once(work: Callable[[int], None]) -> None:
    """Run work on all threads at once, and raise what one of them raises."""
    failed: list[BaseException] = []
    start = threading.Barrier(THREADS)

    def run(number: int) -> None:
        start.wait()
        try:
            work(number)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]


def test_a_limit_admits_exactly_what_it_allows(engine: sergo.Engine) -> None:
    engine.load(limit(1000))
    passed = [0] * THREADS

    def enter(number: int) -> None:
        for _ in range(ROUNDS):
            decision = engine.decide("GET:/foo")
            if isinstance(decision, sergo.Entry):
                passed[number] += 1
                decision.exit()

    at_once(enter)
    foo = engine.figures().resources[0]
    assert sum(passed) == foo.passed == foo.completed == 1000
    assert foo.blocked == THREADS * ROUNDS - 1000
    assert foo.in_flight == 0


def test_one_entry_leaves_once_for_all_threads(engine: sergo.Engine) -> None:
    engine.load(limit(1000))
    entries = [engine.enter("/foo") for _ in range(1000)]

    def leave(_: int) -> None:
        for entry in entries:
            entry.exit()

    at_once(leave)
    foo = engine.figures().resources[0]
    assert (foo.completed, foo.in_flight) == (1000, 0)


def test_entries_go_on_while_rules_change(engine: sergo.Engine) -> None:
    def work(number: int) -> None:
        for turn in range(ROUNDS // 10):
            if number == 0:
                # The governed names change every time: every id goes stale.
                assert engine.load(together(limit(1_000_000, "/foo"), other(turn))).accepted == 5
            for name in ("GET:/foo", f"/other{turn % 3}", "/unnamed"):
                with engine.enter(name):
                    pass

    def other(turn: int) -> str:
        text = limit(1_000_000, f"/other{turn % 3}").replace("limit-foo", "limit-other")
        return "\n---\n".join(part for part in text.split("\n---\n") if "FallbackAction" not in part)

    engine.load(together(limit(1_000_000, "/foo"), other(0)))
    at_once(work)
    by_name = {resource.resource: resource for resource in engine.figures().resources}
    assert by_name["/foo"].passed == by_name["/foo"].completed == THREADS * (ROUNDS // 10)
    assert all(resource.in_flight == 0 for resource in by_name.values())


def test_no_window_of_real_time_holds_more_than_its_limit() -> None:
    window = 20_000_000
    admitted: list[tuple[int, int]] = []
    blocked = [0] * THREADS
    with sergo.Engine("foo-app") as engine:

        def rules(turn: int) -> str:
            # The governed names change every time: every id goes stale.
            named = limit(50).replace('"1m"', '"20ms"')
            return together(named, limit(1, f"/other{turn}").replace("-foo", "-other"))

        def work(number: int) -> None:
            for turn in range(ROUNDS):
                if number == 0 and turn % 20 == 0:
                    assert engine.load(rules(turn)).accepted == 6
                before = time.monotonic_ns()
                decision = engine.decide("/foo")
                after = time.monotonic_ns()
                if isinstance(decision, sergo.Entry):
                    admitted.append((after, before))
                    decision.exit()
                else:
                    blocked[number] += 1

        engine.load(rules(0))
        at_once(work)
        foo = engine.figures().resources[0]
        assert foo.passed == foo.completed == len(admitted) >= 50
        assert foo.blocked == sum(blocked) > 0
        assert foo.in_flight == 0
    # Each was admitted between two readings: only what surely lies in one window counts.
    admitted.sort()
    for number, (end, _) in enumerate(admitted):
        surely = 0
        for after, before in reversed(admitted[: number + 1]):
            if after <= end - window:
                break
            surely += before > end - window
        assert surely <= 50


def test_no_more_are_in_flight_than_allowed_while_rules_change(engine: sergo.Engine) -> None:
    engine.load(CONCURRENCY)
    inside = threading.Semaphore(3)

    def work(number: int) -> None:
        for turn in range(ROUNDS):
            if number == 0 and turn % 20 == 0:
                engine.load(together(CONCURRENCY, limit(1, f"/other{turn}")))
            decision = engine.decide("/foo")
            if isinstance(decision, sergo.Entry):
                assert inside.acquire(blocking=False), "a fourth is in flight"
                time.sleep(0)
                inside.release()
                decision.exit()

    at_once(work)
    foo = engine.figures().resources[0]
    assert foo.passed + foo.blocked == THREADS * ROUNDS
    assert (foo.in_flight, foo.completed) == (0, foo.passed)
    assert [engine.decide("/foo").passed for _ in range(4)] == [True, True, True, False]


def test_closing_under_load_is_an_error_to_all_and_no_crash() -> None:
    engine = sergo.Engine("foo-app")
    engine.load(limit(1_000_000))
    closed = [""] * THREADS

    def work(number: int) -> None:
        try:
            for turn in range(ROUNDS):
                if number == 0 and turn == ROUNDS // 2:
                    engine.close()
                engine.enter("/foo").exit()
                engine.route("provider")
        except sergo.SergoError as error:
            closed[number] = error.code

    at_once(work)
    assert set(closed) <= {"closed", ""}
    assert closed[0] == "closed"
