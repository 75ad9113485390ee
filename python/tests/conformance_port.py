"""The conformance port: a vector a line in, its answers a line out, until the end of input.

It drives the public package alone, on a manual clock, as tests/conformance asks.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import is_dataclass
from typing import Any

import sergo

Step = dict[str, Any]
Answer = dict[str, Any]


class Port:
    """One vector: an engine, and the entries that it holds under names."""

    def __init__(self, engine: sergo.Engine, clock: sergo.ManualClock) -> None:
        self.engine = engine
        self.clock = clock
        self.open: dict[str, list[sergo.Entry]] = {}
        self.closed: dict[str, list[sergo.Entry]] = {}

    def answer(self, step: Step) -> Answer:
        """Take one step; whatever it raises is its answer."""
        ask = getattr(self, f"_{step['op']}", None)
        if ask is None:
            return {"error": f"unknown op: {step['op']}"}
        self.clock.now_ns = step["at"]
        try:
            answer: Answer = ask(step)
        except Exception as error:
            return {"error": f"{type(error).__name__}: {error}"}
        return answer

    def _rules(self, step: Step) -> Answer:
        report = self.engine.load(step["text"])

        def fields(diagnostics: tuple[sergo.Diagnostic, ...]) -> list[Answer]:
            return [
                {"kind": d.kind, "name": d.name, "field": d.field, "found": d.found, "message": d.message}
                for d in diagnostics
            ]

        return {
            "version": report.version,
            "accepted": report.accepted,
            "rejected": fields(report.rejected),
            "waiting": [{"kind": w.kind, "name": w.name, "missing": w.missing} for w in report.waiting],
            "warnings": fields(report.warnings),
            "shadowed": fields(report.shadowed),
        }

    def _enter(self, step: Step) -> Answer:
        passed = blocked = 0
        answer: Answer = {}
        for _ in range(step["repeat"]):
            decision = self.engine.decide(step["resource"], step["cost"], step["direction"])
            if isinstance(decision, sergo.Entry):
                passed += 1
                if step["as"] is not None:
                    self.open.setdefault(step["as"], []).append(decision)
                answer = {"wait": decision.wait_ns} if decision.wait_ns else {"pass": True}
            else:
                blocked += 1
                answer = {
                    "block": decision.strategy,
                    "strategy": decision.name,
                    "rule": decision.rule,
                    "retryAfter": decision.retry_after_ns,
                    "fallback": _fallback(decision.fallback),
                }
        return answer if step["repeat"] == 1 else {"passed": passed, "blocked": blocked}

    def _exit(self, step: Step) -> Answer:
        name, count = step["entry"], step["count"]
        opened, closed = self.open.get(name), self.closed.setdefault(name, [])
        if opened is None:
            return {"error": f"no entry is called {name}"}
        if step["again"]:
            leaving = closed[:count]
        else:
            leaving = opened[:count]
            self.open[name] = opened[len(leaving) :]
            closed.extend(leaving)
        for entry in leaving:
            entry.exit(error=step["error"])
        return {}

    def _state(self, step: Step) -> Answer:
        return {"state": self.engine.breaker_state(step["resource"], step["strategy"])}

    def _events(self, step: Step) -> Answer:
        return {
            "events": [
                {
                    "resource": event.resource,
                    "strategy": event.strategy,
                    "from": event.from_state,
                    "to": event.to_state,
                    "total": event.total,
                    "bad": event.bad,
                }
                for event in self.engine.drain_events()
                if isinstance(event, sergo.BreakerChanged)
            ]
        }

    def _load(self, step: Step) -> Answer:
        self.engine.set_system_load(cpu=step["cpu"], load1=step["load1"], memory=step["memory"])
        return {}

    def _endpoints(self, step: Step) -> Answer:
        self.engine.set_instances(step["host"], [sergo.Instance(**instance) for instance in step["instances"]])
        return {}

    def _route(self, step: Step) -> Answer:
        return self._repeat(step, lambda: self.engine.route(step["host"], **_asked(step), **_drawn(step)))

    def _pick(self, step: Step) -> Answer:
        def ask() -> sergo.Pick:
            return self.engine.pick(step["host"], **_asked(step), **_drawn(step))

        if step["repeat"] > 1:
            instances = (ask().instance for _ in range(step["repeat"]))
            return {"share": Counter(instance.id for instance in instances if instance)}
        pick = ask()
        chosen = pick.instance and pick.instance.id
        return {**_routing(pick.routing), "instance": chosen, "subset": pick.destination and pick.destination.subset}

    def _report(self, step: Step) -> Answer:
        for _ in range(step["repeat"]):
            self.engine.report(step["host"], step["instance"], step["outcome"])
        return {}

    def _ejected(self, step: Step) -> Answer:
        return {"ejected": self.engine.ejected(step["host"])}

    def _label(self, step: Step) -> Answer:
        label = self.engine.label(**_asked(step), trust=step["trust"])
        return {"none": True} if label is None else {"lane": label.lane, "baggage": label.baggage}

    def _connect(self, step: Step) -> Answer:
        return self._repeat(
            step,
            lambda: self.engine.connect(
                step["host"],
                port=step["port"],
                sni=step["sni"],
                address=step["address"],
                client=step["client"],
                roll=step["rolls"],
                hash=step.get("hash"),
                **_source(step),
            ),
        )

    def _repeat(self, step: Step, ask: Callable[[], sergo.Routing]) -> Answer:
        if step["repeat"] == 1:
            return _routing(ask())
        places = (ask().destination for _ in range(step["repeat"]))
        return {"share": Counter(place.subset or place.host for place in places if place)}


def _source(step: Step) -> dict[str, Any]:
    return {f"source_{name}": value for name, value in (step["source"] or {}).items()}


def _asked(step: Step) -> dict[str, Any]:
    """The request, in keywords."""
    return {
        "method": step["method"],
        "path": step["path"],
        "scheme": step["scheme"],
        "port": step["port"],
        "headers": _headers(step["headers"]),
        "client": step["client"],
        "rpc": _rpc(step["rpc"]),
        **_source(step),
    }


def _drawn(step: Step) -> dict[str, Any]:
    return {"roll": step["rolls"], "hash": step["hash"]}


def _rpc(rpc: Answer | None) -> sergo.Rpc | None:
    if rpc is None:
        return None
    arguments = tuple(sergo.RpcArgument(**argument) for argument in rpc.get("args") or ())
    return sergo.Rpc(rpc.get("service") or "", rpc.get("method") or "", arguments, rpc.get("attachments") or {})


def _fallback(fallback: sergo.Fallback | None) -> Answer | None:
    if fallback is None:
        return None
    return {"status": fallback.status, "body": fallback.body, "headers": dict(fallback.headers)}


def _headers(pairs: list[tuple[str, str]]) -> dict[str, list[str]]:
    headers: dict[str, list[str]] = {}
    for name, value in pairs:
        headers.setdefault(name, []).append(value)
    return headers


def _routing(routing: sergo.Routing) -> Answer:
    if routing.empty:
        return {"none": {"host": routing.empty.host, "subset": routing.empty.subset}}
    if not (routing or routing.redirect or routing.response):
        return {"none": True}
    answer: Answer = {
        "route": routing.route,
        "headers": _present({name: _members(changes) for name, changes in vars(routing.policy.headers).items()}),
        "corsPolicy": _members(routing.policy.cors),
        "redirect": _members(routing.redirect),
        "rewrite": _members(routing.rewrite),
        "fault": _fault(routing.fault),
        "mirror": [_share(mirror) for mirror in routing.mirrors],
    }
    if routing.response:
        body = _present({"string": routing.response.body})
        answer["directResponse"] = _present({"status": routing.response.status, "body": body})
    if routing.destination:
        answer["destination"] = vars(routing.destination)
        answer["fallback"] = routing.fallback
        answer["timeout"] = _span(routing.policy.timeout)
        answer["retries"] = _members(routing.policy.retries)
    return _present(answer)


def _present(answer: Answer) -> Answer:
    """Leave out what there is none of."""
    return {name: value for name, value in answer.items() if value not in (None, (), [], {}, "")}


def _members(value: Any) -> Answer:
    """Write a dataclass as a TrafficRouter writes it."""
    return _present({_camel(name): _plain(member) for name, member in (vars(value) if value else {}).items()})


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(other.capitalize() for other in others)


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return _span(value)
    if isinstance(value, tuple):
        return [_plain(element) for element in value]
    if isinstance(value, Mapping):
        return dict(value)
    return _members(value) if is_dataclass(value) else value


def _span(seconds: float | None) -> str | None:
    return None if seconds is None else f"{round(seconds * 1e9)}ns"


def _share(value: Any) -> Answer:
    """Write what is done to a share of the requests."""
    if value is None:
        return {}
    return {**_members(value), "percentage": {"value": value.percentage}}


def _fault(fault: sergo.Fault | None) -> Answer:
    return _present({"abort": _share(fault.abort), "delay": _share(fault.delay)}) if fault else {}


def main() -> None:
    """Answer every line of standard input."""
    for line in sys.stdin:
        vector = json.loads(line)
        clock = sergo.ManualClock()
        app, namespace, labels = vector["app"], vector["namespace"], vector["labels"]
        with sergo.Engine(app, namespace, labels, clock, sample_system=False) as engine:
            port = Port(engine, clock)
            answers = [port.answer(step) for step in vector["steps"]]
        print(json.dumps({"answers": answers}), flush=True)


if __name__ == "__main__":
    main()
