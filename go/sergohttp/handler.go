// Package sergohttp governs net/http handlers and clients by the rules of a sergo
// engine.
//
//	mux := http.NewServeMux()
//	mux.HandleFunc("GET /foo/{id}", foo)
//	http.ListenAndServe(address, sergohttp.Handler(engine, mux))
//
//	client := &http.Client{Transport: sergohttp.Transport(engine, nil)}
//
// Each request enters the resource METHOD:template, here "GET:/foo/{id}", as
// inbound. A request that a rule blocks is answered with the rule's fallback, or
// with 429 and an empty body, and with Retry-After where that is known. One that
// must wait, waits. A handler that answers 5xx or panics counts as failed. The
// request's context has its lane and its baggage, which a client with [Transport]
// takes along where its requests are made with that context.
//
// No request is lost through sergo itself: while the engine fails, requests are
// served ungoverned and sent as they are, and [OnError] hears of it.
package sergohttp

import (
	"errors"
	"net"
	"net/http"

	sergo "github.com/sergo-rs/sergo/go"
)

// Handler governs the handler by the engine's rules. It can stand around a
// [http.ServeMux], which it asks for the pattern that a request matches, and
// inside one, around a single handler. Where there is no pattern, because there
// is no mux or nothing matches, the path stands in for it.
//
// The response writer that the handler gets flushes and hijacks as the server's
// does, and [http.ResponseController] works on it.
func Handler(engine *sergo.Engine, next http.Handler, opts ...Option) http.Handler {
	h := &handler{engine: engine, next: next, options: optionsOf(opts)}
	if h.name == nil {
		mux, _ := next.(*http.ServeMux)
		h.name = templateOf(mux)
	}
	return h
}

type handler struct {
	engine *sergo.Engine
	next   http.Handler
	options
}

// errFailed is how an entry hears of a 5xx or a panic.
var errFailed = errors.New("the request failed")

// ServeHTTP is one request.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r, unlabelled := h.labelled(r)
	entry, err := h.engine.Enter(r.Context(), h.name(r))
	var block *sergo.BlockError
	var failure *sergo.Error
	switch {
	case err == nil:
		if unlabelled != nil {
			h.onError(r, unlabelled)
		}
		h.serve(w, r, entry)
	case errors.As(err, &block):
		refuse(w, block)
	case errors.As(err, &failure):
		h.onError(r, err)
		h.next.ServeHTTP(w, r)
	default: // the request was given up during the wait
		w.WriteHeader(http.StatusServiceUnavailable)
	}
}

// labelled is the request with its lane in its context.
func (h *handler) labelled(r *http.Request) (*http.Request, error) {
	ask := asked(r, r.Host, "http")
	if r.TLS != nil {
		ask.Scheme = "https"
	}
	ask.Client, _, _ = net.SplitHostPort(r.RemoteAddr)
	ctx, err := h.engine.Carry(r.Context(), ask, !h.untrusted)
	if ctx == r.Context() {
		return r, err
	}
	return r.WithContext(ctx), err
}

// serve runs the handler and exits the entry. A panic goes on as it came.
func (h *handler) serve(w http.ResponseWriter, r *http.Request, entry *sergo.Entry) {
	response := &response{ResponseWriter: w}
	outcome := errFailed // what a panic leaves behind
	defer func() {
		if err := entry.ExitWith(outcome); err != nil {
			h.onError(r, err)
		}
	}()
	h.next.ServeHTTP(response.writer(), r)
	if response.status < 500 {
		outcome = nil
	}
}
