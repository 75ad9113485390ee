package sergohttp_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"

	sergo "github.com/sergo-rs/sergo/go"
	"github.com/sergo-rs/sergo/go/sergohttp"
)

const gray = `
---
apiVersion: traffic.opensergo.io/v1alpha1
kind: TrafficLane
metadata: {name: lane}
spec:
  rules:
    traffic: {http: {headers: {X-User: {exact: gray}}}}
    lane: {name: Gray}
`

// TestALaneGoesFromCallToCall sends requests of two kinds at once through three
// services, and looks at what came to the last.
func TestALaneGoesFromCallToCall(t *testing.T) {
	var seen sync.Map // what came to the last, by the request's number
	last := newServer(t, func(_ http.ResponseWriter, r *http.Request) {
		seen.Store(r.URL.Query().Get("n"), r.Header.Get("X-Opensergo-Traffic")+"|"+r.Header.Get("Baggage"))
	})
	next := func(rules, to string) string {
		engine, _ := newEngine(t, rules)
		client := &http.Client{Transport: sergohttp.Transport(engine, nil)}
		handler := sergohttp.Handler(engine, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			request, err := http.NewRequestWithContext(r.Context(), "GET", "http://"+to+"/?n="+r.URL.Query().Get("n"), nil)
			if err != nil {
				t.Error(err)
				return
			}
			response, err := client.Do(request)
			if err != nil {
				t.Error(err)
				return
			}
			_ = response.Body.Close()
		}))
		return newServer(t, handler.ServeHTTP)
	}
	first := next(shop(everything)+gray, next(shop(everything), last))

	var work sync.WaitGroup
	for n := range 40 {
		work.Add(1)
		go func() {
			defer work.Done()
			request, err := http.NewRequestWithContext(t.Context(), "GET", fmt.Sprintf("http://%s/?n=%d", first, n), nil)
			if err != nil {
				t.Error(err)
				return
			}
			if n%2 == 0 {
				request.Header.Set("X-User", "gray")
			}
			request.Header.Set("Baggage", fmt.Sprintf("n=%d", n))
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Error(err)
				return
			}
			_ = response.Body.Close()
		}()
	}
	work.Wait()
	for n := range 40 {
		want := fmt.Sprintf("|n=%d", n)
		if n%2 == 0 {
			want = fmt.Sprintf("Gray|x-opensergo-traffic=Gray,n=%d", n)
		}
		if got, _ := seen.Load(fmt.Sprint(n)); got != want {
			t.Errorf("request %d: got %q, want %q", n, got, want)
		}
	}
}

func TestALaneKeepsToItsInstances(t *testing.T) {
	var base, lane atomic.Int32
	count := func(calls *atomic.Int32) string {
		return newServer(t, func(http.ResponseWriter, *http.Request) { calls.Add(1) })
	}
	engine, _ := newEngine(t, shop(everything)+gray)
	instances := []sergo.Instance{{ID: count(&base)}, {ID: count(&lane), Labels: map[string]string{"traffic.opensergo.io/label": "Gray"}}}
	if err := engine.SetInstances("shop", instances); err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: sergohttp.Transport(engine, nil)}
	handler := sergohttp.Handler(engine, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		request, _ := http.NewRequestWithContext(r.Context(), "GET", "http://shop/", nil)
		response, err := client.Do(request)
		if err != nil {
			t.Error(err)
			return
		}
		_ = response.Body.Close()
	}))
	for range 4 {
		r := httptest.NewRequest("GET", "/", nil)
		handler.ServeHTTP(httptest.NewRecorder(), r)
		r.Header.Set("X-User", "gray")
		handler.ServeHTTP(httptest.NewRecorder(), r)
	}
	if base.Load() != 4 || lane.Load() != 4 {
		t.Errorf("%d calls in no lane and %d in Gray, want 4 each", base.Load(), lane.Load())
	}
}

func TestWhoIsNotTrustedSaysNoLane(t *testing.T) {
	engine, _ := newEngine(t, shop(everything))
	for name, test := range map[string]struct {
		options []sergohttp.Option
		want    string
	}{"trusted": {nil, "Blue"}, "not trusted": {[]sergohttp.Option{sergohttp.Untrusted()}, ""}} {
		t.Run(name, func(t *testing.T) {
			got := "not called"
			handler := sergohttp.Handler(engine, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				got = ""
				if label := sergo.CarriedBy(r.Context()).Label; label != nil {
					got = label.Lane
				}
			}), test.options...)
			r := httptest.NewRequest("GET", "/", nil)
			r.Header.Set("X-Opensergo-Traffic", "Blue")
			handler.ServeHTTP(httptest.NewRecorder(), r)
			if got != test.want {
				t.Errorf("got the lane %q, want %q", got, test.want)
			}
		})
	}
}

// TestTheLanesOfARequestsOwnStay has requests that name a lane or baggage themselves.
func TestTheLanesOfARequestsOwnStay(t *testing.T) {
	engine, _ := newEngine(t, shop(everything))
	client := &http.Client{Transport: sergohttp.Transport(engine, nil)}
	came := make(chan http.Header, 1)
	address := newServer(t, func(_ http.ResponseWriter, r *http.Request) { came <- r.Header })
	ctx := sergo.ContextWith(t.Context(), sergo.Carried{Label: &sergo.Label{Lane: "Gray", Key: "x-opensergo-traffic"}, Baggage: "in=1"})
	send := func(name, value string) http.Header {
		request, err := http.NewRequestWithContext(ctx, "GET", "http://"+address, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set(name, value)
		response, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if len(request.Header) != 1 {
			t.Errorf("the caller's request was changed: %v", request.Header)
		}
		return <-came
	}
	got := send("X-Opensergo-Traffic", "Blue")
	if got.Get("X-Opensergo-Traffic") != "Blue" || got.Get("Baggage") != "" {
		t.Errorf("a lane of its own: got %v", got)
	}
	got = send("Baggage", "own=1")
	if got.Get("X-Opensergo-Traffic") != "Gray" || got.Get("Baggage") != "x-opensergo-traffic=Gray,own=1" {
		t.Errorf("baggage of its own: got %v", got)
	}
}
