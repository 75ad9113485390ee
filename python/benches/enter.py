"""`make python-bench`: what an entry, its exit, a route and a pick cost from Python.

Each figure is the median of several runs, without what the loop itself takes. The
rules are those that every language's benchmark runs under.
"""

from __future__ import annotations

import sys
import timeit
from pathlib import Path
from statistics import median
from typing import Any

import sergo

RULES = Path(__file__).resolve().parents[2] / "benches/rules/limit.yaml"
CALLS = 100_000
RUNS = 15

JOBS = {
    "limited: with engine.enter(name): pass": "with enter('GET:/foo'): pass",
    "limited: engine.decide(name).exit()": "decide('GET:/foo').exit()",
    "ungoverned: engine.decide(name).exit()": "decide('GET:/elsewhere').exit()",
    "blocked: engine.decide(name)": "decide('GET:/closed')",
    "blocked: engine.enter(name), Blocked caught": "try: enter('GET:/closed')\nexcept Blocked: pass",
    "route by one of six headers": "route('service-provider', path='/foo', headers=headers)",
}
AMONG_INSTANCES = {
    "pick and report, by one of six headers": "pick('service-provider', path='/foo', headers=headers).report()",
    "with engine.pick(...): pass": "with pick('service-provider', path='/foo', headers=headers): pass",
    "label, of six headers": "label(path='/foo', headers=headers)",
}


def nanoseconds(job: str, names: dict[str, Any]) -> float:
    """Time one job: the median over the runs, per call."""
    runs = timeit.repeat(job, globals=names, number=CALLS, repeat=RUNS)
    return median(runs) / CALLS * 1e9


def main() -> None:
    """Print a line per job."""
    with sergo.Engine("bench") as engine:
        report = engine.load(RULES.read_text())
        if not report or report.waiting:
            sys.exit("\n".join(map(str, [*report.rejected, *report.waiting])))
        names = {
            "enter": engine.enter,
            "decide": engine.decide,
            "route": engine.route,
            "pick": engine.pick,
            "label": engine.label,
            "Blocked": sergo.Blocked,
            "headers": {
                "accept": "*/*",
                "user-agent": "bench",
                "x-request-id": "7",
                "x-a": "1",
                "x-b": "2",
                "tag": "v2",
            },
        }
        loop = nanoseconds("pass", names)

        def measure(jobs: dict[str, str]) -> None:
            for what, job in jobs.items():
                print(f"python  {what:<46} {nanoseconds(job, names) - loop:7.0f} ns", flush=True)

        measure(JOBS)
        both = [sergo.Instance(f"{version}-{n}", {"version": version}) for version in ("v1", "v2") for n in range(3)]
        engine.set_instances("service-provider", both)
        measure(AMONG_INSTANCES)


if __name__ == "__main__":
    main()
