"""Routing the calls of ``httpx``; it needs httpx to be installed.

>>> import httpx, sergo.httpx
>>> engine = sergo.Engine("foo-app")
>>> client = httpx.Client(transport=sergo.httpx.Transport(engine))

and with ``httpx.AsyncClient`` an :class:`AsyncTransport`. What rules do with a call:

- It goes on in the lane of the request that is being served: see :func:`sergo.carrying`.
- It goes to the instance that the engine picks, where that is called ``host:port``, else to
  the destination's host; ``Host`` and the name that a certificate has to bear stay those of
  the URL, or of the rewrite. What came of it is reported when the headers of its response
  are there.
- Header changes, rewrites, delays, aborts, redirects and direct responses are made as the
  route says. A redirect is a response: the client follows it or not. A host or subset with
  no healthy instance is a 503.
- The timeout bounds connecting, sending, and each wait for data by what is left of it. An
  attempt that fails on what ``retryOn`` names is repeated, each time to an instance picked
  anew, where the body is bytes or text and not a stream.

Mirrors, gRPC aborts and the limits of connections are not acted upon. A host that neither
rules nor discovery know, and every call once the engine has failed or is closed, goes where
its URL says.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import httpx

from ._outbound import Call, Calling, Respond, Send, Sleep, changed

if TYPE_CHECKING:
    from ._engine import Engine

__all__ = ["AsyncTransport", "Transport"]

_UNCONNECTED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class _Calling(Calling[httpx.Response]):
    """A call of httpx."""

    def __init__(self, engine: Engine, request: httpx.Request) -> None:
        self._request = request
        url = request.url
        repeatable = isinstance(request.stream, httpx.ByteStream)
        headers = request.headers.multi_items()
        target = url.raw_path.decode("ascii")
        super().__init__(engine, Call(request.method, url.scheme, url.host, url.port, target, headers, repeatable))

    def attempt(self, send: Send) -> httpx.Request:
        """Make the request of one attempt."""
        extensions = {**self._request.extensions}
        if send.timeout is not None:
            known = extensions.get("timeout", {})
            limits = ((name, known.get(name)) for name in ("connect", "read", "write", "pool"))
            extensions["timeout"] = {
                name: send.timeout if limit is None else min(limit, send.timeout) for name, limit in limits
            }
        if self._request.url.scheme == "https" and send.server_name != send.host:
            extensions["sni_hostname"] = send.server_name
        return httpx.Request(
            self._request.method,
            self._request.url.copy_with(host=send.host, port=send.port, raw_path=send.target.encode("ascii")),
            headers=send.headers,
            stream=self._request.stream,
            extensions=extensions,
        )

    def take(self, response: httpx.Response) -> None:
        """Take the response to an attempt."""
        self.answered(response, response.status_code, response.headers.get("grpc-status"))

    def end(self) -> httpx.Response:
        """Say what the client gets."""
        result = self.result()
        if isinstance(result, Respond):
            return httpx.Response(result.status, headers=result.headers, content=result.body)
        response, changes = result
        response.headers = httpx.Headers(changed(response.headers.multi_items(), changes))
        return response


class Transport(httpx.BaseTransport):
    """Sends calls as the rules of an engine say, through ``transport``; ``httpx.HTTPTransport()`` by default."""

    def __init__(self, engine: Engine, transport: httpx.BaseTransport | None = None) -> None:
        self._engine = engine
        self._transport = transport or httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Make one call."""
        calling = _Calling(self._engine, request)
        with calling:
            for step in calling:
                if isinstance(step, Sleep):
                    time.sleep(step.seconds)
                    continue
                if calling.response is not None:
                    calling.response.close()
                try:
                    calling.take(self._transport.handle_request(calling.attempt(step)))
                except httpx.TransportError as error:
                    calling.failed(error, connected=not isinstance(error, _UNCONNECTED))
            return calling.end()

    def close(self) -> None:
        """Close the transport that it sends through."""
        self._transport.close()


class AsyncTransport(httpx.AsyncBaseTransport):
    """The same for ``httpx.AsyncClient``, through ``transport``; ``httpx.AsyncHTTPTransport()`` by default."""

    def __init__(self, engine: Engine, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._engine = engine
        self._transport = transport or httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Make one call."""
        calling = _Calling(self._engine, request)
        with calling:
            for step in calling:
                if isinstance(step, Sleep):
                    await asyncio.sleep(step.seconds)
                    continue
                if calling.response is not None:
                    await calling.response.aclose()
                try:
                    calling.take(await self._transport.handle_async_request(calling.attempt(step)))
                except httpx.TransportError as error:
                    calling.failed(error, connected=not isinstance(error, _UNCONNECTED))
            return calling.end()

    async def aclose(self) -> None:
        """Close the transport that it sends through."""
        await self._transport.aclose()
