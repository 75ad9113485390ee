package sergo_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestThreadsNeverGetMoreThanTheLimit counts what many goroutines get through
// while rules are reloaded under them: exactly the limit in each second, and
// nothing is in flight at the end.
func TestThreadsNeverGetMoreThanTheLimit(t *testing.T) {
	const threshold, workers, rounds, each = 500, 8, 20, 250
	engine, clock := newEngine(t, limit(threshold))
	var total uint64
	for range rounds {
		clock.Advance(time.Second)
		var passed atomic.Uint64
		var work sync.WaitGroup
		for worker := range workers {
			work.Add(1)
			go func() {
				defer work.Done()
				resource := "GET:/foo"
				if worker%2 == 1 {
					resource = "POST:/foo" // one limit for all methods
				}
				for range each {
					decision, err := engine.Decide(resource)
					if err != nil {
						t.Error(err)
						return
					}
					if decision.Block == nil {
						passed.Add(1)
						if err := decision.Entry.Exit(); err != nil {
							t.Error(err)
						}
					}
				}
			}()
		}
		for reload := range 10 {
			if _, err := engine.Load(limit(threshold) + rulesFor(reload)); err != nil {
				t.Error(err)
			}
		}
		work.Wait()
		if got := passed.Load(); got != threshold {
			t.Errorf("%d passed, want %d", got, threshold)
		}
		total += passed.Load()
	}
	figures, err := engine.Figures()
	if err != nil {
		t.Fatal(err)
	}
	foo := figures.Resource("/foo")
	if foo.Passed != total || foo.Completed != total || foo.InFlight != 0 || foo.Blocked != workers*rounds*each-total {
		t.Errorf("got %+v, want %d passed and completed, the rest blocked, none in flight", foo, total)
	}
}

// rulesFor is a rule that changes the set of names which rules govern, so that
// every remembered id is outdated.
func rulesFor(n int) string {
	return `
---
apiVersion: fault-tolerance.opensergo.io/v1alpha1
kind: FaultToleranceRule
metadata: {name: other-rule}
spec:
  targets: [{targetResourceName: /other/` + string(rune('a'+n)) + `}]
  strategies: [{name: rate-limit-foo, kind: RateLimitStrategy}]
`
}

// TestAnEntryCanBeExitedByManyAtOnce counts one completion per entry.
func TestAnEntryCanBeExitedByManyAtOnce(t *testing.T) {
	const entries = 200
	engine, _ := newEngine(t, limit(entries))
	for range entries {
		entry, err := engine.Enter(t.Context(), "GET:/foo")
		if err != nil {
			t.Fatal(err)
		}
		var work sync.WaitGroup
		for range 4 {
			work.Add(1)
			go func() {
				defer work.Done()
				if err := entry.Exit(); err != nil {
					t.Error(err)
				}
			}()
		}
		work.Wait()
	}
	figures, err := engine.Figures()
	if err != nil {
		t.Fatal(err)
	}
	if foo := figures.Resource("/foo"); foo.Completed != entries || foo.InFlight != 0 {
		t.Errorf("got %+v, want %d completed", foo, entries)
	}
}
