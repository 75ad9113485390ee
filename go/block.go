package sergo

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/sergo-rs/sergo/go/internal/native"
)

// BlockError is the error of [Engine.Enter] for work that a rule forbids. It has
// left no trace: nothing needs to be exited. It may be shared by blocks that are
// alike: don't change it.
type BlockError struct {
	// Resource is what was to be entered.
	Resource string
	// Strategy is the kind of the strategy that blocked, as in its document:
	// "RateLimitStrategy".
	Strategy string
	// Name is the strategy's name.
	Name string
	// Rule is the name of the rule that it belongs to.
	Rule string
	// Fallback is what the rule says to answer with; nil if it says nothing.
	// It is shared by all blocks of the rule: don't change it.
	Fallback *Fallback

	retryAfterPlusOne uint64 // nanoseconds; 0 is unknown
}

// Fallback is the HTTP response that a rule gives to what it blocks.
type Fallback struct {
	// Status is the status code.
	Status int
	// Body is the body as the rule writes it.
	Body string
	// Headers are the headers as the rule writes them, in order.
	Headers []Header
}

// Header is one header of a [Fallback].
type Header struct{ Name, Value string }

// RetryAfter is how long it takes until the same work would be let in, as far as
// the strategy that blocked is concerned. It is false where that is not known.
func (b *BlockError) RetryAfter() (time.Duration, bool) {
	if b.retryAfterPlusOne == 0 {
		return 0, false
	}
	return time.Duration(b.retryAfterPlusOne - 1), true
}

// Error says what blocked and when to try again.
func (b *BlockError) Error() string {
	var text strings.Builder
	fmt.Fprintf(&text, "sergo: %q is blocked by %s", b.Resource, b.Strategy)
	if b.Name != "" {
		fmt.Fprintf(&text, " %q of rule %q", b.Name, b.Rule)
	}
	if after, known := b.RetryAfter(); known {
		fmt.Fprintf(&text, "; try again after %v", after)
	}
	return text.String()
}

// block is what a block id stands for, in the form that the library gives.
type block struct {
	Strategy string        `json:"strategy"`
	Name     string        `json:"name"`
	Rule     string        `json:"rule"`
	Fallback *fallbackText `json:"fallback"`

	fallback *Fallback
	// last is the last error without a time to try again, which the next one for
	// that resource is alike: where much is blocked, nothing is allocated for it.
	last atomic.Pointer[BlockError]
}

type fallbackText struct {
	Status  int         `json:"status"`
	Body    string      `json:"body"`
	Headers [][2]string `json:"headers"`
}

func (f *fallbackText) public() *Fallback {
	if f == nil {
		return nil
	}
	headers := make([]Header, len(f.Headers))
	for i, pair := range f.Headers {
		headers[i] = Header{Name: pair[0], Value: pair[1]}
	}
	return &Fallback{Status: f.Status, Body: f.Body, Headers: headers}
}

// blocked is the error for a block.
func (e *Engine) blocked(resource string, entered *native.Entered) *BlockError {
	what := e.describe(entered.Block)
	if what == nil {
		what = &block{Strategy: entered.BlockedBy.String()}
	}
	timeless := entered.RetryAfterPlusOne == 0
	if timeless {
		if last := what.last.Load(); last != nil && last.Resource == resource {
			return last
		}
	}
	blocked := &BlockError{
		Resource:          resource,
		Strategy:          what.Strategy,
		Name:              what.Name,
		Rule:              what.Rule,
		Fallback:          what.fallback,
		retryAfterPlusOne: entered.RetryAfterPlusOne,
	}
	if timeless {
		blocked.Resource = strings.Clone(resource) // of which the caller may have cut it
		what.last.Store(blocked)
	}
	return blocked
}

// describe looks up what a block id stands for; nil when the library no longer
// knows, because the rules have changed many times since. The same id always
// stands for the same, so it is asked once.
func (e *Engine) describe(id native.BlockID) *block {
	if what, known := e.blocks.get(id); known {
		return what
	}
	epoch := e.blocks.now()
	answer, code := native.Block(e.handle, id)
	if code != native.OK {
		return nil
	}
	what := new(block)
	if err := json.Unmarshal(answer, what); err != nil {
		return nil
	}
	what.fallback = what.Fallback.public()
	e.blocks.put(epoch, id, what)
	return what
}
