package sergo_test

import (
	"strings"
	"testing"

	"github.com/sergo-rs/sergo/go"
)

func TestALabelIsExplained(t *testing.T) {
	engine, _ := newEngine(t, `
apiVersion: traffic.opensergo.io/v1alpha1
kind: TrafficLane
metadata: {name: testers}
spec:
  rules:
    traffic: {http: {uri: {prefix: /cart}, headers: {x-user: {exact: jason}}}}
    lane: {name: gray}
`)
	header := map[string][]string{"x-user": {"jason"}, "baggage": {"a=1"}}
	told, err := engine.ExplainLabel(sergo.Request{Path: "/cart", Header: header}, true)
	if err != nil {
		t.Fatal(err)
	}
	if told.Lane != "gray" || told.Document != "TrafficLane testers" || told.Came != nil {
		t.Errorf("got %+v", told)
	}
	if *told.Goes != (sergo.GoesOn{Key: "x-opensergo-traffic", Baggage: "x-opensergo-traffic=gray,a=1"}) {
		t.Errorf("goes on: got %+v", told.Goes)
	}
	if !strings.HasPrefix(told.String(), "lane gray: by TrafficLane testers: its traffic.http holds\n") {
		t.Errorf("got %s", told)
	}
	header = map[string][]string{"x-opensergo-traffic": {"blue"}}
	doubted, err := engine.ExplainLabel(sergo.Request{Header: header}, false)
	if err != nil || doubted.Lane != "" || doubted.Came.Lane != "blue" || doubted.Came.Believed {
		t.Fatalf("got %+v (%v)", doubted, err)
	}
	if miss := doubted.Misses[0].Blocks[0]; miss.Field != "uri" || miss.Found != `"/"` {
		t.Errorf("got %+v", miss)
	}
}
