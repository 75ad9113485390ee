"""What rules do with a call that goes out, whatever HTTP client makes it."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Generic, TypeVar, Union

from ._errors import SergoError
from ._lanes import BAGGAGE, headers_for_next_call
from ._policy import HeaderChanges, Retries
from ._routing import Routing

if TYPE_CHECKING:
    from typing_extensions import Self

    from ._discovery import Outcome
    from ._engine import Engine
    from ._sergo import Pick

Response = TypeVar("Response")
Pairs = list[tuple[str, str]]

_ADDRESS = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^:/\s]+):(\d{1,5})")
_GATEWAY_ERRORS = (502, 503, 504)
_GRPC = {"1": "cancelled", "4": "deadline-exceeded", "8": "resource-exhausted", "13": "internal", "14": "unavailable"}
_BACKOFF = 0.025
"""The least wait before a retry, in seconds, where the rule says none."""


@dataclass(frozen=True)
class Call:
    """A call as the application makes it."""

    method: str
    scheme: str
    host: str
    port: int | None
    target: str
    """The path, perhaps with a query."""
    headers: Pairs
    repeatable: bool
    """Whether its body can be sent again."""

    @property
    def authority(self) -> str:
        """The host as the server is told it."""
        for name, value in self.headers:
            if name.lower() == "host":
                return value
        return f"{self.host}:{self.port}" if self.port else self.host


@dataclass(frozen=True)
class Send:
    """Send it, so changed; the answer to this step is what :class:`Came` of it."""

    host: str
    """Where to connect; the host of a URL, without brackets."""
    port: int | None
    target: str
    headers: Pairs
    """All headers, ``Host`` among them."""
    server_name: str
    """Whose certificate it has to be."""
    timeout: float | None = None
    """How long it may take, in seconds."""


@dataclass(frozen=True)
class Sleep:
    """Wait so many seconds."""

    seconds: float


@dataclass(frozen=True)
class Came:
    """What came of an attempt: an answer, or none."""

    status: int | None = None
    grpc_status: str | None = None
    connected: bool = True
    """Whether there was a connection."""

    @property
    def outcome(self) -> Outcome:
        """The same as the engine is told it."""
        if self.status is None:
            return "local-error"
        if self.status in _GATEWAY_ERRORS:
            return "gateway-error"
        return "error" if self.status >= 500 else "success"


@dataclass(frozen=True)
class Respond:
    """Answer so: the call is not made."""

    status: int
    headers: Pairs = field(default_factory=list)
    body: bytes = b""


@dataclass(frozen=True)
class Finish:
    """Hand over what came of the last attempt, with its headers so changed."""

    changes: HeaderChanges = field(default_factory=HeaderChanges)


Steps = Generator[Union[Send, Sleep], Union[Came, None], Union[Respond, Finish]]


class Calling(Generic[Response]):
    """A call under way. It is iterated over for its steps; each attempt is answered by what came of it.

    At the end of its ``with`` block an attempt that was broken off is reported as that.
    """

    def __init__(self, engine: Engine, call: Call) -> None:
        self.response: Response | None = None
        """The response to the last attempt, if there was one."""
        self._error: Exception | None = None
        self._came: Came | None = None
        self._end: Respond | Finish = Finish()
        self._steps = _steps(engine, call)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._steps.close()

    def __iter__(self) -> Iterator[Send | Sleep]:
        try:
            while True:
                came, self._came = self._came, None
                yield self._steps.send(came)
        except StopIteration as end:
            self._end = end.value

    def answered(self, response: Response, status: int, grpc_status: str | None) -> None:
        """Take the response to an attempt."""
        self.response, self._error, self._came = response, None, Came(status, grpc_status)

    def failed(self, error: Exception, *, connected: bool) -> None:
        """Take that there was no response."""
        self.response, self._error, self._came = None, error, Came(connected=connected)

    def result(self) -> tuple[Response, HeaderChanges] | Respond:
        """Say how it ended: the last response and what to change of its headers, or what to answer instead."""
        if isinstance(self._end, Respond):
            return self._end
        if self._error is not None:
            raise self._error
        assert self.response is not None
        return self.response, self._end.changes


def _steps(engine: Engine, call: Call) -> Steps:
    """Say step by step how a call is made. Should sergo fail, it is made as the application wrote it."""
    call = _in_lane(call)
    end: float | None = None
    tried = 0
    while True:
        pick = _pick(engine, call)
        if pick is None:
            yield _send(call)
            return Finish()
        routing, policy = pick.routing, pick.routing.policy
        with pick:
            if tried == 0:
                end = None if policy.timeout is None else time.monotonic() + policy.timeout
                if routing.fault and routing.fault.delay:
                    yield Sleep(routing.fault.delay.fixed_delay)
            answer = _answer(routing, call)
            if answer is not None:
                pick.report("cancelled")
                return answer
            left = None if end is None else max(end - time.monotonic(), 0.001)
            limits = [limit for limit in (left, policy.retries.per_try_timeout) if limit is not None]
            came = yield _routed(call, pick, min(limits, default=None))
            assert came is not None
            pick.report(came.outcome)
        if tried >= policy.retries.attempts or not call.repeatable or not _again(policy.retries, came):
            return Finish(policy.headers.response)
        least = policy.retries.backoff or _BACKOFF
        wait = random.uniform(0, min(least * 2**tried, least * 10))
        if end is not None and time.monotonic() + wait >= end:
            return Finish(policy.headers.response)
        yield Sleep(wait)
        tried += 1


def changed(headers: Iterable[tuple[str, str]], changes: HeaderChanges) -> Pairs:
    """Change headers: remove, set, add."""
    gone = {name.lower() for name in (*changes.remove, *changes.set)}
    kept = [(name, value) for name, value in headers if name.lower() not in gone]
    return [*kept, *changes.set.items(), *changes.add.items()]


def _in_lane(call: Call) -> Call:
    """Take the lane along, where the call does not say its own."""
    named = {name.lower() for name, _ in call.headers}
    own = ",".join(value for name, value in call.headers if name.lower() == BAGGAGE)
    lane = headers_for_next_call(own or None)
    if any(name.lower() in named for name in lane if name != BAGGAGE):
        return call
    return replace(call, headers=changed(call.headers, HeaderChanges(set=lane)))


def _pick(engine: Engine, call: Call) -> Pick | None:
    """Ask where it goes; None is where the application says."""
    try:
        pick = engine.pick(
            call.authority,
            method=call.method,
            path=call.target,
            scheme=call.scheme,
            port=call.port or {"http": 80, "https": 443}.get(call.scheme),
            headers=call.headers,
        )
    except SergoError:
        return None
    return None if pick.routing == Routing() else pick


def _answer(routing: Routing, call: Call) -> Respond | None:
    """Answer what is not sent on at all."""
    if routing.fault and routing.fault.abort and routing.fault.abort.http_status:
        return Respond(routing.fault.abort.http_status)
    if routing.empty:
        place = routing.empty.host + (f", subset {routing.empty.subset}" if routing.empty.subset else "")
        return Respond(503, [("Content-Type", "text/plain")], f"no healthy instance of {place}".encode())
    if routing.response:
        made = Respond(routing.response.status, body=(routing.response.body or "").encode())
    elif routing.redirect:
        to = routing.redirect
        port = f":{to.port}" if to.port else ""
        _, mark, query = call.target.partition("?")
        made = Respond(to.redirect_code, [("Location", f"{to.scheme}://{to.authority}{port}{to.uri}{mark}{query}")])
    else:
        return None
    return Respond(made.status, changed(made.headers, routing.policy.headers.response), made.body)


def _send(call: Call) -> Send:
    return Send(call.host, call.port, call.target, call.headers, call.host)


def _routed(call: Call, pick: Pick, timeout: float | None) -> Send:
    """Make what a pick says of a call."""
    routing, destination = pick.routing, pick.destination
    assert destination is not None
    host, port = destination.host, destination.port or call.port
    address = _ADDRESS.fullmatch(pick.instance.id) if pick.instance else None
    if address:
        host, port = address[1].strip("[]"), int(address[2])
    rewrite = routing.rewrite
    authority = (rewrite and rewrite.authority) or call.authority
    _, mark, query = call.target.partition("?")
    target = call.target if rewrite is None or rewrite.uri is None else rewrite.uri + mark + query
    headers = changed(call.headers, HeaderChanges(set={"Host": authority}))
    name = _ADDRESS.fullmatch(authority)
    server_name = (name[1] if name else authority).strip("[]")
    return Send(host, port, target, changed(headers, routing.policy.headers.request), server_name, timeout)


def _again(retries: Retries, came: Came) -> bool:
    """Whether a rule wants another attempt after this one."""
    on = {condition.strip() for condition in retries.retry_on.split(",")}
    if came.status is None:
        return bool(on & ({"5xx", "reset", "gateway-error"} if came.connected else {"5xx", "connect-failure"}))
    return (
        str(came.status) in on
        or ("5xx" in on and came.status >= 500)
        or ("gateway-error" in on and came.status in _GATEWAY_ERRORS)
        or ("retriable-4xx" in on and came.status == 409)
        or _GRPC.get(came.grpc_status or "") in on
    )
