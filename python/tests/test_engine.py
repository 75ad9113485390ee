"""Loading, entering, leaving, closing."""

from __future__ import annotations

import copy
import gc
import pickle
import time
import weakref
from typing import Any

import pytest

import sergo
from conftest import BREAKER, OVERLOAD, limit, together
from sergo._events import events_from_json


def test_a_limit_blocks_with_all_that_its_rule_says(limited: sergo.Engine, clock: sergo.ManualClock) -> None:
    for _ in range(2):
        with limited.enter("GET:/foo"):
            pass
    clock.advance(15.5)
    with pytest.raises(sergo.Blocked) as raised:
        limited.enter("GET:/foo")
    block = raised.value
    assert (block.strategy, block.name, block.rule) == ("RateLimitStrategy", "rate-limit-foo", "limit-foo")
    assert (block.retry_after, block.retry_after_ns) == (44.5, 44_500_000_000)
    assert block.fallback == sergo.Fallback(429, "Blocked by Sentinel", (("X-Sentinel-Limit", "foo"),))
    assert str(block) == "blocked by RateLimitStrategy 'rate-limit-foo' of rule 'limit-foo', retry after 44.5 s"
    clock.advance(44.5)
    limited.enter("GET:/foo").exit()


def test_the_value_form_neither_raises_nor_sleeps(limited: sergo.Engine) -> None:
    decisions = [limited.decide("GET:/foo") for _ in range(3)]
    assert [decision.passed for decision in decisions] == [True, True, False]
    assert [bool(decision) for decision in decisions] == [True, True, False]
    assert isinstance(decisions[0], sergo.Passed)
    assert (decisions[0].wait, decisions[0].wait_ns) == (0.0, 0)
    assert isinstance(decisions[2], sergo.BlockedDecision)
    assert decisions[2].name == "rate-limit-foo"


def test_a_limit_is_spent_in_cost(limited: sergo.Engine) -> None:
    assert limited.decide("/foo", cost=2)
    assert not limited.decide("/foo")
    over = limited.decide("/foo", 3)
    assert isinstance(over, sergo.BlockedDecision)
    assert over.retry_after is None
    assert over.retry_after_ns is None
    assert "retry" not in str(sergo.Blocked(over))


def test_arguments_out_of_bounds_say_what_would_be_right(limited: sergo.Engine) -> None:
    for cost in (0, -1, 2**32, 10**30):
        with pytest.raises((sergo.SergoError, OverflowError)):
            limited.enter("/foo", cost)
    with pytest.raises(sergo.SergoError, match="cost: found 0, expected 1 to 4294967295") as raised:
        limited.enter("/foo", 0)
    assert raised.value.code == "argument"
    with pytest.raises(sergo.SergoError, match='direction: found "in", expected "inbound" or "outbound"'):
        limited.enter("/foo", direction="in")  # type: ignore[arg-type]
    with pytest.raises(sergo.SergoError) as raised:
        limited.enter("\udc80")
    assert raised.value.code == "utf8"
    with pytest.raises(TypeError):
        limited.enter(b"/foo")  # type: ignore[arg-type]
    with pytest.raises(sergo.SergoError, match="weight: found -1"):
        sergo.Instance("a", weight=-1)
    assert limited.decide("/foo", 2, "outbound"), "what was refused has spent nothing"


def test_an_entry_leaves_once_and_an_exception_is_an_error(limited: sergo.Engine) -> None:
    with limited.enter("/foo") as entry:
        assert "open" in repr(entry)
        assert limited.figures().resources[0].in_flight == 1
    entry.exit(error=True)
    assert "exited" in repr(entry)
    with pytest.raises(ZeroDivisionError), limited.enter("/foo"):
        raise ZeroDivisionError
    foo = limited.figures().resources[0]
    assert (foo.passed, foo.blocked, foo.in_flight, foo.completed, foo.errors) == (2, 0, 0, 2, 1)


def test_figures_count_per_target_and_strategy(limited: sergo.Engine, clock: sergo.ManualClock) -> None:
    for _ in range(5):
        decision = limited.decide("GET:/foo")
        if isinstance(decision, sergo.Entry):
            clock.advance(0.25)
            decision.exit()
    figures = limited.figures()
    assert figures.version == limited.version == 1
    (foo,) = figures.resources
    assert (foo.resource, foo.passed, foo.blocked, foo.waited) == ("/foo", 2, 3, 0)
    assert (foo.in_flight, foo.completed, foo.errors) == (0, 2, 0)
    assert foo.strategies == (sergo.StrategyFigures("RateLimitStrategy", "rate-limit-foo", 3),)


def test_figures_tell_how_response_times_spread(engine: sergo.Engine, clock: sergo.ManualClock) -> None:
    engine.load(together(limit(1_000), OVERLOAD))
    foo = engine.figures().resources[0]
    assert (foo.rt_min_nanos, foo.rt_max_nanos, foo.rt_p50_nanos, foo.rt_histogram) == (0, 0, 0, ())
    for _ in range(98):
        with engine.enter("/foo"):
            clock.advance(ns=1_000_000)
    for error in (False, True):
        entry = engine.enter("/foo")
        clock.advance(1)
        entry.exit(error)
    foo = engine.figures().resources[0]
    assert (foo.completed, foo.errors) == (100, 1)
    assert foo.rt_sum_nanos == 98 * 1_000_000 + 2 * 1_000_000_000
    assert (foo.rt_min_nanos, foo.rt_max_nanos) == (1_000_000, 1_000_000_000)
    assert 1_000_000 <= foo.rt_p50_nanos <= 1_125_000
    assert 1_000_000_000 <= foo.rt_p99_nanos <= 1_125_000_000
    assert [count for _, count in foo.rt_histogram] == [98, 2]
    assert all(under > rt for (under, _), rt in zip(foo.rt_histogram, (1_000_000, 1_000_000_000)))


def test_figures_tell_of_the_instance(engine: sergo.Engine) -> None:
    engine.load(OVERLOAD)
    entries = [engine.enter(name) for name in ("/foo", "/unnamed", "/unnamed")]
    engine.enter("/foo", direction="outbound").exit()
    engine.set_system_load(cpu=0.9)
    assert not engine.decide("/unnamed")
    figures = engine.figures()
    assert figures.in_flight == 3
    assert figures.instance == (sergo.StrategyFigures("AdaptiveOverloadProtectionStrategy", "cpu", 1),)
    for entry in entries:
        entry.exit()
    assert engine.figures().in_flight == 0


def test_events_are_drained_once(limited: sergo.Engine) -> None:
    limited.decide("/foo", 3)
    assert limited.drain_events() == [sergo.RulesApplied(1), sergo.FirstBlock("/foo", "rate-limit-foo")]
    assert limited.drain_events() == []


def test_a_breaker_tells_its_state_and_its_changes(engine: sergo.Engine) -> None:
    report = engine.load(BREAKER)
    assert report, report.rejected
    assert engine.breaker_state("/foo", "failing") == "closed"
    for error in (False, True):
        engine.enter("/foo").exit(error)
    assert engine.breaker_state("/foo", "failing") == "open"
    assert engine.breaker_state("/foo", "another") is None
    opened = sergo.BreakerChanged("/foo", "failing", "closed", "open", total=2, bad=1)
    assert engine.drain_events() == [sergo.RulesApplied(1), opened]


def test_every_event_of_the_core_is_known() -> None:
    text = """[{"event": "breaker", "resource": "r", "strategy": "s", "from": "open", "to": "half-open"},
        {"event": "rulesApplied", "version": 3}, {"event": "firstBlock", "resource": "r", "strategy": "s"}]"""
    assert events_from_json(text) == [
        sergo.BreakerChanged("r", "s", "open", "half-open"),
        sergo.RulesApplied(3),
        sergo.FirstBlock("r", "s"),
    ]


def test_a_wait_is_slept_by_enter_and_left_to_the_caller_by_decide(
    paced: sergo.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    entries = [paced.enter("/bar") for _ in range(3)]
    assert slept == [0.02, 0.04]
    assert [entry.wait_ns for entry in entries] == [0, 20_000_000, 40_000_000]
    decision = paced.decide("/bar")
    assert isinstance(decision, sergo.Entry)
    assert (decision.wait, decision.wait_ns) == (0.06, 60_000_000)
    assert len(slept) == 2


def test_a_mistake_is_reported_and_takes_nothing_with_it(engine: sergo.Engine) -> None:
    assert engine.version == 0
    text = limit().replace("threshold: 2", "threshold: -2")
    report = engine.load(text)
    assert not report
    (mistake,) = report.rejected
    assert (mistake.kind, mistake.namespace, mistake.name) == ("RateLimitStrategy", "default", "rate-limit-foo")
    assert (mistake.field, mistake.source, mistake.code) == ("spec.threshold", "", "out-of-range")
    assert text.splitlines()[mistake.line - 1].startswith("spec: {threshold: -2")
    assert "-2" in mistake.found
    assert str(mistake) == mistake.message
    assert report.accepted == 2
    (waiting,) = report.waiting
    assert (waiting.name, waiting.missing) == ("limit-foo", "rate-limit-foo")
    assert engine.load("kind: Nonsense").warnings
    assert not engine.load("{").accepted


def test_a_push_of_several_texts_names_the_one_at_fault(engine: sergo.Engine) -> None:
    report = engine.push([("a.yaml", limit()), ("b.yaml", limit().replace("threshold: 2", "threshold: x"))])
    assert {diagnostic.source for diagnostic in report.rejected} == {"b.yaml"}


def test_ids_that_a_reload_makes_stale_are_resolved_again(engine: sergo.Engine) -> None:
    assert all(engine.decide(name) for name in ("/foo", "/bar") for _ in range(9)), "no rule, no limit"
    engine.load(limit(1, "/foo"))
    assert [engine.decide("/foo").passed for _ in range(2)] == [True, False]
    engine.load(limit(1, "/bar"))
    assert [engine.decide("/bar").passed for _ in range(2)] == [True, False]
    assert engine.decide("/foo")
    engine.load("")
    assert engine.decide("/bar")


def test_blocks_are_described_after_many_reloads(engine: sergo.Engine) -> None:
    for version in range(1, 21):
        engine.load(limit(1, f"/foo{version % 3}").replace("limit-foo", f"limit-{version}"))
        engine.decide(f"/foo{version % 3}")
        block = engine.decide(f"/foo{version % 3}")
        assert isinstance(block, sergo.BlockedDecision)
        assert block.rule == f"limit-{version}"


def test_names_without_rules_pass_however_many_there_are(limited: sergo.Engine) -> None:
    for number in range(25_000):
        limited.decide(f"/users/{number}").exit()  # type: ignore[union-attr]
    assert [resource.resource for resource in limited.figures().resources] == ["/foo"]
    assert [limited.decide("/foo").passed for _ in range(3)] == [True, True, False]


def test_the_systems_load_protects_while_it_is_known(engine: sergo.Engine) -> None:
    assert not engine.needs_system_load
    report = engine.load(OVERLOAD)
    assert report, report.rejected
    assert engine.needs_system_load
    assert engine.decide("/foo")
    engine.set_system_load(cpu=0.9, load1=1.0, memory=0.5)
    block = engine.decide("/anything")
    assert isinstance(block, sergo.BlockedDecision)
    assert (block.strategy, block.name) == ("AdaptiveOverloadProtectionStrategy", "cpu")
    assert engine.decide("/foo", direction="outbound")
    engine.set_system_load(memory=1.0)
    assert engine.decide("/foo")


def test_many_governed_names_are_kept_apart(engine: sergo.Engine) -> None:
    names = [f"/r{number}" for number in range(12_000)]
    targets = ", ".join(f"{{targetResourceName: {name}}}" for name in names)
    engine.load(limit(1).replace("{targetResourceName: /foo}", targets))
    for _ in range(2):
        passed = [engine.decide(name).passed for name in names]
    assert not any(passed)
    assert sum(resource.passed for resource in engine.figures().resources) == len(names)


def test_rules_are_for_their_app_namespace_and_labels(clock: sergo.ManualClock) -> None:
    selected = limit(0).replace("selector: {app: foo-app}", "selector: {app: foo-app, zone: z1}")
    for engine, governed in (
        (sergo.Engine("foo-app", labels={"zone": "z1"}), True),
        (sergo.Engine("foo-app"), False),
        (sergo.Engine("bar-app", labels={"zone": "z1"}), False),
        (sergo.Engine("foo-app", "other", {"zone": "z1"}), False),
    ):
        with engine:
            assert engine.load(selected).accepted == 3
            assert engine.decide("/foo").passed is not governed


def test_a_governed_function_enters_and_leaves(limited: sergo.Engine) -> None:
    @limited.governed("/foo")
    def half(number: int) -> float:
        """Halve it."""
        return 1 / number

    assert half(2) == 0.5
    assert half.__doc__ == "Halve it."
    with pytest.raises(ZeroDivisionError):
        half(0)
    with pytest.raises(sergo.Blocked):
        half(2)
    foo = limited.figures().resources[0]
    assert (foo.passed, foo.blocked, foo.in_flight, foo.errors) == (2, 1, 0, 1)
    with pytest.raises(TypeError, match="generator"):
        limited.governed("/foo")(lambda: (yield))


def test_a_closed_engine_is_an_error_and_closing_again_is_none(limited: sergo.Engine) -> None:
    entry = limited.enter("/foo")
    with limited:
        pass
    limited.close()
    for use in (
        lambda: limited.enter("/foo"),
        lambda: limited.decide("/bar"),
        lambda: limited.load(""),
        lambda: limited.route("provider"),
        lambda: limited.connect("provider"),
        lambda: limited.figures(),
        lambda: limited.explain("/foo"),
        lambda: limited.push([]),
        lambda: limited.drain_events(),
        lambda: limited.on_event(print),
        lambda: limited.version,
        lambda: limited.needs_system_load,
        lambda: limited.set_system_load(cpu=0.5),
        lambda: limited.breaker_state("/foo", "b"),
        lambda: limited.set_instances("provider", []),
        lambda: limited.subscribe(sergo.file(".")),
    ):
        with pytest.raises(sergo.SergoError) as raised:
            use()
        assert raised.value.code == "closed"
        assert "closed" in str(raised.value)
    for _ in range(2):
        entry.exit()
        entry.cancel()


def test_an_engine_that_is_forgotten_is_closed() -> None:
    engines = [sergo.Engine("foo-app") for _ in range(10)]
    gone = [weakref.ref(engine) for engine in engines]
    del engines
    gc.collect()
    assert all(reference() is None for reference in gone)
    # There is room for 4,096 at once: more than that only if those before were closed.
    for _ in range(5000):
        sergo.Engine("foo-app")


def test_an_engine_and_a_clock_that_know_each_other_are_collected() -> None:
    class Clock:
        engine: sergo.Engine

        def __call__(self) -> int:
            return 0

    clock = Clock()
    clock.engine = sergo.Engine("foo-app", clock=clock)
    gone = weakref.ref(clock)
    del clock
    gc.collect()
    assert gone() is None


def test_an_engine_may_be_the_base_of_another() -> None:
    class Foo(sergo.Engine):
        def __init__(self, app: str, **options: Any) -> None:
            super().__init__(app, **options)
            self.made = True

    with Foo("foo-app", namespace="other", sample_system=False) as engine:
        assert (engine.app, engine.namespace, engine.made) == ("foo-app", "other", True)
    with pytest.raises(TypeError):
        sergo.Engine("foo-app", colour="red")  # type: ignore[call-arg]


def test_a_clock_that_fails_is_an_error_of_the_call() -> None:
    def broken() -> int:
        raise LookupError("no time")

    with sergo.Engine("foo-app", clock=broken) as engine, pytest.raises(LookupError, match="no time"):
        engine.enter("/foo")


def test_errors_and_blocks_survive_pickling(limited: sergo.Engine) -> None:
    limited.decide("/foo", 2)
    with pytest.raises(sergo.Blocked) as raised:
        limited.enter("/foo")
    again = pickle.loads(pickle.dumps(raised.value))
    assert str(again) == str(raised.value)
    assert again.decision == raised.value.decision
    assert again.decision != sergo.BlockedDecision("RateLimitStrategy", "rate-limit-foo", "another")
    assert again.decision != "a block"
    assert len({again.decision, raised.value.decision, copy.copy(again.decision)}) == 1
    error = pickle.loads(pickle.dumps(sergo.SergoError("full", "too many")))
    assert (error.code, str(error)) == ("full", "too many")
    assert "rate-limit-foo" in repr(again.decision)
