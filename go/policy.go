package sergo

import (
	"encoding/json"
	"fmt"
	"time"
)

// Policy is what a rule says to do with every request of a route, beside sending
// it on. The caller's framework does it.
//
// It is shared by all answers of the route: don't change it.
type Policy struct {
	// Timeout is how long the call may take; 0 is no limit.
	Timeout time.Duration
	// Retries say how often and on what the call is made again.
	Retries Retries
	// Headers are the changes to the request's and the response's headers.
	Headers Headers
	// CORS says which other origins may read the response; nil is not said.
	CORS *CORSPolicy
}

// Retries say how often and on what a call is made again.
type Retries struct {
	// Attempts is the most retries; 0 is none.
	Attempts int `json:"attempts"`
	// PerTryTimeout is how long each attempt may take; 0 is no limit of its
	// own.
	PerTryTimeout time.Duration `json:"-"`
	// RetryOn is the conditions and status codes, with commas between them.
	RetryOn string `json:"retryOn"`
	// RetryRemoteLocalities says whether other localities are tried; nil is
	// not said.
	RetryRemoteLocalities *bool `json:"retryRemoteLocalities"`
	// RetryIgnorePreviousHosts says whether hosts that were tried are left
	// out; nil is not said.
	RetryIgnorePreviousHosts *bool `json:"retryIgnorePreviousHosts"`
	// Backoff is the least wait between attempts; 0 is not said.
	Backoff time.Duration `json:"-"`
}

// UnmarshalJSON reads the form in which rules write retries.
func (r *Retries) UnmarshalJSON(text []byte) error {
	type plain Retries
	spans := struct {
		*plain
		PerTryTimeout span `json:"perTryTimeout"`
		Backoff       span `json:"backoff"`
	}{plain: (*plain)(r)}
	err := json.Unmarshal(text, &spans)
	r.PerTryTimeout, r.Backoff = time.Duration(spans.PerTryTimeout), time.Duration(spans.Backoff)
	return err
}

// Headers are the changes to a request's and its response's headers.
type Headers struct {
	// Request is the changes to the request's.
	Request HeaderChanges `json:"request"`
	// Response is the changes to the response's.
	Response HeaderChanges `json:"response"`
}

// HeaderChanges are changes to one set of headers, to be made in the order
// remove, set, add. Names are as the rule writes them.
type HeaderChanges struct {
	// Remove names the headers that are taken away.
	Remove []string `json:"remove"`
	// Set holds headers that get this one value.
	Set map[string]string `json:"set"`
	// Add holds headers that get this value beside those they have.
	Add map[string]string `json:"add"`
}

// CORSPolicy says which other origins may read a response.
type CORSPolicy struct {
	// AllowOrigins are the origins that may.
	AllowOrigins []TextMatch `json:"allowOrigins"`
	// AllowMethods are the methods that they may use.
	AllowMethods []string `json:"allowMethods"`
	// AllowHeaders are the headers that they may send.
	AllowHeaders []string `json:"allowHeaders"`
	// ExposeHeaders are the headers that they may read.
	ExposeHeaders []string `json:"exposeHeaders"`
	// MaxAge is how long a browser may keep what a preflight said; 0 is not
	// said.
	MaxAge time.Duration `json:"-"`
	// AllowCredentials says whether credentials may be sent; nil is not said.
	AllowCredentials *bool `json:"allowCredentials"`
	// UnmatchedPreflights is what becomes of preflights from other origins:
	// "FORWARD" or "IGNORE"; empty is not said.
	UnmatchedPreflights string `json:"unmatchedPreflights"`
}

// UnmarshalJSON reads the form in which rules write a CORS policy.
func (c *CORSPolicy) UnmarshalJSON(text []byte) error {
	type plain CORSPolicy
	spans := struct {
		*plain
		MaxAge span `json:"maxAge"`
	}{plain: (*plain)(c)}
	err := json.Unmarshal(text, &spans)
	c.MaxAge = time.Duration(spans.MaxAge)
	return err
}

// TextMatch is what a rule asks of a text: exactly one of the three.
type TextMatch struct {
	// Exact asks for this text.
	Exact *string `json:"exact,omitempty"`
	// Prefix asks for a text that begins with this one.
	Prefix *string `json:"prefix,omitempty"`
	// Regex asks for a text that this expression of RE2 matches as a whole.
	Regex *string `json:"regex,omitempty"`
}

// span is a time as rules write it: "1500ms".
type span time.Duration

// UnmarshalJSON reads a time, or null for none.
func (s *span) UnmarshalJSON(text []byte) error {
	var written *string
	if err := json.Unmarshal(text, &written); err != nil || written == nil {
		return err
	}
	d, err := time.ParseDuration(*written)
	if err != nil {
		return fmt.Errorf("a time: %w", err)
	}
	*s = span(d)
	return nil
}
