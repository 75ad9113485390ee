package sergohttp

import (
	"bufio"
	"io"
	"net"
	"net/http"
)

// response is a response writer that remembers the status. It is handed out by
// writer, so that it flushes and hijacks exactly if the one below does.
type response struct {
	http.ResponseWriter
	status int // the final status; 0 until there is one
}

// Unwrap is for [http.ResponseController].
func (r *response) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// WriteHeader remembers a final status: those below 200 only inform, except 101.
func (r *response) WriteHeader(status int) {
	if r.status == 0 && (status >= 200 || status == http.StatusSwitchingProtocols) {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

// begin is the status that a body has when none was said.
func (r *response) begin() {
	if r.status == 0 {
		r.status = http.StatusOK
	}
}

// Write writes a part of the body.
func (r *response) Write(body []byte) (int, error) {
	r.begin()
	return r.ResponseWriter.Write(body)
}

// WriteString writes a part of the body.
func (r *response) WriteString(body string) (int, error) {
	r.begin()
	return io.WriteString(r.ResponseWriter, body)
}

// ReadFrom lets a body be sent from a file without a copy, where the writer below
// can do that.
func (r *response) ReadFrom(body io.Reader) (int64, error) {
	r.begin()
	return io.Copy(r.ResponseWriter, body)
}

func (r *response) flush() error {
	r.begin()
	return http.NewResponseController(r.ResponseWriter).Flush()
}

func (r *response) hijack() (net.Conn, *bufio.ReadWriter, error) {
	return http.NewResponseController(r.ResponseWriter).Hijack()
}

type flusher struct{ *response }

func (f flusher) Flush()            { _ = f.flush() }
func (f flusher) FlushError() error { return f.flush() }

type hijacker struct{ *response }

func (h hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) { return h.hijack() }

type flushHijacker struct{ *response }

func (b flushHijacker) Flush()                                       { _ = b.flush() }
func (b flushHijacker) FlushError() error                            { return b.flush() }
func (b flushHijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) { return b.hijack() }

// writer is the response with the methods that the one below has, too.
func (r *response) writer() http.ResponseWriter {
	_, flushes := r.ResponseWriter.(http.Flusher)
	_, hijacks := r.ResponseWriter.(http.Hijacker)
	switch {
	case flushes && hijacks:
		return flushHijacker{r}
	case flushes:
		return flusher{r}
	case hijacks:
		return hijacker{r}
	default:
		return r
	}
}
