"""`make python-bench`: 10,000 rules that arrive while a process serves.

How long until they take effect, from a file and from a control plane, and what an
entry and its exit cost (the 99th percentile) before and meanwhile, with the longest of
them: whatever else runs in the process is held up no longer.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median, quantiles

import sergo

RULES = 10_000
ROUNDS = 5
KIND = "fault-tolerance.opensergo.io/v1alpha1"


def rules(turn: int, threshold: int) -> str:
    """Write a strategy and a rule for each target, all new at each turn; /foo is limited to ``threshold``."""
    documents: list[str] = []
    for number in range(RULES // 2):
        name = "foo" if number == 0 else f"{number}-{turn}"
        target, most = ("/foo", threshold) if number == 0 else (f"/bar/{name}", 100)
        documents += (
            f"apiVersion: {KIND}\nkind: RateLimitStrategy\nmetadata: {{name: {name}}}\n"
            f"spec: {{metricType: RequestAmount, limitMode: Local, threshold: {most}, statDuration: 1s}}\n",
            f"apiVersion: {KIND}\nkind: FaultToleranceRule\nmetadata: {{name: rule-{name}}}\n"
            f"spec: {{targets: [{{targetResourceName: {target}}}],"
            f" strategies: [{{name: {name}, kind: RateLimitStrategy}}]}}\n",
        )
    return "---\n".join(documents)


def write(folder: Path, text: str) -> None:
    """Put rules where they are read, whole at once."""
    (folder / "new").write_text(text)
    os.replace(folder / "new", folder / "rules.yaml")


def serve(engine: sergo.Engine, seconds: float, until: int) -> list[int]:
    """Enter and exit until the limit of /foo is so high, or time is over: what each took, in nanoseconds."""
    took: list[int] = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for _ in range(100):
            start = time.perf_counter_ns()
            engine.decide("GET:/elsewhere").exit()
            took.append(time.perf_counter_ns() - start)
        gates = engine.explain("/foo").gates
        if gates and gates[0].limit == until:
            return took
    return took


def figures(took: list[int]) -> str:
    """Say what entries took."""
    return f"enter p99 {quantiles(took, n=100)[98]:6.0f} ns, the longest {max(took) / 1e6:6.1f} ms"


def measure(name: str, folder: Path, source: sergo.FileSource | sergo.ControlPlaneSource) -> None:
    """Measure one source."""
    write(folder, rules(0, 1))
    with sergo.Engine("bench") as engine, engine.subscribe(source):
        serve(engine, 60, until=1)
        before = serve(engine, 1, until=0)
        meanwhile: list[int] = []
        arrivals: list[float] = []
        for turn in range(1, ROUNDS + 1):
            text = rules(turn, turn + 1)
            write(folder, text)
            start = time.monotonic()
            meanwhile += serve(engine, 60, until=turn + 1)
            arrivals.append(time.monotonic() - start)
    print(f"{name}: {RULES} rules take effect after {median(arrivals) * 1000:.0f} ms")
    print(f"  before:    {figures(before)}")
    print(f"  meanwhile: {figures(meanwhile)}", flush=True)


def main(command: str) -> None:
    """Measure both sources; ``command`` is the path of the command ``sergo``."""
    with tempfile.TemporaryDirectory() as path:
        folder = Path(path)
        measure("file", folder, sergo.file(folder))
        options = ("--listen", "127.0.0.1:0", "--http", "off", "--format", "json")
        with subprocess.Popen([command, "serve", "--rules", path, *options], stdout=subprocess.PIPE) as plane:
            try:
                assert plane.stdout
                events = (json.loads(line) for line in plane.stdout)
                address = next(event["grpc"] for event in events if event["event"] == "listening")
                measure("control plane", folder, sergo.control_plane(address))
            finally:
                plane.kill()


if __name__ == "__main__":
    main(sys.argv[1])
