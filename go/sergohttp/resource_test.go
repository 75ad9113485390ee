package sergohttp_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/sergo-rs/sergo/go/sergohttp"
)

// A build is a service in which wrap puts the adapter.
type build func(wrap func(http.Handler) http.Handler) http.Handler

func TestResourcesAreNamedByMethodAndTemplate(t *testing.T) {
	around := func(pattern string) build {
		return func(wrap func(http.Handler) http.Handler) http.Handler {
			mux := http.NewServeMux()
			mux.HandleFunc(pattern, hello)
			return wrap(mux)
		}
	}
	inside := func(pattern string) build {
		return func(wrap func(http.Handler) http.Handler) http.Handler {
			mux := http.NewServeMux()
			mux.Handle(pattern, wrap(http.HandlerFunc(hello)))
			return mux
		}
	}
	alone := func(wrap func(http.Handler) http.Handler) http.Handler {
		return wrap(http.HandlerFunc(hello))
	}
	tests := map[string]struct {
		build  build
		method string
		path   string
		want   string
	}{
		"around, with a method":      {around("GET /foo/{id}"), "GET", "/foo/7", "GET:/foo/{id}"},
		"around, HEAD of a GET":      {around("GET /foo/{id}"), "HEAD", "/foo/7", "HEAD:/foo/{id}"},
		"around, any method":         {around("/foo/{rest...}"), "PUT", "/foo/a/b?x=1", "PUT:/foo/{rest...}"},
		"around, with a host":        {around("GET example.com/foo"), "GET", "/foo", "GET:/foo"},
		"around, the root alone":     {around("GET /{$}"), "GET", "/", "GET:/"},
		"around, everything below":   {around("/foo/"), "GET", "/foo/a", "GET:/foo/"},
		"around, nothing matches":    {around("GET /foo"), "GET", "/bar", "GET:/bar"},
		"inside, with a method":      {inside("GET /foo/{id}"), "GET", "/foo/7", "GET:/foo/{id}"},
		"inside, with tabs and host": {inside("GET \texample.com/foo/{id}/{$}"), "GET", "/foo/7/", "GET:/foo/{id}/"},
		"no mux at all":              {alone, "POST", "/foo%20bar/7?x=1", "POST:/foo bar/7"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			engine, _ := newEngine(t, limits("[]", test.want))
			handler := test.build(func(next http.Handler) http.Handler { return sergohttp.Handler(engine, next) })
			handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(test.method, test.path, nil))
			if got := counts(t, engine, test.want); got.Passed != 1 {
				t.Errorf("the request did not enter %s", test.want)
			}
		})
	}
}

func TestAResourceCanBeNamedByAFunction(t *testing.T) {
	engine, _ := newEngine(t, limits("[]", "my resource"))
	handler := sergohttp.Handler(engine, http.HandlerFunc(hello),
		sergohttp.Resource(func(r *http.Request) string { return "my " + r.URL.Path[1:] }))
	handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/resource", nil))
	if got := counts(t, engine, "my resource"); got.Passed != 1 {
		t.Error("the request did not enter the resource that the function named")
	}
}
