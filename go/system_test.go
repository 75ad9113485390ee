package sergo_test

import (
	"math"
	"runtime"
	"strings"
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

// used is the figure of the system that the first gate goes by; nil is unknown.
func used(t *testing.T, engine *sergo.Engine) *float64 {
	t.Helper()
	explanation, err := engine.Explain("GET:/foo")
	if err != nil {
		t.Fatal(err)
	}
	return explanation.Gates[0].Used
}

func TestTheSystemsLoadIsSampledWhileRulesNeedIt(t *testing.T) {
	engine, _ := newEngine(t, limit(1))
	untilRunning(t, 0)
	load(t, engine, strings.Replace(overload, "CpuPercentage, triggerThreshold: '80%'", "SystemLoad, triggerThreshold: 1000", 1))
	linux := runtime.GOOS == "linux" // elsewhere no figure is known
	if got := used(t, engine); (got != nil) != linux {
		t.Errorf("got the load average %v, known at once on Linux", got)
	}
	load(t, engine, overload)
	untilRunning(t, 1)
	// The share of CPU time is known from the second sample on.
	until(t, func() bool { return !linux || used(t, engine) != nil })
	load(t, engine, "")
	untilRunning(t, 0)
	load(t, engine, overload)
	untilRunning(t, 1)
	if err := engine.Close(); err != nil {
		t.Error(err)
	}
	untilRunning(t, 0)
}

func TestTheApplicationsFiguresTakeThePlaceOfSampling(t *testing.T) {
	engine, _ := newEngine(t, overload)
	if err := engine.SetSystemLoad(sergo.SystemLoad{CPU: 0.25}); err != nil {
		t.Fatal(err)
	}
	untilRunning(t, 0)
	load(t, engine, "")
	load(t, engine, overload)
	if got := used(t, engine); got == nil || *got != 0.25 {
		t.Errorf("got %v, want what the application said", got)
	}
	untilRunning(t, 0)
}

func TestSamplingCanBeLeftOut(t *testing.T) {
	engine, _ := newEngine(t, overload, sergo.WithoutSampling())
	if got := used(t, engine); got != nil {
		t.Errorf("got %v, want no figure", *got)
	}
	untilRunning(t, 0)
}
