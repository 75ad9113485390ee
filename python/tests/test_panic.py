"""A panic inside sergo is an error of one engine, and the process goes on."""

from __future__ import annotations

import threading
from typing import Any

import pytest

import sergo
from conftest import OVERLOAD, eventually, limit
from sergo import _sergo

panic: Any = vars(_sergo)["_panic_on_purpose"]


def test_a_panic_is_an_error_and_poisons_its_engine_alone(limited: sergo.Engine) -> None:
    entry = limited.enter("/foo")
    with pytest.raises(sergo.SergoError) as raised:
        panic(limited)
    assert raised.value.code == "panicked"
    for use in (lambda: limited.enter("/foo"), lambda: limited.load(""), lambda: limited.version, entry.exit):
        with pytest.raises(sergo.SergoError) as raised:
            use()
        assert raised.value.code == "poisoned"
    with sergo.Engine("foo-app") as other:
        assert other.load(limit())
        assert other.decide("/foo")
    limited.close()
    with pytest.raises(sergo.SergoError) as raised:
        limited.enter("/foo")
    assert raised.value.code == "closed"


def test_a_block_keeps_its_own_exception_when_sergo_fails_inside(limited: sergo.Engine) -> None:
    def serve() -> None:
        with limited.enter("/foo"):
            with pytest.raises(sergo.SergoError):
                panic(limited)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        serve()


def test_what_runs_in_the_background_ends_with_its_engine() -> None:
    heard: list[sergo.Event] = []
    with sergo.Engine("foo-app") as engine:
        listening = engine.on_event(heard.append)
        engine.load(OVERLOAD)
        eventually(lambda: background() == 2)
        with pytest.raises(sergo.SergoError):
            panic(engine)
        eventually(lambda: background() == 0)
    assert listening.closed


def background() -> int:
    """How many threads of sergo run."""
    return sum(thread.name.startswith("sergo-") for thread in threading.enumerate())
