package sergo

import (
	"fmt"

	"github.com/sergo-rs/sergo/go/internal/native"
)

// Code is the stable word for what went wrong inside sergo. It is the same in
// every language.
type Code string

// The codes that an [*Error] can carry.
const (
	// Closed: the engine is closed.
	Closed Code = "closed"
	// Poisoned: an earlier call failed inside sergo, so this engine's state
	// can't be trusted. Close it and make a new one.
	Poisoned Code = "poisoned"
	// Panicked: this call failed inside sergo and was stopped; the engine is
	// poisoned from now on.
	Panicked Code = "panicked"
	// Argument: an argument is out of its bounds.
	Argument Code = "argument"
	// UTF8: text given to sergo is not UTF-8.
	UTF8 Code = "utf8"
	// Stale: the rules changed again and again while the call was answered.
	Stale Code = "stale"
	// Space: a buffer was too small for an answer, again and again.
	Space Code = "space"
	// Full: too many engines are open at once.
	Full Code = "full"
)

// Error is a failure of sergo itself, as opposed to a request that a rule
// blocks ([*BlockError]).
type Error struct {
	// Op is the method that failed, as in "enter".
	Op string
	// Code says what went wrong.
	Code Code
	// Message is what happened and what to do about it, in a sentence.
	Message string
}

// Error is the method, the code and the sentence.
func (e *Error) Error() string {
	return fmt.Sprintf("sergo: %s: %s: %s", e.Op, e.Code, e.Message)
}

// failure is the error for a code of the library, nil for none.
func failure(op string, code native.Code) error {
	if code == native.OK {
		return nil
	}
	return &Error{Op: op, Code: Code(code.Word()), Message: code.Sentence()}
}
