package sergo

import (
	"encoding/json"
	"time"

	"github.com/sergo-rs/sergo/go/internal/native"
)

// ConnectionPool is the limits that rules set for connections to a host. They are
// data: the caller's client keeps them. A nil figure and a time of 0 are not said.
type ConnectionPool struct {
	// TCP are limits of connections.
	TCP TCPPool `json:"tcp"`
	// HTTP are limits of requests.
	HTTP HTTPPool `json:"http"`
}

// TCPPool is limits of connections.
type TCPPool struct {
	// MaxConnections is the most connections.
	MaxConnections *uint32 `json:"maxConnections"`
	// ConnectTimeout is how long connecting may take.
	ConnectTimeout time.Duration `json:"-"`
	// MaxConnectionDuration is how long a connection may live.
	MaxConnectionDuration time.Duration `json:"-"`
	// IdleTimeout is how long a connection may be idle.
	IdleTimeout time.Duration `json:"-"`
	// Keepalive says when and how often an idle connection is probed; nil is
	// not said.
	Keepalive *Keepalive `json:"tcpKeepalive"`
}

// UnmarshalJSON reads the form in which rules write limits of connections.
func (p *TCPPool) UnmarshalJSON(text []byte) error {
	type plain TCPPool
	spans := struct {
		*plain
		ConnectTimeout        span `json:"connectTimeout"`
		MaxConnectionDuration span `json:"maxConnectionDuration"`
		IdleTimeout           span `json:"idleTimeout"`
	}{plain: (*plain)(p)}
	err := json.Unmarshal(text, &spans)
	p.ConnectTimeout, p.IdleTimeout = time.Duration(spans.ConnectTimeout), time.Duration(spans.IdleTimeout)
	p.MaxConnectionDuration = time.Duration(spans.MaxConnectionDuration)
	return err
}

// Keepalive says when and how often an idle connection is probed.
type Keepalive struct {
	// Probes is how many go unanswered before the connection is given up.
	Probes *uint32 `json:"probes"`
	// Time is how long a connection is idle before the first.
	Time time.Duration `json:"-"`
	// Interval is the time between them.
	Interval time.Duration `json:"-"`
}

// UnmarshalJSON reads the form in which rules write it.
func (k *Keepalive) UnmarshalJSON(text []byte) error {
	type plain Keepalive
	spans := struct {
		*plain
		Time     span `json:"time"`
		Interval span `json:"interval"`
	}{plain: (*plain)(k)}
	err := json.Unmarshal(text, &spans)
	k.Time, k.Interval = time.Duration(spans.Time), time.Duration(spans.Interval)
	return err
}

// HTTPPool is limits of requests.
type HTTPPool struct {
	// HTTP1MaxPendingRequests is the most requests that wait for a connection.
	HTTP1MaxPendingRequests *uint32 `json:"http1MaxPendingRequests"`
	// HTTP2MaxRequests is the most requests in flight.
	HTTP2MaxRequests *uint32 `json:"http2MaxRequests"`
	// MaxRequestsPerConnection is the most requests on one connection; 0 is no
	// limit.
	MaxRequestsPerConnection *uint32 `json:"maxRequestsPerConnection"`
	// MaxRetries is the most retries in flight.
	MaxRetries *uint32 `json:"maxRetries"`
	// IdleTimeout is how long a connection may be without requests.
	IdleTimeout time.Duration `json:"-"`
	// H2UpgradePolicy is "DEFAULT", "DO_NOT_UPGRADE" or "UPGRADE"; empty is
	// not said.
	H2UpgradePolicy string `json:"h2UpgradePolicy"`
	// UseClientProtocol says whether the client's protocol is kept.
	UseClientProtocol *bool `json:"useClientProtocol"`
	// MaxConcurrentStreams is the most streams on one HTTP/2 connection.
	MaxConcurrentStreams *uint32 `json:"maxConcurrentStreams"`
}

// UnmarshalJSON reads the form in which rules write limits of requests.
func (p *HTTPPool) UnmarshalJSON(text []byte) error {
	type plain HTTPPool
	spans := struct {
		*plain
		IdleTimeout span `json:"idleTimeout"`
	}{plain: (*plain)(p)}
	err := json.Unmarshal(text, &spans)
	p.IdleTimeout = time.Duration(spans.IdleTimeout)
	return err
}

// ConnectionPool is the limits that rules set for connections to a host, or to a
// subset of it where that is not empty; nil where they set none. Errors are
// [*Error].
func (e *Engine) ConnectionPool(host, subset string) (*ConnectionPool, error) {
	answer, code := native.ConnectionPool(e.handle, host, subset)
	if code != native.OK || len(answer) == 0 {
		return nil, failure("connection pool", code)
	}
	pool := new(ConnectionPool)
	if err := decode("connection pool", answer, pool); err != nil {
		return nil, err
	}
	return pool, nil
}
