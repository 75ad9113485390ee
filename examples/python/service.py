"""A small service that is governed by the rules in the folder RULES.

Where SERGO_CONTROL_PLANE names a control plane, as host:port, its rules come from there.

GET /foo is limited by its rules; GET /route says where a call to another service
would go; GET /version says which rules are in force. It listens on PORT, 0 being a
free one, and says so in its first line.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterable
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING
from urllib.parse import parse_qs
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import sergo
import sergo.wsgi

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

PROVIDER = "service-provider"


def set_provider(engine: sergo.Engine, *, healthy_v2: bool) -> None:
    """Tell the engine of the two instances that we call; discovery would do it."""
    v1 = sergo.Instance("a", {"version": "v1"})
    v2 = sergo.Instance("b", {"version": "v2"}, healthy=healthy_v2)
    engine.set_instances(PROVIDER, [v1, v2])


def request_headers(environ: WSGIEnvironment) -> dict[str, str]:
    """Read the headers of a request, which WSGI keeps as HTTP_X_NAME."""
    return {key[5:].replace("_", "-"): value for key, value in environ.items() if key.startswith("HTTP_")}


class Service:
    """The application. It knows nothing of limits: the middleware around it does."""

    def __init__(self, engine: sergo.Engine) -> None:
        self.engine = engine

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        status, text = self.answer(environ)
        body = text.encode()
        start_response(status, [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))])
        return [body]

    def answer(self, environ: WSGIEnvironment) -> tuple[str, str]:
        """Say the status and the body for a request."""
        query = {name: values[0] for name, values in parse_qs(environ.get("QUERY_STRING", "")).items()}
        request = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}"
        if request == "GET /foo":
            return "200 OK", "hello from python"
        if request == "GET /route":
            routing = self.engine.route(query.get("host", PROVIDER), headers=request_headers(environ))
            subset = routing.destination.subset if routing.destination else None
            return "200 OK", f"subset={subset or 'none'} fallback={str(routing.fallback).lower()}"
        if request == "GET /version":
            return "200 OK", str(self.engine.version)
        if request == "POST /instances":
            set_provider(self.engine, healthy_v2=query.get("healthy_v2") != "false")
            return "200 OK", "done"
        return "404 Not Found", f"nothing is at {request}"


class Server(ThreadingMixIn, WSGIServer):
    """A thread per request; those that still run do not hold up the end."""

    daemon_threads = True


class Quiet(WSGIRequestHandler):
    """Writes no line per request."""

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def complain(report: sergo.Report) -> None:
    """Say what is wrong with new rules; what is right is in force."""
    for wrong in (*report.rejected, *report.waiting):
        print(wrong, file=sys.stderr)


def follow(engine: sergo.Engine) -> sergo.ControlPlaneSubscription | sergo.Subscription:
    """Take the rules from the control plane, if one is named, else from the folder."""
    address = os.environ.get("SERGO_CONTROL_PLANE")
    if address:
        return engine.subscribe(sergo.control_plane(address), on_report=complain, on_error=lament)
    return engine.subscribe(sergo.file(os.environ.get("RULES", "rules")), on_report=complain, on_error=lament)


def lament(error: Exception) -> None:
    """Say why no rules come; those before stay."""
    print(error, file=sys.stderr)


def main() -> None:
    """Serve until SIGTERM or Ctrl-C."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    port = int(os.environ.get("PORT", "0"))
    with sergo.Engine("foo-app") as engine:
        set_provider(engine, healthy_v2=True)
        rules = follow(engine)
        app = sergo.wsgi.Middleware(Service(engine), engine)
        with rules, make_server("127.0.0.1", port, app, Server, Quiet) as server:
            print(f"listening on 127.0.0.1:{server.server_port}", flush=True)
            server.serve_forever()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit()
