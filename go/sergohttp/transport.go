package sergohttp

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	sergo "github.com/sergo-rs/sergo/go"
)

// NoInstanceError is the error of a request that rules send to where there is no
// healthy instance, and no fallback that has one.
type NoInstanceError struct {
	// Host and Subset are the last that were found empty; the subset is empty
	// for the host as a whole.
	Host, Subset string
}

// Error says what was empty.
func (e *NoInstanceError) Error() string {
	where := e.Host
	if e.Subset != "" {
		where += ", subset " + e.Subset + ","
	}
	return "sergo: " + where + " has no healthy instance"
}

// Transport sends requests where the engine's rules say, through next; nil is
// [http.DefaultTransport].
//
// Each request takes the lane and the baggage of its context along, which [Handler]
// put there. Where rules or discovery know its host, an instance is picked: one
// whose id is "address:port" is called there, under the Host that the request has;
// otherwise the destination is called by its name. What came of a call is reported
// when the body of its response has been read or closed: 502, 503, 504 and a time
// that is over are gateway errors, other 5xx are errors, and no connection or a
// broken one is a local error.
//
// What the rules say is done: changes of headers, rewrites, redirects (which the
// client follows or not), responses of the rule's own, delays and aborts, the
// timeout of the whole call and of each try, and retries on connect-failure, reset,
// gateway-error, 5xx, retriable-4xx and status codes, each with a pick of its own,
// where the request has no body or a GetBody. Mirrors, CORS and retries on a status
// of gRPC are not. Where there is no healthy instance the error is a
// [*NoInstanceError].
//
// With https the instance's certificate has to be for the name that was called, if
// next is an [*http.Transport]; any other sees the instance's address alone.
func Transport(engine *sergo.Engine, next http.RoundTripper, opts ...Option) http.RoundTripper {
	if next == nil {
		next = http.DefaultTransport
	}
	return &transport{engine: engine, next: named{next: next}, options: optionsOf(opts)}
}

type transport struct {
	engine *sergo.Engine
	next   named
	options
}

// CloseIdleConnections is for [http.Client.CloseIdleConnections].
func (t *transport) CloseIdleConnections() { t.next.closeIdle() }

// RoundTrip is one request.
func (t *transport) RoundTrip(original *http.Request) (*http.Response, error) {
	r := original.Clone(original.Context())
	carryOn(r)
	if r.Host == "" {
		r.Host = r.URL.Host
	}
	ask := asked(r, r.Host, r.URL.Scheme)
	ask.Port = portOf(r)
	pick, err := t.engine.Pick(ask)
	if err != nil {
		t.onError(original, err)
		return t.next.RoundTrip(r)
	}
	var response *http.Response
	switch pick.Outcome {
	case sergo.Routed:
		response, err = t.routed(r, ask, pick)
	case sergo.Redirected:
		response = respond(r, pick.Policy, redirect(r, pick.Redirect))
	case sergo.Responded:
		response = respond(r, pick.Policy, direct(pick.Response))
	case sergo.Empty:
		closeBody(r)
		err = &NoInstanceError{Host: pick.Destination.Host, Subset: pick.Destination.Subset}
	default:
		return t.next.RoundTrip(r)
	}
	if response != nil {
		response.Request = original
	}
	return response, err
}

// carryOn sets the headers of the lane, unless the request names one itself.
func carryOn(r *http.Request) {
	carried := sergo.CarriedBy(r.Context())
	if carried.Label != nil && r.Header.Get(carried.Label.Key) != "" {
		return
	}
	if own := r.Header.Values("Baggage"); len(own) > 0 {
		if carried.Label == nil {
			return
		}
		carried.Baggage = strings.Join(own, ",")
	}
	for name, value := range carried.Headers() {
		r.Header.Set(name, value)
	}
}

// routed does what the route says: faults once, then tries until there is an answer
// that is not to be retried.
func (t *transport) routed(r *http.Request, ask sergo.Request, pick *sergo.Pick) (*http.Response, error) {
	policy := pick.Policy
	ctx, cancel := within(r.Context(), policy.Timeout)
	response, err := fault(ctx, r, pick)
	if response == nil && err == nil {
		response, err = t.tries(ctx, r, ask, pick)
	}
	if err != nil {
		cancel()
		return nil, err
	}
	whenRead(response, cancel)
	return response, nil
}

func (t *transport) tries(ctx context.Context, r *http.Request, ask sergo.Request, pick *sergo.Pick) (*http.Response, error) {
	retries := pick.Policy.Retries
	if !replayable(r) {
		retries.Attempts = 0
	}
	on := conditionsOf(retries.RetryOn)
	for attempt := 0; ; attempt++ {
		response, err := t.try(ctx, r, pick)
		if attempt >= retries.Attempts || ctx.Err() != nil || !on.retry(response, err) {
			return response, err
		}
		if response != nil {
			_ = response.Body.Close()
		}
		if err := pause(ctx, backoff(retries.Backoff, attempt)); err != nil {
			return nil, err
		}
		if r, err = replay(r); err != nil {
			return nil, err
		}
		if again, err := t.engine.Pick(ask); err == nil && again.Outcome == sergo.Routed {
			pick = again
		}
	}
}

// try is one call to the instance, reported.
func (t *transport) try(ctx context.Context, r *http.Request, pick *sergo.Pick) (*http.Response, error) {
	tryCtx, cancel := within(ctx, pick.Policy.Retries.PerTryTimeout)
	response, err := t.next.to(r, directed(tryCtx, r, pick))
	if err != nil {
		_ = pick.Report(failed(r.Context(), tryCtx))
		cancel()
		return nil, err
	}
	outcome := sergo.OutcomeOf(response.StatusCode)
	change(response.Header, pick.Policy.Headers.Response)
	whenRead(response, func() {
		_ = pick.Report(outcome)
		cancel()
	})
	return response, nil
}

// failed is what came of a call without an answer. Its caller's giving up says
// nothing of the instance.
func failed(caller, try context.Context) sergo.CallOutcome {
	switch {
	case errors.Is(caller.Err(), context.Canceled):
		return sergo.CallCancelled
	case errors.Is(try.Err(), context.DeadlineExceeded):
		return sergo.CallGatewayError
	default:
		return sergo.CallLocalError
	}
}

// directed is the request as it goes to the instance.
func directed(ctx context.Context, r *http.Request, pick *sergo.Pick) *http.Request {
	out := r.Clone(ctx)
	if rewrite := pick.Rewrite; rewrite != nil {
		if rewrite.Authority != nil {
			out.Host = *rewrite.Authority
		}
		if rewrite.URI != nil {
			setPath(out.URL, *rewrite.URI)
		}
	}
	change(out.Header, pick.Policy.Headers.Request)
	if host := out.Header.Get("Host"); host != "" {
		out.Host = host // which net/http does not look for among the headers
	}
	out.URL.Host = address(r, pick)
	return out
}

// address is where the request is sent.
func address(r *http.Request, pick *sergo.Pick) string {
	if pick.Instance != nil && isAddress(pick.Instance.ID) {
		return pick.Instance.ID
	}
	to := pick.Destination
	if to.Port == 0 && strings.EqualFold(to.Host, r.URL.Hostname()) {
		return r.URL.Host
	}
	if to.Port == 0 {
		to.Port = portOf(r)
	}
	return net.JoinHostPort(to.Host, strconv.Itoa(int(to.Port)))
}

// isAddress says whether an instance's id is "address:port".
func isAddress(id string) bool {
	host, port, err := net.SplitHostPort(id)
	_, notPort := strconv.ParseUint(port, 10, 16)
	return err == nil && notPort == nil && host != ""
}

// portOf is the port that the request goes to.
func portOf(r *http.Request) uint16 {
	if port, err := strconv.ParseUint(r.URL.Port(), 10, 16); err == nil {
		return uint16(port)
	}
	if r.URL.Scheme == "https" {
		return 443
	}
	return 80
}

// setPath gives the URL a path as it is sent.
func setPath(u *url.URL, sent string) {
	u.Opaque, u.RawPath = "", sent
	if path, err := url.PathUnescape(sent); err == nil {
		u.Path = path
	} else {
		u.Path = sent
	}
}

// change makes the changes that a route wants of the headers.
func change(header http.Header, changes sergo.HeaderChanges) {
	for _, name := range changes.Remove {
		header.Del(name)
	}
	for name, value := range changes.Set {
		header.Set(name, value)
	}
	for name, value := range changes.Add {
		header.Add(name, value)
	}
}

// within is the context with a time limit; 0 is none.
func within(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	if limit <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, limit)
}

// pause sleeps, unless the context is done first.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// backoff is how long to wait before a retry: a length that doubles with each, and
// half of it more or less.
func backoff(base time.Duration, attempt int) time.Duration {
	if base <= 0 {
		base = 25 * time.Millisecond
	}
	length := base << min(attempt, 4)
	return length/2 + rand.N(length)
}
