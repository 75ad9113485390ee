package sergo_test

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	sergo "github.com/sergo-rs/sergo/go"
)

// benchEngine has the rules that the benchmarks of all languages run under, and
// the system's clock.
func benchEngine(b *testing.B) *sergo.Engine {
	b.Helper()
	rules, err := os.ReadFile(filepath.Join("..", "benches", "rules", "limit.yaml"))
	if err != nil {
		b.Fatal(err)
	}
	engine, err := sergo.New("demo-app")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = engine.Close() })
	load(b, engine, string(rules))
	b.ReportAllocs()
	return engine
}

func enterAndExit(b *testing.B, engine *sergo.Engine, ctx context.Context, resource string) {
	entry, err := engine.Enter(ctx, resource)
	if err != nil {
		b.Error(err)
		return
	}
	_ = entry.Exit()
}

// The loops count to b.N: b.Loop keeps calls from being inlined before Go 1.26,
// and then an entry costs an allocation that it does not cost elsewhere.

func BenchmarkLimitedEnterAndExit(b *testing.B) {
	engine, ctx := benchEngine(b), b.Context()
	for range b.N {
		enterAndExit(b, engine, ctx, "GET:/foo")
	}
}

func BenchmarkLimitedEnterAndExitParallel(b *testing.B) {
	engine, ctx := benchEngine(b), b.Context()
	b.RunParallel(func(loop *testing.PB) {
		for loop.Next() {
			enterAndExit(b, engine, ctx, "GET:/foo")
		}
	})
}

func BenchmarkUngovernedEnterAndExit(b *testing.B) {
	engine, ctx := benchEngine(b), b.Context()
	for range b.N {
		enterAndExit(b, engine, ctx, "GET:/elsewhere")
	}
}

func BenchmarkBlockedEnter(b *testing.B) {
	engine, ctx := benchEngine(b), b.Context()
	for range b.N {
		if _, err := engine.Enter(ctx, "GET:/closed"); err == nil {
			b.Fatal("it passed")
		}
	}
}

// sixHeaders is a request of which the routes look at one header of six.
var sixHeaders = sergo.Request{Host: "service-provider", Path: "/foo", Header: http.Header{
	"Accept": {"*/*"}, "User-Agent": {"bench"}, "X-Request-Id": {"7"}, "X-A": {"1"}, "X-B": {"2"}, "Tag": {"v2"},
}}

func BenchmarkRouteByHeader(b *testing.B) {
	engine := benchEngine(b)
	for range b.N {
		if routing, err := engine.Route(sixHeaders); err != nil || routing.Destination.Subset != "v2" {
			b.Fatal(routing, err)
		}
	}
}

// BenchmarkPickAndReport chooses among four instances, two of each version.
func BenchmarkPickAndReport(b *testing.B) {
	engine := benchEngine(b)
	var instances []sergo.Instance
	for _, id := range []string{"a", "b", "c", "d"} {
		instances = append(instances, version(id, map[bool]string{true: "v1", false: "v2"}[id < "c"], false))
	}
	if err := engine.SetInstances("service-provider", instances); err != nil {
		b.Fatal(err)
	}
	for range b.N {
		pick, err := engine.Pick(sixHeaders)
		if err != nil || pick.Instance == nil {
			b.Fatal(err)
		}
		_ = pick.Report(sergo.CallSuccess)
	}
}
