"""Where requests go."""

from __future__ import annotations

from collections import Counter
from email.message import Message
from types import MappingProxyType
from typing import Any

import pytest

import sergo
from conftest import ROUTER


@pytest.fixture
def router(engine: sergo.Engine) -> sergo.Engine:
    """An engine with a router and two healthy subsets."""
    report = engine.load(ROUTER)
    assert report, report.rejected
    v1, v2 = (sergo.Instance(id, {"version": version}) for id, version in (("a", "v1"), ("b", "v2")))
    engine.set_instances("provider", [v1, v2, sergo.Instance("c", {"version": "v3"}, weight=2, zone="z")])
    return engine


def subset(router: sergo.Engine, **request: Any) -> str | None:
    """The subset that a request to the provider goes to."""
    destination = router.route("provider", **request).destination
    assert destination
    assert destination.host == "provider"
    return destination.subset


def test_headers_choose_a_route(router: sergo.Engine) -> None:
    routing = router.route("provider", headers={"Tag": "v2", "Other": "x"})
    assert (routing.route, routing.destination) == ("testers", sergo.Destination("provider", "v2"))
    routing = router.route("provider", headers={"tag": "v1"})
    assert (routing.route, routing.fallback, bool(routing)) == ("everyone", False, True)
    assert router.route("elsewhere") == sergo.Routing()
    assert not router.route("elsewhere")


def test_headers_come_in_many_forms(router: sergo.Engine) -> None:
    message = Message()
    message["TAG"] = "a"
    message["tag"] = "b"
    forms: list[Any] = [
        {"TAG": ["a", "b"]},
        {"tag": ("a", "b")},
        {"tag": "a,b"},
        {"Tag": "a", "tag": "b"},
        MappingProxyType({"tag": ["a", "b"]}),
        [("tag", "a"), ("accept", "*/*"), ("TAG", "b")],
        [(b"tag", b"a"), (b"tag", b"b")],
        message,
    ]
    for headers in forms:
        routing = router.route("provider", headers=headers)
        assert routing.route == "many", headers
        assert routing.destination == sergo.Destination("provider", "v3", 8080)
    nothings: list[Any] = [{}, [], {"tag": []}, {"täg": "v2"}, {"ta": "v2"}, {"tagg": "v2"}]
    for nothing in nothings:
        assert router.route("provider", headers=nothing).route == "everyone", nothing


def test_headers_that_are_no_text_are_a_type_error(router: sergo.Engine) -> None:
    wrong: list[Any] = [{"tag": 2}, {3: "v2"}, {"tag": [b"v2"]}, [("tag", 2)], [("tag",)], 7]
    for headers in wrong:
        with pytest.raises((TypeError, ValueError)):
            router.route("provider", headers=headers)
    with pytest.raises(TypeError, match="a header's value is of type int, expected str"):
        router.route("provider", headers={"tag": 2})  # type: ignore[arg-type]
    assert router.route("provider"), "the engine goes on"


def test_a_subset_without_healthy_instances_falls_back(router: sergo.Engine) -> None:
    v1, v2 = sergo.Instance("a", {"version": "v1"}), sergo.Instance("b", {"version": "v2"}, healthy=False)
    router.set_instances("provider", [v1, v2])
    routing = router.route("provider", headers={"tag": "v2"})
    assert (routing.route, routing.destination) == ("testers", sergo.Destination("provider", "v1"))
    assert routing.fallback
    router.set_instances("provider", [v2])
    routing = router.route("provider", headers={"tag": "v2"})
    assert (routing.destination, routing.empty) == (None, sergo.Destination("provider", "v1"))
    assert not routing


def test_rolls_and_hashes_pick(router: sergo.Engine) -> None:
    assert [subset(router, path="/split", roll=roll) for roll in (0.0, 0.49, 0.51, [0.99], (0,))] == [
        "v1",
        "v1",
        "v2",
        "v2",
        "v1",
    ]
    for key in ("a", "b", "c"):
        assert len({subset(router, path="/split", hash=key) for _ in range(20)}) == 1
    assert {subset(router, path="/split", hash=str(key)) for key in range(100)} == {"v1", "v2"}
    for roll in (1.0, -0.1, float("nan"), [0.5, 2]):
        with pytest.raises(sergo.SergoError, match="roll: found"):
            router.route("provider", roll=roll)
    with pytest.raises(sergo.SergoError, match="port: found 70000"):
        router.route("provider", port=70_000)


def test_random_picks_follow_the_weights(router: sergo.Engine) -> None:
    share = Counter(subset(router, path="/split") for _ in range(4000))
    assert set(share) == {"v1", "v2"}
    # Ten standard deviations: chance does not fail this.
    assert abs(share["v1"] - 2000) < 320


def test_answers_change_with_the_rules(router: sergo.Engine) -> None:
    for version in range(20):
        report = router.load(ROUTER.replace("name: everyone", f"name: everyone-{version}"))
        assert report, report.rejected
        assert router.route("provider").route == f"everyone-{version}"


FULL = """
apiVersion: traffic.opensergo.io/v1alpha1
kind: TrafficRouter
metadata: {name: full}
spec:
  hosts: [full]
  http:
    - name: moved
      match: [{uri: {prefix: /old}}]
      redirect: {uri: /new, authority: there.com, scheme: https, derivePort: FROM_PROTOCOL_DEFAULT, redirectCode: 308}
    - name: said
      match: [{uri: {exact: /said}}]
      directResponse: {status: 503, body: {string: later}}
    - name: shaped
      match: [{uri: {prefix: /a}}]
      rewrite: {uri: /b, authority: inner}
      timeout: 1500ms
      retries: {attempts: 3, perTryTimeout: 0.5s, retryOn: 5xx}
      fault:
        abort: {httpStatus: 418, percentage: {value: 50}}
        delay: {fixedDelay: 2s, percentage: {value: 100}}
      mirrors: [{destination: {host: copy, port: {number: 90}}, percentage: {value: 50}}]
      headers: {request: {set: {x-a: "1"}, remove: [x-b]}, response: {add: {x-c: "2"}}}
      corsPolicy:
        {allowOrigins: [{exact: "https://a.com"}, {prefix: "https://b."}], maxAge: 24h, allowCredentials: true}
      route: [{destination: {host: full}}]
"""


@pytest.fixture
def full(engine: sergo.Engine) -> sergo.Engine:
    """An engine with routes that do all that routes can do."""
    report = engine.load(FULL)
    assert report, report.rejected
    return engine


def test_a_redirect_and_a_response_need_no_destination(full: sergo.Engine) -> None:
    routing = full.route("full", path="/old/x")
    assert not routing
    assert routing.redirect == sergo.Redirect("/new", "there.com", "https", 308, 443)
    routing = full.route("full", path="/said")
    assert not routing
    assert routing.response == sergo.DirectResponse(503, "later")


def test_a_policy_holds_for_every_request(full: sergo.Engine) -> None:
    policy = full.route("full", path="/a", roll=0.9).policy
    assert policy.timeout == 1.5
    assert policy.retries == sergo.Retries(3, "5xx", per_try_timeout=0.5)
    assert policy.headers.request == sergo.HeaderChanges(("x-b",), {"x-a": "1"})
    assert policy.headers.response == sergo.HeaderChanges(add={"x-c": "2"})
    assert policy.cors == sergo.CorsPolicy(
        allow_origins=(sergo.TextMatch(exact="https://a.com"), sergo.TextMatch(prefix="https://b.")),
        max_age=86_400.0,
        allow_credentials=True,
    )


def test_effects_are_worked_out_and_drawn_for_each_request(full: sergo.Engine) -> None:
    for path in ("/a/x", "/a/y"):
        routing = full.route("full", path=path, roll=0.9)
        assert routing.rewrite == sergo.Rewrite(path.replace("/a", "/b"), "inner")
    assert routing.fault == sergo.Fault(delay=sergo.Delay(100.0, 2.0))
    assert routing.mirrors == ()
    routing = full.route("full", path="/a", roll=[0.1, 0.2])
    assert routing.fault == sergo.Fault(sergo.Abort(50.0, http_status=418), sergo.Delay(100.0, 2.0))
    assert routing.mirrors == (sergo.Mirror(sergo.Destination("copy", port=90), 50.0),)
    aborted = sum(full.route("full", path="/a").fault.abort is not None for _ in range(1000))  # type: ignore[union-attr]
    # Ten standard deviations: chance does not fail this.
    assert abs(aborted - 500) < 160


def test_connections_go_by_tls_and_tcp_routes(engine: sergo.Engine) -> None:
    report = engine.load("""
apiVersion: traffic.opensergo.io/v1alpha1
kind: TrafficRouter
metadata: {name: db}
spec:
  hosts: [db]
  tls: [{match: [{sniHosts: [db]}], route: [{destination: {host: secure}}]}]
  tcp:
    - match: [{destinationSubnets: [10.1.0.0/16], port: 5432}]
      route: [{destination: {host: near}, weight: 50}, {destination: {host: spare}, weight: 50}]
    - route: [{destination: {host: far, port: {number: 5433}}}]
""")
    assert report, report.rejected
    assert engine.connect("db", sni="db").destination == sergo.Destination("secure")
    picked = [engine.connect("db", port=5432, address="10.1.0.9", roll=roll).destination for roll in (0.1, 0.9)]
    assert picked == [sergo.Destination("near"), sergo.Destination("spare")]
    assert engine.connect("db", port=5432).destination == sergo.Destination("far", port=5433)
    assert not engine.connect("elsewhere")
