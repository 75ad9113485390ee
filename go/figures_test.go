package sergo_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	sergo "github.com/sergo-rs/sergo/go"
)

func TestFiguresCountEverything(t *testing.T) {
	engine, clock := newEngine(t, limit(4))
	for i, rt := range []time.Duration{time.Millisecond, 2 * time.Millisecond, 100 * time.Millisecond} {
		entry, err := engine.Enter(t.Context(), "GET:/foo")
		if err != nil {
			t.Fatal(err)
		}
		clock.Advance(rt)
		var outcome error
		if i == 2 {
			outcome = errors.New("failed")
		}
		if err := entry.ExitWith(outcome); err != nil {
			t.Fatal(err)
		}
	}
	for _, resource := range []string{"GET:/foo", "GET:/foo", "other"} { // a pass, a block, a pass
		if _, err := engine.Decide(resource); err != nil {
			t.Fatal(err)
		}
	}

	figures, err := engine.Figures()
	if err != nil {
		t.Fatal(err)
	}
	if figures.Version != 1 || figures.InFlight != 2 || len(figures.Resources) != 1 || len(figures.Instance) != 0 {
		t.Errorf("got %+v, want version 1, 2 in flight, one resource", figures)
	}
	foo := figures.Resource("/foo")
	if foo.Passed != 4 || foo.Blocked != 1 || foo.Waited != 0 || foo.InFlight != 1 || foo.Completed != 3 || foo.Errors != 1 {
		t.Errorf("got %+v", foo)
	}
	if foo.RTSum != 103*time.Millisecond || foo.RTMin != time.Millisecond || foo.RTMax != 100*time.Millisecond {
		t.Errorf("got response times of %v, %v to %v", foo.RTSum, foo.RTMin, foo.RTMax)
	}
	within := func(name string, got, want time.Duration) {
		t.Helper()
		if got < want || got > want+want/8 {
			t.Errorf("%s: got %v, want %v, at most an eighth too long", name, got, want)
		}
	}
	within("the median", foo.RTP50, 2*time.Millisecond)
	within("the 99th percentile", foo.RTP99, 100*time.Millisecond)
	var counted uint64
	for i, bucket := range foo.RTHistogram {
		counted += bucket.Count
		if i > 0 && bucket.Under <= foo.RTHistogram[i-1].Under {
			t.Errorf("got the histogram %v, want it in order", foo.RTHistogram)
		}
	}
	if counted != 3 {
		t.Errorf("got the histogram %v, want 3 in it", foo.RTHistogram)
	}
	want := []sergo.StrategyFigures{{Kind: "RateLimitStrategy", Strategy: "rate-limit-foo", Blocked: 1}}
	if !slices.Equal(foo.Strategies, want) {
		t.Errorf("got %+v, want %+v", foo.Strategies, want)
	}
	if got := figures.Resource("/other"); got.Resource != "/other" || got.Passed != 0 {
		t.Errorf("got %+v for what no rule names", got)
	}
}
