// Command go is a small HTTP service that obeys OpenSergo rules and takes new
// ones while it runs:
//
//	RULES=examples/rules PORT=8080 go run .
//	SERGO_CONTROL_PLANE=127.0.0.1:10246 PORT=8080 go run .    # from sergo serve
//
//	GET  /foo                          greets, if the rules let it
//	GET  /route?host=service-provider  where a request to that host goes
//	GET  /version                      the version of the rules in force
//	POST /instances?healthy_v2=false   v2 loses its instances; true: they are back
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	sergo "github.com/sergo-rs/sergo/go"
	"github.com/sergo-rs/sergo/go/controlplane"
	"github.com/sergo-rs/sergo/go/sergohttp"
)

const provider = "service-provider"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, env("RULES", "examples/rules"), env("PORT", "0")); err != nil {
		log.Fatal(err)
	}
}

func env(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}

// run serves until the context is done.
func run(ctx context.Context, rules, port string) error {
	engine, err := sergo.New("foo-app")
	if err != nil {
		return err
	}
	defer engine.Close()
	if err := subscribe(engine, rules, os.Getenv("SERGO_CONTROL_PLANE")); err != nil {
		return err
	}
	if err := setInstances(engine, true); err != nil {
		return err
	}

	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", port))
	if err != nil {
		return err
	}
	server := &http.Server{Handler: handler(engine), ReadHeaderTimeout: 10 * time.Second}
	stopped := make(chan error, 1)
	context.AfterFunc(ctx, func() {
		ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
		defer cancel()
		stopped <- server.Shutdown(ctx)
	})
	fmt.Printf("listening on 127.0.0.1:%d\n", listener.Addr().(*net.TCPAddr).Port)
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-stopped
}

// subscribe takes the rules from the control plane, where there is one, else from
// the files.
func subscribe(engine *sergo.Engine, rules, plane string) error {
	if plane == "" {
		_, err := engine.Subscribe(sergo.File(rules), sergo.OnChange(logReport))
		return err
	}
	_, err := controlplane.Subscribe(engine, []string{plane},
		controlplane.OnChange(func(report *sergo.Report) { logReport(report, nil) }))
	return err
}

// handler is the service. Its adapter governs every route; the rules name /foo.
func handler(engine *sergo.Engine) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /foo", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "hello from go")
	})
	mux.HandleFunc("GET /route", func(w http.ResponseWriter, r *http.Request) {
		routing, err := engine.Route(sergo.Request{Host: target(r), Header: r.Header})
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		subset := "none"
		if routing.Outcome == sergo.Routed && routing.Destination.Subset != "" {
			subset = routing.Destination.Subset
		}
		fmt.Fprintf(w, "subset=%s fallback=%t", subset, routing.Fallback)
	})
	mux.HandleFunc("GET /version", func(w http.ResponseWriter, _ *http.Request) {
		version, err := engine.Version()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		fmt.Fprint(w, version)
	})
	mux.HandleFunc("POST /instances", func(w http.ResponseWriter, r *http.Request) {
		healthy, err := strconv.ParseBool(r.URL.Query().Get("healthy_v2"))
		if err == nil {
			err = setInstances(engine, healthy)
		}
		if err != nil {
			http.Error(w, "healthy_v2 must be true or false: "+err.Error(), http.StatusBadRequest)
		}
	})
	return sergohttp.Handler(engine, mux)
}

func target(r *http.Request) string {
	if host := r.URL.Query().Get("host"); host != "" {
		return host
	}
	return provider
}

// setInstances says what discovery would: two instances, one of each version.
func setInstances(engine *sergo.Engine, v2Healthy bool) error {
	return engine.SetInstances(provider, []sergo.Instance{
		{ID: "a", Labels: map[string]string{"version": "v1"}},
		{ID: "b", Labels: map[string]string{"version": "v2"}, Unhealthy: !v2Healthy},
	})
}

// logReport says what loading the rules came to, on standard error.
func logReport(report *sergo.Report, err error) {
	if err != nil {
		log.Printf("the rules can't be read: %v", err)
		return
	}
	for _, mistake := range report.Rejected {
		log.Print(mistake)
	}
	for _, missing := range report.Waiting {
		log.Print(missing)
	}
}
