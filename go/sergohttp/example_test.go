package sergohttp_test

import (
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"

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
