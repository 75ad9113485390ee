package sergohttp

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"

	sergo "github.com/sergo-rs/sergo/go"
)

// respond completes a response that nobody was called for.
func respond(r *http.Request, policy *sergo.Policy, response *http.Response) *http.Response {
	closeBody(r)
	response.Status = strconv.Itoa(response.StatusCode) + " " + http.StatusText(response.StatusCode)
	response.Proto, response.ProtoMajor, response.ProtoMinor = "HTTP/1.1", 1, 1
	if response.Body == nil {
		response.Body = http.NoBody
	}
	if policy != nil {
		change(response.Header, policy.Headers.Response)
	}
	return response
}

// redirect sends the caller elsewhere, with the query that it has.
func redirect(r *http.Request, to *sergo.Redirect) *http.Response {
	location := url.URL{Scheme: to.Scheme, Host: to.Authority, RawQuery: r.URL.RawQuery}
	if to.Port != 0 {
		location.Host = net.JoinHostPort(to.Authority, strconv.Itoa(int(to.Port)))
	}
	setPath(&location, to.URI)
	return &http.Response{StatusCode: to.Code, Header: http.Header{"Location": {location.String()}}}
}

// direct is the rule's own response.
func direct(given *sergo.DirectResponse) *http.Response {
	response := &http.Response{StatusCode: given.Status, Header: make(http.Header)}
	if given.Body != nil && *given.Body != "" {
		response.Body = io.NopCloser(strings.NewReader(*given.Body))
		response.ContentLength = int64(len(*given.Body))
	}
	return response
}

// fault holds a request up, and ends it, if its route says so. The instance is not
// called then.
func fault(ctx context.Context, r *http.Request, pick *sergo.Pick) (*http.Response, error) {
	if pick.Fault == nil {
		return nil, nil
	}
	if delay := pick.Fault.Delay; delay != nil {
		if err := pause(ctx, delay.Fixed); err != nil {
			_ = pick.Report(sergo.CallCancelled)
			closeBody(r)
			return nil, err
		}
	}
	if pick.Fault.Abort == nil {
		return nil, nil
	}
	_ = pick.Report(sergo.CallCancelled)
	return respond(r, nil, abort(pick.Fault.Abort)), nil
}

// abort is the error that a rule wants: that of HTTP, or of gRPC without a message.
func abort(fault *sergo.Abort) *http.Response {
	if fault.HTTPStatus != 0 {
		return &http.Response{StatusCode: fault.HTTPStatus, Header: make(http.Header)}
	}
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{
		"Content-Type": {"application/grpc"},
		"Grpc-Status":  {strconv.Itoa(statusOfGRPC(fault.GRPCStatus))},
	}}
}

// statuses are those of gRPC, by number.
var statuses = [...]string{
	"OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
	"PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED",
	"INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
}

// statusOfGRPC is the number of a status, that of UNKNOWN for others.
func statusOfGRPC(name string) int {
	for number, status := range statuses {
		if strings.EqualFold(status, name) {
			return number
		}
	}
	if number, err := strconv.Atoi(name); err == nil {
		return number
	}
	return 2
}

// whenRead calls done once the response has been read or closed: at once where there
// is nothing to read.
func whenRead(response *http.Response, done func()) {
	if response.Body == nil || response.Body == http.NoBody {
		done()
		return
	}
	read := &body{ReadCloser: response.Body, done: sync.OnceFunc(done)}
	if writer, ok := response.Body.(io.Writer); ok { // of a connection that was upgraded
		response.Body = upgraded{read, writer}
		return
	}
	response.Body = read
}

type body struct {
	io.ReadCloser
	done func()
}

func (b *body) Read(into []byte) (int, error) {
	n, err := b.ReadCloser.Read(into)
	if err != nil {
		b.done()
	}
	return n, err
}

func (b *body) Close() error {
	err := b.ReadCloser.Close()
	b.done()
	return err
}

type upgraded struct {
	*body
	io.Writer
}
