"""Why a request is of its lane."""

import sergo

RULES = """
apiVersion: traffic.opensergo.io/v1alpha1
kind: TrafficLane
metadata: {name: testers}
spec:
  rules:
    traffic: {http: {uri: {prefix: /cart}, headers: {x-user: {exact: jason}}}}
    lane: {name: gray}
"""


def test_a_label_is_explained() -> None:
    engine = sergo.Engine("shop")
    assert engine.load(RULES).accepted == 1
    told = engine.explain_label(path="/cart", headers={"x-user": "jason", "baggage": "a=1"})
    assert (told.lane, told.document, told.came) == ("gray", "TrafficLane testers", None)
    assert told.goes == sergo.GoesOn("x-opensergo-traffic", "x-opensergo-traffic=gray,a=1")
    assert str(told).startswith("lane gray: by TrafficLane testers: its traffic.http holds\n")

    doubted = engine.explain_label(headers={"x-opensergo-traffic": "blue"}, trust=False)
    assert doubted.lane is None
    assert doubted.came == sergo.CameWith("blue", "x-opensergo-traffic", "x-opensergo-traffic", False)
    miss = sergo.BlockMiss("uri", 'a value that begins with "/cart"', '"/"')
    assert doubted.misses == (sergo.LabelMiss("TrafficLane testers", (miss,)),)
