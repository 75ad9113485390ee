package controlplane_test

import (
	"fmt"
	"log"
	"time"

	sergo "github.com/sergo-rs/sergo/go"
	"github.com/sergo-rs/sergo/go/controlplane"
)

func Example() {
	engine, err := sergo.New("foo-app")
	if err != nil {
		log.Fatal(err)
	}
	defer engine.Close()
	subscription, err := controlplane.Subscribe(engine, []string{"opensergo.invalid:10246"},
		controlplane.LastGood("/tmp/foo-app.sergo"), controlplane.FirstRules(time.Millisecond))
	if err != nil {
		log.Fatal(err)
	}
	defer subscription.Close()
	state, err := subscription.State()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("in force and up to date:", state.Synced)
	// Output:
	// in force and up to date: false
}
