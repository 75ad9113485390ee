"""The demo service, the conformance port and others, as the processes that they are."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable

import pytest

from conftest import OVERLOAD, eventually, limit
from plane import Plane

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples/rules"


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """The example's rules, to change."""
    for file in EXAMPLE.glob("*.yaml"):
        (tmp_path / file.name).write_text(file.read_text())
    return tmp_path


@contextmanager
def serving(**environment: str) -> Iterator[subprocess.Popen[str]]:
    """Run the service."""
    command = [sys.executable, str(ROOT / "examples/python/service.py")]
    # Where the tests themselves run in the background Ctrl-C is ignored, and what
    # they start would ignore it too.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        process = subprocess.Popen(
            command,
            env={**os.environ, "PORT": "0", **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    finally:
        signal.signal(signal.SIGINT, before)
    with process:
        yield process
        process.kill()


@pytest.fixture
def service(rules: Path) -> Iterator[subprocess.Popen[str]]:
    """The service, running under rules from files."""
    with serving(RULES=str(rules)) as process:
        yield process


Ask = Callable[..., tuple[int, str, http.client.HTTPMessage]]


def asking(service: subprocess.Popen[str]) -> Ask:
    """Wait until it listens: what this returns asks it."""
    assert service.stdout
    first = service.stdout.readline()
    assert first.startswith("listening on 127.0.0.1:")
    port = int(first.rsplit(":", 1)[1])

    def ask(path: str, method: str = "GET", **headers: str) -> tuple[int, str, http.client.HTTPMessage]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request(method, path, headers=headers)
        response = connection.getresponse()
        body = response.read().decode()
        connection.close()
        return response.status, body, response.headers

    return ask


def test_the_service_answers_and_follows_its_rules(service: subprocess.Popen[str], rules: Path) -> None:
    ask = asking(service)
    assert [ask("/foo")[:2] for _ in range(3)] == [(200, "hello from python")] * 3
    status, body, headers = ask("/foo")
    assert (status, body, headers["X-Sentinel-Limit"]) == (429, "Blocked by Sentinel", "foo")
    assert 0 < int(headers["Retry-After"]) <= 60
    assert ask("/route")[1] == "subset=v1 fallback=false"
    assert ask("/route", Tag="v2")[1] == "subset=v2 fallback=false"
    assert ask("/instances?healthy_v2=false", "POST")[0] == 200
    assert ask("/route", Tag="v2")[1] == "subset=v1 fallback=true"
    assert ask("/instances?healthy_v2=true", "POST")[0] == 200
    assert ask("/route", Tag="v2")[1] == "subset=v2 fallback=false"
    assert ask("/route?host=elsewhere")[1] == "subset=none fallback=false"
    assert ask("/version")[1] == "1"
    assert ask("/nothing")[0] == 404
    foo = rules / "foo.yaml"
    foo.write_text(foo.read_text().replace("threshold: 3", "threshold: 4"))
    eventually(lambda: ask("/version")[1] == "2")
    assert [ask("/foo")[0] for _ in range(2)] == [200, 429]
    service.send_signal(signal.SIGTERM)
    assert service.wait(30) == 0
    assert service.stderr
    assert service.stderr.read() == ""


def test_the_service_takes_its_rules_from_a_control_plane(rules: Path) -> None:
    with Plane(rules) as plane, serving(SERGO_CONTROL_PLANE=plane.address) as service:
        ask = asking(service)
        assert [ask("/foo")[0] for _ in range(4)] == [200, 200, 200, 429]
        assert ask("/route", Tag="v2")[1] == "subset=v2 fallback=false"
        foo = rules / "foo.yaml"
        foo.write_text(foo.read_text().replace("threshold: 3", "threshold: 4"))
        eventually(lambda: ask("/foo")[0] == 200)
        plane.kill()
        assert ask("/foo")[0] == 429
        plane.start()
        service.send_signal(signal.SIGTERM)
        assert service.wait(30) == 0


def test_ctrl_c_ends_the_service(service: subprocess.Popen[str]) -> None:
    assert service.stdout
    service.stdout.readline()
    service.send_signal(signal.SIGINT)
    assert service.wait(30) == 0


def test_nothing_that_runs_in_the_background_keeps_a_process(rules: Path) -> None:
    (rules / "overload.yaml").write_text(OVERLOAD)
    code = """
import sys, threading, sergo
engine = sergo.Engine("foo-app")
listening = engine.on_event(print)
subscription = engine.subscribe(sergo.file(sys.argv[1]))
print(sorted(thread.name.split()[0] for thread in threading.enumerate()))
"""
    process = subprocess.run(
        [sys.executable, "-c", code, str(rules)], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60
    )
    assert (process.returncode, process.stderr) == (0, "")
    assert process.stdout.splitlines()[0] == "['MainThread', 'sergo-events', 'sergo-system', 'sergo-watch']"


def test_the_port_answers_line_by_line() -> None:
    enter = {"op": "enter", "at": 0, "resource": "/foo", "cost": 1, "direction": "inbound", "as": "a", "repeat": 1}
    leave = {"op": "exit", "at": 5, "entry": "a", "error": False, "count": None, "again": False}
    vector: dict[str, Any] = {
        "app": "foo-app",
        "namespace": "default",
        "labels": {},
        "steps": [
            {"op": "rules", "at": 0, "text": limit(1)},
            enter,
            {**enter, "at": 10},
            leave,
            {**leave, "again": True},
            {**leave, "entry": "b"},
            {**enter, "at": 60_000_000_000, "repeat": 3},
            {"op": "nothing", "at": 0},
            {**enter, "cost": 0},
        ],
    }
    lines = json.dumps(vector) + "\n" + json.dumps({**vector, "steps": []}) + "\n"
    port = subprocess.run(
        [sys.executable, str(ROOT / "python/tests/conformance_port.py")],
        input=lines,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert port.stderr == ""
    answered, empty = (json.loads(line)["answers"] for line in port.stdout.splitlines())
    assert empty == []
    assert answered[0]["accepted"] == 3
    assert answered[1] == {"pass": True}
    assert answered[2]["retryAfter"] == 60_000_000_000 - 10
    assert answered[2]["fallback"]["headers"] == {"X-Sentinel-Limit": "foo"}
    assert answered[3:5] == [{}, {}]
    assert answered[5] == {"error": "no entry is called b"}
    assert answered[6] == {"passed": 1, "blocked": 2}
    assert answered[7] == {"error": "unknown op: nothing"}
    assert "cost: found 0" in answered[8]["error"]
