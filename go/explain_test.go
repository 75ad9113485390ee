package sergo_test

import (
	"strings"
	"testing"
	"time"

	sergo "github.com/sergo-rs/sergo/go"
)

func explain(t *testing.T, engine *sergo.Engine, resource string, opts ...sergo.EnterOption) *sergo.Explanation {
	t.Helper()
	explanation, err := engine.Explain(resource, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return explanation
}

func TestAnExplanationSaysWhatAnEntryWouldBeAnsweredAndWhy(t *testing.T) {
	engine, clock := newEngine(t, limit(2))
	decide(t, engine, "GET:/foo")
	clock.Advance(400 * time.Millisecond)
	got := explain(t, engine, "GET:/foo", sergo.Cost(2))
	if !got.Governed || got.Answer != sergo.Block || got.Wait != 0 || len(got.Gates) != 1 {
		t.Fatalf("got %+v, want a block by one gate", got)
	}
	gate := got.Gates[0]
	if gate.Target != "/foo" || gate.Kind != "RateLimitStrategy" || gate.Strategy != "rate-limit-foo" || gate.Rule != "my-rule" {
		t.Errorf("got the gate %+v", gate)
	}
	if gate.Limit == nil || *gate.Limit != 2 || gate.Used == nil || *gate.Used != 1 || gate.State != "" || gate.Why == "" {
		t.Errorf("got the gate %+v, want 1 of 2 used", gate)
	}
	for _, after := range []*time.Duration{got.RetryAfter, gate.RetryAfter} {
		if after == nil || *after != 600*time.Millisecond {
			t.Errorf("got retry after %v, want 600ms", after)
		}
	}
	text := got.String()
	if !strings.HasPrefix(text, "GET:/foo: block, ") || !strings.Contains(text, "rate-limit-foo") || !strings.HasSuffix(text, gate.Why) {
		t.Errorf("got %q, want the answer, the gate and why", text)
	}

	if got := explain(t, engine, "GET:/foo"); got.Answer != sergo.Pass || got.RetryAfter != nil {
		t.Errorf("a cost of 1: got %+v, want a pass", got)
	}
	if got := explain(t, engine, "other"); got.Governed || got.Answer != sergo.Pass || len(got.Gates) != 0 {
		t.Errorf("no rule names it: got %+v, want a pass without gates", got)
	}
	if got := explain(t, engine, "GET:/foo", sergo.Cost(3)); got.Answer != sergo.Block || got.RetryAfter != nil {
		t.Errorf("more than ever passes: got %+v, want a block for good", got)
	}
}

func TestExplainingChangesNothing(t *testing.T) {
	engine, clock := newEngine(t, queue(time.Second))
	for range 3 {
		if got := explain(t, engine, "GET:/foo"); got.Answer != sergo.Pass {
			t.Errorf("got %+v, want a pass", got)
		}
	}
	decide(t, engine, "GET:/foo")
	clock.Advance(time.Second / 4)
	for range 3 {
		got := explain(t, engine, "GET:/foo")
		if got.Answer != sergo.Wait || got.Wait != 750*time.Millisecond || got.Gates[0].Wait != got.Wait {
			t.Errorf("got %+v, want a wait of 750ms", got)
		}
	}
	if got := figuresOf(t, engine, "/foo"); got.Passed != 1 || got.InFlight != 0 {
		t.Errorf("got %+v, want one passed", got)
	}
}

func TestAnExplanationTellsABreakersStateAndWhoIsAsked(t *testing.T) {
	engine, _ := newEngine(t, breaker+"---"+strings.Replace(overload, "my-rule", "my-protection", 1), sergo.WithoutSampling())
	got := explain(t, engine, "GET:/foo")
	if len(got.Gates) != 2 || got.Gates[0].Target != "" || got.Gates[0].Used != nil || got.Gates[1].State != sergo.BreakerClosed {
		t.Errorf("got %+v, want overload protection without a figure, then a closed breaker", got.Gates)
	}
	if got := explain(t, engine, "GET:/foo", sergo.Outbound()); len(got.Gates) != 1 {
		t.Errorf("outbound: got %+v, want the breaker alone", got.Gates)
	}
}
