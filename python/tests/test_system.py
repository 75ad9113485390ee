"""How loaded the system is: measured by the engine, or told by the application."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest

import sergo
from conftest import OVERLOAD, eventually, limit

MEMORY = OVERLOAD.replace("CpuPercentage", "MemoryPercentage")


def samplers() -> int:
    """How many threads sample."""
    return sum(thread.name == "sergo-system" for thread in threading.enumerate())


def used(engine: sergo.Engine) -> object:
    """The figure that the overload protection sees."""
    return engine.explain("/foo").gates[0].used


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells its load")
def test_the_figures_arrive_while_a_rule_looks_at_them() -> None:
    with sergo.Engine("foo-app") as engine:
        engine.load(MEMORY)
        memory = used(engine)
        assert isinstance(memory, float)
        assert 0 < memory <= 1
        engine.load(OVERLOAD)
        # A share of time needs two looks.
        eventually(lambda: used(engine) is not None)


def test_nobody_measures_what_no_rule_looks_at() -> None:
    eventually(lambda: samplers() == 0)
    with sergo.Engine("foo-app") as engine:
        assert engine.load(limit())
        assert samplers() == 0
        engine.load(OVERLOAD)
        engine.load(MEMORY)
        assert samplers() == 1
        engine.load(limit())
        eventually(lambda: samplers() == 0)
        engine.load(OVERLOAD)
        assert samplers() == 1
    assert samplers() == 0


def test_a_subscription_begins_it_too(folder: Path) -> None:
    with sergo.Engine("foo-app") as engine, engine.subscribe(sergo.file(folder), interval=0.02):
        assert samplers() == 0
        (folder / "overload.yaml").write_text(OVERLOAD)
        eventually(lambda: samplers() == 1)


@pytest.mark.parametrize("running", [True, False])
def test_the_applications_own_figures_stand_for_good(running: bool) -> None:
    with sergo.Engine("foo-app") as engine, sergo.Engine("foo-app") as other:
        other.load(OVERLOAD)
        if running:
            engine.load(OVERLOAD)
        engine.set_system_load(cpu=0.25)
        for _ in range(2):
            assert samplers() == 1, "the other engine goes on"
            engine.load(OVERLOAD)
            assert used(engine) == 0.25


def test_it_can_be_switched_off() -> None:
    with sergo.Engine("foo-app", sample_system=False) as engine:
        engine.load(MEMORY)
        assert samplers() == 0
        assert used(engine) is None


def test_it_keeps_no_forgotten_engine() -> None:
    engine = sergo.Engine("foo-app")
    engine.load(OVERLOAD)
    assert samplers() == 1
    del engine
    eventually(lambda: samplers() == 0)
