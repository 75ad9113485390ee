"""The part of sergo that is written in Rust."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, Callable, Literal, final

from typing_extensions import Self, TypeAlias, disjoint_base

from ._discovery import Instance, Outcome
from ._entering import Direction
from ._errors import Fallback
from ._explanation import BreakerState
from ._lanes import Label
from ._routing import Destination, Routing
from ._rpc import Rpc

_Headers: TypeAlias = Mapping[str, str | Sequence[str]] | Iterable[tuple[str | bytes, str | bytes]]

@disjoint_base
class Engine:
    """The engine without what Python adds: make a ``sergo.Engine``."""

    def __new__(
        cls,
        app: str,
        namespace: str = "default",
        labels: dict[str, str] | None = None,
        clock: Callable[[], int] | None = None,
    ) -> Self: ...
    def enter(self, resource: str, cost: int = 1, direction: Direction = "inbound") -> Entry:
        """Enter: give an open entry, after sleeping where the rules space entries out, or raise ``Blocked``."""

    def decide(self, resource: str, cost: int = 1, direction: Direction = "inbound") -> Entry | BlockedDecision:
        """Ask to enter, for an answer as a value.

        It never sleeps: wait ``entry.wait`` seconds first.
        """

    def route(
        self,
        host: str,
        *,
        method: str = "GET",
        path: str = "/",
        scheme: str = "http",
        port: int | None = None,
        headers: _Headers | None = None,
        client: str | None = None,
        source_labels: dict[str, str] | None = None,
        source_namespace: str | None = None,
        source_gateway: str | None = None,
        rpc: Rpc | None = None,
        roll: float | Sequence[float] | None = None,
        hash: str | None = None,
    ) -> Routing:
        """Say where a request goes, and what is done with it on the way; the caller does it.

        ``headers`` is a mapping of names, in any case, to a value or several, or an
        iterable of pairs. ``client`` is the caller's address. What is left open of the
        source is the engine's own. ``roll`` is a number of 0 up to 1, or several,
        instead of random ones; the same ``hash`` always gets the same pick, without a
        roll. ``rpc`` is the remote procedure that the request calls.
        """

    def pick(
        self,
        host: str,
        *,
        method: str = "GET",
        path: str = "/",
        scheme: str = "http",
        port: int | None = None,
        headers: _Headers | None = None,
        client: str | None = None,
        source_labels: dict[str, str] | None = None,
        source_namespace: str | None = None,
        source_gateway: str | None = None,
        rpc: Rpc | None = None,
        roll: float | Sequence[float] | None = None,
        hash: str | None = None,
    ) -> Pick:
        """Say where a request goes, and which instance takes it.

        The request is described as for :meth:`route`. It counts as in flight on the
        instance until :meth:`Pick.report`. A host that no router names is chosen among
        as a whole.
        """

    def report(self, host: str, instance: str, outcome: Outcome) -> None:
        """Tell what came of a call to an instance of a host: what :meth:`Pick.report` does, by names."""

    def label(
        self,
        *,
        method: str = "GET",
        path: str = "/",
        scheme: str = "http",
        port: int | None = None,
        headers: _Headers | None = None,
        client: str | None = None,
        source_labels: dict[str, str] | None = None,
        source_namespace: str | None = None,
        source_gateway: str | None = None,
        rpc: Rpc | None = None,
        trust: bool = True,
    ) -> Label | None:
        """Say in which lane a request that comes in goes on: the one that it carries, else the one that rules give it.

        Where ``trust`` is false the lane that it carries is not believed.
        """

    def connect(
        self,
        host: str,
        *,
        port: int | None = None,
        sni: str | None = None,
        address: str | None = None,
        client: str | None = None,
        source_labels: dict[str, str] | None = None,
        source_namespace: str | None = None,
        source_gateway: str | None = None,
        roll: float | Sequence[float] | None = None,
        hash: str | None = None,
    ) -> Routing:
        """Say where a connection goes, by the TLS and TCP routes.

        ``sni`` is the name that a TLS client asks for, ``address`` the destination's
        address and ``client`` the caller's; the rest is as for :meth:`route`.
        """

    @property
    def version(self) -> int:
        """The version of the rules in force, 0 before the first."""

    def set_system_load(
        self, *, cpu: float | None = None, load1: float | None = None, memory: float | None = None
    ) -> None:
        """Tell how loaded the system is, until the next call.

        ``cpu`` and ``memory`` are the shares in use, 0 to 1, and ``load1`` is the load
        average of the last minute. What is None is unknown, and protects from nothing.
        """

    @property
    def needs_system_load(self) -> bool:
        """Whether the rules in force look at the system's load: while they don't, nobody needs to measure it."""

    def breaker_state(self, target: str, strategy: str) -> BreakerState | None:
        """Tell the state of the breaker that a strategy is for a target, both as the rules write them."""

    def close(self) -> None:
        """Close the engine. Closing it again does nothing."""

    def _apply(self, sources: list[tuple[str, str]]) -> str: ...
    def _set_instances(self, host: str, json: str) -> None: ...
    def _update_instances(self, host: str, changed: str, gone: str) -> None: ...
    def _ejected(self, host: str) -> str: ...
    def _required(self, host: str) -> str: ...
    def _connection_pool(self, host: str, subset: str | None) -> str: ...
    def _explain_route(self, host: str, **request: Any) -> str: ...
    def _drain_events(self) -> str: ...
    def _explain(self, resource: str, cost: int, direction: Direction) -> str: ...
    def _sample_system(self) -> None: ...
    def _figures(self) -> str: ...

@final
class Entry:
    """An entry that passed, open until ``exit`` or the end of its ``with`` block."""

    @property
    def passed(self) -> Literal[True]:
        """Always true: a ``BlockedDecision`` says false."""

    @property
    def wait(self) -> float:
        """How many seconds to wait before going on; 0.0 is not at all. ``enter`` has waited already."""

    @property
    def wait_ns(self) -> int:
        """How many nanoseconds to wait before going on; 0 is not at all."""

    def exit(self, error: bool = False) -> None:
        """Leave; ``error`` says whether the call failed.

        Leaving again does nothing, nor does leaving an engine that is closed.
        """

    def cancel(self) -> None:
        """Leave without a call having begun, because its wait was broken off.

        It counts as none, and a breaker does not judge by it. Leaving again does nothing.
        """

    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None: ...

@final
class Pick:
    """Where a request goes, down to the instance, on which it counts as in flight until it is reported.

    It is true when there is a destination. At the end of its ``with`` block it is reported
    where that was not done: as a success; after a failure to connect or a timeout as a local
    error; after another exception as an error; and as cancelled where the block was broken
    off, by a cancelled task, say.
    """

    @property
    def routing(self) -> Routing:
        """Where it goes and what is done with it on the way, as ``engine.route`` says it."""

    @property
    def destination(self) -> Destination | None:
        """The destination, that of ``routing``."""

    @property
    def instance(self) -> Instance | None:
        """The instance; None where discovery has not named the host, and where the request goes nowhere."""

    def report(self, outcome: Outcome = "success") -> None:
        """Tell what came of the call: the first time counts.

        ``error`` is a server's error (a status of 500 or more), ``gateway-error`` one of the
        statuses 502, 503 and 504, ``local-error`` no connection or no answer in time, and
        ``cancelled`` a call that was not made, or that tells nothing.
        """

    def __bool__(self) -> bool: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None: ...

@final
class BlockedDecision:
    """The value form of a block: the entry may not go on, and has left no trace."""

    def __new__(
        cls,
        strategy: str,
        name: str,
        rule: str,
        retry_after_ns: int | None = None,
        fallback: Fallback | None = None,
    ) -> Self: ...
    def __bool__(self) -> Literal[False]: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...
    @property
    def passed(self) -> Literal[False]:
        """Always false: an ``Entry`` says true."""

    @property
    def strategy(self) -> str:
        """The kind of the strategy that blocked, as in ``RateLimitStrategy``."""

    @property
    def name(self) -> str:
        """The name of the strategy that blocked."""

    @property
    def rule(self) -> str:
        """The name of the rule that blocked."""

    @property
    def retry_after(self) -> float | None:
        """After how many seconds the same entry would pass this gate; None is unknown."""

    @property
    def retry_after_ns(self) -> int | None:
        """After how many nanoseconds the same entry would pass this gate; None is unknown."""

    @property
    def fallback(self) -> Fallback | None:
        """The response that the rule gives, if it gives one."""

@final
class Session:
    """A session with a control plane, which sets an engine's rules."""

    def __new__(cls, engine: Engine, options: str, seed: int) -> Self: ...
    def connected(self, stream: int) -> None:
        """Tell that the stream can be sent on."""

    def received(self, stream: int, message: bytes) -> None:
        """Tell that a whole message has come."""

    def closed(self, stream: int, reason: str) -> None:
        """Tell that the stream has come to an end, or could not be opened."""

    def time(self) -> None:
        """Tell that nothing but time has passed."""

    def poll(self) -> tuple[str, int, Any] | None:
        """Ask what is to be done next.

        ``("dial", stream, address)``, ``("send", stream, bytes)``, ``("close", stream,
        reason)`` or ``("applied", 0, report)``.
        """

    def wait(self) -> float | None:
        """Ask after how many seconds it wants to be told of the time; None is never."""

    def state(self) -> str: ...
    def save(self) -> str:
        """Write the last good documents, for ``restore``."""

    def restore(self, text: str) -> str:
        """Take saved documents, for the next ``poll``; say why not, or nothing."""

    def subscribe(self, app: str, kind: str) -> bool: ...
    def unsubscribe(self, app: str, kind: str) -> bool: ...

def metadata(app: str, node: str, services: str) -> bytes:
    """Make the message by which a process reports its services; both texts are JSON."""

if sys.platform == "linux":
    def inotify() -> int:
        """Begin to watch: a descriptor that events can be read from without waiting."""

    def inotify_watch(descriptor: int, path: str) -> int:
        """Watch a folder: the number that its events will have."""

    def inotify_forget(descriptor: int, number: int) -> None:
        """Watch a folder no more."""

def baggage(incoming: str, key: str, lane: str) -> str:
    """Make the ``baggage`` header of the next call: that of the one that came in, and the lane under its key."""

def reseed(seed: int) -> None:
    """Start the random numbers of this process anew."""
