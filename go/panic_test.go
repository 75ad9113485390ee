//go:build sergo_testpanic

package sergo

import (
	"errors"
	"testing"

	"github.com/sergo-rs/sergo/go/internal/native"
)

// TestAPanicPoisonsItsEngineAlone needs a library that was built for tests: with
// the feature test-panic, as make go-build does.
func TestAPanicPoisonsItsEngineAlone(t *testing.T) {
	bad, err := New("demo-app")
	if err != nil {
		t.Fatal(err)
	}
	good, err := New("demo-app")
	if err != nil {
		t.Fatal(err)
	}
	defer good.Close()
	before, err := bad.Enter(t.Context(), "GET:/foo")
	if err != nil {
		t.Fatal(err)
	}
	events, err := bad.Listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}

	code := func(err error) Code {
		var failure *Error
		errors.As(err, &failure)
		if failure == nil {
			return ""
		}
		return failure.Code
	}
	if err := failure("panic", native.Panic(bad.handle)); code(err) != Panicked {
		t.Errorf("the panic: got %v, want the code panicked", err)
	}
	if _, err := bad.Enter(t.Context(), "GET:/foo"); code(err) != Poisoned {
		t.Errorf("after it: got %v, want the code poisoned", err)
	}
	if _, err := bad.Subscribe(File(t.TempDir())); code(err) != Poisoned {
		t.Errorf("subscribing after it: got %v, want the code poisoned", err)
	}
	if _, err := bad.Explain("GET:/foo"); code(err) != Poisoned {
		t.Errorf("explaining after it: got %v, want the code poisoned", err)
	}
	if err := before.Exit(); code(err) != Poisoned {
		t.Errorf("exiting after it: got %v, want the code poisoned", err)
	}
	if err := bad.Close(); err != nil {
		t.Errorf("closing the poisoned engine: %v", err)
	}
	for range events { // ends
	}
	entry, err := good.Enter(t.Context(), "GET:/foo")
	if err != nil {
		t.Fatalf("another engine: %v", err)
	}
	if err := entry.Exit(); err != nil {
		t.Errorf("another engine: %v", err)
	}
}
