package sergo_test

import (
	"context"
	"maps"
	"strings"
	"testing"

	sergo "github.com/sergo-rs/sergo/go"
)

// lanes colours requests of one user, and says nothing of others.
const lanes = `
apiVersion: traffic.opensergo.io/v1alpha1
kind: TrafficLane
metadata: {name: lane}
spec:
  rules:
    traffic: {http: {headers: {X-User-Id: {exact: 12345}}}}
    lane: {name: Gray}
`

func TestARequestIsGivenItsLane(t *testing.T) {
	engine, _ := newEngine(t, lanes)
	user := map[string][]string{"X-User-ID": {"12345"}}
	blue := map[string][]string{"X-Opensergo-Traffic": {"Blue"}}
	for name, test := range map[string]struct {
		header map[string][]string
		trust  bool
		want   sergo.Label
	}{
		"by a rule":             {user, true, sergo.Label{Lane: "Gray", Key: "x-opensergo-traffic"}},
		"by itself":             {blue, true, sergo.Label{Lane: "Blue", Key: "x-opensergo-traffic"}},
		"by itself, not heeded": {blue, false, sergo.Label{}},
		"in its baggage":        {map[string][]string{"baggage": {"a=b", "OpenSergo-Label=a%20b"}}, true, sergo.Label{Lane: "a b", Key: "OpenSergo-Label"}},
		"by none":               {nil, true, sergo.Label{}},
	} {
		t.Run(name, func(t *testing.T) {
			label, err := engine.Label(sergo.Request{Header: test.header}, test.trust)
			if err != nil {
				t.Fatal(err)
			}
			if label == nil {
				label = new(sergo.Label)
			}
			if *label != test.want {
				t.Errorf("got %+v, want %+v", *label, test.want)
			}
		})
	}
}

func TestALaneIsHandedOn(t *testing.T) {
	engine, _ := newEngine(t, lanes)
	for name, test := range map[string]struct {
		header map[string][]string
		trust  bool
		want   map[string]string
	}{
		"alone":                {map[string][]string{"X-User-Id": {"12345"}}, true, map[string]string{"x-opensergo-traffic": "Gray", "baggage": "x-opensergo-traffic=Gray"}},
		"with baggage":         {map[string][]string{"X-User-Id": {"12345"}, "Baggage": {"a=b;p", "c=d"}}, true, map[string]string{"x-opensergo-traffic": "Gray", "baggage": "x-opensergo-traffic=Gray,a=b;p,c=d"}},
		"baggage alone":        {map[string][]string{"Baggage": {"a=b;p", "c=d"}}, true, map[string]string{"baggage": "a=b;p,c=d"}},
		"baggage not believed": {map[string][]string{"X-User-Id": {"12345"}, "Baggage": {"OpenSergo-Label=x"}}, false, map[string]string{"x-opensergo-traffic": "Gray", "baggage": "x-opensergo-traffic=Gray"}},
		"nothing":              {nil, true, map[string]string{}},
		"no header's value": {
			map[string][]string{"Baggage": {"x-opensergo-traffic=a%0d%0aEvil:%20b"}}, true,
			map[string]string{"baggage": "x-opensergo-traffic=a%0D%0AEvil:%20b"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, err := engine.Carry(t.Context(), sergo.Request{Header: test.header}, test.trust)
			if err != nil {
				t.Fatal(err)
			}
			if got := sergo.CarriedBy(ctx).Headers(); !maps.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func TestBaggageIsKeptWithinItsLimits(t *testing.T) {
	carried := sergo.Carried{
		Label:   &sergo.Label{Lane: "Gray", Key: "x-opensergo-traffic"},
		Baggage: strings.Repeat("a=b,", 100) + "c=" + strings.Repeat("d", 10_000),
	}
	got := carried.Headers()["baggage"]
	if members := strings.Count(got, ",") + 1; members != 64 || !strings.HasPrefix(got, "x-opensergo-traffic=Gray,") {
		t.Errorf("got %d members, want 64, the lane's first", members)
	}
	carried.Baggage = "a=\xe9"
	if got := carried.Headers()["baggage"]; got != "x-opensergo-traffic=Gray" {
		t.Errorf("with baggage that is no text: got %q, want the lane alone", got)
	}
}

// TestALaneStaysWithItsRequest has a request without a lane inside one with a lane.
func TestALaneStaysWithItsRequest(t *testing.T) {
	engine, _ := newEngine(t, lanes)
	carry := func(ctx context.Context, header map[string][]string) context.Context {
		ctx, err := engine.Carry(ctx, sergo.Request{Header: header}, true)
		if err != nil {
			t.Fatal(err)
		}
		return ctx
	}
	outer := carry(t.Context(), map[string][]string{"X-User-Id": {"12345"}})
	inner := carry(outer, nil)
	if got := sergo.CarriedBy(inner); got != (sergo.Carried{}) {
		t.Errorf("the inner has %+v, want nothing", got)
	}
	if got := sergo.CarriedBy(outer).Label; got == nil || got.Lane != "Gray" {
		t.Errorf("the outer has %+v, want Gray", got)
	}
}
