"""What nobody should do, and what comes of it: an error, or nothing."""

from __future__ import annotations

from typing import Callable

import pytest

import sergo
from conftest import ROUTER, limit, together

NO_TEXT = "\ud800"
"""Half of a character: no UTF-8 can say it."""


@pytest.mark.parametrize("name", ["", "x" * 2**20, "a\0b", "\0", "\U0001f600" * 300, "e\u0301", " ", "*"])
def test_any_text_is_a_name(limited: sergo.Engine, name: str) -> None:
    for _ in range(3):
        limited.enter(name).exit()
        assert limited.decide(name, direction="outbound")
    assert limited.explain(name).resource == name
    assert limited.breaker_state(name, name) is None
    assert not limited.route(name, method=name, path=name, scheme=name, headers={name: name}, client=name, hash=name)
    assert not limited.connect(name, sni=name, address=name, client=name)
    limited.set_instances(name, [sergo.Instance(name, {name: name}, zone=name)])
    assert [resource.resource for resource in limited.figures().resources] == ["/foo"]


@pytest.mark.parametrize("name", ["a\0b", "\U0001f600", "x" * 1024])
def test_a_rule_may_name_it(engine: sergo.Engine, name: str) -> None:
    written = '"' + name.replace("\0", "\\0") + '"'
    report = engine.load(limit(1, written))
    assert report, report.rejected
    assert [engine.decide(name).passed for _ in range(2)] == [True, False]
    assert engine.decide(name[:-1] + "c")


@pytest.mark.parametrize(
    "use",
    [
        lambda engine: engine.enter(NO_TEXT),
        lambda engine: engine.decide(f"/foo{NO_TEXT}"),
        lambda engine: engine.explain(NO_TEXT),
        lambda engine: engine.load(NO_TEXT),
        lambda engine: engine.push([(NO_TEXT, "")]),
        lambda engine: engine.breaker_state(NO_TEXT, ""),
        lambda engine: engine.route(NO_TEXT),
        lambda engine: engine.route("a", source_labels={NO_TEXT: ""}),
        lambda engine: engine.route("provider", headers={"tag": NO_TEXT}),
        lambda engine: engine.connect("a", sni=NO_TEXT),
        lambda engine: engine.set_instances(NO_TEXT, []),
        lambda engine: sergo.Engine(NO_TEXT),
        lambda engine: sergo.Engine("a", labels={"a": NO_TEXT}),
    ],
)
def test_what_is_no_text_is_an_error(limited: sergo.Engine, use: Callable[[sergo.Engine], object]) -> None:
    assert limited.load(together(limit(), ROUTER))
    with pytest.raises(sergo.SergoError) as raised:
        use(limited)
    assert raised.value.code == "utf8"
    assert limited.decide("/foo", cost=2), "nothing was spent"


def test_a_megabyte_of_nonsense_is_a_mistake_in_the_report(limited: sergo.Engine) -> None:
    for text in ("{" * 2**20, "a: &a [*a]", "\0" * 2**20, "- " * 2**16, "x" * 2**20):
        report = limited.load(text)
        assert report.accepted == 0
        assert report.rejected or report.warnings
    assert limited.load(limit())


def test_a_permit_can_be_given_back_after_a_clock_that_failed() -> None:
    broken = False

    def clock() -> int:
        if broken:
            raise LookupError("no time")
        return 0

    with sergo.Engine("foo-app", clock=clock) as engine:
        engine.load(limit())
        entry = engine.enter("/foo")
        broken = True
        with pytest.raises(LookupError):
            entry.exit()
        broken = False
        for _ in range(2):
            entry.exit()
        foo = engine.figures().resources[0]
        assert (foo.completed, foo.in_flight) == (1, 0)


@pytest.mark.parametrize("time", [-1, 2**64, "now", None, 1.5])
def test_a_clock_that_tells_no_time_is_an_error_of_the_call(time: object) -> None:
    with sergo.Engine("foo-app", clock=lambda: time) as engine:  # type: ignore[arg-type, return-value]
        assert engine.load(limit())
        with pytest.raises((OverflowError, TypeError)):
            engine.enter("/foo")
        assert engine.version == 1
