"""Governing an ASGI application.

>>> import sergo.asgi
>>> async def app(scope, receive, send):
...     await send({"type": "http.response.start", "status": 200, "headers": []})
...     await send({"type": "http.response.body", "body": b"hello"})
>>> engine = sergo.Engine("foo-app")
>>> app = sergo.asgi.Middleware(app, engine)

For Starlette and FastAPI: ``app.add_middleware(sergo.asgi.Middleware, engine=engine)``.
"""

from __future__ import annotations

from collections.abc import Awaitable, MutableMapping
from contextlib import suppress
from typing import Any, Callable

from . import _http, _lanes
from ._engine import Engine
from ._errors import Blocked, SergoError

__all__ = ["Middleware", "route"]

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


def route(scope: Scope) -> str:
    """Find the template of the route that serves a request, else its path.

    The route is ``scope["route"]``; before routing, Starlette's and FastAPI's
    ``scope["app"]`` is asked for it.
    """
    found = getattr(scope.get("route"), "path", None)
    if found is None:
        found = _template(getattr(scope.get("app"), "routes", ()), scope)
    template: str = found or scope["path"]
    return template


def _template(routes: Any, scope: Scope) -> Any:
    """Find the template of the first route that matches, through what is mounted."""
    partial = None
    for candidate in routes:
        match, child = candidate.matches(scope)
        if match.name == "NONE" or not hasattr(candidate, "path"):
            continue
        template = candidate.path
        if getattr(candidate, "routes", None):
            below = _template(candidate.routes, {**scope, **child})
            template = None if below is None else template + below
        if match.name == "FULL" and template is not None:
            return template
        partial = partial or template
    return partial


class Middleware:
    """Enters ``METHOD:template`` for every HTTP request, inbound.

    ``template`` gives the route's template for a scope, as in ``/users/{id}``; by
    default that of :func:`route`. A block is answered with the rule's response, else
    with 429. The entry exits when the response is complete; a status of 500 or more and
    an exception are errors. Should sergo itself fail, requests are served ungoverned.
    Web sockets and the lifespan pass by.

    While it is served a request carries its lane: see :func:`sergo.carried`. ``trust``
    says whether the lane that a request brings is believed; where it is not, no
    ``baggage`` header is carried on either.
    """

    def __init__(
        self, app: App, engine: Engine, template: Callable[[Scope], str] = route, *, trust: bool = True
    ) -> None:
        self.app = app
        self.engine = engine
        self.template = template
        self.trust = trust

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        with _lanes.carrying(*self._carried(scope)):
            await self._serve(scope, receive, send)

    def _carried(self, scope: Scope) -> tuple[_lanes.Label | None, str]:
        """Find what the request carries."""
        query, client = scope.get("query_string"), scope.get("client")
        return _lanes.of_request(
            self.engine,
            self.trust,
            b",".join(value for name, value in scope["headers"] if name == b"baggage").decode("latin-1"),
            method=scope["method"],
            path=scope["path"] + (f"?{query.decode('latin-1')}" if query else ""),
            scheme=scope.get("scheme", "http"),
            headers=scope["headers"],
            client=client and client[0],
        )

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        method: str = scope["method"]
        resource = f"{method}:{self.template(scope)}"
        try:
            entry = await self.engine.enter_async(resource)
        except Blocked as block:
            await _answer(block, method, send)
            return
        except SergoError:
            await self.app(scope, receive, send)
            return
        status = 0

        async def listen(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)
            if message["type"] == "http.response.body" and not message.get("more_body", False):
                leave(status >= _http.SERVER_ERROR)

        def leave(error: bool) -> None:
            # A response that is there is served, whatever has become of sergo.
            with suppress(SergoError):
                entry.exit(error)

        try:
            await self.app(scope, receive, listen)
        except BaseException:
            leave(True)
            raise
        leave(status >= _http.SERVER_ERROR)


async def _answer(block: Blocked, method: str, send: Send) -> None:
    status, headers, body = _http.response(block, method)
    raw = [(name.encode().lower(), value.encode()) for name, value in headers]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})
