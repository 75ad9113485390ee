"""Which instance takes a request, and what came of it."""

from __future__ import annotations

import copy
import socket
from collections import Counter
from typing import Any

import pytest

import sergo
from conftest import ROUTER, together

EJECTING = """
apiVersion: traffic.opensergo.io/v1alpha1
kind: VirtualWorkload
metadata: {name: provider}
spec:
  host: provider
  trafficPolicy:
    connectionPool:
      tcp: {maxConnections: 7, connectTimeout: 2s, tcpKeepalive: {probes: 3, time: 1m}}
      http: {http2MaxRequests: 9, idleTimeout: 90s}
    outlierDetection:
      consecutive5xxErrors: 2
      consecutiveLocalOriginFailures: 1
      splitExternalLocalOriginErrors: true
      maxEjectionPercent: 100
"""

RPC = """
apiVersion: traffic.opensergo.io/v1alpha1
kind: RouterRule
metadata: {name: rule}
spec:
  selector: {app: shop}
  rpc:
    - name: hello
      rule:
        match:
          services: [{exact: io.Hello}]
          methods: [{methodName: say, args: [{index: 0, type: {exact: String}, value: {exact: you}}]}]
          attachments: {trace: {exact: "1"}}
        targets: [{workloads: w, name: gray}]
      target: [{workloads: w, name: base}]
"""


@pytest.fixture
def provider(engine: sergo.Engine) -> sergo.Engine:
    """An engine with a router and three instances, one of which fails easily."""
    report = engine.load(together(ROUTER, EJECTING))
    assert report, report.rejected
    assert not report.warnings
    v1, v2 = (sergo.Instance(id, {"version": version}) for id, version in (("a", "v1"), ("b", "v2")))
    engine.set_instances("provider", [v1, v2, sergo.Instance("c", {"version": "v1"}, weight=2, zone="z")])
    return engine


def test_a_pick_is_a_routing_and_an_instance(provider: sergo.Engine) -> None:
    with provider.pick("provider", headers={"tag": "v2"}) as pick:
        assert pick.routing == provider.route("provider", headers={"tag": "v2"})
        assert pick.destination == sergo.Destination("provider", "v2")
        assert pick.instance == sergo.Instance("b", {"version": "v2"})
        assert pick
        assert "'b'" in repr(pick)
    seen = Counter(pick.instance.id for pick in (provider.pick("provider") for _ in range(50)) if pick.instance)
    assert set(seen) == {"a", "c"}
    assert seen["c"] > seen["a"]
    zones = [pick.instance.zone for pick in (provider.pick("provider") for _ in range(50)) if pick.instance]
    assert set(zones) == {None, "z"}


def test_a_pick_without_an_instance(provider: sergo.Engine) -> None:
    unknown = provider.pick("elsewhere")
    assert not unknown
    assert (unknown.routing, unknown.instance, unknown.destination) == (sergo.Routing(), None, None)
    unknown.report("error")
    provider.set_instances("provider", [])
    empty = provider.pick("provider", headers={"tag": "a,b"})
    assert not empty
    assert empty.routing.empty == sergo.Destination("provider", "v3")
    assert "instance=None" in repr(empty)


def test_a_host_without_a_router_is_chosen_among(engine: sergo.Engine) -> None:
    for port in (None, 81):
        engine.set_instances("plain", [sergo.Instance("a"), sergo.Instance("b")])
        picks = [engine.pick("plain:80", port=port) for _ in range(20)]
        assert {pick.destination for pick in picks} == {sergo.Destination("plain", port=port or 80)}
        assert Counter(pick.instance.id for pick in picks if pick.instance) == {"a": 10, "b": 10}
        for pick in picks:
            pick.report()


def test_an_instance_that_changes_is_told_anew(engine: sergo.Engine) -> None:
    engine.set_instances("plain", [sergo.Instance("a", {"x": "1"})])
    first, again = engine.pick("plain").instance, engine.pick("plain").instance
    assert first is again
    engine.update_instances("plain", [sergo.Instance("a", {"x": "2"}, weight=3)])
    changed = engine.pick("plain").instance
    assert changed == sergo.Instance("a", {"x": "2"}, weight=3)
    engine.update_instances("plain", [sergo.Instance("b")], gone=["a"])
    assert engine.pick("plain").instance == sergo.Instance("b")
    with pytest.raises(TypeError):
        changed.labels["x"] = "3"  # type: ignore[index]


def test_reports_eject_and_time_brings_back(provider: sergo.Engine, clock: sergo.ManualClock) -> None:
    for _ in range(2):
        provider.pick("provider", headers={"tag": "v2"}).report("error")
    assert provider.ejected("provider") == ["b"]
    assert provider.pick("provider", headers={"tag": "v2"}).routing.fallback
    clock.advance(30)
    assert provider.ejected("provider") == []
    provider.report("provider", "b", "local-error")
    assert provider.ejected("provider") == ["b"]


def test_the_first_report_counts(provider: sergo.Engine) -> None:
    for _ in range(2):
        pick = provider.pick("provider", headers={"tag": "v2"})
        pick.report("success")
        for _ in range(5):
            pick.report("error")
    assert provider.ejected("provider") == []
    with pytest.raises(sergo.SergoError, match='outcome: found "fine"'):
        provider.pick("provider").report("fine")  # type: ignore[arg-type]
    with pytest.raises(sergo.SergoError, match="outcome"):
        provider.report("provider", "a", "")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("error", "needed"),
    [
        (ConnectionRefusedError, 1),
        (TimeoutError, 1),
        (socket.gaierror, 1),
        (ValueError, 2),
        (KeyboardInterrupt, None),
        (GeneratorExit, None),
    ],
)
def test_the_end_of_a_scope_reports(provider: sergo.Engine, error: type[BaseException], needed: int | None) -> None:
    """A local error ejects at once, another at the second time, what is broken off never."""
    for count in range(1, 4):
        with pytest.raises(error), provider.pick("provider", headers={"tag": "v2"}):
            raise error
        assert provider.ejected("provider") == (["b"] if needed and count >= needed else [])
        if needed is not None and count >= needed:
            break


def test_in_flight_counts_from_pick_to_report(engine: sergo.Engine) -> None:
    engine.set_instances("plain", [sergo.Instance("a"), sergo.Instance("b")])
    held = [engine.pick("plain") for _ in range(10)]
    assert Counter(pick.instance.id for pick in held if pick.instance) == {"a": 5, "b": 5}
    for pick in held:
        if pick.instance and pick.instance.id == "a":
            pick.report()
    after = [engine.pick("plain") for _ in range(5)]
    assert {pick.instance.id for pick in after if pick.instance} == {"a"}


def test_a_pick_that_fails_to_be_told_is_not_in_flight(provider: sergo.Engine) -> None:
    wrong: Any = {"tag": 2}
    for _ in range(20):
        with pytest.raises(TypeError):
            provider.pick("provider", headers=wrong, hash="x")
    provider.set_instances("provider", [sergo.Instance("a", {"version": "v1"}), sergo.Instance("c", {"version": "v1"})])
    picks = [provider.pick("provider") for _ in range(10)]
    assert Counter(pick.instance.id for pick in picks if pick.instance) == {"a": 5, "c": 5}


def test_picks_end_with_the_engine(provider: sergo.Engine) -> None:
    pick = provider.pick("provider")
    provider.close()
    pick.report("error")
    with pytest.raises(sergo.SergoError, match="closed"):
        provider.pick("provider")
    with pytest.raises(sergo.SergoError, match="closed"):
        provider.report("provider", "a", "success")


def test_hashes_and_rolls_choose(provider: sergo.Engine) -> None:
    same = {pick.instance.id for pick in (provider.pick("provider", hash="k") for _ in range(20)) if pick.instance}
    assert len(same) == 1
    split = [provider.pick("provider", path="/split", roll=[roll, 0.5]).destination for roll in (0.1, 0.9)]
    assert split == [sergo.Destination("provider", "v1"), sergo.Destination("provider", "v2")]


def test_remote_calls_are_matched(engine: sergo.Engine) -> None:
    report = engine.load(RPC)
    assert report, report.rejected
    call = sergo.Rpc("io.Hello", "say", (sergo.RpcArgument("String", "you"),), {"trace": "1"})
    assert engine.route("shop", rpc=call).destination == sergo.Destination("shop", "gray")
    assert engine.pick("shop", rpc=call).destination == sergo.Destination("shop", "gray")
    assert engine.route("shop", rpc=sergo.Rpc("io.Hello", "say")).destination == sergo.Destination("shop", "base")
    assert not engine.route("shop")
    with pytest.raises((TypeError, AttributeError)):
        engine.route("shop", rpc="io.Hello")  # type: ignore[arg-type]


def test_keywords_are_checked(engine: sergo.Engine) -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument 'colour'"):
        engine.route("a", colour="red")  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="processing 'method'"):
        engine.pick("a", method=3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="keyword 'colour': there is no such keyword"):
        engine.label(colour="red")  # type: ignore[call-arg]
    with pytest.raises(sergo.SergoError, match="port: found 70000"):
        engine.pick("a", port=70_000)
    assert engine.route("a", method=None, port=None) == sergo.Routing()  # type: ignore[arg-type]


def test_limits_of_connections_are_data(provider: sergo.Engine) -> None:
    pool = provider.connection_pool("provider")
    assert pool == sergo.ConnectionPool(
        sergo.TcpPool(7, 2.0, tcp_keepalive=sergo.Keepalive(3, 60.0)),
        sergo.HttpPool(http2_max_requests=9, idle_timeout=90.0),
    )
    assert provider.connection_pool("provider", "v1") == pool
    assert provider.connection_pool("elsewhere") is None


def test_what_is_required(provider: sergo.Engine) -> None:
    required = provider.required("provider")
    assert required.headers == ("baggage", "opensergo-label", "tag", "x-opensergo-traffic")
    assert (required.parameters, required.version) == ((), 1)
    assert "tag" not in provider.required("").headers


def test_a_route_is_explained(provider: sergo.Engine) -> None:
    explained = provider.explain_route("provider", headers={"tag": "v1"}, path="/split", roll=0.9)
    assert (explained.router, explained.position) == ('TrafficRouter "provider"', 2)
    assert explained.routing == provider.route("provider", path="/split", roll=0.9)
    assert explained.misses[0] == sergo.RouteMiss(0, (sergo.BlockMiss("headers.tag", '"v2"', '"v1"'),))
    assert str(explained).splitlines() == [
        "to provider, subset v2, by the route split",
        'TrafficRouter "provider", route 2 matches',
        '  route 0 does not: headers.tag: found "v1", expected "v2"',
        '  route 1 does not: headers.tag: found "v1", expected "a,b"',
    ]
    nowhere = provider.explain_route("elsewhere")
    assert (nowhere.router, nowhere.routing) == (None, sergo.Routing())
    assert "no router names the host" in str(nowhere)


def test_a_pick_is_not_copied(provider: sergo.Engine) -> None:
    with pytest.raises(TypeError):
        copy.copy(provider.pick("provider"))
