package sergo_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	sergo "github.com/sergo-rs/sergo/go"
)

// queue is rules that let a request through to /foo every so often, and let four
// wait.
func queue(interval time.Duration) string {
	return fmt.Sprintf(`
apiVersion: fault-tolerance.opensergo.io/v1alpha1
kind: ThrottlingStrategy
metadata: {name: queue-foo}
spec: {minIntervalOfRequests: %dms, queueTimeout: %dms}
---
apiVersion: fault-tolerance.opensergo.io/v1alpha1
kind: FaultToleranceRule
metadata: {name: my-rule}
spec:
  targets: [{targetResourceName: /foo}]
  strategies: [{name: queue-foo, kind: ThrottlingStrategy}]
`, interval.Milliseconds(), 4*interval.Milliseconds())
}

func TestDecideTellsTheWaitAndDoesNotWait(t *testing.T) {
	engine, _ := newEngine(t, queue(time.Second))
	for want := range 5 {
		decision := decide(t, engine, "GET:/foo")
		if decision.Block != nil || decision.Wait != time.Duration(want)*time.Second {
			t.Errorf("entry %d: got %+v, want a wait of %d s", want, decision, want)
		}
	}
	block := decide(t, engine, "GET:/foo").Block
	if block == nil || block.Strategy != "ThrottlingStrategy" {
		t.Fatalf("got %v, want a block by the queue", block)
	}
	if after, known := block.RetryAfter(); after != time.Second || !known {
		t.Errorf("got retry after %v, want 1s", after)
	}
}

func TestEnterWaitsItsTurn(t *testing.T) {
	engine, clock := newEngine(t, queue(time.Second))
	var mu sync.Mutex
	var times []time.Duration
	var work sync.WaitGroup
	for range 5 {
		work.Add(1)
		go func() {
			defer work.Done()
			entry, err := engine.Enter(context.Background(), "GET:/foo")
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			times = append(times, clock.Now())
			mu.Unlock()
			if err := entry.Exit(); err != nil {
				t.Error(err)
			}
		}()
	}
	// The clock goes on only when all five are in the queue or through it.
	until(t, func() bool { return figuresOf(t, engine, "/foo").Passed == 5 })
	for range 4 {
		clock.Advance(time.Second)
	}
	work.Wait()
	slices.Sort(times)
	for turn, at := range times {
		if at < time.Duration(turn)*time.Second {
			t.Errorf("the entry at turn %d came at %v", turn, at)
		}
	}
	if foo := figuresOf(t, engine, "/foo"); foo.Waited != 4 || foo.Completed != 5 || foo.InFlight != 0 {
		t.Errorf("got %+v, want 4 waited, 5 completed, none in flight", foo)
	}
}

func TestAWaitEndsWithItsContext(t *testing.T) {
	for name, opts := range map[string][]sergo.Option{"a manual clock": nil, "the system's clock": {sergo.WithClock(nil)}} {
		t.Run(name, func(t *testing.T) {
			engine, _ := newEngine(t, queue(time.Hour), opts...)
			decide(t, engine, "GET:/foo")
			ctx, cancel := context.WithCancel(t.Context())
			entered := make(chan error)
			go func() {
				_, err := engine.Enter(ctx, "GET:/foo", sergo.Cost(3))
				entered <- err
			}()
			until(t, func() bool { return figuresOf(t, engine, "/foo").InFlight > 0 })
			cancel()
			if err := <-entered; !errors.Is(err, context.Canceled) {
				t.Errorf("got %v, want the context's error", err)
			}
			if foo := figuresOf(t, engine, "/foo"); foo.InFlight != 0 || foo.Cancelled != 1 || foo.Completed != 1 {
				t.Errorf("got %+v, want none in flight, one cancelled, one completed", foo)
			}
		})
	}
}

// probing is rules that let one request at a time through to /foo, break at the
// first failure for a second, and space requests out by two.
const probing = `
apiVersion: fault-tolerance.opensergo.io/v1alpha1
kind: ConcurrencyLimitStrategy
metadata: {name: one-foo}
spec: {maxConcurrency: 1}
---
apiVersion: fault-tolerance.opensergo.io/v1alpha1
kind: CircuitBreakerStrategy
metadata: {name: breaker-foo}
spec: {strategy: ErrorRequestRatio, triggerRatio: '50%', statDuration: 10s, recoveryTimeout: 1s, minRequestAmount: 1}
---
apiVersion: fault-tolerance.opensergo.io/v1alpha1
kind: ThrottlingStrategy
metadata: {name: queue-foo}
spec: {minIntervalOfRequests: 2s, queueTimeout: 1h}
---
apiVersion: fault-tolerance.opensergo.io/v1alpha1
kind: FaultToleranceRule
metadata: {name: my-rule}
spec:
  targets: [{targetResourceName: /foo}]
  strategies: [{name: one-foo}, {name: breaker-foo}, {name: queue-foo}]
`

func TestAWaitThatIsGivenUpLeavesNothingTaken(t *testing.T) {
	engine, clock := newEngine(t, probing)
	entry, err := engine.Enter(t.Context(), "GET:/foo")
	if err != nil {
		t.Fatal(err)
	}
	if err := entry.ExitWith(errors.New("failed")); err != nil {
		t.Error(err)
	}
	state := func() sergo.BreakerState {
		state, err := engine.BreakerState("/foo", "breaker-foo")
		if err != nil {
			t.Fatal(err)
		}
		return state
	}
	if got := state(); got != sergo.BreakerOpen {
		t.Fatalf("the breaker is %s, want open", got)
	}

	clock.Advance(time.Second)
	ctx, cancel := context.WithCancel(t.Context())
	entered := make(chan error)
	go func() {
		_, err := engine.Enter(ctx, "GET:/foo")
		entered <- err
	}()
	until(t, func() bool { return state() == sergo.BreakerHalfOpen })
	if block := decide(t, engine, "GET:/foo").Block; block == nil || block.Name != "one-foo" {
		t.Errorf("while it waits: got %v, want a block for it is in flight", block)
	}
	cancel()
	if err := <-entered; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's error", err)
	}
	if got := figuresOf(t, engine, "/foo"); got.InFlight != 0 {
		t.Errorf("got %+v, want none in flight", got)
	}
	if got := state(); got != sergo.BreakerHalfOpen {
		t.Errorf("the breaker is %s: nothing was called, so nothing is known", got)
	}
	clock.Advance(time.Hour)
	if decision := decide(t, engine, "GET:/foo"); decision.Block != nil {
		t.Errorf("got %v, want the next one to pass", decision.Block)
	}
}
