package sergohttp

import (
	"net/http"

	sergo "github.com/sergo-rs/sergo/go"
)

// Option changes what [Handler] and [Transport] do.
type Option func(*options)

type options struct {
	name      func(*http.Request) string // nil: METHOD:template
	untrusted bool
	onError   func(*http.Request, error)
}

func optionsOf(opts []Option) options {
	o := options{onError: func(*http.Request, error) {}}
	for _, opt := range opts {
		opt(&o)
	}
	return o
}

// Resource makes [Handler] name the resource of a request by this function instead
// of by METHOD:template. It must answer with a template of few values, not with
// the path as it came in: rules name resources, and what no rule names passes.
func Resource(name func(*http.Request) string) Option {
	return func(o *options) { o.name = name }
}

// Untrusted keeps [Handler] from believing its callers the lane and the baggage
// that their requests carry: for those that come from outside. Rules alone say the
// lane then.
func Untrusted() Option { return func(o *options) { o.untrusted = true } }

// OnError calls this function when the engine failed on a request, which was served
// ungoverned, or went out as it was: because the engine is closed, say. It may be
// called from many goroutines at once.
func OnError(call func(*http.Request, error)) Option {
	return func(o *options) { o.onError = call }
}

// asked is a request as rules look at it.
func asked(r *http.Request, host, scheme string) sergo.Request {
	return sergo.Request{Host: host, Method: r.Method, Path: r.URL.RequestURI(), Scheme: scheme, Header: r.Header}
}
