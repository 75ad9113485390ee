package sergo

import "github.com/sergo-rs/sergo/go/internal/native"

// EventKind says what an [Event] is about.
type EventKind string

// The kinds of events.
const (
	// BreakerChanged: a circuit breaker changed its state.
	BreakerChanged EventKind = "breaker"
	// RulesApplied: new rules are in force.
	RulesApplied EventKind = "rulesApplied"
	// FirstBlock: a resource was blocked for the first time after a calm.
	FirstBlock EventKind = "firstBlock"
)

// BreakerState is the state of a circuit breaker; empty for none.
type BreakerState string

// The states of a circuit breaker.
const (
	// BreakerClosed: entries pass.
	BreakerClosed BreakerState = "closed"
	// BreakerOpen: entries are blocked.
	BreakerOpen BreakerState = "open"
	// BreakerHalfOpen: one entry probes, all others are blocked.
	BreakerHalfOpen BreakerState = "half-open"
)

// Event is something that happened in an engine.
type Event struct {
	// Kind says what, and which of the other fields are set.
	Kind EventKind `json:"event"`
	// Resource is the target as the rule writes it (BreakerChanged,
	// FirstBlock).
	Resource string `json:"resource"`
	// Strategy is the strategy's name (BreakerChanged, FirstBlock).
	Strategy string `json:"strategy"`
	// From and To are the states that a breaker left and entered
	// (BreakerChanged).
	From BreakerState `json:"from"`
	To   BreakerState `json:"to"`
	// Total and Bad are the completions that a breaker judged by when it
	// opened, and how many of them were bad (BreakerChanged, from closed to
	// open; both are over 0 then, and 0 otherwise).
	Total uint64 `json:"total"`
	Bad   uint64 `json:"bad"`
	// Version is the version of the rules (RulesApplied).
	Version uint64 `json:"version"`
}

// BreakerState is the state of the circuit breaker that the strategy is for the
// target, both as the rules write them; empty where there is none. Errors are
// [*Error].
func (e *Engine) BreakerState(target, strategy string) (BreakerState, error) {
	answer, code := native.BreakerState(e.handle, target, strategy)
	if code != native.OK {
		return "", failure("breaker state", code)
	}
	return BreakerState(answer), nil
}
