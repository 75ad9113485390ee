"""Governing a WSGI application.

>>> import sergo.wsgi
>>> def app(environ, start_response):
...     start_response("200 OK", [("Content-Type", "text/plain")])
...     return [b"hello"]
>>> engine = sergo.Engine("foo-app")
>>> app = sergo.wsgi.Middleware(app, engine)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from contextvars import Context, copy_context
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Callable

from . import _http, _lanes
from ._engine import Engine
from ._errors import Blocked, SergoError
from ._sergo import Entry

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["Middleware", "path"]


def path(environ: WSGIEnvironment) -> str:
    """Read the path of a request: the template of an application that names none."""
    raw: str = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
    # WSGI carries bytes as latin-1 text.
    return raw.encode("latin-1").decode("utf-8", "replace") or "/"


class Middleware:
    """Enters ``METHOD:template`` for every request, inbound.

    ``template`` gives the route's template for an environ, as in ``/users/{id}``; by
    default it is the path. A block is answered with the rule's response, else with 429.
    The entry exits when the response is closed; a status of 500 or more and an
    exception are errors. Should sergo itself fail, requests are served ungoverned.

    Each request runs in a context of its own, in which it carries its lane: see
    :func:`sergo.carried`. ``trust`` says whether the lane that a request brings is
    believed; where it is not, no ``baggage`` header is carried on either.
    """

    def __init__(
        self,
        app: WSGIApplication,
        engine: Engine,
        template: Callable[[WSGIEnvironment], str] = path,
        *,
        trust: bool = True,
    ) -> None:
        self.app = app
        self.engine = engine
        self.template = template
        self.trust = trust

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        method: str = environ["REQUEST_METHOD"]
        context = copy_context()
        context.run(self._carry, environ)
        try:
            entry = self.engine.enter(f"{method}:{self.template(environ)}")
        except Blocked as block:
            return _answer(block, method, start_response)
        except SergoError:
            entry = None
        governed = _Governed(entry, context)
        try:
            body = context.run(self.app, environ, governed.start(start_response))
        except BaseException:
            governed.exit(error=True)
            raise
        return _SizedBody(body, governed) if hasattr(body, "__len__") else _Body(body, governed)

    def _carry(self, environ: WSGIEnvironment) -> None:
        """Set what the request carries, in this context."""
        headers = {key[5:].replace("_", "-"): value for key, value in environ.items() if key.startswith("HTTP_")}
        target = path(environ) + (f"?{query}" if (query := environ.get("QUERY_STRING")) else "")
        label, baggage = _lanes.of_request(
            self.engine,
            self.trust,
            headers.get("BAGGAGE", ""),
            method=environ["REQUEST_METHOD"],
            path=target,
            scheme=environ.get("wsgi.url_scheme", "http"),
            headers=headers,
            client=environ.get("REMOTE_ADDR") or None,
        )
        _lanes.carry(label, baggage)


def _answer(block: Blocked, method: str, start_response: StartResponse) -> Iterable[bytes]:
    status, headers, body = _http.response(block, method)
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "Blocked"
    start_response(f"{status} {phrase}", [(name, value.encode().decode("latin-1")) for name, value in headers])
    return [body]


class _Governed:
    """A request under way: its entry, its context, and whether its status is an error."""

    def __init__(self, entry: Entry | None, context: Context) -> None:
        self._entry = entry
        self.run = context.run
        self._failed = False

    def start(self, start_response: StartResponse) -> StartResponse:
        """Listen in on the application's ``start_response``."""

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None, /) -> Callable[[bytes], object]:
            self._failed = status.startswith("5")
            return start_response(status, headers, exc_info) if exc_info else start_response(status, headers)

        return start

    def exit(self, *, error: bool = False) -> None:
        """Leave; the first time counts."""
        # A response that is there is served, whatever has become of sergo.
        if self._entry is not None:
            with suppress(SergoError):
                self._entry.exit(error or self._failed)


class _Body:
    """The body of a governed response: the request is over when it is closed."""

    def __init__(self, body: Iterable[bytes], governed: _Governed) -> None:
        self._body = body
        self._governed = governed

    def __iter__(self) -> Iterator[bytes]:
        try:
            parts = self._governed.run(iter, self._body)
            while (part := self._governed.run(next, parts, None)) is not None:
                yield part
        except GeneratorExit:
            raise
        except BaseException:
            self._governed.exit(error=True)
            raise

    def close(self) -> None:
        try:
            if hasattr(self._body, "close"):
                self._governed.run(self._body.close)
        except BaseException:
            self._governed.exit(error=True)
            raise
        self._governed.exit()


class _SizedBody(_Body):
    """A body whose number of parts is known: servers measure one of a single part."""

    def __len__(self) -> int:
        return len(self._body)  # type: ignore[arg-type]
