"""gunicorn as it is deployed: the application is loaded before the workers are forked."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from conftest import eventually, limit
from plane import Plane

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")

WORKERS = 3

APP = """
import json, os
import sergo, sergo.wsgi

files, plane = sergo.Engine("foo-app"), sergo.Engine("foo-app")
files.subscribe(sergo.file(os.environ["RULES"]))
following = plane.subscribe(sergo.control_plane(os.environ["PLANE"], first_rules_timeout=30))

def answer(environ, start_response):
    limits = [engine.explain("/foo").gates[0].limit for engine in (files, plane)]
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps({"pid": os.getpid(), "limits": limits, "isSynced": following.state.is_synced}).encode()]

app = sergo.wsgi.Middleware(answer, plane)
"""


class Server:
    """gunicorn on a socket that is a file."""

    def __init__(self, folder: Path, plane: Plane, work: Path) -> None:
        (work / "application.py").write_text(APP)
        self._socket = str(work / "socket")
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "gunicorn", "--preload", "--workers", str(WORKERS), "--graceful-timeout", "5"),
                *("--bind", f"unix:{self._socket}", "--pythonpath", str(work), "application:app"),
            ],
            env={**os.environ, "RULES": str(folder), "PLANE": plane.address},
            stdin=subprocess.DEVNULL,
        )

    def ask(self) -> dict[str, Any]:
        """What one of the workers says."""
        connection = http.client.HTTPConnection("localhost")
        connection.sock = socket.socket(socket.AF_UNIX)
        try:
            connection.sock.settimeout(30)
            connection.sock.connect(self._socket)
            connection.request("GET", "/elsewhere")
            told: dict[str, Any] = json.load(connection.getresponse())
            return told
        except OSError:
            # It does not listen yet.
            return {}
        finally:
            connection.close()

    def everyone(self, threshold: int, but: Iterable[int] = ()) -> set[int]:
        """Wait until each worker, none of them one of those, has this limit in force; their numbers."""
        agreeing: set[int] = set()

        def agrees() -> bool:
            assert self.process.poll() is None, "the server goes on"
            told = self.ask()
            if told and told["limits"] == [threshold, threshold] and told["isSynced"] and told["pid"] not in but:
                agreeing.add(told["pid"])
            return len(agreeing) == WORKERS

        eventually(agrees, patience=90)
        return agreeing


@pytest.fixture
def server(folder: Path, tmp_path: Path) -> Iterator[tuple[Server, Plane]]:
    """The server, and the control plane that it follows beside the files."""
    with Plane(folder) as plane:
        server = Server(folder, plane, tmp_path)
        try:
            yield server, plane
        finally:
            server.process.terminate()
            server.process.wait(60)


def test_workers_follow_their_rules_and_are_replaced(server: tuple[Server, Plane], folder: Path) -> None:
    gunicorn, plane = server
    first = gunicorn.everyone(2)
    eventually(lambda: len(plane.ask("clients")) == WORKERS + 1)
    (folder / "foo.yaml").write_text(limit(3))
    assert gunicorn.everyone(3) == first
    os.kill(min(first), signal.SIGKILL)
    gunicorn.everyone(3, {min(first)})
    gunicorn.process.send_signal(signal.SIGHUP)
    fresh = gunicorn.everyone(3, first)
    (folder / "foo.yaml").write_text(limit(4))
    gunicorn.everyone(4, first)
    assert fresh
    eventually(lambda: len(plane.ask("clients")) == WORKERS + 1)
    gunicorn.process.terminate()
    assert gunicorn.process.wait(60) == 0
    eventually(lambda: plane.ask("clients") == [])
