// Package sergohttp governs net/http handlers by the rules of a sergo engine.
//
//	mux := http.NewServeMux()
//	mux.HandleFunc("GET /foo/{id}", foo)
//	http.ListenAndServe(address, sergohttp.Handler(engine, mux))
//
// Each request enters the resource METHOD:template, here "GET:/foo/{id}", as
// inbound. A request that a rule blocks is answered with the rule's fallback, or
// with 429 and an empty body, and with Retry-After where that is known. One that
// must wait, waits. A handler that answers 5xx or panics counts as failed.
//
// No request is lost through sergo itself: while the engine fails, requests are
// served ungoverned, and [OnError] hears of it.
package sergohttp

import (
	"errors"
	"net/http"

	sergo "github.com/sergo-rs/sergo/go"
)

// Option changes what [Handler] does.
type Option func(*handler)

// Resource names the resource of a request by this function instead of by
// METHOD:template. It must answer with a template of few values, not with the
// path as it came in: rules name resources, and what no rule names passes.
func Resource(name func(*http.Request) string) Option {
	return func(h *handler) { h.name = name }
}

// OnError calls this function when the engine failed on a request, which was
// served ungoverned: because the engine is closed, say. It may be called from
// many goroutines at once.
func OnError(call func(*http.Request, error)) Option {
	return func(h *handler) { h.onError = call }
}

// Handler governs the handler by the engine's rules. It can stand around a
// [http.ServeMux], which it asks for the pattern that a request matches, and
// inside one, around a single handler. Where there is no pattern, because there
// is no mux or nothing matches, the path stands in for it.
//
// The response writer that the handler gets flushes and hijacks as the server's
// does, and [http.ResponseController] works on it.
func Handler(engine *sergo.Engine, next http.Handler, opts ...Option) http.Handler {
	mux, _ := next.(*http.ServeMux)
	h := &handler{engine: engine, next: next, name: templateOf(mux), onError: func(*http.Request, error) {}}
	for _, opt := range opts {
		opt(h)
	}
	return h
}

type handler struct {
	engine  *sergo.Engine
	next    http.Handler
	name    func(*http.Request) string
	onError func(*http.Request, error)
}

// errFailed is how an entry hears of a 5xx or a panic.
var errFailed = errors.New("the request failed")

// ServeHTTP is one request.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	entry, err := h.engine.Enter(r.Context(), h.name(r))
	var block *sergo.BlockError
	var failure *sergo.Error
	switch {
	case err == nil:
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
