package sergohttp

import (
	"io"
	"net/http"
	"strconv"
	"time"

	sergo "github.com/sergo-rs/sergo/go"
)

// refuse answers a blocked request: with the status, headers and body of the
// rule's fallback and nothing else, or with 429 and an empty body.
func refuse(w http.ResponseWriter, block *sergo.BlockError) {
	status, body := http.StatusTooManyRequests, ""
	header := w.Header()
	// Without this, net/http would guess a type from the body.
	header["Content-Type"] = nil
	var headers []sergo.Header
	if fallback := block.Fallback; fallback != nil {
		status, body, headers = fallback.Status, fallback.Body, fallback.Headers
	}
	for _, named := range headers {
		header.Del(named.Name)
	}
	for _, named := range headers {
		switch http.CanonicalHeaderKey(named.Name) {
		case "Content-Length", "Transfer-Encoding":
			// They are net/http's to set: it knows the body.
		default:
			header.Add(named.Name, named.Value)
		}
	}
	if after, known := block.RetryAfter(); known && !sets(headers, "Retry-After") {
		header.Set("Retry-After", strconv.FormatInt(ceilSeconds(after), 10))
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

func sets(headers []sergo.Header, name string) bool {
	for _, header := range headers {
		if http.CanonicalHeaderKey(header.Name) == name {
			return true
		}
	}
	return false
}

// ceilSeconds is whole seconds, rounded up: the unit of Retry-After.
func ceilSeconds(d time.Duration) int64 {
	seconds := int64(d / time.Second)
	if d%time.Second > 0 {
		seconds++
	}
	return seconds
}
