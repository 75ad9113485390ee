package sergohttp

import (
	"crypto/tls"
	"net/http"
	"sync"
)

// maxNames is how many names have a transport of their own.
const maxNames = 100

// named sends requests to addresses, and has certificates checked for the names
// that were called.
type named struct {
	next http.RoundTripper

	mu     sync.Mutex
	byName map[string]*http.Transport
}

// RoundTrip is one request, as it is.
func (n *named) RoundTrip(r *http.Request) (*http.Response, error) { return n.next.RoundTrip(r) }

// to sends out, which is what became of a request.
func (n *named) to(r, out *http.Request) (*http.Response, error) {
	base, ok := n.next.(*http.Transport)
	if !ok || out.URL.Scheme != "https" || out.URL.Host == r.URL.Host {
		return n.next.RoundTrip(out)
	}
	return n.of(base, r.URL.Hostname()).RoundTrip(out)
}

// of is the transport for instances that are known by this name.
func (n *named) of(base *http.Transport, name string) *http.Transport {
	n.mu.Lock()
	defer n.mu.Unlock()
	if own, known := n.byName[name]; known {
		return own
	}
	if n.byName == nil || len(n.byName) >= maxNames {
		n.forget()
		n.byName = make(map[string]*http.Transport)
	}
	own := base.Clone()
	if own.TLSClientConfig == nil {
		own.TLSClientConfig = new(tls.Config)
	}
	own.TLSClientConfig.ServerName = name
	n.byName[name] = own
	return own
}

// forget lets go of the connections that nobody uses.
func (n *named) forget() {
	for _, own := range n.byName {
		own.CloseIdleConnections()
	}
}

func (n *named) closeIdle() {
	n.mu.Lock()
	n.forget()
	n.mu.Unlock()
	if next, ok := n.next.(interface{ CloseIdleConnections() }); ok {
		next.CloseIdleConnections()
	}
}
