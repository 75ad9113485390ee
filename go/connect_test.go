package sergo_test

import (
	"testing"

	sergo "github.com/sergo-rs/sergo/go"
)

const connections = `
apiVersion: traffic.opensergo.io/v1alpha1
kind: TrafficRouter
metadata: {name: shop}
spec:
  hosts: ['*.example.com']
  tls:
    - match: [{sniHosts: [login.example.com], port: 443}]
      route: [{destination: {host: login, port: {number: 8443}}}]
    - match: [{sniHosts: ['*.example.com']}]
      route:
        - {destination: {host: web, subset: v1}, weight: 90}
        - {destination: {host: web, subset: v2}, weight: 10}
---
apiVersion: traffic.opensergo.io/v1alpha1
kind: TrafficRouter
metadata: {name: db}
spec:
  hosts: [db]
  tcp:
    - match: [{destinationSubnets: [10.1.0.0/16]}]
      route: [{destination: {host: near}}]
    - match: [{sourceLabels: {app: batch}}]
      route: [{destination: {host: slow}}]
    - match: [{sourceSubnet: 192.168.0.0/16}]
      route: [{destination: {host: guests}}]
    - match: [{gateways: [edge]}]
      route: [{destination: {host: edge}}]
    - match: [{port: 5432}]
      route: [{destination: {host: main}}]
`

func TestConnecting(t *testing.T) {
	engine, _ := newEngine(t, connections, sergo.WithLabels(map[string]string{"app": "batch"}))
	nobody := sergo.Caller{Labels: map[string]string{}}
	for name, test := range map[string]struct {
		connection sergo.Connection
		want       sergo.Destination // without a host: none
	}{
		"by SNI and port": {
			sergo.Connection{Host: "login.example.com", SNI: "Login.example.com", Port: 443}, sergo.Destination{Host: "login", Port: 8443},
		},
		"by weight": {
			sergo.Connection{Host: "a.example.com", SNI: "a.example.com", Rolls: []float64{0.95}}, sergo.Destination{Host: "web", Subset: "v2"},
		},
		"without TLS":         {sergo.Connection{Host: "a.example.com"}, sergo.Destination{}},
		"by address":          {sergo.Connection{Host: "db", Address: "10.1.2.3"}, sergo.Destination{Host: "near"}},
		"by the own labels":   {sergo.Connection{Host: "db"}, sergo.Destination{Host: "slow"}},
		"by no labels":        {sergo.Connection{Host: "db", Caller: nobody}, sergo.Destination{}},
		"by client":           {sergo.Connection{Host: "db", Caller: nobody, Client: "192.168.1.1"}, sergo.Destination{Host: "guests"}},
		"by gateway":          {sergo.Connection{Host: "db", Caller: sergo.Caller{Labels: map[string]string{}, Gateway: "edge"}}, sergo.Destination{Host: "edge"}},
		"by port of the host": {sergo.Connection{Host: "db:5432", Port: 5432, Caller: nobody}, sergo.Destination{Host: "main"}},
		"an unknown host":     {sergo.Connection{Host: "elsewhere"}, sergo.Destination{}},
	} {
		t.Run(name, func(t *testing.T) {
			for range 2 { // the second time from what is remembered
				got, err := engine.Connect(test.connection)
				if err != nil {
					t.Fatal(err)
				}
				if got.Destination != test.want || (got.Outcome == sergo.Routed) != (test.want.Host != "") {
					t.Errorf("got %v to %+v, want %+v", got.Outcome, got.Destination, test.want)
				}
			}
		})
	}
}

func TestAStickyKeyConnectsToOnePlace(t *testing.T) {
	engine, _ := newEngine(t, connections)
	key := "user-7"
	seen := map[sergo.Destination]bool{}
	for range 50 {
		got, err := engine.Connect(sergo.Connection{Host: "a.example.com", SNI: "a.example.com", Hash: &key})
		if err != nil {
			t.Fatal(err)
		}
		seen[got.Destination] = true
	}
	if len(seen) != 1 {
		t.Errorf("got %v, want one destination", seen)
	}
}

func TestARollOutOfBoundsIsAnError(t *testing.T) {
	engine, _ := newEngine(t, connections)
	for _, roll := range []float64{-0.1, 1} {
		if _, err := engine.Connect(sergo.Connection{Host: "db", Rolls: []float64{roll}}); codeOf(err) != sergo.Argument {
			t.Errorf("the roll %v: got %v, want the code argument", roll, err)
		}
	}
}
