"""The engine: rules in, decisions out."""

from __future__ import annotations

import functools
import inspect
import json
from collections.abc import Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Callable, TypeVar, cast, overload
from weakref import WeakSet

from . import _connections, _explanation, _figures, _fork, _report, _required, _route_explanation, _sergo
from ._connections import ConnectionPool
from ._control_plane import ControlPlaneSource
from ._discovery import Instance, instances_to_json
from ._entering import Direction, Entering
from ._events import Event
from ._explanation import Explanation
from ._figures import Figures
from ._files import FileSource
from ._following import ControlPlaneSubscription
from ._listening import EventStream, Listeners, Listening, OnEvent
from ._report import Report
from ._required import Required
from ._route_explanation import RouteExplanation
from ._subscription import OnError, OnReport, Subscription
from ._system import Sampling

if TYPE_CHECKING:
    from typing_extensions import Self

F = TypeVar("F", bound=Callable[..., Any])


class Engine(_sergo.Engine):
    """Enforces the rules of one app in this process.

    ``labels`` are those of the workload that this process is. ``clock`` is called for
    the time in nanoseconds since the engine was made; without one it is the system's
    monotonic clock. ``sample_system`` says whether the engine may measure how loaded the
    system is: it does so every half second on a daemon thread, while rules of overload
    protection look at it, and until :meth:`set_system_load` is called. Close the engine
    when it is no longer needed, or use it in ``with``.

    Every call raises :class:`sergo.SergoError` after :meth:`close`.
    """

    def __new__(cls, app: str, *args: Any, sample_system: bool = True, **kwargs: Any) -> Self:
        """Make the part that is written in Rust, which measures nothing by itself."""
        return super().__new__(cls, app, *args, **kwargs)

    def __init__(
        self,
        app: str,
        namespace: str = "default",
        labels: dict[str, str] | None = None,
        clock: Callable[[], int] | None = None,
        *,
        sample_system: bool = True,
    ) -> None:
        self.app = app
        """The app whose rules it enforces."""
        self.namespace = namespace
        """The namespace of the app and of its rules."""
        self._subscriptions: WeakSet[Subscription | ControlPlaneSubscription] = WeakSet()
        self._listeners = Listeners()
        self._sampling = Sampling(self, sample_system)

    def __repr__(self) -> str:
        return f"<sergo.Engine {self.namespace}/{self.app}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the engine, its subscriptions, and all that listen to it. Closing it again does nothing.

        What has happened until now is still told to those that listen.
        """
        for subscription in list(self._subscriptions):
            subscription.close()
        self._listeners.end(self)
        self._sampling.end()
        super().close()

    def load(self, text: str) -> Report:
        """Replace all rules by the documents of ``text``, YAML or JSON.

        A bad document is no exception: its last good version stays in force, it takes
        no other with it, and the report says what is wrong and what would be right.

        >>> engine = sergo.Engine("foo-app")
        >>> report = engine.load(rules)
        >>> report.accepted, report.rejected
        (3, ())
        """
        return self.push([("", text)])

    def push(self, sources: Iterable[tuple[str, str]]) -> Report:
        """Replace all rules by the documents of several named texts, as one push.

        The names are what the report calls them by.
        """
        named = list(sources)
        with _fork.lock:
            answer = self._apply(named)
            self._sampling.follow()
        return _report.from_json(answer)

    @overload
    def subscribe(
        self,
        source: FileSource,
        *,
        on_report: OnReport | None = None,
        on_error: OnError | None = None,
        interval: float | None = None,
    ) -> Subscription: ...

    @overload
    def subscribe(
        self, source: ControlPlaneSource, *, on_report: OnReport | None = None, on_error: OnError | None = None
    ) -> ControlPlaneSubscription: ...

    def subscribe(
        self,
        source: FileSource | ControlPlaneSource,
        *,
        on_report: OnReport | None = None,
        on_error: OnError | None = None,
        interval: float | None = None,
    ) -> Subscription | ControlPlaneSubscription:
        """Load the rules of a source, now and whenever they change.

        The first load of a file or folder is over when this returns: ``last_report`` says
        what it came to, or ``last_error`` why there was none. From a control plane the first
        rules are waited for as long as the source says. ``on_report`` is called with every
        report, and ``on_error`` when the source can't be read or reached. ``interval``, in
        seconds, is how often files are looked at without being told to: by default 0.7 where
        the system tells of changes, 0.2 where it does not.

        >>> with sergo.Engine("foo-app") as engine:
        ...     subscription = engine.subscribe(sergo.file("rules/"))
        ...     subscription.last_report.accepted
        3
        """
        subscription: Subscription | ControlPlaneSubscription
        if isinstance(source, ControlPlaneSource):
            subscription = ControlPlaneSubscription(self, source, on_report, on_error)
        else:
            subscription = Subscription(self, source, on_report, on_error, interval)
        self._subscriptions.add(subscription)
        return subscription

    def enter_async(self, resource: str, cost: int = 1, direction: Direction = "inbound") -> Entering:
        """Enter from a coroutine: await it, or use it in ``async with``.

        Raises :class:`sergo.Blocked` when it is awaited; a wait is ``asyncio.sleep``.

        >>> async def serve(engine):
        ...     async with engine.enter_async("GET:/foo"):
        ...         return "served"
        >>> asyncio.run(serve(sergo.Engine("foo-app")))
        'served'
        """
        return Entering(self, resource, cost, direction)

    def governed(self, resource: str, cost: int = 1, direction: Direction = "inbound") -> Callable[[F], F]:
        """Make every call of a function an entry; an exception is an error.

        It takes plain functions and coroutine functions.

        >>> engine = sergo.Engine("foo-app")
        >>> @engine.governed("hello")
        ... def hello(name):
        ...     return f"hello {name}"
        >>> hello("you")
        'hello you'
        """

        def govern(function: F) -> F:
            if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
                raise TypeError(f"{function.__qualname__} is a generator: govern the function that runs through it")
            if inspect.iscoroutinefunction(function):

                @functools.wraps(function)
                async def governed(*args: Any, **kwargs: Any) -> Any:
                    async with self.enter_async(resource, cost, direction):
                        return await function(*args, **kwargs)
            else:

                @functools.wraps(function)
                def governed(*args: Any, **kwargs: Any) -> Any:
                    with self.enter(resource, cost, direction):
                        return function(*args, **kwargs)

            return cast(F, governed)

        return govern

    def set_instances(self, host: str, instances: Iterable[Instance]) -> None:
        """Tell what discovery knows of a host's instances, replacing what it knew.

        >>> engine = sergo.Engine("foo-app")
        >>> engine.set_instances("provider", [sergo.Instance("a", {"version": "v1"})])
        """
        self._set_instances(host, instances_to_json(instances))

    def update_instances(self, host: str, changed: Iterable[Instance] = (), gone: Iterable[str] = ()) -> None:
        """Tell what has changed of a host: instances that are new or changed, and the ids of those that are gone.

        >>> engine = sergo.Engine("foo-app")
        >>> engine.update_instances("provider", [sergo.Instance("b")], gone=["a"])
        """
        self._update_instances(host, instances_to_json(changed), json.dumps(list(gone)))

    def ejected(self, host: str) -> list[str]:
        """List the ids of a host's instances that are ejected now, sorted."""
        ids: list[str] = json.loads(self._ejected(host))
        return ids

    def connection_pool(self, host: str, subset: str | None = None) -> ConnectionPool | None:
        """Say which limits rules set for connections to a host, or to a subset of it; the caller keeps them."""
        return _connections.from_json(self._connection_pool(host, subset))

    def required(self, host: str) -> Required:
        """Say which headers and query parameters :meth:`route` and :meth:`pick` look at for a host.

        For an empty host it is those that :meth:`label` looks at. No others need be handed
        over; those of a ``dict`` that nobody looks at are not read anyway.
        """
        return _required.from_json(self._required(host))

    def explain_route(self, host: str, **request: Any) -> RouteExplanation:
        """Say which route a request goes by, and why none of those before it does. It changes nothing.

        The request is described as for :meth:`route`.

        >>> engine = sergo.Engine("foo-app")
        >>> report = engine.load(router)
        >>> engine.explain_route("provider", path="/foo").misses[0].blocks
        (BlockMiss(field='headers.tag', expected='"v2"', found='nothing'),)
        """
        return _route_explanation.from_json(self._explain_route(host, **request))

    def set_system_load(
        self, *, cpu: float | None = None, load1: float | None = None, memory: float | None = None
    ) -> None:
        """Tell how loaded the system is, until the next call: from now on the engine samples nothing itself.

        ``cpu`` and ``memory`` are the shares in use, 0 to 1, and ``load1`` is the load
        average of the last minute. What is None is unknown, and protects from nothing.
        """
        self._sampling.end()
        super().set_system_load(cpu=cpu, load1=load1, memory=memory)

    def explain(self, resource: str, cost: int = 1, direction: Direction = "inbound") -> Explanation:
        """Say what an entry would be answered now, and why: every gate with its figures. It changes nothing.

        >>> engine = sergo.Engine("foo-app")
        >>> report = engine.load(rules)
        >>> print(engine.explain("GET:/foo"))
        GET:/foo: pass
        ...
        """
        return _explanation.from_json(self._explain(resource, cost, direction))

    def figures(self) -> Figures:
        """Read the counters of this moment."""
        return _figures.from_json(self._figures())

    def on_event(self, callback: OnEvent) -> Listening:
        """Call ``callback`` with every event from now on, until what this returns is closed.

        It is called on a daemon thread, within some 0.2 s, in the order in which things
        happened; while it runs, others that listen wait, as does :meth:`close`. Should it
        fail, that is logged, and nothing else comes of it. All that listen hear of every event, and
        :meth:`drain_events` has it too. Of events that could not be told yet, the newest
        1,024 are kept.

        >>> engine = sergo.Engine("foo-app")
        >>> with engine, engine.on_event(print):
        ...     report = engine.load(rules)
        ...     engine.close()
        RulesApplied(version=1)
        """
        return Listening(self, callback)

    def events(self) -> EventStream:
        """Listen from a coroutine: what this returns is for ``with`` and ``async for``.

        It has every event from now on, as :meth:`on_event`.

        >>> async def first(engine):
        ...     with engine.events() as events:
        ...         engine.load(rules)
        ...         async for event in events:
        ...             return event
        >>> asyncio.run(first(sergo.Engine("foo-app")))
        RulesApplied(version=1)
        """
        return EventStream(self)

    def drain_events(self) -> list[Event]:
        """Take what happened since the last call, oldest first, at most the newest 1,024 events.

        Who listens takes nothing away from it, nor does it from them.
        """
        return self._listeners.drain(self)
