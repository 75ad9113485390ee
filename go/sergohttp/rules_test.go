package sergohttp_test

import (
	"fmt"
	"testing"
	"time"

	sergo "github.com/sergo-rs/sergo/go"
)

// limits is rules that let one request a minute through to each of the targets,
// with a fallback in which the headers stand as given (a YAML list).
func limits(headers string, targets ...string) string {
	list := ""
	for _, target := range targets {
		list += fmt.Sprintf("\n  - {targetResourceName: '%s'}", target)
	}
	return fmt.Sprintf(`
apiVersion: fault-tolerance.opensergo.io/v1alpha1
kind: RateLimitStrategy
metadata: {name: limit}
spec: {metricType: RequestAmount, limitMode: Local, threshold: 1, statDuration: 1m}
---
apiVersion: fault-tolerance.opensergo.io/v1alpha1
kind: HttpRequestFallbackAction
metadata: {name: action}
spec:
  behavior: ReturnProvidedResponse
  behaviorDesc:
    responseStatusCode: 430
    responseContentBody: "<b>Blocked</b>"
    responseAdditionalHeaders: %s
---
apiVersion: fault-tolerance.opensergo.io/v1alpha1
kind: FaultToleranceRule
metadata: {name: rule}
spec:
  targets: %s
  strategies: [{name: limit, kind: RateLimitStrategy}]
  fallbackAction: action
`, headers, list)
}

// bare is rules that let nothing through to /foo and have no fallback.
const bare = `
apiVersion: fault-tolerance.opensergo.io/v1alpha1
kind: RateLimitStrategy
metadata: {name: limit}
spec: {metricType: RequestAmount, limitMode: Local, threshold: 0, statDuration: 1m}
---
apiVersion: fault-tolerance.opensergo.io/v1alpha1
kind: FaultToleranceRule
metadata: {name: rule}
spec:
  targets: [{targetResourceName: /foo}]
  strategies: [{name: limit, kind: RateLimitStrategy}]
`

// newEngine is an engine on a clock that stands still, closed at the end of the
// test.
func newEngine(t *testing.T, rules string) (*sergo.Engine, *sergo.ManualClock) {
	t.Helper()
	clock := new(sergo.ManualClock)
	engine, err := sergo.New("demo-app", sergo.WithClock(clock))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close() })
	clock.Advance(time.Hour)
	report, err := engine.Load(rules)
	if err != nil {
		t.Fatal(err)
	}
	for _, mistake := range append(report.Rejected, report.Warnings...) {
		t.Errorf("loading rules: %s", mistake)
	}
	return engine, clock
}

// counts are the figures of a target.
func counts(t *testing.T, engine *sergo.Engine, target string) sergo.ResourceFigures {
	t.Helper()
	figures, err := engine.Figures()
	if err != nil {
		t.Fatal(err)
	}
	return figures.Resource(target)
}
