package sergo_test

import (
	"reflect"
	"testing"
	"time"

	sergo "github.com/sergo-rs/sergo/go"
)

// directed is routes that do more than send requests on.
const directed = `
apiVersion: traffic.opensergo.io/v1alpha1
kind: TrafficRouter
metadata: {name: shop}
spec:
  hosts: [shop]
  http:
    - name: moved
      match: [{uri: {prefix: /old}}]
      redirect: {uri: /new, authority: new.shop, port: 8443, scheme: https, redirectCode: 308}
    - name: closed
      match: [{uri: {prefix: /closed}}]
      directResponse: {status: 503, body: {string: closed for today}}
      headers: {response: {set: {x-by: rule}}}
    - name: all
      match: [{uri: {prefix: /all}}]
      route: [{destination: {host: shop, subset: v1}}]
      timeout: 2500ms
      retries: {attempts: 3, perTryTimeout: 500ms, retryOn: '5xx,409', retryRemoteLocalities: false}
      headers: {request: {set: {x-a: '1'}, add: {x-b: '2'}, remove: [x-c]}}
      corsPolicy: {allowOrigins: [{exact: 'https://a.com'}, {prefix: 'https://b.'}], maxAge: 24h, allowCredentials: true}
      rewrite: {uri: /inner, authority: inner.shop}
      fault: {abort: {httpStatus: 500, percentage: {value: 10}}, delay: {fixedDelay: 2s, percentage: {value: 50}}}
      mirrors: [{destination: {host: copy, subset: v2, port: {number: 90}}, percentage: {value: 25}}]
`

func pointer[T any](value T) *T { return &value }

func TestARouteSaysWhatToDoOnTheWay(t *testing.T) {
	engine, _ := newEngine(t, directed)
	policy := &sergo.Policy{
		Timeout: 2500 * time.Millisecond,
		Retries: sergo.Retries{
			Attempts: 3, PerTryTimeout: 500 * time.Millisecond, RetryOn: "5xx,409", RetryRemoteLocalities: pointer(false),
		},
		Headers: sergo.Headers{Request: sergo.HeaderChanges{
			Set: map[string]string{"x-a": "1"}, Add: map[string]string{"x-b": "2"}, Remove: []string{"x-c"},
		}},
		CORS: &sergo.CORSPolicy{
			AllowOrigins: []sergo.TextMatch{{Exact: pointer("https://a.com")}, {Prefix: pointer("https://b.")}},
			MaxAge:       24 * time.Hour, AllowCredentials: pointer(true),
		},
	}
	to := sergo.Routing{
		Outcome: sergo.Routed, Route: "all", Destination: sergo.Destination{Host: "shop", Subset: "v1"}, Policy: policy,
		Rewrite: &sergo.Rewrite{URI: pointer("/inner/x"), Authority: pointer("inner.shop")},
	}
	abort := &sergo.Abort{HTTPStatus: 500, Percentage: sergo.Percentage{Value: 10}}
	delay := &sergo.Delay{Fixed: 2 * time.Second, Percentage: sergo.Percentage{Value: 50}}
	mirrors := []sergo.Mirror{{
		Destination: sergo.Destination{Host: "copy", Subset: "v2", Port: 90}, Percentage: sergo.Percentage{Value: 25},
	}}
	delayed, everything := to, to
	delayed.Fault = &sergo.Fault{Delay: delay}
	everything.Fault, everything.Mirrors = &sergo.Fault{Abort: abort, Delay: delay}, mirrors

	tests := map[string]struct {
		path string
		roll float64
		want sergo.Routing
	}{
		"nothing is drawn":    {"/all/x?q=1", 0.9, to},
		"only the delay is":   {"/all/x", 0.3, delayed},
		"everything is drawn": {"/all/x", 0, everything},
		"a redirect": {"/old/x?q=1", 0, sergo.Routing{
			Outcome: sergo.Redirected, Route: "moved", Policy: new(sergo.Policy),
			Redirect: &sergo.Redirect{URI: "/new", Authority: "new.shop", Scheme: "https", Port: 8443, Code: 308},
		}},
		"a response": {"/closed", 0, sergo.Routing{
			Outcome: sergo.Responded, Route: "closed",
			Policy: &sergo.Policy{
				Headers: sergo.Headers{Response: sergo.HeaderChanges{Set: map[string]string{"x-by": "rule"}}},
			},
			Response: &sergo.DirectResponse{Status: 503, Body: pointer("closed for today")},
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			for range 2 { // the second answer comes in part from what is remembered
				got, err := engine.Route(sergo.Request{Host: "shop", Path: test.path, Rolls: []float64{test.roll}})
				if err != nil || !reflect.DeepEqual(got, test.want) {
					t.Errorf("got  %+v (%v)\nwant %+v", got, err, test.want)
				}
			}
		})
	}
}

func TestARouteWithoutPolicyHasTheDefaults(t *testing.T) {
	engine, _ := newEngine(t, routes)
	routing, err := engine.Route(sergo.Request{Host: "provider", Path: "/far"})
	if err != nil || routing.Policy == nil {
		t.Fatalf("got %+v (%v)", routing, err)
	}
	retries := sergo.Retries{Attempts: 2, RetryOn: "connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes"}
	if want := (&sergo.Policy{Retries: retries}); !reflect.DeepEqual(routing.Policy, want) {
		t.Errorf("got %+v, want %+v", routing.Policy, want)
	}
}
