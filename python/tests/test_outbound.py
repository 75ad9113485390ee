"""Calls that go out through httpx and requests, to servers that are really there."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Callable

import httpx
import pytest
import requests
import trustme

import sergo
import sergo.httpx
import sergo.requests
from conftest import eventually, together

Answer = tuple[int, dict[str, str], bytes]
Call = Callable[..., Answer]


def by_httpx(engine: sergo.Engine, method: str, url: str, **request: Any) -> Answer:
    with httpx.Client(transport=sergo.httpx.Transport(engine), timeout=30) as client:
        response = client.request(method, url, **request)
        return response.status_code, dict(response.headers), response.content


def by_async_httpx(engine: sergo.Engine, method: str, url: str, **request: Any) -> Answer:
    async def call() -> Answer:
        async with httpx.AsyncClient(transport=sergo.httpx.AsyncTransport(engine), timeout=30) as client:
            response = await client.request(method, url, **request)
            return response.status_code, dict(response.headers), response.content

    return asyncio.run(call())


def by_requests(engine: sergo.Engine, method: str, url: str, **request: Any) -> Answer:
    with requests.Session() as session:
        session.trust_env = False
        session.mount("http://", sergo.requests.Adapter(engine))
        request["data"] = request.pop("content", None)
        response = session.request(method, url, timeout=30, allow_redirects=False, **request)
        return response.status_code, {name.lower(): value for name, value in response.headers.items()}, response.content


@pytest.fixture(params=[by_httpx, by_async_httpx, by_requests])
def call(request: pytest.FixtureRequest) -> Call:
    """A way to make a call."""
    way: Call = request.param
    return way


class Server(ThreadingHTTPServer):
    """An instance: it keeps what it was asked, and answers with the next status it was told."""

    daemon_threads = True

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.statuses: list[int] = []
        self.held = threading.Event()
        self.held.set()
        super().__init__(("127.0.0.1", 0), Handler)
        self.id = f"127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that go away."""


class Handler(BaseHTTPRequestHandler):
    """Serves one request."""

    server: Server

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.asked.append({"method": self.command, "path": self.path, "headers": headers, "body": body})
        self.server.held.wait(60)
        status = self.server.statuses.pop(0) if self.server.statuses else 200
        self.send_response(status)
        self.send_header("X-Of-Server", "1")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    do_POST = do_GET

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def servers() -> Iterator[list[Server]]:
    """Two instances."""
    servers = [Server(), Server()]
    threads = [threading.Thread(target=server.serve_forever, args=(0.01,)) for server in servers]
    for thread in threads:
        thread.start()
    yield servers
    for server, thread in zip(servers, threads):
        server.held.set()
        server.shutdown()
        server.server_close()
        thread.join()


def router(*routes: str) -> str:
    """A router of the provider."""
    return "\n".join(
        [
            "apiVersion: traffic.opensergo.io/v1alpha1",
            "kind: TrafficRouter",
            "metadata: {name: provider}",
            "spec:",
            "  hosts: [provider]",
            "  http:",
            *(f"    - {route}" for route in routes),
        ]
    )


TO_PROVIDER = "route: [{destination: {host: provider}}]"
EJECTING = """
apiVersion: traffic.opensergo.io/v1alpha1
kind: VirtualWorkload
metadata: {name: provider}
spec:
  host: provider
  trafficPolicy:
    loadBalancer: {simple: ROUND_ROBIN}
    outlierDetection: {consecutive5xxErrors: 1, maxEjectionPercent: 100}
"""


def load(engine: sergo.Engine, servers: list[Server], *texts: str) -> None:
    """Load rules, and tell of the instances."""
    report = engine.load(together(*texts))
    assert report, report.rejected
    engine.set_instances("provider", [sergo.Instance(server.id) for server in servers])


def test_a_call_goes_to_an_instance(engine: sergo.Engine, servers: list[Server], call: Call) -> None:
    load(engine, servers, router(TO_PROVIDER), EJECTING)
    for _ in range(4):
        status, headers, body = call(engine, "POST", "http://provider/a%20b?q=%C3%A9&r", content=b"body")
        assert (status, headers["x-of-server"], body) == (200, "1", b"ok")
    for server in servers:
        assert len(server.asked) == 2
        asked = server.asked[0]
        assert (asked["method"], asked["path"], asked["body"]) == ("POST", "/a%20b?q=%C3%A9&r", b"body")
        assert asked["headers"]["host"] == "provider"


def test_a_host_that_nobody_knows_goes_as_it_is(engine: sergo.Engine, servers: list[Server], call: Call) -> None:
    load(engine, servers, router(TO_PROVIDER))
    assert call(engine, "GET", f"http://{servers[0].id}/x")[0] == 200
    engine.close()
    assert call(engine, "GET", f"http://{servers[0].id}/y")[0] == 200
    assert [asked["path"] for asked in servers[0].asked] == ["/x", "/y"]


def test_the_lane_goes_along(engine: sergo.Engine, servers: list[Server], call: Call) -> None:
    load(engine, servers[:1], router(TO_PROVIDER))
    for url in ("http://provider/", f"http://{servers[0].id}/"):
        with sergo.carrying(sergo.Label("Gray", "x-lane"), "a=1"):
            call(engine, "GET", url)
            call(engine, "GET", url, headers={"baggage": "b=2"})
            call(engine, "GET", url, headers={"X-Lane": "own"})
        call(engine, "GET", url)
    lanes = [(asked["headers"].get("x-lane"), asked["headers"].get("baggage")) for asked in servers[0].asked]
    assert lanes == [("Gray", "x-lane=Gray,a=1"), ("Gray", "x-lane=Gray,b=2"), ("own", None), (None, None)] * 2


def test_the_lane_chooses_the_instance(engine: sergo.Engine, servers: list[Server], call: Call) -> None:
    base, gray = servers
    gray_one = sergo.Instance(gray.id, {"traffic.opensergo.io/label": "Gray"})
    engine.set_instances("provider", [sergo.Instance(base.id), gray_one])
    for _ in range(3):
        with sergo.carrying(sergo.Label("Gray", "x-opensergo-traffic")):
            call(engine, "GET", "http://provider/gray")
        call(engine, "GET", "http://provider/base")
    assert {asked["path"] for asked in gray.asked} == {"/gray"}
    assert {asked["path"] for asked in base.asked} == {"/base"}


def test_headers_and_rewrites(engine: sergo.Engine, servers: list[Server], call: Call) -> None:
    changes = (
        "{request: {set: {x-a: '1'}, add: {x-b: '2'}, remove: [x-c]}, "
        "response: {set: {x-d: '4'}, remove: [x-of-server]}}"
    )
    load(
        engine,
        servers[:1],
        router(
            f"match: [{{uri: {{prefix: /old}}}}]\n      rewrite: {{uri: /new, authority: inner}}\n"
            f"      headers: {changes}\n      {TO_PROVIDER}"
        ),
    )
    _, headers, _ = call(engine, "GET", "http://provider/old/x?q=1", headers={"X-A": "0", "X-B": "0", "X-C": "0"})
    assert (headers["x-d"], headers.get("x-of-server")) == ("4", None)
    asked = servers[0].asked[0]
    assert (asked["path"], asked["headers"]["host"], asked["headers"]["x-a"]) == ("/new/x?q=1", "inner", "1")
    assert asked["headers"]["x-b"].replace(" ", "") in ("0,2", "2")
    assert "x-c" not in asked["headers"]


def test_what_is_not_sent_on(engine: sergo.Engine, servers: list[Server], call: Call) -> None:
    load(
        engine,
        servers,
        router(
            "{match: [{uri: {exact: /moved}}], redirect: {uri: /there, authority: other, redirectCode: 308}}",
            "{match: [{uri: {exact: /down}}], directResponse: {status: 503, body: {string: later}}}",
            "{match: [{uri: {exact: /abort}}], fault: {abort: {httpStatus: 418, percentage: {value: 100}}}, "
            + TO_PROVIDER
            + "}",
            TO_PROVIDER,
        ),
    )
    status, headers, _ = call(engine, "GET", "http://provider/moved?q=1")
    assert (status, headers["location"]) == (308, "http://other/there?q=1")
    assert call(engine, "GET", "http://provider/down")[::2] == (503, b"later")
    assert call(engine, "GET", "http://provider/abort")[0] == 418
    engine.set_instances("provider", [sergo.Instance(servers[0].id, healthy=False)])
    assert call(engine, "GET", "http://provider/")[::2] == (503, b"no healthy instance of provider")
    assert servers[0].asked == servers[1].asked == []


def test_a_delay_comes_first(engine: sergo.Engine, servers: list[Server], call: Call) -> None:
    delay = "fault: {delay: {fixedDelay: 1ms, percentage: {value: 100}}}"
    load(engine, servers[:1], router(f"{{{delay}, {TO_PROVIDER}}}"))
    assert call(engine, "GET", "http://provider/")[0] == 200


@pytest.mark.parametrize("status", [500, 503])
def test_what_came_of_it_is_reported(engine: sergo.Engine, servers: list[Server], call: Call, status: int) -> None:
    load(engine, servers, router(f"{{retries: {{attempts: 0}}, {TO_PROVIDER}}}"), EJECTING)
    servers[0].statuses = [status]
    answers = [call(engine, "GET", "http://provider/")[0] for _ in range(6)]
    assert sorted(answers) == [200] * 5 + [status]
    assert engine.ejected("provider") == [servers[0].id]


def test_an_instance_that_is_gone_is_tried_elsewhere(engine: sergo.Engine, servers: list[Server], call: Call) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        gone = f"127.0.0.1:{closed.getsockname()[1]}"
        load(engine, servers[:1], router(TO_PROVIDER), EJECTING)
        engine.update_instances("provider", [sergo.Instance(gone)])
        assert {call(engine, "GET", "http://provider/")[0] for _ in range(4)} == {200}
        assert engine.ejected("provider") == [gone]
        # Without anybody else it is the client's own error.
        engine.set_instances("other", [sergo.Instance(gone)])
        with pytest.raises((httpx.ConnectError, requests.ConnectionError)):
            call(engine, "GET", "http://other/")


def test_what_a_rule_names_is_tried_again(engine: sergo.Engine, servers: list[Server], call: Call) -> None:
    load(engine, servers[:1], router(f"{{retries: {{attempts: 2, retryOn: '503,gateway-error'}}, {TO_PROVIDER}}}"))
    server = servers[0]
    server.statuses = [503, 502, 200]
    assert call(engine, "POST", "http://provider/", content=b"again")[0] == 200
    assert [asked["body"] for asked in server.asked] == [b"again"] * 3
    server.statuses = [503, 503, 503, 200]
    assert call(engine, "GET", "http://provider/")[0] == 503
    server.statuses = [500]
    assert call(engine, "GET", "http://provider/")[0] == 500
    assert len(server.asked) == 7


def test_a_stream_is_sent_once(engine: sergo.Engine, servers: list[Server]) -> None:
    load(engine, servers[:1], router(f"{{retries: {{attempts: 2, retryOn: 5xx}}, {TO_PROVIDER}}}"))
    servers[0].statuses = [503]
    with httpx.Client(transport=sergo.httpx.Transport(engine)) as client:
        body = iter([b"x"])
        assert client.post("http://provider/", content=body, headers={"Content-Length": "1"}).status_code == 503
    assert len(servers[0].asked) == 1


def test_a_timeout_is_the_rules(engine: sergo.Engine, servers: list[Server], call: Call) -> None:
    retries = "retries: {attempts: 1, perTryTimeout: 50ms, retryOn: reset}"
    load(engine, servers[:1], router(f"{{timeout: 10s, {retries}, {TO_PROVIDER}}}"))
    servers[0].held.clear()
    with pytest.raises((httpx.ReadTimeout, requests.ReadTimeout, requests.ConnectionError)):
        call(engine, "GET", "http://provider/")
    servers[0].held.set()
    assert len(servers[0].asked) == 2


def test_a_call_that_is_broken_off_is_not_held_against_anybody(engine: sergo.Engine, servers: list[Server]) -> None:
    load(engine, servers, router(TO_PROVIDER), EJECTING)
    for server in servers:
        server.held.clear()

    async def run() -> None:
        async with httpx.AsyncClient(transport=sergo.httpx.AsyncTransport(engine), timeout=30) as client:
            task = asyncio.ensure_future(client.get("http://provider/"))
            await asyncio.to_thread(eventually, lambda: servers[0].asked or servers[1].asked)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(run())
    assert engine.ejected("provider") == []


def test_a_certificate_has_to_be_the_hosts(engine: sergo.Engine, servers: list[Server], tmp_path: Path) -> None:
    authority = trustme.CA()
    roots = str(tmp_path / "roots.pem")
    authority.cert_pem.write_to_path(roots)
    for server, name in zip(servers, ("provider", "another")):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(name).configure_cert(context)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    report = engine.load(router(f"{{retries: {{attempts: 0}}, {TO_PROVIDER}}}"))
    assert report, report.rejected
    trusted = httpx.HTTPTransport(verify=ssl.create_default_context(cafile=roots))
    with httpx.Client(transport=sergo.httpx.Transport(engine, trusted)) as client, requests.Session() as session:
        session.trust_env = False
        session.mount("https://", sergo.requests.Adapter(engine))
        engine.set_instances("provider", [sergo.Instance(servers[0].id)])
        assert client.get("https://provider/").status_code == 200
        assert session.get("https://provider/", verify=roots, timeout=30).status_code == 200
        engine.set_instances("provider", [sergo.Instance(servers[1].id)])
        with pytest.raises(httpx.ConnectError):
            client.get("https://provider/")
        with pytest.raises(requests.exceptions.SSLError):
            session.get("https://provider/", verify=roots, timeout=30)
