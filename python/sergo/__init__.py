"""Traffic governance by OpenSergo rules: flow control and routing.

>>> import sergo
>>> with sergo.Engine("foo-app") as engine:
...     report = engine.load(rules)
...     for n in range(3):
...         try:
...             with engine.enter("GET:/foo"):
...                 print("served")
...         except sergo.Blocked as block:
...             print("blocked by", block.name, "with", block.fallback.status)
served
served
blocked by rate-limit-foo with 429

An :class:`Engine` enforces the rules of one app in this process. All its calls
may come from any thread; it goes on in forked children, which make random picks
of their own.
"""

from ._clock import ManualClock
from ._connections import ConnectionPool, HttpPool, Keepalive, TcpPool
from ._contract import Method, Service, ServiceContract
from ._control_plane import ControlPlaneSource, ControlPlaneState, KindState, Tls, control_plane
from ._discovery import Instance, Outcome
from ._engine import Engine
from ._entering import Direction, Entering
from ._errors import Blocked, Fallback, SergoError
from ._events import BreakerChanged, Event, FirstBlock, RulesApplied
from ._explanation import Explanation, GateExplanation
from ._figures import Figures, ResourceFigures, StrategyFigures
from ._files import FileSource, file
from ._following import ControlPlaneSubscription
from ._lanes import Carried, Label, carried, carrying, headers_for_next_call
from ._listening import EventStream, Listening
from ._policy import CorsPolicy, HeaderChanges, Headers, Policy, Retries, TextMatch
from ._report import Diagnostic, Report, Waiting
from ._required import Required
from ._route_explanation import BlockMiss, RouteExplanation, RouteMiss
from ._routing import (
    Abort,
    Delay,
    Destination,
    DirectResponse,
    Fault,
    Mirror,
    Redirect,
    Rewrite,
    Routing,
)
from ._rpc import Rpc, RpcArgument
from ._sergo import BlockedDecision, Entry, Pick
from ._subscription import FileState, Subscription

Passed = Entry
"""What :meth:`Engine.decide` answers for a pass: an :class:`Entry`."""

__all__ = [
    "Engine",
    "Report",
    "Diagnostic",
    "Waiting",
    "file",
    "FileSource",
    "Subscription",
    "FileState",
    "control_plane",
    "ControlPlaneSource",
    "ControlPlaneSubscription",
    "ControlPlaneState",
    "KindState",
    "ServiceContract",
    "Service",
    "Method",
    "Tls",
    "Entry",
    "Entering",
    "Direction",
    "Passed",
    "BlockedDecision",
    "Blocked",
    "Fallback",
    "SergoError",
    "Routing",
    "Destination",
    "Redirect",
    "DirectResponse",
    "Policy",
    "Retries",
    "Headers",
    "HeaderChanges",
    "CorsPolicy",
    "TextMatch",
    "Rewrite",
    "Fault",
    "Abort",
    "Delay",
    "Mirror",
    "Rpc",
    "RpcArgument",
    "Required",
    "RouteExplanation",
    "RouteMiss",
    "BlockMiss",
    "Instance",
    "Pick",
    "Outcome",
    "ConnectionPool",
    "TcpPool",
    "HttpPool",
    "Keepalive",
    "Label",
    "Carried",
    "carried",
    "carrying",
    "headers_for_next_call",
    "Explanation",
    "GateExplanation",
    "Figures",
    "ResourceFigures",
    "StrategyFigures",
    "Event",
    "BreakerChanged",
    "RulesApplied",
    "FirstBlock",
    "Listening",
    "EventStream",
    "ManualClock",
]
