package sergo_test

import (
	"math"
	"testing"

	sergo "github.com/sergo-rs/sergo/go"
)

// overload is rules that block while more than 80 % of the CPU are in use.
const overload = `
apiVersion: fault-tolerance.opensergo.io/v1alpha1
kind: AdaptiveOverloadProtectionStrategy
metadata: {name: protect}
spec: {metricType: CpuPercentage, triggerThreshold: '80%', adaptiveStrategy: NONE}
---
apiVersion: fault-tolerance.opensergo.io/v1alpha1
kind: FaultToleranceRule
metadata: {name: my-rule}
spec:
  targets: [{targetResourceName: /foo}]
  strategies: [{name: protect, kind: AdaptiveOverloadProtectionStrategy}]
`

func TestTheSystemsLoadProtectsWhatComesIn(t *testing.T) {
	engine, _ := newEngine(t, "")
	needs := func(want bool) {
		t.Helper()
		if got, err := engine.NeedsSystemLoad(); got != want || err != nil {
			t.Errorf("it needs the system's load: %t (%v), want %t", got, err, want)
		}
	}
	needs(false)
	load(t, engine, overload)
	needs(true)

	unknown := math.NaN()
	for _, step := range []struct {
		load    sergo.SystemLoad
		blocked bool
	}{
		{sergo.SystemLoad{CPU: 0.79, Load1: unknown, Memory: 1}, false},
		{sergo.SystemLoad{CPU: 0.8, Load1: unknown, Memory: unknown}, true},
		{sergo.SystemLoad{CPU: unknown, Load1: unknown, Memory: unknown}, false},
	} {
		if err := engine.SetSystemLoad(step.load); err != nil {
			t.Fatal(err)
		}
		if blocked := decide(t, engine, "any name").Block != nil; blocked != step.blocked {
			t.Errorf("under %+v: blocked %t, want %t", step.load, blocked, step.blocked)
		}
		if decide(t, engine, "any name", sergo.Outbound()).Block != nil {
			t.Errorf("under %+v: what goes out is blocked", step.load)
		}
	}
	figures, err := engine.Figures()
	if err != nil {
		t.Fatal(err)
	}
	want := sergo.StrategyFigures{Kind: "AdaptiveOverloadProtectionStrategy", Strategy: "protect", Blocked: 1}
	if len(figures.Instance) != 1 || figures.Instance[0] != want {
		t.Errorf("got %+v, want %+v", figures.Instance, want)
	}
}
