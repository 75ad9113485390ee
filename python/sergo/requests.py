"""Routing the calls of ``requests``; it needs requests to be installed.

>>> import requests, sergo.requests
>>> engine = sergo.Engine("foo-app")
>>> session = requests.Session()
>>> session.mount("http://", sergo.requests.Adapter(engine))
>>> session.mount("https://", sergo.requests.Adapter(engine))

What rules do with a call is as for :mod:`sergo.httpx`, with two differences: the ``Host``
of a call is that of its URL even behind a proxy, and what ``max_retries`` repeats goes to the
same instance.
"""

from __future__ import annotations

import io
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

import requests
import requests.adapters
from requests.structures import CaseInsensitiveDict
from urllib3 import HTTPHeaderDict, HTTPResponse
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError, SSLError

from ._outbound import Call, Calling, Respond, Send, Sleep, changed

if TYPE_CHECKING:
    from ._engine import Engine

__all__ = ["Adapter"]


class _Calling(Calling[requests.Response]):
    """A call of requests."""

    def __init__(self, engine: Engine, request: requests.PreparedRequest) -> None:
        self._request = request
        self._url = url = urlsplit(request.url or "")
        target = (url.path or "/") + (f"?{url.query}" if url.query else "")
        headers = [(name, _text(value)) for name, value in request.headers.items()]
        repeatable = request.body is None or isinstance(request.body, (bytes, str))
        call = Call(request.method or "GET", url.scheme, url.hostname or "", url.port, target, headers, repeatable)
        super().__init__(engine, call)

    def attempt(self, send: Send) -> requests.PreparedRequest:
        """Make the request of one attempt."""
        request = self._request.copy()
        host = f"[{send.host}]" if ":" in send.host else send.host
        place = f"{host}:{send.port}" if send.port else host
        path, _, query = send.target.partition("?")
        request.url = urlunsplit((self._url.scheme, place, path, query, ""))
        request.headers = CaseInsensitiveDict()
        for name, value in send.headers:
            request.headers[name] = f"{request.headers[name]},{value}" if name in request.headers else value
        if self._url.scheme == "https" and send.server_name != send.host:
            request._sergo_server_name = send.server_name  # type: ignore[attr-defined]
        return request

    def end(self) -> requests.Response:
        """Say what the client gets."""
        result = self.result()
        if isinstance(result, Respond):
            headers = HTTPHeaderDict(result.headers)
            raw = HTTPResponse(io.BytesIO(result.body), headers, result.status, preload_content=False)
            return requests.adapters.HTTPAdapter().build_response(self._request, raw)
        response, changes = result
        response.headers = CaseInsensitiveDict(changed(response.headers.items(), changes))
        response.request = self._request
        response.url = self._request.url or ""
        return response


class Adapter(requests.adapters.HTTPAdapter):
    """Sends calls as the rules of an engine say; what else it is given is for ``requests``."""

    def __init__(self, engine: Engine, *args: Any, **kwargs: Any) -> None:
        self._engine = engine
        super().__init__(*args, **kwargs)

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Make one call."""
        calling = _Calling(self._engine, request)
        with calling:
            for step in calling:
                if isinstance(step, Sleep):
                    time.sleep(step.seconds)
                    continue
                if calling.response is not None:
                    calling.response.close()
                limits = _limits(timeout, step.timeout)
                try:
                    response = super().send(calling.attempt(step), stream, limits, verify, cert, proxies)
                    calling.answered(response, response.status_code, response.headers.get("grpc-status"))
                except requests.RequestException as error:
                    calling.failed(error, connected=_connected(error))
            return calling.end()

    def build_connection_pool_key_attributes(self, request: Any, verify: Any, cert: Any = None) -> Any:
        """Connect to an instance, but ask for the certificate of the host."""
        host, pool = super().build_connection_pool_key_attributes(request, verify, cert)
        name = getattr(request, "_sergo_server_name", None)
        return host, pool if name is None else {**pool, "server_hostname": name, "assert_hostname": name}


def _connected(error: requests.RequestException) -> bool:
    """Whether there was a connection before this went wrong."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return not isinstance(reason, (NewConnectionError, ConnectTimeoutError, SSLError))


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("latin-1")


def _limits(timeout: Any, limit: float | None) -> Any:
    """Shorten the caller's timeout, which is a number or a pair, to a limit."""
    if limit is None:
        return timeout
    if isinstance(timeout, tuple):
        return tuple(limit if one is None else min(one, limit) for one in timeout)
    return limit if timeout is None else min(timeout, limit)
