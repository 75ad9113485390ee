package controlplane_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	sergo "github.com/sergo-rs/sergo/go"
	"github.com/sergo-rs/sergo/go/controlplane"
)

// patient has Subscribe wait for as long as the test may take.
var patient = controlplane.FirstRules(time.Minute)

// subscribe subscribes for as long as the test lives.
func subscribe(t testing.TB, engine *sergo.Engine, address string, opts ...controlplane.Option) *controlplane.Subscription {
	t.Helper()
	subscription, err := controlplane.Subscribe(engine, []string{address}, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = subscription.Close() })
	return subscription
}

func state(t *testing.T, subscription *controlplane.Subscription) controlplane.State {
	t.Helper()
	state, err := subscription.State()
	if err != nil {
		t.Fatal(err)
	}
	return state
}

func TestRulesComeChangeAndGo(t *testing.T) {
	t.Parallel()
	rules := folder(t, limit(0))
	engine := newEngine(t)
	reports := make(chan *sergo.Report, 100)
	subscription := subscribe(t, engine, serve(t, rules).address, patient,
		controlplane.OnChange(func(report *sergo.Report) { reports <- report }))

	if !blocked(t, engine, "GET:/foo") {
		t.Error("the first rules are not in force")
	}
	for report := range reports { // one kind may come before the other
		if len(report.Rejected) > 0 {
			t.Errorf("got %+v, want no mistakes", report)
		}
		if report.Accepted == 2 {
			break
		}
	}
	now := state(t, subscription)
	if now.Phase != controlplane.Connected || !now.Synced || now.ConnectedSince.IsZero() || now.LastPush.IsZero() || now.ControlPlane == "" || now.LastError != "" {
		t.Errorf("got %+v", now)
	}
	for _, kind := range now.Kinds {
		if kind.App != "demo-app" || !kind.Answered || kind.Version == nil || kind.Refused != "" {
			t.Errorf("got %+v", kind)
		}
	}
	write(t, rules, "rules.yaml", limit(1_000_000))
	until(t, func() bool { return !blocked(t, engine, "GET:/foo") })
	write(t, rules, "rules.yaml", limit(0))
	until(t, func() bool { return blocked(t, engine, "GET:/foo") })
	if err := os.Remove(filepath.Join(rules, "rules.yaml")); err != nil {
		t.Fatal(err)
	}
	until(t, func() bool { return !blocked(t, engine, "GET:/foo") })
	if err := subscription.Err(); err != nil {
		t.Error(err)
	}
}

func TestABadDocumentIsRefusedAndTheOthersAreTaken(t *testing.T) {
	t.Parallel()
	rules := folder(t, limit(0))
	plane := serve(t, rules)
	engine := newEngine(t)
	subscription := subscribe(t, engine, plane.address, patient)
	other := strings.NewReplacer("name: limit", "name: other", "name: rule", "name: other-rule", "/foo", "/bar").Replace(limit(0))
	write(t, rules, "rules.yaml", limit("many")+"---"+other)
	until(t, func() bool { return blocked(t, engine, "GET:/bar") })
	if !blocked(t, engine, "GET:/foo") {
		t.Error("the last good version is not in force")
	}
	until(t, func() bool { return strings.Contains(plane.clients(t), "spec.threshold") })
	if report := subscription.Report(); len(report.Rejected) != 1 || report.Rejected[0].Field != "spec.threshold" {
		t.Errorf("got %+v, want one mistake", report.Rejected)
	}
}

func TestAControlPlaneGoesAndComesBack(t *testing.T) {
	t.Parallel()
	rules := folder(t, limit(0))
	first := serve(t, rules)
	between := newRelay(t, first.address)
	engine := newEngine(t)
	subscription := subscribe(t, engine, between.address(), patient)
	before := state(t, subscription)

	first.kill()
	if err := subscription.Wait(t.Context(), func(state controlplane.State) bool { return state.Phase != controlplane.Connected }); err != nil {
		t.Fatal(err)
	}
	if !blocked(t, engine, "GET:/foo") {
		t.Error("the rules are gone with the control plane")
	}
	write(t, rules, "rules.yaml", limit(1_000_000))
	between.cut(serve(t, rules).address)
	until(t, func() bool { return !blocked(t, engine, "GET:/foo") })
	if err := subscription.WaitSynced(t.Context()); err != nil {
		t.Fatal(err)
	}
	after := state(t, subscription)
	if after.Identifier == before.Identifier || *after.Kinds[0].Version <= *before.Kinds[0].Version {
		t.Errorf("got %+v, want another identifier than in %+v, and a higher version", after, before)
	}
	if after.LastError == "" {
		t.Error("the error is forgotten")
	}
}

func TestAHalfOpenConnectionIsNoticed(t *testing.T) {
	t.Parallel()
	rules := folder(t, limit(0))
	between := newRelay(t, serve(t, rules).address)
	engine := newEngine(t)
	subscribe(t, engine, between.address(), patient, controlplane.Pings(10*time.Second, time.Second))
	between.freeze()
	write(t, rules, "rules.yaml", limit(1_000_000))
	until(t, func() bool { return !blocked(t, engine, "GET:/foo") })
}

// many is a limit on /foo, and 500 more that let nothing pass.
func many(threshold int) string {
	rules := limit(threshold)
	for n := range 500 {
		rules += "---" + strings.NewReplacer("name: limit", fmt.Sprintf("name: limit-%d", n), "name: rule", fmt.Sprintf("name: rule-%d", n),
			"/foo", fmt.Sprintf("/bar/%d", n)).Replace(limit(0))
	}
	return rules
}

// TestAControlPlaneIsKilledDuringAPush has the rules of before in force until there
// is a whole push.
func TestAControlPlaneIsKilledDuringAPush(t *testing.T) {
	t.Parallel()
	first := serve(t, folder(t, limit(0)))
	between := newRelay(t, first.address)
	engine := newEngine(t)
	subscription := subscribe(t, engine, between.address(), patient)
	rules := folder(t, many(1_000_000))
	second := serve(t, rules)
	killed := make(chan struct{})
	between.cutNext(20_000, func() {
		second.kill()
		close(killed)
	})
	between.cut(second.address)
	first.kill()
	<-killed
	connected := func(state controlplane.State) bool { return state.Phase == controlplane.Connected }
	if err := subscription.Wait(t.Context(), func(state controlplane.State) bool { return !connected(state) }); err != nil {
		t.Fatal(err)
	}
	if !blocked(t, engine, "GET:/foo") || blocked(t, engine, "GET:/bar/0") {
		t.Error("half a push is in force")
	}
	between.cut(serve(t, rules).address)
	until(t, func() bool { return !blocked(t, engine, "GET:/foo") && blocked(t, engine, "GET:/bar/499") })
}

// TestAPushThatIsCutComesAgain cuts the connection in the middle of a message.
func TestAPushThatIsCutComesAgain(t *testing.T) {
	t.Parallel()
	between := newRelay(t, serve(t, folder(t, many(0))).address)
	between.cutNext(20_000, func() {})
	engine := newEngine(t)
	subscription := subscribe(t, engine, between.address(), patient)
	if !blocked(t, engine, "GET:/foo") || !blocked(t, engine, "GET:/bar/499") {
		t.Error("the rules are not in force")
	}
	if state(t, subscription).LastError == "" {
		t.Error("the connection was not cut")
	}
}

// nobody is an address that refuses connections.
func nobody(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

func TestAProcessBeginsWithItsLastGoodRules(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "rules.sergo")
	plane := serve(t, folder(t, limit(0)))
	first := newEngine(t)
	if err := subscribe(t, first, plane.address, patient, controlplane.LastGood(file)).Err(); err != nil {
		t.Error(err)
	}
	_ = first.Close()

	again := newEngine(t)
	subscription := subscribe(t, again, nobody(t), controlplane.FirstRules(0), controlplane.LastGood(file))
	if err := subscription.Err(); err != nil || !blocked(t, again, "GET:/foo") {
		t.Errorf("the last good rules are not in force (%v)", err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, text[:len(text)-10], 0o600); err != nil {
		t.Fatal(err)
	}
	damaged := newEngine(t)
	subscription = subscribe(t, damaged, nobody(t), controlplane.FirstRules(0), controlplane.LastGood(file))
	if err := subscription.Err(); err == nil || !strings.Contains(err.Error(), file) || blocked(t, damaged, "GET:/foo") {
		t.Errorf("a damaged file: got %v", err)
	}
	left, err := filepath.Glob(file + "*")
	if err != nil || len(left) != 1 {
		t.Errorf("got the files %v (%v), want one", left, err)
	}
}

func TestAFileThatCannotBeWrittenIsTold(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "no such folder", "rules.sergo")
	engine := newEngine(t)
	subscription := subscribe(t, engine, serve(t, folder(t, limit(0))).address, patient, controlplane.LastGood(file))
	if err := subscription.Err(); !errors.Is(err, os.ErrNotExist) || !blocked(t, engine, "GET:/foo") {
		t.Errorf("got %v, want the rules and that the folder is missing", err)
	}
}

func TestTheNextAddressIsTried(t *testing.T) {
	t.Parallel()
	engine := newEngine(t)
	addresses := []string{nobody(t), serve(t, folder(t, limit(0))).address}
	subscription, err := controlplane.Subscribe(engine, addresses, patient)
	if err != nil {
		t.Fatal(err)
	}
	defer subscription.Close()
	if !blocked(t, engine, "GET:/foo") {
		t.Error("the rules are not in force")
	}
}

func TestOnlyTheKindsThatAreAskedForCome(t *testing.T) {
	t.Parallel()
	engine := newEngine(t)
	const kind = "fault-tolerance.opensergo.io/v1alpha1/RateLimitStrategy"
	subscription := subscribe(t, engine, serve(t, folder(t, limit(0))).address, patient, controlplane.Kinds(kind),
		controlplane.Labels(map[string]string{"tag": "gray"}), controlplane.Services("shop"), controlplane.WithoutDocuments())
	if kinds := state(t, subscription).Kinds; len(kinds) != 1 || kinds[0].Kind != kind || kinds[0].Documents != 1 {
		t.Errorf("got %+v, want one", kinds)
	}
	if blocked(t, engine, "GET:/foo") {
		t.Error("a rule came, too")
	}
}

// running counts the goroutines that are in this package or in gRPC.
func running() int {
	stacks := make([]byte, 1<<22)
	count := 0
	for _, stack := range strings.Split(string(stacks[:runtime.Stack(stacks, true)]), "\n\n") {
		if strings.Contains(stack, "controlplane.(*Subscription)") || strings.Contains(stack, "google.golang.org/grpc") {
			count++
		}
	}
	return count
}

// TestClosingLeavesNothing runs alone, before those that are parallel.
func TestClosingLeavesNothing(t *testing.T) {
	plane := serve(t, folder(t, limit(0)))
	for name, address := range map[string]string{"connected": plane.address, "dialling": nobody(t)} {
		for how, end := range map[string]func(*sergo.Engine, *controlplane.Subscription) error{
			"the subscription": func(_ *sergo.Engine, s *controlplane.Subscription) error { return s.Close() },
			"the engine":       func(e *sergo.Engine, _ *controlplane.Subscription) error { return e.Close() },
		} {
			engine := newEngine(t)
			timeout := controlplane.FirstRules(0)
			if name == "connected" {
				timeout = patient
			}
			subscription := subscribe(t, engine, address, timeout)
			if err := end(engine, subscription); err != nil {
				t.Errorf("%s, closing %s: %v", name, how, err)
			}
			if err := subscription.Close(); err != nil {
				t.Errorf("%s, closing again: %v", name, err)
			}
			if err := subscription.WaitSynced(t.Context()); codeOf(err) != sergo.Closed {
				t.Errorf("%s, after closing %s: got %v, want the code closed", name, how, err)
			}
		}
	}
	until(t, func() bool { return running() == 0 })
	until(t, func() bool {
		return strings.TrimSpace(plane.clients(t)) == "[]" || !strings.Contains(plane.clients(t), "demo-app")
	})
}

func TestClosingIsPossibleFromOnChange(t *testing.T) {
	t.Parallel()
	engine := newEngine(t)
	closed := make(chan error)
	_, err := controlplane.Subscribe(engine, []string{serve(t, folder(t, limit(0))).address}, controlplane.FirstRules(0),
		controlplane.OnChange(func(*sergo.Report) { closed <- engine.Close() }))
	if err != nil {
		t.Fatal(err)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
}

func codeOf(err error) sergo.Code {
	var failure *sergo.Error
	if !errors.As(err, &failure) {
		return ""
	}
	return failure.Code
}

func TestSubscribingNeedsAnEngineAndAnAddress(t *testing.T) {
	engine := newEngine(t)
	if _, err := controlplane.Subscribe(engine, nil); codeOf(err) != sergo.Argument {
		t.Errorf("without an address: got %v", err)
	}
	_ = engine.Close()
	if _, err := controlplane.Subscribe(engine, []string{"localhost:1"}); codeOf(err) != sergo.Closed {
		t.Errorf("to a closed engine: got %v", err)
	}
}

func TestServicesAreReported(t *testing.T) {
	t.Parallel()
	plane := serve(t, folder(t, limit(0)))
	subscription, err := controlplane.Subscribe(newEngine(t), []string{nobody(t), plane.address}, patient)
	if err != nil {
		t.Fatal(err)
	}
	defer subscription.Close()
	err = subscription.ReportServices(t.Context(), controlplane.Node{Zone: "z1", Tag: "gray"}, controlplane.Offer{
		Addresses: []controlplane.Address{{Address: "10.0.0.1", Port: 80}},
		Protocols: []string{"http"},
		Contract: controlplane.Contract{
			Services: []controlplane.Service{{Name: "greeter", Methods: []controlplane.Method{{
				Name: "hello", InputTypes: []string{"Name"}, HTTPPaths: []string{"/hello"}, HTTPMethods: []string{"GET"},
			}}}},
			Types: []controlplane.Type{{Name: "Name", Fields: []controlplane.Field{{Name: "name", Number: 1, Label: 1, Type: 9}}}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.Get("http://" + plane.http + "/v1/services")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"demo-app", "greeter", "/hello", "10.0.0.1", "gray"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%q is not in %s", want, text)
		}
	}
}
