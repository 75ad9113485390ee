"""Lanes: given to requests that come in, carried on to the calls that are made for them."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from wsgiref.util import setup_testing_defaults

import pytest

import sergo
import sergo.asgi
import sergo.wsgi

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

KEY = "x-opensergo-traffic"
LANE = """
apiVersion: traffic.opensergo.io/v1alpha1
kind: TrafficLane
metadata: {name: gray}
spec:
  selector: {app: foo-app}
  rules:
    traffic: {http: {uri: {exact: /gray}}}
    lane: {name: Gray}
    traceIdBaggage: x-opensergo-traffic
"""


@pytest.fixture
def lane(engine: sergo.Engine) -> sergo.Engine:
    """An engine that gives requests to /gray a lane."""
    report = engine.load(LANE)
    assert report, report.rejected
    return engine


def test_requests_are_labelled(lane: sergo.Engine) -> None:
    gray = sergo.Label("Gray", KEY)
    assert lane.label(path="/gray?x=1") == gray
    assert gray.baggage == {KEY: "Gray"}
    assert lane.label(path="/") is None
    assert lane.label(headers={"X-OpenSergo-Traffic": "blue"}) == sergo.Label("blue", KEY)
    assert lane.label(headers=[[b"baggage", b"a=1,x-opensergo-traffic=b%20c"]]) == sergo.Label("b c", KEY)  # type: ignore[list-item]
    assert lane.label(headers={KEY: "blue"}, trust=False) is None
    assert lane.label(path="/gray", headers={KEY: "blue"}, trust=False) == gray


def test_what_is_carried_ends_with_its_block() -> None:
    label = sergo.Label("é, blue", "x-lane")
    assert sergo.carried() == sergo.Carried()
    assert sergo.headers_for_next_call() == {}
    with sergo.carrying(label, "a=1,x-lane=old") as now:
        assert now == sergo.carried() == sergo.Carried(label, "a=1,x-lane=old")
        assert sergo.headers_for_next_call() == {"x-lane": "é, blue", "baggage": "x-lane=%C3%A9%2C%20blue,a=1"}
        assert sergo.headers_for_next_call("b=2")["baggage"].endswith(",b=2")
        with sergo.carrying(None, "c=3"):
            assert sergo.headers_for_next_call() == {"baggage": "c=3"}
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(sergo.carried).result() == sergo.Carried()
            assert pool.submit(contextvars.copy_context().run, sergo.carried).result() == now
        assert asyncio.run(in_a_thread()) == now
    with pytest.raises(ZeroDivisionError), sergo.carrying(label):
        raise ZeroDivisionError
    assert sergo.carried() == sergo.Carried()


async def in_a_thread() -> sergo.Carried:
    return await asyncio.to_thread(sergo.carried)


class Body:
    """A body whose parts, and whose end, say what is carried."""

    def __init__(self, seen: list[sergo.Carried]) -> None:
        self.seen = seen

    def __iter__(self) -> Iterator[bytes]:
        for _ in range(2):
            self.seen.append(sergo.carried())
            yield b"x"

    def close(self) -> None:
        self.seen.append(sergo.carried())


def serve(app: WSGIApplication, path: str, **headers: str) -> None:
    """Serve one request as a server does."""
    environ: WSGIEnvironment = {"PATH_INFO": path, **{f"HTTP_{name.upper()}": value for name, value in headers.items()}}
    setup_testing_defaults(environ)

    def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None, /) -> Any:
        assert status == "200 OK"

    body = app(environ, start)
    for part in body:
        assert part
        # Between the parts the server's own thread carries nothing.
        assert sergo.carried() == sergo.Carried()
    body.close()  # type: ignore[attr-defined]


def test_a_wsgi_request_carries_its_lane_to_its_end(lane: sergo.Engine) -> None:
    seen: list[sergo.Carried] = []

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        seen.append(sergo.carried())
        start_response("200 OK", [])
        return Body(seen)

    for trust, expected in ((True, "a=1"), (False, "")):
        serve(sergo.wsgi.Middleware(app, lane, trust=trust), "/gray", baggage="a=1")
        assert seen == [sergo.Carried(sergo.Label("Gray", KEY), expected)] * 4
        seen.clear()
    serve(sergo.wsgi.Middleware(app, lane), "/", baggage="x-opensergo-traffic=blue")
    assert seen[0].label == sergo.Label("blue", KEY)
    seen.clear()
    serve(sergo.wsgi.Middleware(app, lane, trust=False), "/", baggage="x-opensergo-traffic=blue")
    assert set(seen) == {sergo.Carried()}
    seen.clear()
    lane.close()
    serve(sergo.wsgi.Middleware(app, lane), "/gray", baggage="a=1")
    assert set(seen) == {sergo.Carried(None, "a=1")}


def test_nothing_leaks_between_the_threads_of_a_pool(lane: sergo.Engine) -> None:
    meeting = threading.Barrier(4)

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [])
        meeting.wait(30)
        return iter([repr(sergo.carried()).encode()])

    def run(name: str | None) -> str:
        environ: WSGIEnvironment = {"PATH_INFO": "/", **({"HTTP_X_OPENSERGO_TRAFFIC": name} if name else {})}
        setup_testing_defaults(environ)
        body = b"".join(sergo.wsgi.Middleware(app, lane)(environ, lambda *_: lambda _: None))
        assert sergo.carried() == sergo.Carried()
        return body.decode()

    names = [None if number % 3 == 0 else f"lane-{number}" for number in range(200)]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(run, names))
    for name, answer in zip(names, answers):
        assert answer == repr(sergo.Carried(sergo.Label(name, KEY) if name else None))


def test_nothing_leaks_between_tasks(lane: sergo.Engine) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        for _ in range(5):
            await asyncio.sleep(0)
        heard[scope["path"]] = (sergo.carried(), await asyncio.to_thread(sergo.carried))

    heard: dict[str, tuple[sergo.Carried, ...]] = {}
    middleware = sergo.asgi.Middleware(app, lane)

    async def ask(number: int) -> None:
        headers = [(b"x-opensergo-traffic", b"%d" % number), (b"baggage", b"n=%d" % number)] if number % 3 else []
        scope = {"type": "http", "method": "GET", "path": f"/{number}", "query_string": b"", "headers": headers}
        await middleware(scope, None, None)  # type: ignore[arg-type]
        assert sergo.carried() == sergo.Carried()

    async def run() -> None:
        await asyncio.gather(*map(ask, range(100)))
        # One after the other in one task, too.
        for number in range(6):
            await ask(number)

    asyncio.run(run())
    for number in range(100):
        expected = sergo.Carried(sergo.Label(str(number), KEY), f"n={number}") if number % 3 else sergo.Carried()
        assert heard[f"/{number}"] == (expected, expected)


def test_an_asgi_side_that_is_not_trusted(lane: sergo.Engine) -> None:
    heard: list[sergo.Carried] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        heard.append(sergo.carried())

    headers = [(b"baggage", b"x-opensergo-traffic=blue"), (b"baggage", b"a=1")]
    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"a=1", "headers": headers, "client": None}
    for trust in (True, False):
        asyncio.run(sergo.asgi.Middleware(app, lane, trust=trust)(scope, None, None))  # type: ignore[arg-type]
    blue = sergo.Carried(sergo.Label("blue", KEY), "x-opensergo-traffic=blue,a=1")
    assert heard == [blue, sergo.Carried()]
