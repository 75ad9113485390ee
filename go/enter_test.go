package sergo_test

import (
	"context"
	"errors"
	"reflect"
	"strconv"
	"testing"
	"time"

	sergo "github.com/sergo-rs/sergo/go"
)

func TestABlockIsAnErrorThatSaysEverything(t *testing.T) {
	engine, clock := newEngine(t, limit(1))
	clock.Advance(5 * time.Second)
	entry, err := engine.Enter(t.Context(), "GET:/foo")
	if err != nil {
		t.Fatal(err)
	}
	defer entry.Exit()
	clock.Advance(400 * time.Millisecond)

	entry, err = engine.Enter(t.Context(), "GET:/foo")
	var block *sergo.BlockError
	if entry != nil || !errors.As(err, &block) {
		t.Fatalf("got %v and %v, want a block", entry, err)
	}
	if block.Resource != "GET:/foo" || block.Strategy != "RateLimitStrategy" || block.Name != "rate-limit-foo" || block.Rule != "my-rule" {
		t.Errorf("got %+v", block)
	}
	if after, known := block.RetryAfter(); after != 600*time.Millisecond || !known {
		t.Errorf("got retry after %v, %t, want 600ms", after, known)
	}
	want := &sergo.Fallback{Status: 430, Body: "Blocked by Sentinel", Headers: []sergo.Header{{Name: "X-Sentinel-Limit", Value: "foo"}}}
	if !reflect.DeepEqual(block.Fallback, want) {
		t.Errorf("got the fallback %+v, want %+v", block.Fallback, want)
	}
	const sentence = `sergo: "GET:/foo" is blocked by RateLimitStrategy "rate-limit-foo" of rule "my-rule"; try again after 600ms`
	if block.Error() != sentence {
		t.Errorf("got %q, want %q", block.Error(), sentence)
	}

	clock.Advance(600 * time.Millisecond)
	if entry, err := engine.Enter(t.Context(), "GET:/foo"); err != nil {
		t.Errorf("after the time that the block named: %v", err)
	} else if err := entry.Exit(); err != nil {
		t.Error(err)
	}
}

func TestABlockThatNoWaitHelpsHasNoRetryAfter(t *testing.T) {
	engine, _ := newEngine(t, limit(2))
	block := decide(t, engine, "GET:/foo", sergo.Cost(3)).Block
	if block == nil {
		t.Fatal("a cost over the threshold passed")
	}
	if after, known := block.RetryAfter(); known {
		t.Errorf("got retry after %v, want none", after)
	}
}

func TestCostsAddUp(t *testing.T) {
	engine, _ := newEngine(t, limit(10))
	for i, want := range []bool{true, true, true, false} {
		if passed := decide(t, engine, "GET:/foo", sergo.Cost(3)).Block == nil; passed != want {
			t.Errorf("entry %d of cost 3: passed %t, want %t", i, passed, want)
		}
	}
	if decide(t, engine, "GET:/foo", sergo.Cost(0), sergo.Outbound()).Block != nil {
		t.Error("there was room for one more: a cost of 0 is 1")
	}
	if decide(t, engine, "GET:/foo").Block == nil {
		t.Error("an eleventh passed")
	}
}

func TestDoExitsWithWhatTheWorkReturns(t *testing.T) {
	engine, clock := newEngine(t, limit(10))
	sentinel := errors.New("the work failed")
	ok := func(context.Context) error { clock.Advance(time.Millisecond); return nil }
	bad := func(context.Context) error { return sentinel }

	if err := engine.Do(t.Context(), "GET:/foo", ok); err != nil {
		t.Error(err)
	}
	if err := engine.Do(t.Context(), "GET:/foo", bad); err != sentinel {
		t.Errorf("got %v, want the work's own error", err)
	}
	func() {
		defer func() {
			if recover() != "on purpose" {
				t.Error("the panic did not go on")
			}
		}()
		_ = engine.Do(t.Context(), "GET:/foo", func(context.Context) error { panic("on purpose") })
	}()

	foo := figuresOf(t, engine, "/foo")
	if foo.Passed != 3 || foo.Completed != 3 || foo.Errors != 2 || foo.InFlight != 0 || foo.RTSum != time.Millisecond {
		t.Errorf("got %+v, want 3 passed and completed, 2 errors, 1ms", foo)
	}
}

// Errors of blocks that are alike may be one; those of others are not.
func TestABlockSaysWhichResourceItIsOf(t *testing.T) {
	engine, _ := newEngine(t, closed)
	for _, resource := range []string{"GET:/closed", "GET:/shut", "GET:/closed", "GET:/closed"} {
		decision, err := engine.Decide(resource)
		if err != nil || decision.Block == nil {
			t.Fatal(decision, err)
		}
		block := decision.Block
		if _, known := block.RetryAfter(); known || block.Resource != resource || block.Name != "closed" || block.Rule != "closed" {
			t.Errorf("%s: %v", resource, block)
		}
	}
}

func TestDoDoesNotWorkWhenBlocked(t *testing.T) {
	engine, _ := newEngine(t, limit(0))
	err := engine.Do(t.Context(), "GET:/foo", func(context.Context) error {
		t.Error("the work was done")
		return nil
	})
	if block := new(sergo.BlockError); !errors.As(err, &block) {
		t.Errorf("got %v, want a block", err)
	}
}

func TestExitingAgainDoesNothing(t *testing.T) {
	engine, _ := newEngine(t, limit(10))
	entry, err := engine.Enter(t.Context(), "GET:/foo")
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := entry.ExitWith(errors.New("failed")); err != nil {
			t.Error(err)
		}
	}
	if foo := figuresOf(t, engine, "/foo"); foo.Completed != 1 || foo.Errors != 1 || foo.InFlight != 0 {
		t.Errorf("got %+v, want one completion", foo)
	}
	var none *sergo.Entry
	if err := none.Exit(); err != nil {
		t.Errorf("exiting no entry: %v", err)
	}
}

func TestADoneContextEntersNothing(t *testing.T) {
	engine, _ := newEngine(t, limit(10))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := engine.Enter(ctx, "GET:/foo"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's error", err)
	}
	if foo := figuresOf(t, engine, "/foo"); foo.Passed != 0 {
		t.Errorf("got %+v, want nothing passed", foo)
	}
}

func TestRulesThatComeLaterAreObeyed(t *testing.T) {
	engine, _ := newEngine(t, "")
	for round := range 3 {
		load(t, engine, "")
		if decide(t, engine, "GET:/foo").Block != nil {
			t.Errorf("round %d: blocked without rules", round)
		}
		load(t, engine, limit(0))
		if decide(t, engine, "GET:/foo").Block == nil {
			t.Errorf("round %d: passed in spite of the rules", round)
		}
	}
}

func TestManyUnknownNamesAreOnlyPassed(t *testing.T) {
	engine, _ := newEngine(t, limit(0))
	for i := range 25_000 {
		if decide(t, engine, "GET:/"+strconv.Itoa(i)).Block != nil {
			t.Fatalf("name %d is blocked", i)
		}
	}
	if decide(t, engine, "GET:/foo").Block == nil {
		t.Error("the rule was forgotten")
	}
	figures, err := engine.Figures()
	if err != nil {
		t.Fatal(err)
	}
	if len(figures.Resources) != 1 {
		t.Errorf("got figures of %d resources, want those of the one in the rules", len(figures.Resources))
	}
}
