package sergo

import (
	"encoding/json"
	"time"
)

// DirectResponse is a response that a rule gives itself: nobody is called.
type DirectResponse struct {
	// Status is the status code.
	Status int
	// Body is the body; nil where there is none.
	Body *string
}

// UnmarshalJSON reads the form in which rules write a response.
func (d *DirectResponse) UnmarshalJSON(text []byte) error {
	var written struct {
		Status int `json:"status"`
		Body   struct {
			String *string `json:"string"`
		} `json:"body"`
	}
	err := json.Unmarshal(text, &written)
	d.Status, d.Body = written.Status, written.Body.String
	return err
}

// Redirect is where the caller of one request is sent.
type Redirect struct {
	// URI is the path; the query is the caller's to keep.
	URI string `json:"uri"`
	// Authority is the host; with a port only where the request's own stays.
	Authority string `json:"authority"`
	// Scheme is the URL's scheme.
	Scheme string `json:"scheme"`
	// Port is the port where the rule decides it; 0 elsewhere.
	Port uint16 `json:"port"`
	// Code is the status code.
	Code int `json:"redirectCode"`
}

// Rewrite is how one request is changed before it is sent on.
type Rewrite struct {
	// URI is the path that the destination sees; nil is the request's own.
	// The query is the caller's to keep.
	URI *string `json:"uri"`
	// Authority is the host that the destination sees; nil is the request's
	// own.
	Authority *string `json:"authority"`
}

// Fault is what is done to one request on purpose.
type Fault struct {
	// Abort ends it with an error, after the delay; nil does not.
	Abort *Abort `json:"abort"`
	// Delay holds it up; nil does not.
	Delay *Delay `json:"delay"`
}

// Abort ends a request with an error: one of an HTTP and a gRPC status.
type Abort struct {
	// HTTPStatus is the status code; 0 where it is a gRPC status.
	HTTPStatus int `json:"httpStatus"`
	// GRPCStatus is the status as in "UNAVAILABLE"; empty where it is an HTTP
	// status.
	GRPCStatus string `json:"grpcStatus"`
	// Percentage is how many requests the rule wants aborted.
	Percentage Percentage `json:"percentage"`
}

// Delay holds a request up.
type Delay struct {
	// Fixed is for how long; over zero.
	Fixed time.Duration `json:"-"`
	// Percentage is how many requests the rule wants held up.
	Percentage Percentage `json:"percentage"`
}

// UnmarshalJSON reads the form in which rules write a delay.
func (d *Delay) UnmarshalJSON(text []byte) error {
	type plain Delay
	spans := struct {
		*plain
		Fixed span `json:"fixedDelay"`
	}{plain: (*plain)(d)}
	err := json.Unmarshal(text, &spans)
	d.Fixed = time.Duration(spans.Fixed)
	return err
}

// Mirror is a destination that gets a copy of one request.
type Mirror struct {
	// Destination is the destination.
	Destination Destination `json:"destination"`
	// Percentage is how many requests the rule wants copied.
	Percentage Percentage `json:"percentage"`
}

// Percentage is a share of requests.
type Percentage struct {
	// Value is the share in percent, 0 to 100.
	Value float64 `json:"value"`
}
