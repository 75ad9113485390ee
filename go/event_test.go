package sergo_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	sergo "github.com/sergo-rs/sergo/go"
)

// breaker is rules that stop calling /foo for a second once half of at least four
// calls have failed.
const breaker = `
apiVersion: fault-tolerance.opensergo.io/v1alpha1
kind: CircuitBreakerStrategy
metadata: {name: breaker-foo}
spec:
  strategy: ErrorRequestRatio
  triggerRatio: '50%'
  statDuration: 10s
  recoveryTimeout: 1s
  minRequestAmount: 4
---
apiVersion: fault-tolerance.opensergo.io/v1alpha1
kind: FaultToleranceRule
metadata: {name: my-rule}
spec:
  targets: [{targetResourceName: /foo}]
  strategies: [{name: breaker-foo, kind: CircuitBreakerStrategy}]
`

// drain gives out the events of a kind.
func drain(t *testing.T, engine *sergo.Engine, kind sergo.EventKind) []sergo.Event {
	t.Helper()
	events, err := engine.Events()
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(events, func(event sergo.Event) bool { return event.Kind != kind })
}

func TestABreakersChangesAreEvents(t *testing.T) {
	engine, clock := newEngine(t, breaker)
	call := func(outcome error) {
		t.Helper()
		entry, err := engine.Enter(t.Context(), "GET:/foo")
		if err != nil {
			t.Fatal(err)
		}
		if err := entry.ExitWith(outcome); err != nil {
			t.Fatal(err)
		}
	}
	state := func(want sergo.BreakerState) {
		t.Helper()
		if got, err := engine.BreakerState("/foo", "breaker-foo"); got != want || err != nil {
			t.Errorf("got %q (%v), want %q", got, err, want)
		}
	}
	state(sergo.BreakerClosed)
	for _, outcome := range []error{nil, errors.New("failed"), nil, errors.New("failed")} {
		call(outcome)
	}
	state(sergo.BreakerOpen)
	if block := decide(t, engine, "GET:/foo").Block; block == nil || block.Strategy != "CircuitBreakerStrategy" {
		t.Errorf("got %v, want a block by the breaker", block)
	}
	clock.Advance(time.Second)
	probe, err := engine.Enter(t.Context(), "GET:/foo")
	if err != nil {
		t.Fatal(err)
	}
	state(sergo.BreakerHalfOpen)
	if err := probe.Exit(); err != nil {
		t.Error(err)
	}
	state(sergo.BreakerClosed)

	change := sergo.Event{Kind: sergo.BreakerChanged, Resource: "/foo", Strategy: "breaker-foo"}
	opened, probing, closed := change, change, change
	opened.From, opened.To, opened.Total, opened.Bad = sergo.BreakerClosed, sergo.BreakerOpen, 4, 2
	probing.From, probing.To = sergo.BreakerOpen, sergo.BreakerHalfOpen
	closed.From, closed.To = sergo.BreakerHalfOpen, sergo.BreakerClosed
	want := []sergo.Event{opened, probing, closed}
	if got := drain(t, engine, sergo.BreakerChanged); !slices.Equal(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := drain(t, engine, sergo.BreakerChanged); len(got) != 0 {
		t.Errorf("the second time: got %+v, want nothing", got)
	}
}

func TestTheFirstBlockIsAnEvent(t *testing.T) {
	engine, _ := newEngine(t, limit(0))
	for range 3 {
		decide(t, engine, "GET:/foo")
	}
	want := []sergo.Event{{Kind: sergo.FirstBlock, Resource: "/foo", Strategy: "rate-limit-foo"}}
	if got := drain(t, engine, sergo.FirstBlock); !slices.Equal(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestLoadingRulesIsAnEvent(t *testing.T) {
	engine, _ := newEngine(t, limit(0))
	load(t, engine, limit(1))
	want := []sergo.Event{{Kind: sergo.RulesApplied, Version: 1}, {Kind: sergo.RulesApplied, Version: 2}}
	if got := drain(t, engine, sergo.RulesApplied); !slices.Equal(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestThereIsNoBreakerWithoutARule(t *testing.T) {
	engine, _ := newEngine(t, limit(0))
	if state, err := engine.BreakerState("/foo", "rate-limit-foo"); state != "" || err != nil {
		t.Errorf("got %q (%v), want none", state, err)
	}
}
