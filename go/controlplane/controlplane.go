// Package controlplane takes an engine's rules from an OpenSergo control plane, over
// gRPC.
//
//	subscription, err := controlplane.Subscribe(engine, []string{"opensergo:10246"},
//		controlplane.LastGood("/var/lib/foo/rules.sergo"))
//
// The rules that are in force stay in force while no control plane can be reached,
// and a process that starts meanwhile takes those of its last-good file.
package controlplane

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"maps"
	"math/rand/v2"
	"time"

	sergo "github.com/sergo-rs/sergo/go"
	"github.com/sergo-rs/sergo/go/internal/bridge"
	"github.com/sergo-rs/sergo/go/internal/native"
	"google.golang.org/grpc/keepalive"
)

// Option changes how an engine is subscribed.
type Option func(*config)

type config struct {
	asked      asked
	tls        *tls.Config
	metadata   func(context.Context) (map[string]string, error)
	pings      keepalive.ClientParameters
	firstRules time.Duration
	lastGood   string
	onChange   func(*sergo.Report)
}

// asked is what a session is told, in the form that the library reads. What is
// absent is the engine's own, or all.
type asked struct {
	Addresses []string          `json:"addresses"`
	Labels    map[string]string `json:"labels,omitempty"`
	Kinds     []string          `json:"kinds,omitempty"`
	Services  []string          `json:"services,omitempty"`
	Documents *bool             `json:"documents,omitempty"`
}

// TLS makes the connection with TLS instead of in clear text. The configuration has
// the roots (nil: the system's), the name that the certificate has to be for (empty:
// the address's) and the client's own certificate, where one is asked for.
func TLS(settings *tls.Config) Option { return func(c *config) { c.tls = settings } }

// Token sends "authorization: Bearer <token>" with each stream.
func Token(token string) Option {
	return TokenFrom(func(context.Context) (string, error) { return token, nil })
}

// TokenFrom is [Token] with a function that is asked for each stream, so that tokens
// may expire. While it fails, the stream counts as one that could not be opened.
func TokenFrom(token func(context.Context) (string, error)) Option {
	return addMetadata(func(ctx context.Context) (map[string]string, error) {
		token, err := token(ctx)
		return map[string]string{"authorization": "Bearer " + token}, err
	})
}

// Metadata sends these with each stream. Names are in lower case.
func Metadata(metadata map[string]string) Option {
	return addMetadata(func(context.Context) (map[string]string, error) { return metadata, nil })
}

func addMetadata(more func(context.Context) (map[string]string, error)) Option {
	return func(c *config) {
		before := c.metadata
		c.metadata = func(ctx context.Context) (map[string]string, error) {
			all, err := before(ctx)
			if err != nil {
				return nil, err
			}
			added, err := more(ctx)
			maps.Copy(all, added)
			return all, err
		}
	}
}

// Pings changes after how much silence a ping is sent, and how long its answer may
// take before the connection is given up: 5 minutes 10 seconds and 20 seconds, since
// control planes that are built with gRPC for Go take more pings for an attack. gRPC
// reads less than 10 seconds as 10. The session itself asks for a sign after 30
// seconds of silence, where the control plane answers each kind.
func Pings(after, patience time.Duration) Option {
	return func(c *config) { c.pings = keepalive.ClientParameters{Time: after, Timeout: patience} }
}

// Labels are told the control plane as the workload's, instead of the engine's.
func Labels(labels map[string]string) Option { return func(c *config) { c.asked.Labels = labels } }

// Kinds subscribes to these kinds alone, as in
// "traffic.opensergo.io/v1alpha1/TrafficRouter", instead of to all that are known.
func Kinds(kinds ...string) Option { return func(c *config) { c.asked.Kinds = kinds } }

// Services are those that the app calls: the first OpenSergo control plane files the
// rules of routing under the service that is called, so they are asked for there too.
func Services(services ...string) Option { return func(c *config) { c.asked.Services = services } }

// WithoutDocuments takes the messages of the first OpenSergo control plane alone, which
// say less than whole documents, where a control plane offers both.
func WithoutDocuments() Option {
	return func(c *config) { c.asked.Documents = new(bool) }
}

// FirstRules is how long [Subscribe] waits for the first rules, instead of five
// seconds; 0 is not at all. When the time is over it goes on without them, and
// [Subscription.State] says so.
func FirstRules(timeout time.Duration) Option { return func(c *config) { c.firstRules = timeout } }

// LastGood keeps the last good rules in this file, and begins with those that are in
// it, so that a process is governed from its first request. The file is written whole
// or not at all; its folder must exist.
func LastGood(path string) Option { return func(c *config) { c.lastGood = path } }

// OnChange makes the subscription call this function with the report of each change,
// one at a time, from a goroutine of its own.
func OnChange(call func(*sergo.Report)) Option { return func(c *config) { c.onChange = call } }

// Subscribe makes the control plane at one of the addresses ("host:port", tried in
// turn) set the engine's rules, until the subscription or the engine is closed. It
// waits for the first rules ([FirstRules]). The rules take the place of all others.
//
// A control plane that can't be reached is no error: it is dialled again, after 100 ms
// at first and 30 s at most. Errors are [*sergo.Error]: the engine is closed or
// poisoned, or there is no address.
func Subscribe(engine *sergo.Engine, addresses []string, opts ...Option) (*Subscription, error) {
	if len(addresses) == 0 {
		return nil, bridge.Failure("subscribe", native.Argument)
	}
	config := config{
		asked:      asked{Addresses: addresses},
		metadata:   func(context.Context) (map[string]string, error) { return make(map[string]string), nil },
		pings:      keepalive.ClientParameters{Time: 5*time.Minute + 10*time.Second, Timeout: 20 * time.Second},
		firstRules: 5 * time.Second,
	}
	for _, opt := range opts {
		opt(&config)
	}
	s, err := open(engine, config)
	if err != nil {
		return nil, err
	}
	s.begin()
	ctx, cancel := context.WithTimeout(context.Background(), config.firstRules)
	defer cancel()
	_ = s.WaitSynced(ctx) // the state says it
	return s, nil
}

// open opens a session for the engine.
func open(engine *sergo.Engine, config config) (*Subscription, error) {
	s := newSubscription(config)
	attached, open := bridge.Attach(engine, s.stop)
	if !open {
		return nil, bridge.Failure("subscribe", native.Closed)
	}
	s.engine = attached
	options, err := json.Marshal(config.asked)
	if err == nil {
		var code native.Code
		s.session, code = native.OpenSession(attached.Handle, string(options), rand.Uint64())
		err = bridge.Failure("subscribe", code)
	}
	if err != nil {
		attached.Detach()
		s.end() // for an engine that is being closed
		return nil, err
	}
	return s, nil
}
