package sergohttp

import (
	"errors"
	"net"
	"net/http"
	"strconv"
	"strings"
)

// conditions are what a route retries on.
type conditions struct {
	connect, reset, gateway, server, conflict bool
	statuses                                  []int
}

// conditionsOf reads them. Left aside are refused-stream and reset-before-request,
// which net/http retries by itself, and those of gRPC.
func conditionsOf(text string) conditions {
	var on conditions
	for word := range strings.SplitSeq(text, ",") {
		switch word = strings.TrimSpace(word); word {
		case "connect-failure":
			on.connect = true
		case "reset":
			on.reset, on.connect = true, true
		case "gateway-error":
			on.gateway, on.reset, on.connect = true, true, true
		case "5xx":
			on.server, on.reset, on.connect = true, true, true
		case "retriable-4xx":
			on.conflict = true
		default:
			if status, err := strconv.Atoi(word); err == nil {
				on.statuses = append(on.statuses, status)
			}
		}
	}
	return on
}

// retry says whether a call that was answered, or failed, so is made again.
func (on conditions) retry(response *http.Response, err error) bool {
	if err != nil {
		return on.reset || on.connect && unconnected(err)
	}
	status := response.StatusCode
	for _, retriable := range on.statuses {
		if status == retriable {
			return true
		}
	}
	return on.server && status >= 500 ||
		on.gateway && status >= 502 && status <= 504 ||
		on.conflict && status == http.StatusConflict
}

// unconnected says whether nothing can have reached the instance.
func unconnected(err error) bool {
	var failure *net.OpError
	return errors.As(err, &failure) && failure.Op == "dial"
}

// replayable says whether the request can be sent again.
func replayable(r *http.Request) bool {
	return r.Body == nil || r.Body == http.NoBody || r.GetBody != nil
}

// replay is the request with its body from the start.
func replay(r *http.Request) (*http.Request, error) {
	if r.GetBody == nil {
		return r, nil
	}
	body, err := r.GetBody()
	if err != nil {
		return nil, err
	}
	again := *r
	again.Body = body
	return &again, nil
}

func closeBody(r *http.Request) {
	if r.Body != nil {
		_ = r.Body.Close()
	}
}
