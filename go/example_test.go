package sergo_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	sergo "github.com/sergo-rs/sergo/go"
)

// twoASecond lets two requests a second through to GET:/foo.
const twoASecond = `
apiVersion: fault-tolerance.opensergo.io/v1alpha1
kind: RateLimitStrategy
metadata: {name: two-a-second}
spec: {metricType: RequestAmount, limitMode: Local, threshold: 2, statDuration: 1s}
---
apiVersion: fault-tolerance.opensergo.io/v1alpha1
kind: FaultToleranceRule
metadata: {name: foo}
spec:
  targets: [{targetResourceName: 'GET:/foo'}]
  strategies: [{name: two-a-second, kind: RateLimitStrategy}]
`

func Example() {
	engine, err := sergo.New("foo-app")
	if err != nil {
		log.Fatal(err)
	}
	defer engine.Close()
	if _, err := engine.Subscribe(sergo.File("../examples/rules")); err != nil {
		log.Fatal(err)
	}
	for range 4 {
		err := engine.Do(context.Background(), "GET:/foo", func(context.Context) error {
			fmt.Println("hello")
			return nil
		})
		var block *sergo.BlockError
		if errors.As(err, &block) {
			fmt.Println(block.Fallback.Status, block.Fallback.Body)
		}
	}
	// Output:
	// hello
	// hello
	// hello
	// 429 Blocked by Sentinel
}

func ExampleEngine_Enter() {
	clock := new(sergo.ManualClock) // a test's; leave WithClock out elsewhere
	engine, err := sergo.New("foo-app", sergo.WithClock(clock))
	if err != nil {
		log.Fatal(err)
	}
	defer engine.Close()
	if _, err := engine.Load(twoASecond); err != nil {
		log.Fatal(err)
	}
	for range 3 {
		clock.Advance(100 * time.Millisecond)
		entry, err := engine.Enter(context.Background(), "GET:/foo")
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println("at work")
		entry.Exit()
	}
	// Output:
	// at work
	// at work
	// sergo: "GET:/foo" is blocked by RateLimitStrategy "two-a-second" of rule "foo"; try again after 800ms
}

func ExampleEngine_Decide() {
	engine, err := sergo.New("foo-app", sergo.WithClock(new(sergo.ManualClock)))
	if err != nil {
		log.Fatal(err)
	}
	defer engine.Close()
	if _, err := engine.Load(twoASecond); err != nil {
		log.Fatal(err)
	}
	for _, cost := range []uint32{2, 1} {
		decision, err := engine.Decide("GET:/foo", sergo.Cost(cost))
		if err != nil {
			log.Fatal(err)
		}
		if decision.Block != nil {
			after, _ := decision.Block.RetryAfter()
			fmt.Println("blocked for", after)
			continue
		}
		fmt.Println("passed, after a wait of", decision.Wait)
		decision.Entry.Exit()
	}
	// Output:
	// passed, after a wait of 0s
	// blocked for 1s
}

func ExampleEngine_Load() {
	engine, err := sergo.New("foo-app")
	if err != nil {
		log.Fatal(err)
	}
	defer engine.Close()
	report, err := engine.Load(`
apiVersion: fault-tolerance.opensergo.io/v1alpha1
kind: RateLimitStrategy
metadata: {name: broken}
spec: {metricType: RequestAmount, limitMode: Local, threshold: many, statDuration: 1s}
`)
	if err != nil {
		log.Fatal(err)
	}
	for _, mistake := range report.Rejected {
		fmt.Printf("%s %s, line %d: %s\n", mistake.Kind, mistake.Name, mistake.Line, mistake.Field)
	}
	// Output:
	// RateLimitStrategy broken, line 5: spec.threshold
}

func ExampleEngine_Route() {
	engine, err := sergo.New("foo-app")
	if err != nil {
		log.Fatal(err)
	}
	defer engine.Close()
	if _, err := engine.Subscribe(sergo.File("../examples/rules")); err != nil {
		log.Fatal(err)
	}
	err = engine.SetInstances("service-provider", []sergo.Instance{
		{ID: "10.0.0.1:80", Labels: map[string]string{"version": "v1"}},
		{ID: "10.0.0.2:80", Labels: map[string]string{"version": "v2"}, Unhealthy: true},
	})
	if err != nil {
		log.Fatal(err)
	}
	routing, err := engine.Route(sergo.Request{Host: "service-provider", Header: map[string][]string{"tag": {"v2"}}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(routing.Outcome, "to", routing.Destination.Subset, "as a fallback:", routing.Fallback)
	// Output:
	// routed to v1 as a fallback: true
}

func ExampleEngine_Connect() {
	engine, err := sergo.New("foo-app")
	if err != nil {
		log.Fatal(err)
	}
	defer engine.Close()
	const rules = `
apiVersion: traffic.opensergo.io/v1alpha1
kind: TrafficRouter
metadata: {name: db}
spec:
  hosts: [db]
  tcp:
  - match: [{port: 5432}]
    route: [{destination: {host: db.internal, subset: primary}}]
`
	if _, err := engine.Load(rules); err != nil {
		log.Fatal(err)
	}
	routing, err := engine.Connect(sergo.Connection{Host: "db", Port: 5432})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(routing.Outcome, "to", routing.Destination.Host, routing.Destination.Subset)
	// Output:
	// routed to db.internal primary
}

func ExampleEngine_Explain() {
	clock := new(sergo.ManualClock) // a test's; leave WithClock out elsewhere
	engine, err := sergo.New("foo-app", sergo.WithClock(clock))
	if err != nil {
		log.Fatal(err)
	}
	defer engine.Close()
	if _, err := engine.Load(twoASecond); err != nil {
		log.Fatal(err)
	}
	for range 2 {
		if err := engine.Do(context.Background(), "GET:/foo", func(context.Context) error { return nil }); err != nil {
			log.Fatal(err)
		}
	}
	explanation, err := engine.Explain("GET:/foo")
	if err != nil {
		log.Fatal(err)
	}
	for _, gate := range explanation.Gates { // or print the explanation, for people
		fmt.Println(gate.Answer, "by", gate.Strategy, "of rule", gate.Rule, "after", *gate.Used, "of", *gate.Limit)
	}
	// Output:
	// block by two-a-second of rule foo after 2 of 2
}

func ExampleEngine_Listen() {
	engine, err := sergo.New("foo-app")
	if err != nil {
		log.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	events, err := engine.Listen(ctx)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := engine.Load(twoASecond); err != nil {
		log.Fatal(err)
	}
	if err := engine.Close(); err != nil {
		log.Fatal(err)
	}
	for event := range events {
		fmt.Println(event.Kind, event.Version)
	}
	// Output:
	// rulesApplied 1
}

func ExampleEngine_Pick() {
	engine, err := sergo.New("foo-app")
	if err != nil {
		log.Fatal(err)
	}
	defer engine.Close()
	const rules = `
apiVersion: traffic.opensergo.io/v1alpha1
kind: VirtualWorkload
metadata: {name: shop}
spec:
  host: shop
  trafficPolicy:
    loadBalancer: {simple: ROUND_ROBIN}
    outlierDetection: {consecutive5xxErrors: 1, maxEjectionPercent: 100}
`
	if _, err := engine.Load(rules); err != nil {
		log.Fatal(err)
	}
	if err := engine.SetInstances("shop", []sergo.Instance{{ID: "10.0.0.1:80"}, {ID: "10.0.0.2:80"}}); err != nil {
		log.Fatal(err)
	}
	for _, status := range []int{500, 200, 200} {
		pick, err := engine.Pick(sergo.Request{Host: "shop", Path: "/cart"})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(pick.Instance.ID, "answers", status)
		if err := pick.Report(sergo.OutcomeOf(status)); err != nil {
			log.Fatal(err)
		}
	}
	// Output:
	// 10.0.0.1:80 answers 500
	// 10.0.0.2:80 answers 200
	// 10.0.0.2:80 answers 200
}

func ExampleEngine_Carry() {
	engine, err := sergo.New("foo-app")
	if err != nil {
		log.Fatal(err)
	}
	defer engine.Close()
	const rules = `
apiVersion: traffic.opensergo.io/v1alpha1
kind: TrafficLane
metadata: {name: testers}
spec:
  rules:
    traffic: {http: {headers: {X-User: {exact: tester}}}}
    lane: {name: gray}
`
	if _, err := engine.Load(rules); err != nil {
		log.Fatal(err)
	}
	in := map[string][]string{"X-User": {"tester"}, "Baggage": {"trace=7"}}
	ctx, err := engine.Carry(context.Background(), sergo.Request{Header: in}, true)
	if err != nil {
		log.Fatal(err)
	}
	out := sergo.CarriedBy(ctx).Headers() // for each call that is made with ctx
	fmt.Println(out["x-opensergo-traffic"])
	fmt.Println(out["baggage"])
	// Output:
	// gray
	// x-opensergo-traffic=gray,trace=7
}

func ExampleEngine_ExplainRoute() {
	engine, err := sergo.New("foo-app")
	if err != nil {
		log.Fatal(err)
	}
	defer engine.Close()
	if _, err := engine.Subscribe(sergo.File("../examples/rules")); err != nil {
		log.Fatal(err)
	}
	explanation, err := engine.ExplainRoute(sergo.Request{Host: "service-provider", Header: map[string][]string{"tag": {"v1"}}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(explanation)
	// Output:
	// to service-provider, subset v1, by the route everyone
	// TrafficRouter "service-provider", route 1 matches
	//   route 0 does not: headers.tag: found "v1", expected "v2"
}
