package sergo_test

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	sergo "github.com/sergo-rs/sergo/go"
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
	foo := figuresOf(t, engine, "/foo")
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
	if foo := figuresOf(t, engine, "/foo"); foo.Completed != entries || foo.InFlight != 0 {
		t.Errorf("got %+v, want %d completed", foo, entries)
	}
}

// ticking is a clock that goes on a little whenever somebody looks at it.
type ticking struct {
	sergo.ManualClock
	now atomic.Int64
}

func (c *ticking) Now() time.Duration { return time.Duration(c.now.Add(int64(time.Millisecond))) }

// TestNoWindowHoldsMoreThanTheLimit lets many goroutines enter while time and
// rules go on, and looks at every window there was: an entry was let in at some
// time between its looks at the clock before and after, so what lies in a window
// with both must not be more than the limit.
func TestNoWindowHoldsMoreThanTheLimit(t *testing.T) {
	const threshold, workers, each = 50, 8, 5000
	type admission struct{ before, after int64 }
	clock := new(ticking)
	engine, _ := newEngine(t, limit(threshold), sergo.WithClock(clock))
	var work sync.WaitGroup
	var mu sync.Mutex
	var admitted []admission
	for range workers {
		work.Add(1)
		go func() {
			defer work.Done()
			var own []admission
			for range each {
				before := clock.now.Load()
				decision, err := engine.Decide("GET:/foo")
				if err != nil {
					t.Error(err)
					return
				}
				if decision.Block == nil {
					own = append(own, admission{before, clock.now.Load()})
				}
				if err := decision.Entry.Exit(); err != nil {
					t.Error(err)
				}
			}
			mu.Lock()
			defer mu.Unlock()
			admitted = append(admitted, own...)
		}()
	}
	for reload := range 50 {
		if _, err := engine.Load(limit(threshold) + rulesFor(reload%20)); err != nil {
			t.Error(err)
		}
	}
	work.Wait()

	for _, first := range admitted {
		held := 0
		for _, other := range admitted {
			if other.before >= first.before && other.after < first.before+int64(time.Second) {
				held++
			}
		}
		if held > threshold {
			t.Fatalf("the second from %v on holds %d, want at most %d", time.Duration(first.before), held, threshold)
		}
	}
	foo, passed := figuresOf(t, engine, "/foo"), uint64(len(admitted))
	if passed < threshold || foo.Passed != passed || foo.Blocked != workers*each-passed || foo.Completed != passed || foo.InFlight != 0 {
		t.Errorf("got %+v, want %d passed and completed, the rest blocked, none in flight", foo, passed)
	}
}

// set is a clock that says what it is told to.
type set struct {
	sergo.ManualClock
	now time.Duration
}

func (c *set) Now() time.Duration { return c.now }

func TestAClockThatGoesWrongLetsNothingMoreIn(t *testing.T) {
	const threshold = 5
	rules := limit(threshold) + "---" + strings.NewReplacer("my-rule", "probing", "queueTimeout: 1h", "queueTimeout: 100h").Replace(probing)
	clock := new(set)
	engine, _ := newEngine(t, rules, sergo.WithClock(clock), sergo.WithoutSampling())
	pass := func(now time.Duration) (passed int) {
		clock.now = now
		for range 4 * threshold {
			if decide(t, engine, "GET:/foo").Block == nil {
				passed++
			}
		}
		return passed
	}
	for _, step := range []struct {
		now         time.Duration
		least, most int
	}{
		{time.Minute, threshold, threshold},
		{time.Minute, 0, 0},                               // it stands still
		{time.Minute + time.Hour, threshold, threshold},   // it jumps
		{time.Minute, 0, threshold},                       // it goes back
		{time.Minute + time.Hour, 0, 0},                   // where it has been
		{-time.Hour, 0, threshold},                        // before the beginning
		{time.Minute + 3*time.Hour, threshold, threshold}, // all is well again
	} {
		if got := pass(step.now); got < step.least || got > step.most {
			t.Errorf("at %v: %d passed, want %d to %d", step.now, got, step.least, step.most)
		}
	}
	if foo := figuresOf(t, engine, "/foo"); foo.InFlight != 0 || foo.Passed != foo.Completed {
		t.Errorf("got %+v, want none in flight", foo)
	}
}
