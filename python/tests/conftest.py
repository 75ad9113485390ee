"""What the tests share: rules, an engine on a manual clock, and patience."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Callable

import pytest

import sergo

LIMIT = """
apiVersion: fault-tolerance.opensergo.io/v1alpha1
kind: RateLimitStrategy
metadata: {name: rate-limit-foo}
spec: {threshold: THRESHOLD, statDuration: "1m"}
---
apiVersion: fault-tolerance.opensergo.io/v1alpha1
kind: HttpRequestFallbackAction
metadata: {name: fallback-foo}
spec:
  behavior: ReturnProvidedResponse
  behaviorDesc:
    responseStatusCode: 429
    responseContentBody: "Blocked by Sentinel"
    responseAdditionalHeaders: [{key: X-Sentinel-Limit, value: foo}]
---
apiVersion: fault-tolerance.opensergo.io/v1alpha1
kind: FaultToleranceRule
metadata: {name: limit-foo}
spec:
  selector: {app: foo-app}
  targets: [{targetResourceName: TARGET}]
  strategies: [{name: rate-limit-foo, kind: RateLimitStrategy}]
  fallbackAction: fallback-foo
"""

THROTTLE = """
apiVersion: fault-tolerance.opensergo.io/v1alpha1
kind: ThrottlingStrategy
metadata: {name: one-by-one}
spec: {minIntervalOfRequests: "20ms", queueTimeout: "1h"}
---
apiVersion: fault-tolerance.opensergo.io/v1alpha1
kind: FaultToleranceRule
metadata: {name: pace-bar}
spec:
  targets: [{targetResourceName: /bar}]
  strategies: [{name: one-by-one, kind: ThrottlingStrategy}]
"""

OVERLOAD = """
apiVersion: fault-tolerance.opensergo.io/v1alpha1
kind: AdaptiveOverloadProtectionStrategy
metadata: {name: cpu}
spec: {metricType: CpuPercentage, triggerThreshold: 80%, adaptiveStrategy: NONE}
---
apiVersion: fault-tolerance.opensergo.io/v1alpha1
kind: FaultToleranceRule
metadata: {name: protect}
spec:
  targets: [{targetResourceName: /foo}]
  strategies: [{name: cpu, kind: AdaptiveOverloadProtectionStrategy}]
"""

BREAKER = """
apiVersion: fault-tolerance.opensergo.io/v1alpha1
kind: CircuitBreakerStrategy
metadata: {name: failing}
spec:
  strategy: ErrorRequestRatio
  triggerRatio: "50%"
  statDuration: "10s"
  recoveryTimeout: "5s"
  minRequestAmount: 2
---
apiVersion: fault-tolerance.opensergo.io/v1alpha1
kind: FaultToleranceRule
metadata: {name: break-foo}
spec:
  targets: [{targetResourceName: /foo}]
  strategies: [{name: failing, kind: CircuitBreakerStrategy}]
"""

CONCURRENCY = """
apiVersion: fault-tolerance.opensergo.io/v1alpha1
kind: ConcurrencyLimitStrategy
metadata: {name: three}
spec: {maxConcurrency: 3}
---
apiVersion: fault-tolerance.opensergo.io/v1alpha1
kind: FaultToleranceRule
metadata: {name: three-in-foo}
spec:
  targets: [{targetResourceName: /foo}]
  strategies: [{name: three, kind: ConcurrencyLimitStrategy}]
"""

ROUTER = """
apiVersion: traffic.opensergo.io/v1alpha1
kind: TrafficRouter
metadata: {name: provider}
spec:
  hosts: [provider]
  http:
    - name: testers
      match: [{headers: {tag: {exact: "v2"}}}]
      route: [{destination: {host: provider, subset: v2, fallback: {host: provider, subset: v1}}}]
    - name: many
      match: [{headers: {tag: {exact: "a,b"}}}]
      route: [{destination: {host: provider, subset: v3, port: {number: 8080}}}]
    - name: split
      match: [{uri: {prefix: /split}}]
      route:
        - {destination: {host: provider, subset: v1}, weight: 50}
        - {destination: {host: provider, subset: v2}, weight: 50}
    - name: everyone
      route: [{destination: {host: provider, subset: v1}}]
"""


def limit(threshold: int = 2, target: str = "/foo") -> str:
    """Rules that let so many requests a minute pass to a target."""
    return LIMIT.replace("THRESHOLD", str(threshold)).replace("TARGET", target)


def together(*documents: str) -> str:
    """Rules from several texts."""
    return "\n---\n".join(documents)


def eventually(happened: Callable[[], object], patience: float = 30.0) -> None:
    """Wait until something has happened; only its never happening fails."""
    end = time.monotonic() + patience
    while not happened():
        assert time.monotonic() < end, "it has not happened"
        time.sleep(0.005)


class Child:
    """A forked child that answers with a text."""

    def __init__(self, work: Callable[[], object]) -> None:
        self.answer, inside = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            text = "the child failed"
            try:
                text = repr(work())
            finally:
                os.write(inside, text.encode())
                os._exit(0)
        os.close(inside)

    def result(self) -> str:
        """What it answered; one that hangs is killed and fails the test."""
        end = time.monotonic() + 60
        while os.waitpid(self.pid, os.WNOHANG) == (0, 0):
            if time.monotonic() > end:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
                pytest.fail("the child hangs")
            time.sleep(0.005)
        with os.fdopen(self.answer) as answer:
            return answer.read()


@pytest.fixture
def clock() -> sergo.ManualClock:
    """A clock that stands at 0."""
    return sergo.ManualClock()


@pytest.fixture
def engine(clock: sergo.ManualClock) -> Iterator[sergo.Engine]:
    """An engine without rules on that clock, which sees nothing of the real system."""
    with sergo.Engine("foo-app", clock=clock, sample_system=False) as engine:
        yield engine


@pytest.fixture
def limited(engine: sergo.Engine) -> sergo.Engine:
    """An engine that lets two requests a minute pass to /foo."""
    report = engine.load(limit())
    assert report, report.rejected
    assert not report.waiting
    return engine


@pytest.fixture
def paced(engine: sergo.Engine) -> sergo.Engine:
    """An engine that lets requests to /bar pass 20 ms apart."""
    report = engine.load(THROTTLE)
    assert report, report.rejected
    return engine


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with those rules in a file."""
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "foo.yaml").write_text(limit())
    return rules
