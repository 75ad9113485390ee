package sergo_test

import (
	"context"
	"slices"
	"testing"

	sergo "github.com/sergo-rs/sergo/go"
)

func listen(t *testing.T, engine *sergo.Engine, ctx context.Context) <-chan sergo.Event {
	t.Helper()
	events, err := engine.Listen(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return events
}

// versions are those of the rules that events tell of.
func versions(events []sergo.Event) []uint64 {
	versions := make([]uint64, len(events))
	for i, event := range events {
		versions[i] = event.Version
	}
	return versions
}

// rest is what is left in a channel that is closed, or will be.
func rest(events <-chan sergo.Event) (rest []sergo.Event) {
	for event := range events {
		rest = append(rest, event)
	}
	return rest
}

func TestWhoeverListensGetsEveryEvent(t *testing.T) {
	engine, _ := newEngine(t, "") // version 1, before anybody listens
	first := listen(t, engine, t.Context())
	load(t, engine, "")
	second := listen(t, engine, t.Context())
	load(t, engine, "")
	for _, want := range []uint64{2, 3} {
		if got := <-first; got.Version != want {
			t.Errorf("the first: got %+v, want the version %d", got, want)
		}
	}
	if got := <-second; got.Version != 3 {
		t.Errorf("the second: got %+v, want what came after it began to listen", got)
	}
	if got := versions(drain(t, engine, sergo.RulesApplied)); !slices.Equal(got, []uint64{1, 2, 3}) {
		t.Errorf("drained: got the versions %v, want all", got)
	}

	// Draining takes nothing from those who listen.
	load(t, engine, "")
	if got := versions(drain(t, engine, sergo.RulesApplied)); !slices.Equal(got, []uint64{4}) {
		t.Errorf("drained again: got the versions %v, want 4", got)
	}
	if got := [2]uint64{(<-first).Version, (<-second).Version}; got != [2]uint64{4, 4} {
		t.Errorf("listened after a drain: got the versions %v, want 4", got)
	}
	untilRunning(t, 1) // one for all
}

func TestListeningEndsWithItsContext(t *testing.T) {
	engine, _ := newEngine(t, "")
	untilRunning(t, 0)
	ctx, cancel := context.WithCancel(t.Context())
	leaves, stays := listen(t, engine, ctx), listen(t, engine, t.Context())
	cancel()
	rest(leaves) // ends
	load(t, engine, "")
	if got := <-stays; got.Version != 2 {
		t.Errorf("got %+v, want the version 2", got)
	}
	rest(listen(t, engine, ctx)) // a context that is done already

	ctx, cancel = context.WithCancel(t.Context())
	other, _ := newEngine(t, "")
	last := listen(t, other, ctx)
	untilRunning(t, 2)
	cancel()
	rest(last)
	untilRunning(t, 1)
}

func TestClosingGivesOutTheLastEvents(t *testing.T) {
	engine, _ := newEngine(t, "")
	events := [2]<-chan sergo.Event{listen(t, engine, t.Context()), listen(t, engine, t.Context())}
	load(t, engine, "")
	load(t, engine, "")
	if err := engine.Close(); err != nil {
		t.Error(err)
	}
	for i, events := range events {
		if got := versions(rest(events)); !slices.Equal(got, []uint64{2, 3}) {
			t.Errorf("listener %d: got the versions %v, want 2 and 3", i, got)
		}
	}
	untilRunning(t, 0)
}

func TestASlowListenerLosesTheOldestAndHarmsNobody(t *testing.T) {
	const kept, loads = 1024, 1200
	engine, _ := newEngine(t, "")
	drain(t, engine, sergo.RulesApplied)
	slow, quick := listen(t, engine, t.Context()), listen(t, engine, t.Context())
	for range loads {
		load(t, engine, "")
		if got := drain(t, engine, sergo.RulesApplied); len(got) != 1 {
			t.Fatalf("drained %+v, want one event", got)
		}
		<-quick
	}
	if err := engine.Close(); err != nil {
		t.Error(err)
	}
	got := versions(rest(slow))
	if len(got) != kept || got[0] != loads+2-kept || got[kept-1] != loads+1 {
		t.Errorf("got %d events, want the newest %d", len(got), kept)
	}
}
