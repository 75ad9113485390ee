package sergo_test

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	sergo "github.com/sergo-rs/sergo/go"
)

// closed lets nothing pass, and never will.
const closed = `
apiVersion: fault-tolerance.opensergo.io/v1alpha1
kind: ConcurrencyLimitStrategy
metadata: {name: closed}
spec: {maxConcurrency: 0}
---
apiVersion: fault-tolerance.opensergo.io/v1alpha1
kind: FaultToleranceRule
metadata: {name: closed}
spec:
  targets: [{targetResourceName: GET:/closed}, {targetResourceName: GET:/shut}]
  strategies: [{name: closed, kind: ConcurrencyLimitStrategy}]
`

// limit is rules that let n requests through to /foo in any second.
func limit(n int) string {
	return fmt.Sprintf(`
apiVersion: fault-tolerance.opensergo.io/v1alpha1
kind: RateLimitStrategy
metadata: {name: rate-limit-foo}
spec: {metricType: RequestAmount, limitMode: Local, threshold: %d, statDuration: 1s}
---
apiVersion: fault-tolerance.opensergo.io/v1alpha1
kind: HttpRequestFallbackAction
metadata: {name: fallback-foo}
spec:
  behavior: ReturnProvidedResponse
  behaviorDesc:
    responseStatusCode: 430
    responseContentBody: Blocked by Sentinel
    responseAdditionalHeaders:
      - {key: X-Sentinel-Limit, value: foo}
---
apiVersion: fault-tolerance.opensergo.io/v1alpha1
kind: FaultToleranceRule
metadata: {name: my-rule}
spec:
  selector: {app: demo-app}
  targets: [{targetResourceName: /foo}]
  strategies: [{name: rate-limit-foo, kind: RateLimitStrategy}]
  fallbackAction: fallback-foo
`, n)
}

// newEngine is an engine for demo-app on a clock that stands still, closed at the
// end of the test.
func newEngine(t testing.TB, rules string, opts ...sergo.Option) (*sergo.Engine, *sergo.ManualClock) {
	t.Helper()
	clock := new(sergo.ManualClock)
	engine, err := sergo.New("demo-app", append([]sergo.Option{sergo.WithClock(clock)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close() })
	load(t, engine, rules)
	return engine, clock
}

// load loads rules without a mistake in them.
func load(t testing.TB, engine *sergo.Engine, rules string) *sergo.Report {
	t.Helper()
	report, err := engine.Load(rules)
	if err != nil {
		t.Fatal(err)
	}
	for _, mistake := range append(report.Rejected, report.Warnings...) {
		t.Errorf("loading rules: %s", mistake)
	}
	return report
}

// decide decides and exits at once what passed.
func decide(t testing.TB, engine *sergo.Engine, resource string, opts ...sergo.EnterOption) sergo.Decision {
	t.Helper()
	decision, err := engine.Decide(resource, opts...)
	if err != nil {
		t.Fatal(err)
	}
	if err := decision.Entry.Exit(); err != nil {
		t.Fatal(err)
	}
	return decision
}

// codeOf is the code of an error of sergo.
func codeOf(err error) sergo.Code {
	var failure *sergo.Error
	if !errors.As(err, &failure) {
		return ""
	}
	return failure.Code
}

// The goroutines that an engine may have.
const (
	following  = ".(*Subscription).follow("
	background = ".every.func1("
)

// running counts the goroutines that are in a function.
func running(function string) int {
	stacks := make([]byte, 1<<20)
	return strings.Count(string(stacks[:runtime.Stack(stacks, true)]), function)
}

// untilRunning waits until so many goroutines sample or fetch events: they start
// at once, but take a moment to end.
func untilRunning(t testing.TB, count int) {
	t.Helper()
	until(t, func() bool { return running(background) == count })
}

// until waits for what must come: if it does not, go test ends the wait.
func until(t testing.TB, come func() bool) {
	t.Helper()
	for !come() {
		time.Sleep(time.Millisecond)
	}
}

// figuresOf are the counters of a target.
func figuresOf(t testing.TB, engine *sergo.Engine, target string) sergo.ResourceFigures {
	t.Helper()
	figures, err := engine.Figures()
	if err != nil {
		t.Fatal(err)
	}
	return figures.Resource(target)
}
