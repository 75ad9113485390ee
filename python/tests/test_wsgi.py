"""The WSGI middleware, over real HTTP and by itself."""

from __future__ import annotations

import http.client
import io
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, make_server
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import pytest

import sergo
import sergo.wsgi
from conftest import eventually, limit

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


def hello(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer with the status that the query names."""
    status = environ.get("QUERY_STRING") or "200"
    if status == "raise":
        raise ZeroDivisionError
    start_response(f"{status} Word", [("Content-Type", "text/plain")])
    return [b"hello"]


class Quiet(WSGIRequestHandler):
    """Writes no line per request, nor one per failure."""

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def get_stderr(self) -> Any:
        """Forget what went wrong: the test provoked it."""
        return io.StringIO()


@contextmanager
def serving(app: WSGIApplication) -> Iterator[http.client.HTTPConnection]:
    """Serve on a free port and connect to it."""
    with make_server("127.0.0.1", 0, app, handler_class=Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=30)
        try:
            yield connection
        finally:
            connection.close()
            server.shutdown()
            thread.join()


def get(connection: http.client.HTTPConnection, path: str, method: str = "GET") -> tuple[int, bytes, dict[str, str]]:
    """Ask, and read the whole answer."""
    connection.request(method, path)
    response = connection.getresponse()
    return response.status, response.read(), {name.lower(): value for name, value in response.getheaders()}


def test_a_block_is_answered_as_the_rule_says(limited: sergo.Engine, clock: sergo.ManualClock) -> None:
    with serving(sergo.wsgi.Middleware(hello, limited)) as connection:
        for _ in range(2):
            status, body, headers = get(connection, "/foo?200")
            assert (status, body, headers["content-length"]) == (200, b"hello", "5")
        clock.advance(29.5)
        status, body, headers = get(connection, "/foo")
        assert (status, body) == (429, b"Blocked by Sentinel")
        assert (headers["x-sentinel-limit"], headers["retry-after"]) == ("foo", "31")
        status, body, headers = get(connection, "/foo", "HEAD")
        assert (status, body, headers["content-length"]) == (429, b"", "19")


def test_it_keeps_to_the_protocol_on_both_sides(limited: sergo.Engine) -> None:
    app = validator(sergo.wsgi.Middleware(validator(hello), limited))
    assert limited.load(limit().replace("X-Sentinel-Limit, value: foo", "Content-Type, value: text/plain"))
    statuses = []
    for _ in range(3):
        with serving(app) as connection:
            statuses.append(get(connection, "/foo")[0])
    assert statuses == [200, 200, 429]


def test_a_target_without_method_is_limited_for_all_methods(limited: sergo.Engine) -> None:
    app = sergo.wsgi.Middleware(hello, limited)
    for method in ("GET", "POST"):
        assert call(app, "/foo", method)[0] == "200 Word"
    status, headers, body = call(app, "/foo", "HEAD")
    assert (status, body) == ("429 Too Many Requests", b"")
    assert ("Content-Length", "19") in headers


def test_without_a_fallback_a_block_is_429_and_empty(engine: sergo.Engine) -> None:
    engine.load(limit(0).replace("  fallbackAction: fallback-foo\n", ""))
    status, headers, body = call(sergo.wsgi.Middleware(hello, engine), "/foo")
    assert (status, headers, body) == ("429 Too Many Requests", [("Content-Length", "0")], b"")


def test_what_the_action_sets_is_not_set_again(engine: sergo.Engine) -> None:
    text = limit(1).replace("responseStatusCode: 429", "responseStatusCode: 599")
    engine.load(text.replace("[{key: X-Sentinel-Limit, value: foo}]", "[{key: retry-after, value: '7'}]"))
    app = sergo.wsgi.Middleware(hello, engine)
    call(app, "/foo")
    status, headers, _ = call(app, "/foo")
    assert (status, headers) == ("599 Blocked", [("retry-after", "7"), ("Content-Length", "19")])


def test_a_status_without_body_has_none(engine: sergo.Engine) -> None:
    engine.load(limit(0).replace("responseStatusCode: 429", "responseStatusCode: 204"))
    status, headers, body = call(sergo.wsgi.Middleware(hello, engine), "/foo")
    assert (status, headers, body) == ("204 No Content", [("X-Sentinel-Limit", "foo")], b"")


def test_errors_are_5xx_and_exceptions(engine: sergo.Engine) -> None:
    engine.load(limit(100))
    with serving(sergo.wsgi.Middleware(hello, engine)) as connection:
        assert [get(connection, f"/foo?{status}")[0] for status in (200, 404, 500, 503)] == [200, 404, 500, 503]
        # The client has its answer before the server closes the response.
        eventually(lambda: counted(engine) == (4, 2, 0))
        assert get(connection, "/foo?raise")[0] == 500
        eventually(lambda: counted(engine) == (5, 3, 0))


def test_it_leaves_when_the_response_is_closed(engine: sergo.Engine) -> None:
    engine.load(limit(100))

    class Body:
        closed = False

        def __iter__(self) -> Iterator[bytes]:
            yield b"one"
            yield b"two"

        def close(self) -> None:
            self.closed = True

    sent = Body()

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [])
        return sent

    body: Any = sergo.wsgi.Middleware(app, engine)(environment("/foo"), lambda *_: lambda _: None)
    assert not hasattr(body, "__len__")
    assert list(body) == [b"one", b"two"]
    assert counted(engine) == (0, 0, 1)
    body.close()
    body.close()
    assert sent.closed
    assert counted(engine) == (1, 0, 0)


def test_a_body_that_fails_is_an_error(engine: sergo.Engine) -> None:
    engine.load(limit(100))

    def late(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [])
        yield b"one"
        raise ZeroDivisionError

    class Unclosable(list[bytes]):
        def close(self) -> None:
            raise ZeroDivisionError

    def unclosable(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [])
        return Unclosable([b"one"])

    for app in (late, unclosable):
        with pytest.raises(ZeroDivisionError):
            call(sergo.wsgi.Middleware(app, engine), "/foo")
    assert counted(engine) == (2, 2, 0)


def test_a_status_that_is_replaced_counts(engine: sergo.Engine) -> None:
    engine.load(limit(100))

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [])
        try:
            raise ZeroDivisionError
        except ZeroDivisionError:
            start_response("500 Oops", [], sys.exc_info())
        return [b""]

    assert call(sergo.wsgi.Middleware(app, engine), "/foo")[0] == "500 Oops"
    assert counted(engine) == (1, 1, 0)


def test_a_template_names_the_resource(engine: sergo.Engine) -> None:
    engine.load(limit(2, "'GET:/users/{id}'"))
    app = sergo.wsgi.Middleware(hello, engine, template=lambda environ: "/users/{id}")
    assert [call(app, f"/users/{user}")[0][:3] for user in range(3)] == ["200", "200", "429"]
    environ = environment("/b\xc3\xa9\xff")
    environ["SCRIPT_NAME"] = "/a"
    assert sergo.wsgi.path(environ) == "/a/bé\N{REPLACEMENT CHARACTER}"
    assert sergo.wsgi.path({}) == "/"


def test_no_request_is_lost_when_sergo_fails(limited: sergo.Engine) -> None:
    app = sergo.wsgi.Middleware(hello, limited)
    body: Any = app(environment("/foo"), lambda *_: lambda _: None)
    limited.close()
    assert b"".join(body) == b"hello"
    body.close()
    assert [call(app, "/foo")[0] for _ in range(5)] == ["200 Word"] * 5


def counted(engine: sergo.Engine) -> tuple[int, int, int]:
    """Completions, errors, and what is in flight."""
    foo = engine.figures().resources[0]
    return foo.completed, foo.errors, foo.in_flight


def environment(path: str, method: str = "GET") -> WSGIEnvironment:
    """The environ of a request."""
    environ: WSGIEnvironment = {"PATH_INFO": path, "REQUEST_METHOD": method}
    setup_testing_defaults(environ)
    return environ


def call(app: WSGIApplication, path: str, method: str = "GET") -> tuple[str, list[tuple[str, str]], bytes]:
    """Ask an application without a server."""
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: object = None, /) -> Any:
        started.append((status, headers))

    body: Any = app(environment(path, method), start_response)
    try:
        content = b"".join(body)
    finally:
        if hasattr(body, "close"):
            body.close()
    return (*started[-1], content)
