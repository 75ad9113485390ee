package sergo_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	sergo "github.com/sergo-rs/sergo/go"
)

// shop has its instances taken in turn, and leaves out one that fails three times
// in a row.
const shop = `
apiVersion: traffic.opensergo.io/v1alpha1
kind: VirtualWorkload
metadata: {name: shop}
spec:
  host: shop
  trafficPolicy:
    loadBalancer: {simple: ROUND_ROBIN}
    outlierDetection: {consecutive5xxErrors: 3, maxEjectionPercent: 100, baseEjectionTime: 30s}
    connectionPool:
      tcp: {maxConnections: 100, connectTimeout: 30ms, tcpKeepalive: {probes: 3, time: 2h, interval: 75s}}
      http: {maxRetries: 3, idleTimeout: 5s, h2UpgradePolicy: UPGRADE}
  subsets:
    - {name: v1, labels: {version: v1}}
    - {name: v2, labels: {version: v2}, trafficPolicy: {connectionPool: {tcp: {maxConnections: 1}}}}
`

func newShop(t testing.TB, rules ...string) (*sergo.Engine, *sergo.ManualClock) {
	t.Helper()
	engine, clock := newEngine(t, strings.Join(append(rules, shop), "\n---\n"))
	weight := uint32(1)
	err := engine.SetInstances("shop", []sergo.Instance{
		{ID: "a", Labels: map[string]string{"version": "v1"}, Weight: &weight, Zone: "z1"},
		{ID: "b", Labels: map[string]string{"version": "v2"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return engine, clock
}

// picked is the instance that a pick gives; empty for none.
func picked(t testing.TB, engine *sergo.Engine, request sergo.Request) string {
	t.Helper()
	pick, err := engine.Pick(request)
	if err != nil {
		t.Fatal(err)
	}
	if err := pick.Report(sergo.CallSuccess); err != nil {
		t.Fatal(err)
	}
	if pick.Instance == nil {
		return ""
	}
	return pick.Instance.ID
}

func TestAPickTakesTurns(t *testing.T) {
	engine, _ := newShop(t)
	for _, want := range []string{"a", "b", "a", "b"} {
		if got := picked(t, engine, sergo.Request{Host: "shop"}); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestAPickIsARouteWithAnInstance(t *testing.T) {
	const rules = `
apiVersion: traffic.opensergo.io/v1alpha1
kind: TrafficRouter
metadata: {name: shop}
spec:
  hosts: [shop]
  http:
    - match: [{uri: {prefix: /old}}]
      rewrite: {uri: /new}
      route: [{destination: {host: shop, subset: v1}}]
    - match: [{uri: {exact: /gone}}]
      directResponse: {status: 410, body: {string: gone}}
    - match: [{uri: {exact: /far}}]
      route: [{destination: {host: far, port: {number: 81}}}]
    - name: none
      match: [{uri: {exact: /v3}}]
      route: [{destination: {host: shop, subset: v3}}]
    - name: plain
      match: [{headers: {tag: {exact: v2}}}]
      route: [{destination: {host: shop, subset: v2}}]
`
	engine, _ := newShop(t, rules)
	tests := map[string]struct {
		request  sergo.Request
		outcome  sergo.Outcome
		to       sergo.Destination
		instance string
		rewrite  string
	}{
		"to a subset":      {sergo.Request{Host: "shop", Header: map[string][]string{"TAG": {"v2"}}}, sergo.Routed, sergo.Destination{Host: "shop", Subset: "v2"}, "b", ""},
		"with a rewrite":   {sergo.Request{Host: "shop", Path: "/old/x"}, sergo.Routed, sergo.Destination{Host: "shop", Subset: "v1"}, "a", "/new/x"},
		"answered":         {sergo.Request{Host: "shop", Path: "/gone"}, sergo.Responded, sergo.Destination{}, "", ""},
		"to the unknown":   {sergo.Request{Host: "shop", Path: "/far"}, sergo.Routed, sergo.Destination{Host: "far", Port: 81}, "", ""},
		"to nobody":        {sergo.Request{Host: "shop", Path: "/v3"}, sergo.Empty, sergo.Destination{Host: "shop", Subset: "v3"}, "", ""},
		"without a route":  {sergo.Request{Host: "shop"}, sergo.NoRoute, sergo.Destination{}, "", ""},
		"an unknown host":  {sergo.Request{Host: "nobody"}, sergo.NoRoute, sergo.Destination{}, "", ""},
		"without a router": {sergo.Request{Host: "known:81"}, sergo.Routed, sergo.Destination{Host: "known", Port: 81}, "k", ""},
	}
	if err := engine.SetInstances("known", []sergo.Instance{{ID: "k"}}); err != nil {
		t.Fatal(err)
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			for range 2 { // the second answer comes from what is remembered
				pick, err := engine.Pick(test.request)
				if err != nil {
					t.Fatal(err)
				}
				instance, rewrite := "", ""
				if pick.Instance != nil {
					instance = pick.Instance.ID
				}
				if pick.Rewrite != nil {
					rewrite = *pick.Rewrite.URI
				}
				if pick.Outcome != test.outcome || pick.Destination != test.to || instance != test.instance || rewrite != test.rewrite {
					t.Errorf("got %v by %q, rewritten to %q", pick.Routing, instance, rewrite)
				}
				if err := pick.Report(sergo.CallSuccess); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func TestAnInstanceThatFailsIsLeftOutForAWhile(t *testing.T) {
	engine, clock := newShop(t)
	for range 3 {
		if err := engine.Report("shop", "a", sergo.CallError); err != nil {
			t.Fatal(err)
		}
	}
	ejected := func() []string {
		ids, err := engine.Ejected("shop")
		if err != nil {
			t.Fatal(err)
		}
		return ids
	}
	if got := ejected(); !slices.Equal(got, []string{"a"}) {
		t.Errorf("got %v, want that a is ejected", got)
	}
	for range 4 {
		if got := picked(t, engine, sergo.Request{Host: "shop"}); got != "b" {
			t.Errorf("got %q, want b", got)
		}
	}
	clock.Advance(30 * time.Second)
	if got := ejected(); len(got) != 0 {
		t.Errorf("got %v, want that none is ejected any longer", got)
	}
}

func TestAPickIsReportedOnce(t *testing.T) {
	engine, _ := newShop(t)
	pick, err := engine.Pick(sergo.Request{Host: "shop"})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := pick.Report(sergo.CallError); err != nil {
			t.Fatal(err)
		}
	}
	if ids, err := engine.Ejected("shop"); err != nil || len(ids) != 0 {
		t.Errorf("got %v (%v), want one report, which ejects nobody", ids, err)
	}
	var none *sergo.Pick
	if err := none.Report(sergo.CallError); err != nil {
		t.Error(err)
	}
}

func TestACallReportsWhatCameOfIt(t *testing.T) {
	failed := errors.New("failed")
	calls := map[string]struct {
		call  func(*sergo.Pick) error
		eject bool
	}{
		"a success":       {func(*sergo.Pick) error { return nil }, false},
		"an error":        {func(*sergo.Pick) error { return failed }, true},
		"a panic":         {func(*sergo.Pick) error { panic(failed) }, true},
		"its own success": {func(pick *sergo.Pick) error { _ = pick.Report(sergo.CallSuccess); return failed }, false},
		"its own failure": {func(pick *sergo.Pick) error { return pick.Report(sergo.CallGatewayError) }, true},
	}
	for name, test := range calls {
		t.Run(name, func(t *testing.T) {
			engine, _ := newShop(t)
			for range 6 { // three to each instance
				func() {
					defer func() { _ = recover() }()
					if err := engine.Call(sergo.Request{Host: "shop"}, test.call); err != nil && !errors.Is(err, failed) {
						t.Error(err)
					}
				}()
			}
			ids, err := engine.Ejected("shop")
			if err != nil || (len(ids) > 0) != test.eject {
				t.Errorf("ejected %v (%v), want some: %t", ids, err, test.eject)
			}
		})
	}
}

func TestInFlightIsFromPickToReport(t *testing.T) {
	const least = `
apiVersion: traffic.opensergo.io/v1alpha1
kind: VirtualWorkload
metadata: {name: least}
spec: {host: least}
`
	engine, _ := newEngine(t, least)
	if err := engine.SetInstances("least", []sergo.Instance{{ID: "a"}, {ID: "b"}}); err != nil {
		t.Fatal(err)
	}
	counts := make(map[string]int)
	var open []*sergo.Pick
	for range 100 {
		pick, err := engine.Pick(sergo.Request{Host: "least"})
		if err != nil {
			t.Fatal(err)
		}
		counts[pick.Instance.ID]++
		open = append(open, pick)
	}
	if counts["a"] != 50 || counts["b"] != 50 {
		t.Errorf("got %v, want 50 in flight on each", counts)
	}
	for _, pick := range open {
		if pick.Instance.ID == "a" {
			_ = pick.Report(sergo.CallSuccess)
		}
	}
	for range 50 {
		pick, err := engine.Pick(sergo.Request{Host: "least"})
		if err != nil || pick.Instance.ID != "a" {
			t.Errorf("got %v (%v), want a, which has less in flight", pick.Instance, err)
		}
	}
}

func TestInstancesAreUpdatedByDifference(t *testing.T) {
	engine, _ := newShop(t)
	if err := engine.UpdateInstances("shop", []sergo.Instance{{ID: "c"}}, []string{"a"}); err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]bool)
	for range 10 {
		seen[picked(t, engine, sergo.Request{Host: "shop"})] = true
	}
	if len(seen) != 2 || !seen["b"] || !seen["c"] {
		t.Errorf("got %v, want b and c", seen)
	}
	if err := engine.UpdateInstances("shop", nil, nil); err != nil {
		t.Error(err)
	}
}

func TestConnectionPoolsAreData(t *testing.T) {
	engine, _ := newShop(t)
	pool, err := engine.ConnectionPool("shop", "")
	if err != nil {
		t.Fatal(err)
	}
	if *pool.TCP.MaxConnections != 100 || pool.TCP.ConnectTimeout != 30*time.Millisecond || *pool.TCP.Keepalive.Probes != 3 ||
		pool.TCP.Keepalive.Time != 2*time.Hour || pool.TCP.Keepalive.Interval != 75*time.Second ||
		*pool.HTTP.MaxRetries != 3 || pool.HTTP.IdleTimeout != 5*time.Second || pool.HTTP.H2UpgradePolicy != "UPGRADE" ||
		pool.HTTP.HTTP2MaxRequests != nil || pool.TCP.IdleTimeout != 0 {
		t.Errorf("got %+v", pool)
	}
	if pool, err := engine.ConnectionPool("shop", "v2"); err != nil || *pool.TCP.MaxConnections != 1 || pool.TCP.Keepalive != nil {
		t.Errorf("of v2: got %+v (%v)", pool, err)
	}
	if pool, err := engine.ConnectionPool("nobody", ""); err != nil || pool != nil {
		t.Errorf("of a stranger: got %+v (%v), want none", pool, err)
	}
}

func TestARouteIsExplained(t *testing.T) {
	engine, _ := newEngine(t, routes)
	explanation, err := engine.ExplainRoute(sergo.Request{Host: "provider", Path: "/far", Header: map[string][]string{"tag": {"v1"}}})
	if err != nil {
		t.Fatal(err)
	}
	if *explanation.Position != 2 || len(explanation.Misses) != 2 || explanation.Routing.Destination.Host != "far.example" {
		t.Errorf("got %+v", explanation)
	}
	if miss := explanation.Misses[0].Blocks[0]; miss != (sergo.BlockMiss{Field: "headers.tag", Expected: `"v2"`, Found: `"v1"`}) {
		t.Errorf("got %+v", miss)
	}
	for _, want := range []string{"provider", "headers.tag", "far.example"} {
		if text := explanation.String(); !strings.Contains(text, want) {
			t.Errorf("%q is not in: %s", want, text)
		}
	}
	nobody, err := engine.ExplainRoute(sergo.Request{Host: "nobody"})
	if err != nil || nobody.Router != "" || nobody.Position != nil || nobody.String() == "" {
		t.Errorf("got %+v (%v), want that nobody routes it", nobody, err)
	}
}

func TestWhatIsRequiredIsTold(t *testing.T) {
	engine, _ := newEngine(t, routes)
	required, err := engine.Required("provider")
	if err != nil || !slices.Contains(required.Headers, "tag") || len(required.Parameters) != 0 {
		t.Errorf("got %+v (%v), want the header tag", required, err)
	}
	label, err := engine.RequiredToLabel()
	if err != nil || !slices.Contains(label.Headers, "baggage") || slices.Contains(label.Headers, "tag") {
		t.Errorf("to label: got %+v (%v), want baggage, not tag", label, err)
	}
}

func TestRemoteCallsAreMatched(t *testing.T) {
	const rules = `
apiVersion: traffic.opensergo.io/v1alpha1
kind: RouterRule
metadata: {name: rule}
spec:
  selector: {app: shop}
  rpc:
  - name: gray
    rule:
      match:
        services: [{exact: Hello}]
        methods: [{methodName: say, args: [{index: 0, type: {exact: String}, value: {exact: x}}, {index: 1, value: {exact: y}}]}]
        attachments: {trace: {exact: '1'}}
      targets: [{workloads: w, name: gray}]
`
	engine, _ := newEngine(t, rules)
	text := func(text string) *string { return &text }
	call := &sergo.RPC{
		Service: "Hello", Method: "say",
		Arguments:   []sergo.RPCArgument{{Type: text("String"), Value: text("x")}, {Value: text("y")}},
		Attachments: map[string]string{"trace": "1"},
	}
	if routing, err := engine.Route(sergo.Request{Host: "shop", RPC: call}); err != nil || routing.Destination.Subset != "gray" {
		t.Errorf("got %v (%v), want gray", routing, err)
	}
	call.Arguments[1].Value = nil
	if routing, err := engine.Route(sergo.Request{Host: "shop", RPC: call}); err != nil || routing.Outcome != sergo.NoRoute {
		t.Errorf("with an unknown value: got %v (%v), want no route", routing, err)
	}
	if routing, err := engine.Route(sergo.Request{Host: "shop"}); err != nil || routing.Outcome != sergo.NoRoute {
		t.Errorf("without a call: got %v (%v), want no route", routing, err)
	}
}

// TestPicksGoOnUnderReloadsAndUpdates counts: nothing may be lost, or in flight at
// the end.
func TestPicksGoOnUnderReloadsAndUpdates(t *testing.T) {
	engine, _ := newShop(t, strings.ReplaceAll(routes, "provider", "shop"))
	const workers, each = 4, 2000
	var work sync.WaitGroup
	for worker := range workers {
		work.Add(1)
		go func() {
			defer work.Done()
			want := []string{"v1", "v2"}[worker%2]
			request := sergo.Request{Host: "shop", Header: map[string][]string{"tag": {"v2"}, "other": {"x"}}}
			if want == "v1" {
				request.Header, request.Rolls, request.Method = nil, []float64{0}, "POST"
			}
			for range each {
				pick, err := engine.Pick(request)
				if err != nil || pick.Destination.Subset != want || pick.Instance == nil || pick.Instance.Labels["version"] != want {
					t.Errorf("got %v (%v), want one of %s", pick, err, want)
					return
				}
				if err := pick.Report(sergo.CallSuccess); err != nil {
					t.Error(err)
				}
			}
		}()
	}
	for reload := range 40 {
		load(t, engine, strings.ReplaceAll(routes, "provider", "shop")+"---"+shop+"---"+limit(1)+rulesFor(reload%20))
		if err := engine.UpdateInstances("shop", []sergo.Instance{{ID: "c", Labels: map[string]string{"version": "v2"}}}, nil); err != nil {
			t.Error(err)
		}
		if err := engine.UpdateInstances("shop", nil, []string{"c"}); err != nil {
			t.Error(err)
		}
	}
	work.Wait()
}

// TestHeadersAreSelectedForTheRulesInForce changes the header that rules look at
// while requests bear both: each must go by one or the other.
func TestHeadersAreSelectedForTheRulesInForce(t *testing.T) {
	by := func(header string) string {
		return strings.NewReplacer("tag: {exact: v2}", header+": {exact: yes}").Replace(routes) + "---" +
			strings.Replace(lanes, "X-User-Id: {exact: 12345}", header+": {exact: yes}", 1)
	}
	engine, _ := newEngine(t, by("a"))
	if err := engine.SetInstances("provider", []sergo.Instance{version("i", "v2", false)}); err != nil {
		t.Fatal(err)
	}
	request := sergo.Request{Host: "provider", Header: map[string][]string{"A": {"yes"}, "B": {"yes"}, "C": {"yes"}}}
	done := make(chan struct{})
	var work sync.WaitGroup
	asks := map[string]func() (bool, error){
		"route": func() (bool, error) {
			routing, err := engine.Route(request)
			return routing.Route == "testers", err
		},
		"pick": func() (bool, error) {
			pick, err := engine.Pick(request)
			if err != nil {
				return false, err
			}
			return pick.Instance != nil && pick.Instance.ID == "i", pick.Report(sergo.CallSuccess)
		},
		"label": func() (bool, error) {
			label, err := engine.Label(request, true)
			return label != nil && label.Lane == "Gray", err
		},
	}
	for name, ask := range asks {
		work.Add(1)
		go func() {
			defer work.Done()
			for {
				select {
				case <-done:
					return
				default:
				}
				if good, err := ask(); !good {
					t.Errorf("%s: the request went by neither header (%v)", name, err)
					return
				}
			}
		}()
	}
	for reload := range 200 {
		load(t, engine, by([]string{"a", "b", "c"}[reload%3]))
	}
	close(done)
	work.Wait()
}
