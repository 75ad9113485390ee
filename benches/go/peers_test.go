// Package peers compares sergo with what Go programs would use in its place, at the
// job of benches/rules/peers.yaml. A benchmark is called library/what it does/job;
// each library does what it has.
package peers

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	sentinel "github.com/alibaba/sentinel-golang/api"
	"github.com/alibaba/sentinel-golang/core/base"
	sentinelbreaker "github.com/alibaba/sentinel-golang/core/circuitbreaker"
	"github.com/alibaba/sentinel-golang/core/config"
	"github.com/alibaba/sentinel-golang/core/flow"
	"github.com/alibaba/sentinel-golang/logging"
	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/failsafe-go/failsafe-go/ratelimiter"
	"github.com/sony/gobreaker/v2"
	"golang.org/x/time/rate"

	sergo "github.com/sergo-rs/sergo/go"
)

// once is one operation on a resource; it says whether it passed. An allocation of
// it is the library's.
type once func(resource string) bool

// alone measures it on one goroutine.
func alone(b *testing.B, name string, passes bool, resource string, once once) {
	b.Run(name, func(b *testing.B) {
		b.ReportAllocs()
		for range b.N {
			if once(resource) != passes {
				b.Fatal("it did not do what it should")
			}
		}
	})
}

// byTwo measures it on two goroutines, on one resource and on two; nanoseconds are
// those that an operation takes its goroutine.
func byTwo(b *testing.B, name, resource string, once once) {
	for _, job := range [][2]string{{"shared", resource}, {"own", resource + "/2"}} {
		b.Run(name+"/"+job[0], func(b *testing.B) {
			b.ReportAllocs()
			var group sync.WaitGroup
			for _, resource := range []string{resource, job[1]} {
				group.Go(func() {
					for range b.N {
						if !once(resource) {
							b.Error("it did not pass")
							return
						}
					}
				})
			}
			group.Wait()
		})
	}
}

func everyWay(b *testing.B, name, resource string, once once) {
	alone(b, name+"/pass", true, resource, once)
	byTwo(b, name, resource, once)
}

func must(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func BenchmarkSergo(b *testing.B) {
	rules, err := os.ReadFile(filepath.Join("..", "rules", "peers.yaml"))
	must(b, err)
	engine, err := sergo.New("bench-app")
	must(b, err)
	b.Cleanup(func() { _ = engine.Close() })
	report, err := engine.Load(string(rules))
	must(b, err)
	if len(report.Rejected)+len(report.Waiting)+len(report.Warnings) > 0 {
		b.Fatal(report)
	}
	ctx := context.Background()
	enter := func(resource string) bool {
		entry, err := engine.Enter(ctx, resource)
		if err != nil {
			return false
		}
		_ = entry.Exit()
		return true
	}
	everyWay(b, "sergo/limit+breaker", "GET:/both", enter)
	everyWay(b, "sergo/limit", "GET:/limit", enter)
	everyWay(b, "sergo/breaker", "GET:/breaker", enter)
	alone(b, "sergo/limit+breaker/blocked", false, "GET:/blocked", enter)
	alone(b, "sergo/limit+breaker/unruled", true, "GET:/unruled", enter)

	request := sergo.Request{Host: "service-provider", Path: "/foo", Header: http.Header{
		"Accept": {"*/*"}, "User-Agent": {"bench"}, "X-Request-Id": {"7"}, "X-A": {"1"}, "X-B": {"2"}, "Tag": {"v2"},
	}}
	alone(b, "sergo/route/route", true, "", func(string) bool {
		routing, err := engine.Route(request)
		return err == nil && routing.Destination.Subset == "v2"
	})
	var instances []sergo.Instance
	for _, id := range []string{"a", "b", "c", "d"} {
		instances = append(instances, sergo.Instance{ID: id, Labels: map[string]string{"version": "v2"}})
	}
	must(b, engine.SetInstances("service-provider", instances))
	alone(b, "sergo/route/pick", true, "", func(string) bool {
		pick, err := engine.Pick(request)
		return err == nil && pick.Instance != nil && pick.Report(sergo.CallSuccess) == nil
	})
}

func BenchmarkSentinel(b *testing.B) {
	settings := config.NewDefaultConfig()
	settings.Sentinel.Log.Dir = b.TempDir()
	settings.Sentinel.Log.Metric.FlushIntervalSec = 0 // nothing is written meanwhile
	logging.ResetGlobalLoggerLevel(logging.ErrorLevel)
	must(b, sentinel.InitWithConfig(settings))
	var limits []*flow.Rule
	var breakers []*sentinelbreaker.Rule
	for resource, threshold := range map[string]float64{"GET:/both": 1e9, "GET:/both/2": 1e9, "GET:/blocked": 0} {
		limits = append(limits, &flow.Rule{Resource: resource, Threshold: threshold, StatIntervalInMs: 1000})
		breakers = append(breakers, &sentinelbreaker.Rule{
			Resource: resource, Strategy: sentinelbreaker.ErrorRatio, Threshold: 0.5, MinRequestAmount: 100,
			StatIntervalMs: 10_000, StatSlidingWindowBucketCount: 10, RetryTimeoutMs: 10_000,
		})
	}
	_, err := flow.LoadRules(limits)
	must(b, err)
	_, err = sentinelbreaker.LoadRules(breakers)
	must(b, err)
	enter := func(resource string) bool {
		entry, blocked := sentinel.Entry(resource, sentinel.WithTrafficType(base.Inbound))
		if blocked != nil {
			return false
		}
		entry.Exit()
		return true
	}
	everyWay(b, "sentinel-golang/limit+breaker", "GET:/both", enter)
	alone(b, "sentinel-golang/limit+breaker/blocked", false, "GET:/blocked", enter)
	alone(b, "sentinel-golang/limit+breaker/unruled", true, "GET:/unruled", enter)
}

var errOnPurpose = errors.New("on purpose")

func BenchmarkFailsafe(b *testing.B) {
	breaker := func() circuitbreaker.CircuitBreaker[any] {
		return circuitbreaker.NewBuilder[any]().
			WithFailureRateThreshold(0.5, 100, 10*time.Second).WithDelay(time.Hour).Build()
	}
	executor := func(rate uint) failsafe.Executor[any] {
		return failsafe.With[any](ratelimiter.NewBursty[any](rate, time.Second), breaker())
	}
	executors := map[string]failsafe.Executor[any]{"": executor(1e9), "/2": executor(1e9)}
	work := func() error { return nil }
	everyWay(b, "failsafe-go/limit+breaker", "", func(resource string) bool { return executors[resource].Run(work) == nil })

	open := breaker()
	open.Open()
	blocked := failsafe.With[any](ratelimiter.NewBursty[any](1e9, time.Second), open)
	alone(b, "failsafe-go/limit+breaker/blocked", false, "", func(string) bool { return blocked.Run(work) == nil })
}

func BenchmarkGobreaker(b *testing.B) {
	breaker := func() *gobreaker.CircuitBreaker[struct{}] {
		return gobreaker.NewCircuitBreaker[struct{}](gobreaker.Settings{
			Interval: 10 * time.Second, BucketPeriod: time.Second, Timeout: time.Hour,
			ReadyToTrip: func(counts gobreaker.Counts) bool {
				return counts.Requests >= 100 && counts.TotalFailures*2 >= counts.Requests
			},
		})
	}
	breakers := map[string]*gobreaker.CircuitBreaker[struct{}]{"": breaker(), "/2": breaker(), "open": breaker()}
	work := func() (struct{}, error) { return struct{}{}, nil }
	call := func(resource string) bool {
		_, err := breakers[resource].Execute(work)
		return err == nil
	}
	everyWay(b, "gobreaker/breaker", "", call)
	for range 100 {
		_, _ = breakers["open"].Execute(func() (struct{}, error) { return struct{}{}, errOnPurpose })
	}
	alone(b, "gobreaker/breaker/blocked", false, "open", call)
}

func BenchmarkRate(b *testing.B) {
	limiters := map[string]*rate.Limiter{"": rate.NewLimiter(1e9, 1e9), "/2": rate.NewLimiter(1e9, 1e9), "none": rate.NewLimiter(0, 0)}
	allow := func(resource string) bool { return limiters[resource].Allow() }
	everyWay(b, "x-time-rate/limit", "", allow)
	alone(b, "x-time-rate/limit/blocked", false, "none", allow)
}
