"""Sergo and what Python programs would use in its place, at the job of benches/rules/peers.yaml.

One round, by pyperf. A benchmark is called library/what it does/job; each library
does what it has. `sergo` is the with statement, `sergo by value` asks and throws nothing.
"""

from __future__ import annotations

import contextlib
import threading
import time
from pathlib import Path
from typing import Any, Callable

import circuitbreaker
import limits
import pybreaker
import pyperf
import pyrate_limiter

import sergo

RULES = Path(__file__).resolve().parents[1] / "rules/peers.yaml"
HEADERS = {"accept": "*/*", "user-agent": "bench", "x-request-id": "7", "x-a": "1", "x-b": "2", "tag": "v2"}

Once = Callable[[str], object]


def work() -> None:
    """Be what is governed."""


def fail() -> None:
    """Be what is governed, and fail."""
    raise RuntimeError("on purpose")


def by_two(runner: pyperf.Runner, name: str, resource: str, once: Once) -> None:
    """Measure an operation on two threads, on one resource and on two: what it takes its thread."""

    def together(loops: int, second: str) -> float:
        def many(resource: str) -> None:
            for _ in range(loops):
                once(resource)

        threads = [threading.Thread(target=many, args=(name,)) for name in (resource, second)]
        start = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return time.perf_counter() - start

    runner.bench_time_func(f"{name}/shared", together, resource)
    runner.bench_time_func(f"{name}/own", together, f"{resource}/2")


def ours(runner: pyperf.Runner) -> None:
    """Measure sergo."""
    engine = sergo.Engine("bench-app")
    report = engine.load(RULES.read_text())
    if report.rejected or report.waiting or report.warnings:
        raise SystemExit("\n".join(map(str, [*report.rejected, *report.waiting, *report.warnings])))
    names: dict[str, Any] = {
        "enter": engine.enter,
        "decide": engine.decide,
        "route": engine.route,
        "pick": engine.pick,
        "headers": HEADERS,
        "work": work,
        "Blocked": sergo.Blocked,
    }

    def enter(resource: str) -> None:
        with engine.enter(resource):
            work()

    for does, resource in (("limit+breaker", "GET:/both"), ("limit", "GET:/limit"), ("breaker", "GET:/breaker")):
        runner.timeit(f"sergo/{does}/pass", f"with enter('{resource}'): work()", globals=names)
        runner.timeit(f"sergo by value/{does}/pass", f"decide('{resource}').exit()", globals=names)
        by_two(runner, f"sergo/{does}", resource, enter)
    blocked = "try:\n with enter('GET:/blocked'): work()\nexcept Blocked: pass"
    runner.timeit("sergo/limit+breaker/blocked", blocked, globals=names)
    runner.timeit("sergo by value/limit+breaker/blocked", "decide('GET:/blocked')", globals=names)
    runner.timeit("sergo/limit+breaker/unruled", "with enter('GET:/unruled'): work()", globals=names)
    runner.timeit("sergo by value/limit+breaker/unruled", "decide('GET:/unruled').exit()", globals=names)
    request = "('service-provider', path='/foo', headers=headers)"
    runner.timeit("sergo/route/route", f"route{request}", globals=names)
    engine.set_instances("service-provider", [sergo.Instance(name, {"version": "v2"}) for name in "abcd"])
    runner.timeit("sergo/route/pick", f"pick{request}.report()", globals=names)


def breakers(runner: pyperf.Runner) -> None:
    """Measure pybreaker and circuitbreaker; both count errors in a row."""

    def pybreakers() -> pybreaker.CircuitBreaker:
        return pybreaker.CircuitBreaker(fail_max=100, reset_timeout=3600)

    by_name = {"GET:/breaker": pybreakers(), "GET:/breaker/2": pybreakers()}
    opened = pybreakers()
    opened.open()
    names: dict[str, Any] = {
        "call": by_name["GET:/breaker"].call,
        "refused": opened.call,
        "work": work,
        "CircuitBreakerError": pybreaker.CircuitBreakerError,
    }
    runner.timeit("pybreaker/breaker/pass", "call(work)", globals=names)
    by_two(runner, "pybreaker/breaker", "GET:/breaker", lambda resource: by_name[resource].call(work))
    refused = "try: refused(work)\nexcept CircuitBreakerError: pass"
    runner.timeit("pybreaker/breaker/blocked", refused, globals=names)

    def others(threshold: int) -> circuitbreaker.CircuitBreaker:
        return circuitbreaker.CircuitBreaker(failure_threshold=threshold, recovery_timeout=3600)

    wrapped = {"GET:/breaker": others(100)(work), "GET:/breaker/2": others(100)(work)}
    tripped = others(1)
    with contextlib.suppress(RuntimeError):
        tripped(fail)()
    names = {
        "call": wrapped["GET:/breaker"],
        "refused": tripped(work),
        "CircuitBreakerError": circuitbreaker.CircuitBreakerError,
    }
    runner.timeit("circuitbreaker/breaker/pass", "call()", globals=names)
    by_two(runner, "circuitbreaker/breaker", "GET:/breaker", lambda resource: wrapped[resource]())
    runner.timeit("circuitbreaker/breaker/blocked", "try: refused()\nexcept CircuitBreakerError: pass", globals=names)


def limiters(runner: pyperf.Runner) -> None:
    """Measure limits and pyrate-limiter."""
    window = limits.strategies.FixedWindowRateLimiter(limits.storage.MemoryStorage())
    names: dict[str, Any] = {
        "hit": window.hit,
        "wide": limits.RateLimitItemPerSecond(1_000_000_000),
        "nothing": limits.RateLimitItemPerHour(0),
    }
    runner.timeit("limits/limit/pass", "hit(wide, 'GET:/limit')", globals=names)
    by_two(runner, "limits/limit", "GET:/limit", lambda resource: window.hit(names["wide"], resource))
    runner.timeit("limits/limit/blocked", "hit(nothing, 'GET:/blocked')", globals=names)

    # It keeps each entry for as long as its window, here a hundredth of a second.
    wide = pyrate_limiter.Rate(1_000_000_000, 10)
    by_name = {"GET:/limit": pyrate_limiter.Limiter(wide), "GET:/limit/2": pyrate_limiter.Limiter(wide)}
    spent = pyrate_limiter.Limiter(pyrate_limiter.Rate(1, pyrate_limiter.Duration.HOUR))
    spent.try_acquire("GET:/blocked", blocking=False)
    names = {"acquire": by_name["GET:/limit"].try_acquire, "refused": spent.try_acquire}
    runner.timeit("pyrate-limiter/limit/pass", "acquire('GET:/limit', blocking=False)", globals=names)
    acquire: Once = lambda resource: by_name[resource].try_acquire(resource, blocking=False)  # noqa: E731
    by_two(runner, "pyrate-limiter/limit", "GET:/limit", acquire)
    runner.timeit("pyrate-limiter/limit/blocked", "refused('GET:/blocked', blocking=False)", globals=names)


def main() -> None:
    """Measure them all, one after the other."""
    runner = pyperf.Runner()
    ours(runner)
    breakers(runner)
    limiters(runner)


if __name__ == "__main__":
    main()
