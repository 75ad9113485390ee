package sergo_test

import (
	"context"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	sergo "github.com/sergo-rs/sergo/go"
)

func TestEveryCallAfterCloseIsAnError(t *testing.T) {
	engine, _ := newEngine(t, limit(1))
	entry, err := engine.Enter(t.Context(), "GET:/foo")
	if err != nil {
		t.Fatal(err)
	}
	if err := engine.Close(); err != nil {
		t.Fatal(err)
	}
	calls := map[string]func() error{
		"Load":            func() error { _, err := engine.Load(limit(1)); return err },
		"Subscribe":       func() error { _, err := engine.Subscribe(sergo.File(t.TempDir())); return err },
		"Enter":           func() error { _, err := engine.Enter(t.Context(), "GET:/foo"); return err },
		"Enter other":     func() error { _, err := engine.Enter(t.Context(), "other"); return err },
		"Decide":          func() error { _, err := engine.Decide("GET:/foo"); return err },
		"Do":              func() error { return engine.Do(t.Context(), "GET:/foo", func(context.Context) error { return nil }) },
		"Exit":            entry.Exit,
		"Route":           func() error { _, err := engine.Route(sergo.Request{Host: "a"}); return err },
		"Pick":            func() error { _, err := engine.Pick(sergo.Request{Host: "a"}); return err },
		"Call":            func() error { return engine.Call(sergo.Request{Host: "a"}, func(*sergo.Pick) error { return nil }) },
		"Report":          func() error { return engine.Report("a", "b", sergo.CallSuccess) },
		"Ejected":         func() error { _, err := engine.Ejected("a"); return err },
		"Label":           func() error { _, err := engine.Label(sergo.Request{}, true); return err },
		"Carry":           func() error { _, err := engine.Carry(t.Context(), sergo.Request{}, true); return err },
		"Required":        func() error { _, err := engine.Required("a"); return err },
		"ExplainRoute":    func() error { _, err := engine.ExplainRoute(sergo.Request{Host: "a"}); return err },
		"ExplainLabel":    func() error { _, err := engine.ExplainLabel(sergo.Request{}, true); return err },
		"ConnectionPool":  func() error { _, err := engine.ConnectionPool("a", ""); return err },
		"UpdateInstances": func() error { return engine.UpdateInstances("a", nil, nil) },
		"Connect":         func() error { _, err := engine.Connect(sergo.Connection{Host: "a"}); return err },
		"Explain":         func() error { _, err := engine.Explain("GET:/foo"); return err },
		"Listen":          func() error { _, err := engine.Listen(t.Context()); return err },
		"SetInstances":    func() error { return engine.SetInstances("a", nil) },
		"SetSystemLoad":   func() error { return engine.SetSystemLoad(sergo.SystemLoad{}) },
		"NeedsSystemLoad": func() error { _, err := engine.NeedsSystemLoad(); return err },
		"Figures":         func() error { _, err := engine.Figures(); return err },
		"Events":          func() error { _, err := engine.Events(); return err },
		"BreakerState":    func() error { _, err := engine.BreakerState("/foo", "b"); return err },
		"Version":         func() error { _, err := engine.Version(); return err },
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			if err := call(); codeOf(err) != sergo.Closed {
				t.Errorf("got %v, want the code closed", err)
			}
		})
	}
	if err := engine.Close(); err != nil {
		t.Errorf("the second close: %v", err)
	}
}

func TestAnErrorSaysWhatToDo(t *testing.T) {
	engine, _ := newEngine(t, "")
	_ = engine.Close()
	_, err := engine.Version()
	const want = "sergo: version: closed: the engine is closed, or was never made: make a new one"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestTextThatIsNotUTF8IsAnError(t *testing.T) {
	engine, _ := newEngine(t, "")
	const broken = "caf\xe9"
	calls := map[string]func() error{
		"New":                  func() error { _, err := sergo.New(broken); return err },
		"New with namespace":   func() error { _, err := sergo.New("a", sergo.WithNamespace(broken)); return err },
		"New with labels":      func() error { _, err := sergo.New("a", sergo.WithLabels(map[string]string{"a": broken})); return err },
		"Load":                 func() error { _, err := engine.Load(broken); return err },
		"Enter":                func() error { _, err := engine.Enter(t.Context(), broken); return err },
		"Route by host":        func() error { _, err := engine.Route(sergo.Request{Host: broken}); return err },
		"Pick by host":         func() error { _, err := engine.Pick(sergo.Request{Host: broken}); return err },
		"Report by instance":   func() error { return engine.Report("a", broken, sergo.CallSuccess) },
		"Label by path":        func() error { _, err := engine.Label(sergo.Request{Path: broken}, true); return err },
		"Connect by SNI":       func() error { _, err := engine.Connect(sergo.Connection{Host: "a", SNI: broken}); return err },
		"Explain":              func() error { _, err := engine.Explain(broken); return err },
		"SetInstances by host": func() error { return engine.SetInstances(broken, nil) },
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			if err := call(); codeOf(err) != sergo.UTF8 {
				t.Errorf("got %v, want the code utf8", err)
			}
		})
	}
}

func TestAnEngineHeedsItsAppNamespaceAndLabels(t *testing.T) {
	rules := limit(0)
	gray := strings.Replace(rules, "{app: demo-app}", "{app: demo-app, tag: gray}", 1)
	tests := map[string]struct {
		app     string
		opts    []sergo.Option
		rules   string
		blocked bool
	}{
		"its app":           {app: "demo-app", rules: rules, blocked: true},
		"another app":       {app: "other", rules: rules},
		"another namespace": {app: "demo-app", opts: []sergo.Option{sergo.WithNamespace("prod")}, rules: rules},
		"the default namespace, said": {
			app: "demo-app", opts: []sergo.Option{sergo.WithNamespace("default")}, rules: rules, blocked: true,
		},
		"without the label": {app: "demo-app", rules: gray},
		"with the label": {
			app: "demo-app", opts: []sergo.Option{sergo.WithLabels(map[string]string{"tag": "gray", "x": ""})}, rules: gray, blocked: true,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			engine, err := sergo.New(test.app, test.opts...)
			if err != nil {
				t.Fatal(err)
			}
			defer engine.Close()
			load(t, engine, test.rules)
			if blocked := decide(t, engine, "GET:/foo").Block != nil; blocked != test.blocked {
				t.Errorf("blocked: %t, want %t", blocked, test.blocked)
			}
		})
	}
}

func TestTheVersionCountsLoads(t *testing.T) {
	engine, err := sergo.New("demo-app")
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	for want := range uint64(3) {
		if got, err := engine.Version(); got != want || err != nil {
			t.Errorf("got version %d (%v), want %d", got, err, want)
		}
		load(t, engine, limit(int(want)))
	}
}

func TestEnginesCanBeClosedWhileTheyAreUsed(t *testing.T) {
	for range 20 {
		engine, err := sergo.New("demo-app")
		if err != nil {
			t.Fatal(err)
		}
		load(t, engine, limit(1000))
		if _, err := engine.Subscribe(sergo.File(filepath.Join("..", "examples", "rules"))); err != nil {
			t.Fatal(err)
		}
		var work sync.WaitGroup
		for range 4 {
			work.Add(1)
			go func() {
				defer work.Done()
				for {
					decision, err := engine.Decide("GET:/foo")
					if err != nil {
						if codeOf(err) != sergo.Closed {
							t.Errorf("got %v, want the code closed", err)
						}
						return
					}
					_ = decision.Entry.Exit()
				}
			}()
		}
		if err := engine.Close(); err != nil {
			t.Error(err)
		}
		work.Wait()
	}
}
