//go:build !race

// The race detector allocates on its own account.

package sergo_test

import (
	"errors"
	"net/http"
	"testing"

	sergo "github.com/sergo-rs/sergo/go"
)

func TestThePassPathAllocatesNothing(t *testing.T) {
	engine, _ := newEngine(t, limit(1_000_000)+"---"+routes)
	ctx := t.Context()
	failed := errors.New("failed")
	enter := func(resource string, opts ...sergo.EnterOption) {
		entry, err := engine.Enter(ctx, resource, opts...)
		if err != nil {
			t.Fatal(err)
		}
		if err := entry.ExitWith(failed); err != nil {
			t.Fatal(err)
		}
	}
	tagged := http.Header{"Tag": {"v2"}, "Accept": {"*/*"}}
	paths := map[string]func(){
		"a limited resource": func() { enter("GET:/foo") },
		"with options":       func() { enter("GET:/foo", sergo.Cost(2), sergo.Outbound()) },
		"an unknown one":     func() { enter("GET:/unknown") },
		"a route": func() {
			if routing, err := engine.Route(sergo.Request{Host: "provider", Header: tagged}); err != nil || routing.Route != "testers" {
				t.Fatal(routing, err)
			}
		},
	}
	for name, path := range paths {
		if got := testing.AllocsPerRun(1000, path); got != 0 {
			t.Errorf("%s: %v allocations, want none", name, got)
		}
	}
}
