//go:build !race

// The race detector allocates on its own account.

package sergo_test

import (
	"errors"
	"net/http"
	"testing"

	sergo "github.com/sergo-rs/sergo/go"
)

func TestTheHotPathsAllocateNothing(t *testing.T) {
	engine, _ := newEngine(t, limit(1_000_000)+"---"+closed+"---"+routes, sergo.WithClock(nil))
	for host, instance := range map[string]sergo.Instance{"provider": version("b", "v2", false), "shop": {ID: "s"}} {
		if err := engine.SetInstances(host, []sergo.Instance{instance}); err != nil {
			t.Fatal(err)
		}
	}
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
		"a block that no time ends": func() {
			if _, err := engine.Enter(ctx, "GET:/closed"); err == nil {
				t.Fatal("it passed")
			}
		},
		"a pick": func() {
			pick, err := engine.Pick(sergo.Request{Host: "provider", Header: tagged})
			if err != nil || pick.Instance == nil || pick.Route != "testers" {
				t.Fatal(err)
			}
			_ = pick.Report(sergo.CallSuccess)
		},
		"a pick of a host without routes": func() {
			pick, err := engine.Pick(sergo.Request{Host: "shop"})
			if err != nil || pick.Instance == nil {
				t.Fatal(err)
			}
			_ = pick.Report(sergo.CallSuccess)
		},
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
