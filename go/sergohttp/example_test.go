package sergohttp_test

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"

	sergo "github.com/sergo-rs/sergo/go"
	"github.com/sergo-rs/sergo/go/sergohttp"
)

func ExampleHandler() {
	engine, err := sergo.New("foo-app")
	if err != nil {
		log.Fatal(err)
	}
	defer engine.Close()
	if _, err := engine.Subscribe(sergo.File("../../examples/rules")); err != nil {
		log.Fatal(err)
	}

	mux := http.NewServeMux()
	mux.HandleFunc("GET /foo", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") })
	handler := sergohttp.Handler(engine, mux)

	for range 4 {
		response := httptest.NewRecorder()
		handler.ServeHTTP(response, httptest.NewRequest("GET", "/foo", nil))
		fmt.Println(response.Code, response.Body)
	}
	// Output:
	// 200 hello
	// 200 hello
	// 200 hello
	// 429 Blocked by Sentinel
}

func ExampleTransport() {
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, r.Method, r.Host+r.URL.Path)
	}))
	defer shop.Close()
	engine, err := sergo.New("foo-app")
	if err != nil {
		log.Fatal(err)
	}
	defer engine.Close()
	err = engine.SetInstances("shop", []sergo.Instance{{ID: shop.Listener.Addr().String()}})
	if err != nil {
		log.Fatal(err)
	}

	client := &http.Client{Transport: sergohttp.Transport(engine, nil)}
	response, err := client.Get("http://shop/cart")
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	if _, err := io.Copy(os.Stdout, response.Body); err != nil {
		log.Fatal(err)
	}
	// Output:
	// GET shop/cart
}
