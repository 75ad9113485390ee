package sergohttp_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/sergo-rs/sergo/go/sergohttp"
)

// plain writes and does nothing else.
type plain struct{ http.ResponseWriter }

type flushing struct {
	http.ResponseWriter
	flushed int
}

func (f *flushing) Flush() { f.flushed++ }

type hijacking struct{ http.ResponseWriter }

var errHijacked = errors.New("hijacked")

func (hijacking) Hijack() (net.Conn, *bufio.ReadWriter, error) { return nil, nil, errHijacked }

func TestTheResponseCanDoWhatTheOneBelowCan(t *testing.T) {
	engine, _ := newEngine(t, bare)
	both := struct {
		*flushing
		http.Hijacker
	}{&flushing{ResponseWriter: httptest.NewRecorder()}, hijacking{}}
	tests := map[string]struct {
		below             http.ResponseWriter
		flushes, hijacked bool
	}{
		"nothing":   {plain{httptest.NewRecorder()}, false, false},
		"flushing":  {&flushing{ResponseWriter: httptest.NewRecorder()}, true, false},
		"hijacking": {hijacking{httptest.NewRecorder()}, false, true},
		"both":      {both, true, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			handler := sergohttp.Handler(engine, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if _, flushes := w.(http.Flusher); flushes != test.flushes {
					t.Errorf("it flushes: %t, want %t", flushes, test.flushes)
				}
				if _, hijacks := w.(http.Hijacker); hijacks != test.hijacked {
					t.Errorf("it hijacks: %t, want %t", hijacks, test.hijacked)
				}
				controller := http.NewResponseController(w)
				if err := controller.Flush(); (err == nil) != test.flushes {
					t.Errorf("flushing by the controller: %v", err)
				}
				if _, _, err := controller.Hijack(); errors.Is(err, errHijacked) != test.hijacked {
					t.Errorf("hijacking by the controller: %v", err)
				}
			}))
			handler.ServeHTTP(test.below, httptest.NewRequest("GET", "/other", nil))
		})
	}
	if both.flushed != 1 {
		t.Errorf("the one below was flushed %d times, want once", both.flushed)
	}
}

func TestAStreamArrivesPieceByPiece(t *testing.T) {
	engine, _ := newEngine(t, limits("[]", "/foo"))
	go1 := make(chan struct{})
	server := httptest.NewServer(sergohttp.Handler(engine, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "one")
		w.(http.Flusher).Flush()
		<-go1
		_, _ = io.WriteString(w, "two")
		_, _ = io.Copy(w, io.LimitReader(strings.NewReader(" three ..."), 6))
	})))
	defer server.Close()
	response, err := server.Client().Get(server.URL + "/foo")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body := bufio.NewReader(response.Body)
	if line, err := body.ReadString('\n'); line != "one\n" || err != nil {
		t.Errorf("got %q (%v)", line, err)
	}
	close(go1)
	if rest, err := io.ReadAll(body); string(rest) != "two three" || err != nil {
		t.Errorf("got %q (%v)", rest, err)
	}
}

func TestAConnectionCanBeTakenOver(t *testing.T) {
	engine, _ := newEngine(t, limits("[]", "/foo"))
	response, body := get(t, sergohttp.Handler(engine, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		connection, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer connection.Close()
		fmt.Fprint(connection, "HTTP/1.1 203 Mine\r\nContent-Length: 4\r\n\r\nmine")
	})), "/foo")
	if response.StatusCode != 203 || body != "mine" {
		t.Errorf("got %d %q", response.StatusCode, body)
	}
}
