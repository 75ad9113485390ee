"""What the core tells is all there, under names of Python's manner."""

from __future__ import annotations

import json
import re
from dataclasses import fields, is_dataclass
from typing import Any

import sergo
from conftest import BREAKER, OVERLOAD, limit, together

RENAMED = {"wait": "wait_ns", "retry_after": "retry_after_ns"}


def missing(told: Any, shown: Any) -> list[str]:
    """The members of the core's JSON that a dataclass does not have, or has otherwise."""
    if isinstance(told, list):
        assert len(told) == len(shown)
        return [name for one, other in zip(told, shown) for name in missing(one, other)]
    if not is_dataclass(shown):
        return [] if told == shown else [repr(told)]
    names = {field.name for field in fields(shown)}
    found: list[str] = []
    for member, value in told.items():
        name = re.sub("[A-Z]", lambda match: f"_{match[0].lower()}", member)
        name = RENAMED.get(name, name) if isinstance(shown, (sergo.Explanation, sergo.GateExplanation)) else name
        found += missing(value, getattr(shown, name)) if name in names else [member]
    return found


def test_figures_and_explanations_leave_nothing_out(engine: sergo.Engine, clock: sergo.ManualClock) -> None:
    engine.load(together(OVERLOAD, BREAKER, limit()))
    for error in (False, True):
        entry = engine.enter("/foo")
        clock.advance(0.01)
        entry.exit(error)
    assert missing(json.loads(engine._figures()), engine.figures()) == []
    explained = json.loads(engine._explain("/foo", 1, "inbound"))
    assert explained["answer"] == "block"
    assert missing(explained, engine.explain("/foo")) == []


def test_reports_leave_nothing_out(engine: sergo.Engine) -> None:
    text = together(limit(-1), "kind: Nonsense")
    told = json.loads(engine._apply([("a.yaml", text)]))
    report = engine.push([("a.yaml", text)])
    assert told["rejected"]
    assert told["waiting"]
    assert told["warnings"]
    told["version"] = report.version
    assert missing(told, report) == []
