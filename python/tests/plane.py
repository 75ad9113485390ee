"""A control plane as the process that it is, and a wire to it that can be cut."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import threading
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import Any
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parents[2]
COMMAND = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release/sergo"


class Plane:
    """``sergo serve`` over a folder of rules, on a free port which it keeps when it is started again."""

    def __init__(self, rules: Path, *options: str) -> None:
        assert COMMAND.exists(), f"{COMMAND} is missing: `make native` builds it"
        self._rules = rules
        self._options = options
        self._ports: tuple[int, int] = (0, 0)
        self.start()

    def start(self) -> None:
        """Start it, and wait until it listens."""
        grpc, http = self._ports
        self._process = subprocess.Popen(
            [
                *(str(COMMAND), "serve", "--rules", str(self._rules), "--format", "json"),
                *("--listen", f"127.0.0.1:{grpc}", "--http", f"127.0.0.1:{http}"),
                *self._options,
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout
        for line in self._process.stdout:
            event = json.loads(line)
            if event["event"] == "listening":
                self.address, self._http = event["grpc"], event["http"]
                self._ports = (int(self.address.rsplit(":", 1)[1]), int(self._http.rsplit(":", 1)[1]))
                break
        else:
            assert self._process.stderr
            raise AssertionError(self._process.stderr.read())
        # What it says from now on nobody waits for, but it must not stop for that.
        self._reading = threading.Thread(target=self._process.stdout.read, daemon=True)
        self._reading.start()

    def kill(self) -> None:
        """End it as if by accident."""
        self._process.kill()
        self._process.wait(30)
        self._reading.join(30)
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe:
                pipe.close()

    def ask(self, path: str) -> list[dict[str, Any]]:
        """Ask it over HTTP: ``clients`` is who is connected, ``services`` which processes reported theirs."""
        with urlopen(f"http://{self._http}/v1/{path}", timeout=30) as response:
            told: dict[str, list[dict[str, Any]]] = json.load(response)
        (listed,) = told.values()
        return listed

    def __enter__(self) -> Plane:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.kill()


class Wire:
    """Forwards connections to an address, until it is held: then nothing passes, and nobody is told."""

    def __init__(self, address: str) -> None:
        host, port = address.rsplit(":", 1)
        self._to = (host, int(port))
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listening.getsockname()[1]}"
        self._passing = threading.Event()
        self._passing.set()
        self._ended = False
        self._sockets: SimpleQueue[socket.socket] = SimpleQueue()
        self.accepted = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def hold(self) -> None:
        """Let nothing pass of what is connected now; new connections are forwarded."""
        self._passing.clear()
        self._passing = threading.Event()
        self._passing.set()

    def close(self) -> None:
        """Cut everything."""
        self._ended = True
        self._listening.close()
        while not self._sockets.empty():
            with suppress(OSError):
                self._sockets.get().close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listening.accept()
                self.accepted += 1
                far = socket.create_connection(self._to)
                for one in (near, far):
                    self._sockets.put(one)
                for source, sink in ((near, far), (far, near)):
                    threading.Thread(target=self._forward, args=(source, sink, self._passing), daemon=True).start()

    def _forward(self, source: socket.socket, sink: socket.socket, passing: threading.Event) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if not passing.is_set():
                    continue
                sink.sendall(data)
        if passing.is_set():
            for one in (source, sink):
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
