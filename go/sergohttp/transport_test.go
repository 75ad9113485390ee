package sergohttp_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	sergo "github.com/sergo-rs/sergo/go"
	"github.com/sergo-rs/sergo/go/sergohttp"
)

// shop says of requests to the host shop what the entries of a TrafficRouter say.
func shop(http string) string {
	return `
apiVersion: traffic.opensergo.io/v1alpha1
kind: TrafficRouter
metadata: {name: shop}
spec:
  hosts: [shop]
  http:
` + http + `
---
apiVersion: traffic.opensergo.io/v1alpha1
kind: VirtualWorkload
metadata: {name: shop}
spec:
  host: shop
  trafficPolicy:
    loadBalancer: {simple: ROUND_ROBIN}
    outlierDetection: {consecutive5xxErrors: 1, consecutiveGatewayErrors: 1, maxEjectionPercent: 100}
  subsets:
    - {name: v1, labels: {version: v1}}
    - {name: v2, labels: {version: v2}}
`
}

// everything goes to any instance, without retries.
const everything = `    - {retries: {attempts: 0}, route: [{destination: {host: shop}}]}`

// newServer is a server that lives as long as the test, and its address.
func newServer(t *testing.T, handle http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handle)
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

// echo answers with what has come.
func echo(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	fmt.Fprintf(w, "%s %s%s %s %s", r.Method, r.Host, r.RequestURI, r.Header.Get("X-Test"), body)
}

// nobody is an address that refuses connections.
func nobody(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// newClient is a client under the rules, with the instances of shop at the
// addresses: the first is v1, all others are v2.
func newClient(t *testing.T, rules string, addresses ...string) (*http.Client, *sergo.Engine) {
	t.Helper()
	engine, _ := newEngine(t, rules)
	instances := make([]sergo.Instance, len(addresses))
	for i, address := range addresses {
		instances[i] = sergo.Instance{ID: address, Labels: map[string]string{"version": "v2"}}
		if i == 0 {
			instances[i].Labels["version"] = "v1"
		}
	}
	if addresses != nil {
		if err := engine.SetInstances("shop", instances); err != nil {
			t.Fatal(err)
		}
	}
	transport := new(http.Transport)
	client := &http.Client{
		Transport:     sergohttp.Transport(engine, transport, sergohttp.OnError(func(_ *http.Request, err error) { t.Log(err) })),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	t.Cleanup(client.CloseIdleConnections)
	return client, engine
}

// call is a response and its body.
func call(t *testing.T, client *http.Client, method, url, body string) (*http.Response, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	read, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(read)
}

func ejected(t *testing.T, engine *sergo.Engine) []string {
	t.Helper()
	ids, err := engine.Ejected("shop")
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

func TestARequestGoesToAnInstance(t *testing.T) {
	client, _ := newClient(t, shop(everything), newServer(t, echo))
	if _, got := call(t, client, "POST", "http://shop/a%2Fb?c=d", "body"); got != "POST shop/a%2Fb?c=d  body" {
		t.Errorf("got %q", got)
	}
}

func TestTheAnswerIsApplied(t *testing.T) {
	const rules = `
    - match: [{uri: {prefix: /old}}]
      rewrite: {uri: /new, authority: other}
      headers:
        request: {set: {X-Test: set}}
        response: {add: {X-Answer: added}, remove: [Date]}
      route: [{destination: {host: shop, subset: v1}}]
    - match: [{uri: {prefix: /moved}}]
      redirect: {uri: /here, authority: there, redirectCode: 308}
    - match: [{uri: {exact: /own}}]
      directResponse: {status: 418, body: {string: teapot}}
    - match: [{uri: {exact: /abort}}]
      fault: {abort: {httpStatus: 503, percentage: {value: 100}}}
      route: [{destination: {host: shop}}]
    - match: [{uri: {exact: /abort-grpc}}]
      fault: {delay: {fixedDelay: 1ms, percentage: {value: 100}}, abort: {grpcStatus: UNAVAILABLE, percentage: {value: 100}}}
      route: [{destination: {host: shop}}]`
	client, engine := newClient(t, shop(rules), newServer(t, echo))
	get := func(path string) (*http.Response, string) { return call(t, client, "GET", "http://shop"+path, "") }

	response, got := get("/old/x?q=1")
	if got != "GET other/new/x?q=1 set " || response.Header.Get("X-Answer") != "added" || response.Header.Get("Date") != "" {
		t.Errorf("rewritten: got %q with %v", got, response.Header)
	}
	if response.Request.URL.Host != "shop" {
		t.Errorf("the response is for %v, want the request as it was made", response.Request.URL)
	}
	if response, _ := get("/moved?q=1"); response.StatusCode != 308 || response.Header.Get("Location") != "http://there/here?q=1" {
		t.Errorf("redirected: got %d to %s", response.StatusCode, response.Header.Get("Location"))
	}
	if response, got := get("/own"); response.StatusCode != 418 || got != "teapot" {
		t.Errorf("the rule's own: got %d %q", response.StatusCode, got)
	}
	if response, got := get("/abort"); response.StatusCode != 503 || got != "" {
		t.Errorf("aborted: got %d %q", response.StatusCode, got)
	}
	if response, _ := get("/abort-grpc"); response.StatusCode != 200 || response.Header.Get("Grpc-Status") != "14" {
		t.Errorf("aborted for gRPC: got %d with %v", response.StatusCode, response.Header)
	}
	if ids := ejected(t, engine); len(ids) > 0 {
		t.Errorf("%v are ejected, though they were not called", ids)
	}
}

func TestOutcomesAreReported(t *testing.T) {
	for name, test := range map[string]struct {
		status int
		eject  bool
	}{
		"a success":       {200, false},
		"not found":       {404, false},
		"an error":        {500, true},
		"a gateway error": {503, true},
		"no connection":   {0, true},
	} {
		t.Run(name, func(t *testing.T) {
			address := nobody(t)
			if test.status != 0 {
				address = newServer(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(test.status) })
			}
			client, engine := newClient(t, shop(everything), address, newServer(t, echo))
			for range 2 { // one to each
				response, err := client.Get("http://shop/")
				if err == nil {
					_ = response.Body.Close()
				}
			}
			if ids := ejected(t, engine); (len(ids) == 1 && ids[0] == address) != test.eject {
				t.Errorf("%v are ejected, want the first: %t", ids, test.eject)
			}
		})
	}
}

func TestACallIsRetriedElsewhere(t *testing.T) {
	const retrying = `    - {retries: {attempts: 2, retryOn: 'connect-failure,5xx,409'}, route: [{destination: {host: shop}}]}`
	for name, status := range map[string]int{"no connection": 0, "an error": 500, "a status": 409} {
		t.Run(name, func(t *testing.T) {
			address := nobody(t)
			if status != 0 {
				address = newServer(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
			}
			client, _ := newClient(t, shop(retrying), address, newServer(t, echo))
			if response, got := call(t, client, "PUT", "http://shop/x", "body"); response.StatusCode != 200 || got != "PUT shop/x  body" {
				t.Errorf("got %d %q, want the other's answer with the whole body sent", response.StatusCode, got)
			}
		})
	}
	t.Run("not a body that is gone", func(t *testing.T) {
		client, _ := newClient(t, shop(retrying), nobody(t), newServer(t, echo))
		request, err := http.NewRequestWithContext(t.Context(), "PUT", "http://shop/", io.MultiReader(strings.NewReader("body")))
		if err != nil {
			t.Fatal(err)
		}
		if response, err := client.Do(request); err == nil {
			_ = response.Body.Close()
			t.Errorf("got %d, want the error of the first", response.StatusCode)
		}
	})
}

func TestATimeIsOver(t *testing.T) {
	for name, rule := range map[string]string{
		"of the call": `    - {timeout: 20ms, retries: {attempts: 0}, route: [{destination: {host: shop}}]}`,
		"of the try":  `    - {retries: {attempts: 1, perTryTimeout: 20ms, retryOn: 5xx}, route: [{destination: {host: shop}}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			over := make(chan struct{})
			address := newServer(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done(); over <- struct{}{} })
			client, engine := newClient(t, shop(rule), address, nobody(t))
			_, err := client.Get("http://shop/")
			if err == nil {
				t.Fatal("got an answer, want none")
			}
			<-over
			if ids := ejected(t, engine); len(ids) == 0 {
				t.Error("none is ejected")
			}
		})
	}
}

func TestWhoeverGivesUpBlamesNobody(t *testing.T) {
	ctx, giveUp := context.WithCancel(t.Context())
	address := newServer(t, func(_ http.ResponseWriter, r *http.Request) { giveUp(); <-r.Context().Done() })
	client, engine := newClient(t, shop(everything), address, nobody(t))
	request, err := http.NewRequestWithContext(ctx, "GET", "http://shop/", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Do(request); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want that it was given up", err)
	}
	if ids := ejected(t, engine); len(ids) > 0 {
		t.Errorf("%v are ejected", ids)
	}
}

func TestNoInstanceIsAnError(t *testing.T) {
	client, _ := newClient(t, shop(`    - {route: [{destination: {host: shop, subset: v2}}]}`), newServer(t, echo))
	_, err := client.Get("http://shop/")
	var none *sergohttp.NoInstanceError
	if !errors.As(err, &none) || none.Host != "shop" || none.Subset != "v2" {
		t.Errorf("got %v, want that v2 of shop is empty", err)
	}
}

func TestAHostWithoutInstancesIsCalledByItsName(t *testing.T) {
	address := newServer(t, echo)
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	client, _ := newClient(t, shop(fmt.Sprintf(`    - {route: [{destination: {host: localhost, port: {number: %s}}}]}`, port)))
	if _, got := call(t, client, "GET", "http://shop/x", ""); got != "GET shop/x  " {
		t.Errorf("got %q", got)
	}
	if _, got := call(t, client, "GET", "http://"+address+"/y", ""); got != "GET "+address+"/y  " {
		t.Errorf("to a host that nobody knows: got %q", got)
	}
}

func TestARequestGoesOutWhileTheEngineFails(t *testing.T) {
	address := newServer(t, echo)
	engine, _ := newEngine(t, shop(everything))
	failures := 0
	client := &http.Client{Transport: sergohttp.Transport(engine, nil, sergohttp.OnError(func(*http.Request, error) { failures++ }))}
	_ = engine.Close()
	if _, got := call(t, client, "GET", "http://"+address+"/", ""); got != "GET "+address+"/  " || failures != 1 {
		t.Errorf("got %q after %d failures", got, failures)
	}
}

func TestACertificateIsForTheNameThatWasCalled(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(echo)) // for example.com
	defer server.Close()
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	for host, good := range map[string]bool{"example.com": true, "other": false} {
		rules := strings.ReplaceAll(shop(everything), "shop", host)
		engine, _ := newEngine(t, rules)
		if err := engine.SetInstances(host, []sergo.Instance{{ID: server.Listener.Addr().String()}}); err != nil {
			t.Fatal(err)
		}
		next := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
		client := &http.Client{Transport: sergohttp.Transport(engine, next)}
		for range 2 {
			response, err := client.Get("https://" + host + "/")
			if (err == nil) != good {
				t.Errorf("%s: got %v", host, err)
			}
			if err == nil {
				_ = response.Body.Close()
			}
		}
		client.CloseIdleConnections()
	}
}

// TestInFlightEndsWithTheBody has LEAST_REQUEST, the default, look at what is in
// flight.
func TestInFlightEndsWithTheBody(t *testing.T) {
	slow := func() string {
		return newServer(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Instance", r.Context().Value(http.LocalAddrContextKey).(net.Addr).String())
			fmt.Fprint(w, "begun")
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		})
	}
	rules := strings.Replace(shop(everything), "    loadBalancer: {simple: ROUND_ROBIN}\n", "", 1)
	client, engine := newClient(t, rules, slow(), slow())
	response, err := client.Get("http://shop/")
	if err != nil {
		t.Fatal(err)
	}
	busy := response.Header.Get("X-Instance")
	picks := func() (count int) {
		for range 200 {
			pick, err := engine.Pick(sergo.Request{Host: "shop"})
			if err != nil || pick.Instance == nil {
				t.Fatal(pick, err)
			}
			if pick.Instance.ID == busy {
				count++
			}
			_ = pick.Report(sergo.CallSuccess)
		}
		return count
	}
	if count := picks(); count != 0 {
		t.Errorf("the instance with a call in flight was picked %d times", count)
	}
	_ = response.Body.Close()
	if picks() == 0 {
		t.Error("the instance was not picked again")
	}
}
