package sergo_test

import (
	"maps"
	"net/http"
	"reflect"
	"sync"
	"testing"

	sergo "github.com/sergo-rs/sergo/go"
)

// routes sends tag: v2 to v2, with v1 to fall back on, POST to two subsets by
// weight, and /far elsewhere.
const routes = `
apiVersion: traffic.opensergo.io/v1alpha1
kind: TrafficRouter
metadata: {name: provider}
spec:
  hosts: [provider]
  http:
    - name: testers
      match: [{headers: {tag: {exact: v2}}}]
      route:
        - destination: {host: provider, subset: v2, fallback: {host: provider, subset: v1}}
    - name: split
      match: [{method: {exact: POST}}]
      route:
        - {destination: {host: provider, subset: v1}, weight: 75}
        - {destination: {host: provider, subset: v2}, weight: 25}
    - name: far
      match: [{uri: {prefix: /far}}]
      route:
        - destination: {host: far.example, port: {number: 8080}}
    - match: [{uri: {exact: /unnamed}}]
      route:
        - destination: {host: provider}
`

func version(id, version string, unhealthy bool) sergo.Instance {
	return sergo.Instance{ID: id, Labels: map[string]string{"version": version}, Unhealthy: unhealthy}
}

func TestRouting(t *testing.T) {
	tagged := http.Header{"Tag": {"v2"}}
	v1, v2 := version("a", "v1", false), version("b", "v2", false)
	v1Down, v2Down := version("a", "v1", true), version("b", "v2", true)
	to := func(route, host, subset string) sergo.Routing {
		return sergo.Routing{Outcome: sergo.Routed, Route: route, Destination: sergo.Destination{Host: host, Subset: subset}}
	}
	fallback := to("testers", "provider", "v1")
	fallback.Fallback = true
	far := to("far", "far.example", "")
	far.Destination.Port = 8080

	tests := map[string]struct {
		instances []sergo.Instance // nil: unknown
		request   sergo.Request
		want      sergo.Routing
	}{
		"no router for the host":     {request: sergo.Request{Host: "nobody"}},
		"no route matches":           {request: sergo.Request{Host: "provider"}},
		"by header":                  {request: sergo.Request{Host: "Provider:80", Header: tagged}, want: to("testers", "provider", "v2")},
		"by header, instances known": {[]sergo.Instance{v1, v2}, sergo.Request{Host: "provider", Header: tagged}, to("testers", "provider", "v2")},
		"v2 unhealthy":               {[]sergo.Instance{v1, v2Down}, sergo.Request{Host: "provider", Header: tagged}, fallback},
		"v2 gone":                    {[]sergo.Instance{v1}, sergo.Request{Host: "provider", Header: tagged}, fallback},
		"all unhealthy": {
			[]sergo.Instance{v1Down, v2Down}, sergo.Request{Host: "provider", Header: tagged},
			sergo.Routing{Outcome: sergo.Empty, Destination: sergo.Destination{Host: "provider", Subset: "v1"}},
		},
		"by path, another host": {request: sergo.Request{Host: "provider", Path: "/far/away?x=1"}, want: far},
		"a route without name":  {request: sergo.Request{Host: "provider", Path: "/unnamed"}, want: to("", "provider", "")},
		"by method, low roll":   {request: sergo.Request{Host: "provider", Method: "POST", Rolls: []float64{0.74}}, want: to("split", "provider", "v1")},
		"by method, high roll":  {request: sergo.Request{Host: "provider", Method: "POST", Rolls: []float64{0.75}}, want: to("split", "provider", "v2")},
		"two values of a header": {
			request: sergo.Request{Host: "provider", Header: map[string][]string{"tag": {"v2", "v2"}}},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			engine, _ := newEngine(t, routes)
			if test.instances != nil {
				if err := engine.SetInstances("provider", test.instances); err != nil {
					t.Fatal(err)
				}
			}
			for range 2 { // the second answer comes from what is remembered
				got, err := engine.Route(test.request)
				got.Policy = nil // the next test's
				if err != nil || !reflect.DeepEqual(got, test.want) {
					t.Errorf("got %+v (%v), want %+v", got, err, test.want)
				}
			}
		})
	}
}

func TestAHashAlwaysGoesTheSameWay(t *testing.T) {
	engine, _ := newEngine(t, routes)
	seen := make(map[string]int)
	for _, key := range []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p"} {
		first, err := engine.Route(sergo.Request{Host: "provider", Method: "POST", Hash: &key})
		if err != nil {
			t.Fatal(err)
		}
		seen[first.Destination.Subset]++
		for range 10 {
			again, _ := engine.Route(sergo.Request{Host: "provider", Method: "POST", Hash: &key})
			if again.Destination != first.Destination {
				t.Errorf("key %s went to %v, then to %v", key, first, again)
			}
		}
	}
	if len(seen) != 2 {
		t.Errorf("16 keys went to %v, want some to each subset", seen)
	}
}

func TestTheShareIsAsWeighted(t *testing.T) {
	engine, _ := newEngine(t, routes)
	const each, workers = 2_500, 4
	shares := make([]map[string]int, workers)
	var work sync.WaitGroup
	for worker := range workers {
		shares[worker] = make(map[string]int)
		work.Add(1)
		go func() {
			defer work.Done()
			for range each {
				routing, err := engine.Route(sergo.Request{Host: "provider", Method: "POST"})
				if err != nil {
					t.Error(err)
					return
				}
				shares[worker][routing.Destination.Subset]++
			}
		}()
	}
	work.Wait()
	sum := make(map[string]int)
	for _, share := range shares {
		for subset, count := range share {
			sum[subset] += count
		}
	}
	// 75 % of 10,000, give or take ten standard deviations.
	if v1 := sum["v1"]; v1 < 7_067 || v1 > 7_933 || sum["v1"]+sum["v2"] != each*workers {
		t.Errorf("got %v, want about 7,500 and 2,500", maps.Clone(sum))
	}
}

func TestAZeroWeightAndAZoneReachTheLibrary(t *testing.T) {
	engine, _ := newEngine(t, routes)
	none := uint32(0)
	instances := []sergo.Instance{{ID: "a", Weight: &none, Zone: "z1", Labels: map[string]string{"version": "v2"}}}
	if err := engine.SetInstances("provider", instances); err != nil {
		t.Fatal(err)
	}
	if err := engine.SetInstances("provider", nil); err != nil {
		t.Fatal(err)
	}
	got, err := engine.Route(sergo.Request{Host: "provider", Header: map[string][]string{"tag": {"v2"}}})
	if err != nil || got.Outcome != sergo.Empty {
		t.Errorf("got %+v (%v), want that the host is empty", got, err)
	}
}
