package sergohttp_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	sergo "github.com/sergo-rs/sergo/go"
	"github.com/sergo-rs/sergo/go/sergohttp"
)

func hello(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") }

// get asks a handler over a real connection.
func get(t *testing.T, handler http.Handler, path string) (*http.Response, string) {
	t.Helper()
	server := httptest.NewServer(handler)
	defer server.Close()
	response, err := server.Client().Get(server.URL + path)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(body)
}

func TestABlockIsAnsweredWithTheFallback(t *testing.T) {
	tests := map[string]struct {
		headers string
		want    map[string][]string
	}{
		"with a header, retry after added": {
			"[{key: X-Sentinel-Limit, value: foo}]",
			map[string][]string{"X-Sentinel-Limit": {"foo"}, "Retry-After": {"60"}, "Content-Type": nil},
		},
		"with its own retry after": {
			"[{key: retry-after, value: '7'}]",
			map[string][]string{"Retry-After": {"7"}, "Content-Type": nil},
		},
		"with a type, and one header twice": {
			"[{key: content-type, value: text/html}, {key: X-A, value: '1'}, {key: x-a, value: '2'}]",
			map[string][]string{"Content-Type": {"text/html"}, "X-A": {"1", "2"}, "Retry-After": {"60"}},
		},
		"with a wrong length": {
			"[{key: Content-Length, value: '5000'}]",
			map[string][]string{"Content-Length": {"14"}, "Retry-After": {"60"}},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			engine, _ := newEngine(t, limits(test.headers, "/foo"))
			mux := http.NewServeMux()
			mux.HandleFunc("GET /foo", hello)
			handler := sergohttp.Handler(engine, mux)
			if response, body := get(t, handler, "/foo"); response.StatusCode != 200 || body != "hello" {
				t.Fatalf("the first one: got %d %q", response.StatusCode, body)
			}
			response, body := get(t, handler, "/foo")
			if response.StatusCode != 430 || body != "<b>Blocked</b>" {
				t.Errorf("got %d %q", response.StatusCode, body)
			}
			for name, want := range test.want {
				if got := response.Header[name]; fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("%s: got %q, want %q", name, got, want)
				}
			}
		})
	}
}

func TestABlockWithoutFallbackIs429AndEmpty(t *testing.T) {
	engine, _ := newEngine(t, bare)
	response, body := get(t, sergohttp.Handler(engine, http.HandlerFunc(hello)), "/foo")
	if response.StatusCode != 429 || body != "" || response.Header["Retry-After"] != nil || response.Header["Content-Type"] != nil {
		t.Errorf("got %d %q with %v", response.StatusCode, body, response.Header)
	}
}

func TestRetryAfterIsWholeSecondsRoundedUp(t *testing.T) {
	engine, clock := newEngine(t, limits("[]", "/foo"))
	handler := sergohttp.Handler(engine, http.HandlerFunc(hello))
	get(t, handler, "/foo")
	for _, step := range []struct {
		after time.Duration
		want  string
	}{{0, "60"}, {1, "60"}, {time.Second - 1, "59"}, {58*time.Second + 1, "1"}, {time.Second - 2, "1"}} {
		clock.Advance(step.after)
		if response, _ := get(t, handler, "/foo"); response.Header.Get("Retry-After") != step.want {
			t.Errorf("%v later: got %q, want %q", step.after, response.Header.Get("Retry-After"), step.want)
		}
	}
	clock.Advance(1)
	if response, _ := get(t, handler, "/foo"); response.StatusCode != 200 {
		t.Errorf("when it was over: got %d", response.StatusCode)
	}
}

func TestWhatTheHandlerDidIsCounted(t *testing.T) {
	tests := map[string]struct {
		handler func(http.ResponseWriter, *http.Request)
		failed  bool
	}{
		"nothing":            {func(http.ResponseWriter, *http.Request) {}, false},
		"a body":             {hello, false},
		"404":                {http.NotFound, false},
		"499":                {status(499), false},
		"500":                {status(500), true},
		"503 after a 103":    {status(103, 503), true},
		"200, then too late": {status(200, 500), false},
		"a body, then 500":   {func(w http.ResponseWriter, r *http.Request) { hello(w, r); w.WriteHeader(500) }, false},
		"a panic":            {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, true},
		"a body and a panic": {func(w http.ResponseWriter, r *http.Request) { hello(w, r); panic(http.ErrAbortHandler) }, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			engine, _ := newEngine(t, limits("[]", "/foo"))
			handler := sergohttp.Handler(engine, http.HandlerFunc(test.handler))
			func() {
				defer func() { _ = recover() }()
				handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/foo", nil))
			}()
			got := counts(t, engine, "/foo")
			if got.Completed != 1 || got.InFlight != 0 || (got.Errors == 1) != test.failed {
				t.Errorf("got %+v, want one completion, failed: %t", got, test.failed)
			}
		})
	}
}

// status answers these statuses in order.
func status(statuses ...int) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		for _, status := range statuses {
			w.WriteHeader(status)
		}
	}
}

func TestAPanicGoesOnAsItCame(t *testing.T) {
	engine, _ := newEngine(t, bare)
	boom := errors.New("on purpose")
	handler := sergohttp.Handler(engine, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(boom) }))
	defer func() {
		if got := recover(); got != boom {
			t.Errorf("got %v, want the handler's own panic", got)
		}
	}()
	handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/other", nil))
}

func TestNoRequestIsLostThroughAClosedEngine(t *testing.T) {
	engine, _ := newEngine(t, bare)
	var heard []error
	handler := sergohttp.Handler(engine, http.HandlerFunc(hello),
		sergohttp.OnError(func(r *http.Request, err error) { heard = append(heard, fmt.Errorf("%s: %w", r.URL, err)) }))
	if err := engine.Close(); err != nil {
		t.Fatal(err)
	}
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, httptest.NewRequest("GET", "/foo", nil))
	if recorder.Code != 200 || recorder.Body.String() != "hello" {
		t.Errorf("got %d %q", recorder.Code, recorder.Body)
	}
	var failure *sergo.Error
	if len(heard) != 1 || !errors.As(heard[0], &failure) || failure.Code != sergo.Closed {
		t.Errorf("OnError heard %v, want once that the engine is closed", heard)
	}
}

func TestAnEngineThatIsClosedMeanwhileIsHeardOf(t *testing.T) {
	engine, _ := newEngine(t, bare)
	var heard error
	handler := sergohttp.Handler(engine, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = engine.Close()
		hello(w, r)
	}), sergohttp.OnError(func(_ *http.Request, err error) { heard = err }))
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, httptest.NewRequest("GET", "/other", nil))
	var failure *sergo.Error
	if recorder.Body.String() != "hello" || !errors.As(heard, &failure) || failure.Code != sergo.Closed {
		t.Errorf("got %q, and OnError heard %v", recorder.Body, heard)
	}
}

func TestAPathThatIsNoTextIsServed(t *testing.T) {
	engine, _ := newEngine(t, bare)
	if response, body := get(t, sergohttp.Handler(engine, http.HandlerFunc(hello)), "/caf%e9"); response.StatusCode != 200 || body != "hello" {
		t.Errorf("got %d %q", response.StatusCode, body)
	}
}

func TestARequestThatWasGivenUpIsNotServed(t *testing.T) {
	engine, _ := newEngine(t, bare)
	handler := sergohttp.Handler(engine, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it was served") }))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, httptest.NewRequestWithContext(ctx, "GET", "/other", nil))
	if recorder.Code != http.StatusServiceUnavailable {
		t.Errorf("got %d, want 503", recorder.Code)
	}
}
