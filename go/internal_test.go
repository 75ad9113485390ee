package sergo

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/sergo-rs/sergo/go/internal/native"
)

// TestAPickByNumbersSaysWhatAWholeOneSays compares what this package knows by itself
// of hosts without routes with what the library says.
func TestAPickByNumbersSaysWhatAWholeOneSays(t *testing.T) {
	for _, host := range []string{"shop", "shop:81", "[::1]", "[::1]:81", "::1", "shop:x", "shop:70000", ":81"} {
		for _, port := range []uint16{0, 82} {
			e, err := New("demo-app")
			if err != nil {
				t.Fatal(err)
			}
			defer e.Close()
			if err := e.SetInstances(host, []Instance{{ID: "a"}}); err != nil {
				t.Fatal(err)
			}
			request := Request{Host: host, Port: port}
			short, err := e.Pick(request)
			if err != nil {
				t.Fatal(err)
			}
			whole, err := e.pickWhole(new(pack), &request, randomOf(nil), native.Now, &Pick{engine: e})
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(short.Routing, whole.Routing) || !reflect.DeepEqual(short.Instance, whole.Instance) || short.number != whole.number {
				t.Errorf("%s, port %d: got %+v, but whole %+v", host, port, *short.Policy, *whole.Policy)
				t.Errorf("%v and %v", short.Routing, whole.Routing)
			}
		}
	}
}

func TestARequestIsPackedAsTheLibraryReadsIt(t *testing.T) {
	request := Request{
		Host:   "a.com",
		Path:   "/x?y",
		Port:   8080,
		Hash:   new(string),
		Header: map[string][]string{"Tag": {"v1", "é"}},
		Caller: Caller{Labels: map[string]string{"app": "b"}, Gateway: "g"},
	}
	const none = "\xff\xff\xff\xff"
	want := "\x90\x1f\x00\x00" + // the port
		"\x05\x00\x00\x00a.com" + none + "\x04\x00\x00\x00/x?y" + none + // host, method, path, scheme
		none + "\x00\x00\x00\x00" + none + "\x01\x00\x00\x00g" + // client, hash, namespace, gateway
		"\x01\x00\x00\x00" + "\x03\x00\x00\x00app" + "\x01\x00\x00\x00b" +
		"\x02\x00\x00\x00" + "\x03\x00\x00\x00Tag\x02\x00\x00\x00v1" + "\x03\x00\x00\x00Tag\x02\x00\x00\x00é"
	var packed pack
	for range 2 { // the second time in place of the first
		packed.request(&request, nil)
		if string(packed.bytes) != want {
			t.Errorf("got  %q\nwant %q", packed.bytes, want)
		}
	}
	packed.request(&Request{Host: "b"}, nil)
	want = none + "\x01\x00\x00\x00b" + none + none + none + none + none + none + none + none + "\x00\x00\x00\x00"
	if string(packed.bytes) != want {
		t.Errorf("got  %q\nwant %q", packed.bytes, want)
	}
}

func TestACacheKeepsWhatItIsGivenUpToItsLimit(t *testing.T) {
	cache := cache[string, int]{limit: 100}
	key := func(i int) string { return fmt.Sprintf("key %d", i) }
	for i := range 100 {
		cache.put(0, key(i), i)
		if got, ok := cache.get(key(i / 2)); got != i/2 || !ok {
			t.Fatalf("after %d: got %d, %t for %d", i, got, ok, i/2)
		}
	}
	for i := range 100 {
		if got, ok := cache.get(key(i)); got != i || !ok {
			t.Errorf("got %d, %t for %d", got, ok, i)
		}
	}
	cache.put(0, "one too many", -1)
	if _, ok := cache.get(key(0)); ok {
		t.Error("a full cache kept what it had")
	}
	if got, ok := cache.get("one too many"); got != -1 || !ok {
		t.Errorf("got %d, %t for the newest", got, ok)
	}
}

func TestACacheDropsWhatWasLearntBeforeItWasCleared(t *testing.T) {
	cache := cache[string, int]{limit: 100}
	old := cache.now()
	cache.put(old, "a", 1)
	cache.clear()
	cache.put(old, "b", 2)
	cache.put(cache.now(), "c", 3)
	for key, want := range map[string]bool{"a": false, "b": false, "c": true} {
		if _, got := cache.get(key); got != want {
			t.Errorf("%s is kept: %t, want %t", key, got, want)
		}
	}
}

func TestAWaitThatIsGivenUpGivesThePermitBack(t *testing.T) {
	for name, clock := range map[string]Clock{"the system's clock": nil, "a manual clock": new(ManualClock)} {
		t.Run(name, func(t *testing.T) {
			e, err := New("demo-app", WithClock(clock))
			if err != nil {
				t.Fatal(err)
			}
			defer e.Close()
			ctx, cancel := context.WithCancel(t.Context())
			entry := &Entry{engine: e}
			waited := make(chan error)
			go func() { waited <- e.wait(ctx, time.Hour, entry) }()
			cancel()
			if err := <-waited; !errors.Is(err, context.Canceled) {
				t.Errorf("got %v, want the context's error", err)
			}
			if !entry.exited.Load() {
				t.Error("the permit was not given back")
			}
			entry = &Entry{engine: e}
			if err := e.wait(t.Context(), 0, entry); err != nil || entry.exited.Load() {
				t.Errorf("a wait that was over: %v, exited %t", err, entry.exited.Load())
			}
		})
	}
}

func TestABlockThatIsNoLongerKnownKeepsWhatTheDecisionSays(t *testing.T) {
	e, err := New("demo-app")
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	block := e.blocked("GET:/foo", &native.Entered{BlockedBy: 4, Block: 1 << 50, RetryAfterPlusOne: 1})
	if after, known := block.RetryAfter(); block.Strategy != "RateLimitStrategy" || block.Name != "" || after != 0 || !known {
		t.Errorf("got %+v", block)
	}
	if block.Error() != `sergo: "GET:/foo" is blocked by RateLimitStrategy; try again after 0s` {
		t.Errorf("got %q", block.Error())
	}
}
