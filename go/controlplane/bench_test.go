package controlplane_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	sergo "github.com/sergo-rs/sergo/go"
)

// BenchmarkTenThousandRulesArrive changes a file of 10,000 rules, and tells how long
// it takes until the change is in force here, and how long entering takes (the 99th
// percentile) before and meanwhile.
func BenchmarkTenThousandRulesArrive(b *testing.B) {
	const rules = 10_000
	file := func(threshold int) string {
		var text strings.Builder
		text.WriteString(limit(threshold))
		for n := range rules / 2 { // each has two documents
			name := fmt.Sprintf("%d-%d", n, threshold)
			text.WriteString("---" + strings.NewReplacer("name: limit", "name: limit-"+name, "name: rule", "name: rule-"+name, "/foo", "/bar/"+name).Replace(limit(0)))
		}
		return text.String()
	}
	const many = 1 << 40
	path := folder(b, file(many))
	engine := newEngine(b)
	subscribe(b, engine, serve(b, path).address, patient)

	var arrival time.Duration
	var before, meanwhile []time.Duration
	for range b.N {
		for range 100_000 {
			before = append(before, entering(b, engine))
		}
		write(b, path, "rules.yaml", file(0))
		start := time.Now()
		for !blocked(b, engine, "GET:/foo") {
			meanwhile = append(meanwhile, entering(b, engine))
		}
		arrival += time.Since(start)
		write(b, path, "rules.yaml", file(many))
		until(b, func() bool { return !blocked(b, engine, "GET:/foo") })
	}
	b.ReportMetric(float64(arrival.Milliseconds())/float64(b.N), "ms/arrival")
	b.ReportMetric(float64(p99(before)), "p99-ns-before")
	b.ReportMetric(float64(p99(meanwhile)), "p99-ns-meanwhile")
}

// entering is how long it takes to enter and exit once.
func entering(b *testing.B, engine *sergo.Engine) time.Duration {
	start := time.Now()
	entry, err := engine.Enter(b.Context(), "GET:/elsewhere")
	if err != nil {
		b.Fatal(err)
	}
	_ = entry.Exit()
	return time.Since(start)
}

func p99(times []time.Duration) time.Duration {
	slices.Sort(times)
	return times[len(times)*99/100]
}
