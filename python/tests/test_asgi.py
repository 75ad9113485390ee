"""The ASGI middleware, by the protocol itself and under Starlette."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route

import sergo
import sergo.asgi
from conftest import limit

Message = MutableMapping[str, Any]


class Answer:
    """What an application sent."""

    def __init__(self, app: Any, path: str, method: str = "GET", **scope: Any) -> None:
        self.messages: list[Message] = []
        self.scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": b"",
            "headers": [],
            **scope,
        }

        async def send(message: Message) -> None:
            self.messages.append(message)

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        asyncio.run(app(self.scope, receive, send))
        self.status = self.messages[0].get("status")
        self.headers = {name.decode(): value.decode() for name, value in self.messages[0].get("headers", [])}
        self.body = b"".join(message.get("body", b"") for message in self.messages)


def hello(status: int = 200) -> Any:
    """Make an application that says hello in two parts."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b"hel", "more_body": True})
        await send({"type": "http.response.body", "body": b"lo"})

    return app


def counted(engine: sergo.Engine) -> tuple[int, int, int]:
    """Completions, errors, and what is in flight."""
    foo = engine.figures().resources[0]
    return foo.completed, foo.errors, foo.in_flight


def test_a_block_is_answered_as_the_rule_says(limited: sergo.Engine, clock: sergo.ManualClock) -> None:
    app = sergo.asgi.Middleware(hello(), limited)
    for _ in range(2):
        answer = Answer(app, "/foo")
        assert (answer.status, answer.body) == (200, b"hello")
    clock.advance(29.5)
    answer = Answer(app, "/foo")
    assert (answer.status, answer.body) == (429, b"Blocked by Sentinel")
    assert answer.headers == {"x-sentinel-limit": "foo", "retry-after": "31", "content-length": "19"}
    answer = Answer(app, "/foo", "HEAD")
    assert (answer.status, answer.body, answer.headers["content-length"]) == (429, b"", "19")


def test_it_leaves_when_the_response_is_complete(engine: sergo.Engine) -> None:
    engine.load(limit(100))
    seen: list[tuple[int, int, int]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x", "more_body": True})
        seen.append(counted(engine))
        await send({"type": "http.response.body", "body": b"x"})
        seen.append(counted(engine))

    Answer(sergo.asgi.Middleware(app, engine), "/foo")
    assert seen == [(0, 0, 1), (1, 0, 0)]


def test_errors_are_5xx_and_exceptions(engine: sergo.Engine) -> None:
    engine.load(limit(100))
    for status in (200, 404, 500, 503):
        assert Answer(sergo.asgi.Middleware(hello(status), engine), "/foo").status == status
    assert counted(engine) == (4, 2, 0)

    async def fail(scope: Any, receive: Any, send: Any) -> None:
        raise ZeroDivisionError

    async def cancel(scope: Any, receive: Any, send: Any) -> None:
        raise asyncio.CancelledError

    for app, error in ((fail, ZeroDivisionError), (cancel, asyncio.CancelledError)):
        with pytest.raises(error):
            Answer(sergo.asgi.Middleware(app, engine), "/foo")
    assert counted(engine) == (6, 4, 0)


def test_sockets_and_the_lifespan_pass_by(limited: sergo.Engine) -> None:
    seen = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["type"])
        await send({"type": "done"})

    for kind in ("lifespan", "websocket"):
        Answer(sergo.asgi.Middleware(app, limited), "/foo", type=kind)
    assert seen == ["lifespan", "websocket"]
    assert counted(limited) == (0, 0, 0)


def test_a_template_names_the_resource(engine: sergo.Engine) -> None:
    engine.load(limit(2, "'GET:/users/{id}'"))
    app = sergo.asgi.Middleware(hello(), engine, template=lambda scope: "/users/{id}")
    assert [Answer(app, f"/users/{user}").status for user in range(3)] == [200, 200, 429]
    app = sergo.asgi.Middleware(hello(), engine)
    assert Answer(app, "/users/4", route=SimpleNamespace(path="/users/{id}")).status == 429
    assert Answer(app, "/users/4").status == 200


def test_no_request_is_lost_when_sergo_fails(limited: sergo.Engine) -> None:
    async def closing(scope: Any, receive: Any, send: Any) -> None:
        limited.close()
        await hello()(scope, receive, send)

    for _ in range(4):
        answer = Answer(sergo.asgi.Middleware(closing, limited), "/foo")
        assert (answer.status, answer.body) == (200, b"hello")


def test_starlette_templates_are_found_before_routing(engine: sergo.Engine) -> None:
    async def serve(request: Request) -> Response:
        return PlainTextResponse("hello")

    app = Starlette(
        routes=[
            Route("/users/{id:int}", serve),
            Mount("/api", routes=[Route("/items/{item}", serve, methods=["GET"])]),
            Mount("/files", app=sergo.asgi.Middleware(hello(), engine)),
        ]
    )
    app.add_middleware(sergo.asgi.Middleware, engine=engine)
    targets = ("GET:/users/{id:int}", "GET:/api/items/{item}", "/files", "/nowhere")
    for target in targets:
        assert engine.load(limit(1, f"'{target}'"))
        path = target.replace("GET:", "").replace("{id:int}", "7").replace("{item}", "x")
        statuses = [Answer(app, path).status for _ in range(2)]
        assert statuses[1] == 429, (target, statuses)
    assert engine.load(limit(0, "'/api/items/{item}'"))
    assert Answer(app, "/api/items/x", "PATCH").status == 429, "a method that no route takes has its template too"
