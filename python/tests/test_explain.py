"""What an entry would be answered, and why."""

from __future__ import annotations

import pytest

import sergo
from conftest import BREAKER, OVERLOAD, THROTTLE, limit, together


def test_every_gate_is_told_in_the_order_in_which_it_is_asked(engine: sergo.Engine) -> None:
    report = engine.load(together(OVERLOAD, BREAKER, limit(), THROTTLE.replace("/bar", "/foo")))
    assert report, report.rejected
    explanation = engine.explain("GET:/foo")
    assert (explanation.resource, explanation.governed, explanation.answer) == ("GET:/foo", True, "pass")
    assert [(gate.kind, gate.strategy, gate.rule, gate.target) for gate in explanation.gates] == [
        ("AdaptiveOverloadProtectionStrategy", "cpu", "protect", ""),
        ("CircuitBreakerStrategy", "failing", "break-foo", "/foo"),
        ("RateLimitStrategy", "rate-limit-foo", "limit-foo", "/foo"),
        ("ThrottlingStrategy", "one-by-one", "pace-bar", "/foo"),
    ]
    overload, breaker, rate, pacing = explanation.gates
    assert (overload.limit, overload.used, overload.state) == (0.8, None, None)
    assert (breaker.limit, breaker.used, breaker.state) == (0.5, None, "closed")
    assert (rate.limit, rate.used) == (2, 0)
    assert (pacing.limit, pacing.used) == (3_600_000_000_000, 0)
    assert [gate.target for gate in engine.explain("GET:/foo", direction="outbound").gates] == ["/foo"] * 3


def test_it_says_what_entering_would_and_changes_nothing(limited: sergo.Engine, clock: sergo.ManualClock) -> None:
    assert limited.decide("/foo", cost=2)
    clock.advance(15.5)
    before = limited.figures()
    explanation = limited.explain("GET:/foo")
    assert (explanation.answer, explanation.retry_after_ns, explanation.wait_ns) == ("block", 44_500_000_000, None)
    assert explanation.gates[0].used == 2
    assert "2" in explanation.gates[0].why
    assert limited.figures() == before
    block = limited.decide("GET:/foo")
    assert isinstance(block, sergo.BlockedDecision)
    assert block.retry_after_ns == explanation.retry_after_ns
    assert limited.explain("/foo", cost=3).retry_after_ns is None


def test_a_wait_is_told_in_nanoseconds(paced: sergo.Engine) -> None:
    paced.enter("/bar").exit()
    explanation = paced.explain("/bar")
    assert (explanation.answer, explanation.wait_ns) == ("wait", 20_000_000)
    assert explanation.gates[0].wait_ns == 20_000_000
    decision = paced.decide("/bar")
    assert isinstance(decision, sergo.Entry)
    assert decision.wait_ns == 20_000_000


def test_a_resource_without_rules_is_not_governed(limited: sergo.Engine) -> None:
    explanation = limited.explain("/nobody")
    assert (explanation.governed, explanation.answer, explanation.gates) == (False, "pass", ())
    assert str(explanation).startswith("/nobody: pass")


def test_it_reads_as_the_core_writes_it(limited: sergo.Engine) -> None:
    explanation = limited.explain("/foo")
    assert str(explanation) == explanation.text
    first, *rest = explanation.text.splitlines()
    assert first == "/foo: pass"
    assert any("rate-limit-foo" in line for line in rest)
    assert explanation.gates[0].why in explanation.text


def test_its_arguments_have_bounds(limited: sergo.Engine) -> None:
    with pytest.raises(sergo.SergoError, match="cost: found 0"):
        limited.explain("/foo", 0)
    with pytest.raises(sergo.SergoError, match="direction"):
        limited.explain("/foo", direction="in")  # type: ignore[arg-type]
