package sergo

import (
	"time"

	"github.com/sergo-rs/sergo/go/internal/native"
)

// Verdict is what is answered, without the figures.
type Verdict string

// The verdicts.
const (
	// Pass: it may go on at once.
	Pass Verdict = "pass"
	// Wait: it may go on after a wait.
	Wait Verdict = "wait"
	// Block: it may not go on.
	Block Verdict = "block"
)

// Explanation is what an entry to a resource would be answered at one moment, and
// why.
type Explanation struct {
	// Resource is the resource that was asked about.
	Resource string `json:"resource"`
	// Governed says whether a rule names it. Overload protections ask every
	// inbound entry, also to resources that no rule names.
	Governed bool `json:"governed"`
	// Answer is that of the first gate that blocks, else a wait where there is
	// one.
	Answer Verdict `json:"answer"`
	// Wait is the longest wait of a gate; 0 is none.
	Wait time.Duration `json:"wait"`
	// RetryAfter is how long it takes until the gate that blocks would let the
	// same entry pass; nil where that is not known, and where none blocks.
	RetryAfter *time.Duration `json:"retryAfter"`
	// Gates has every gate that applies, in the order in which they are asked.
	Gates []GateExplanation `json:"gates"`
	// Text is all of it for people to read, the same in every language.
	Text string `json:"text"`
}

// GateExplanation is what one gate would answer by itself, and why.
type GateExplanation struct {
	// Target is the target as the rule writes it; empty for an overload
	// protection, which stands before the instance as a whole.
	Target string `json:"target"`
	// Kind is the strategy's kind, as in its document.
	Kind string `json:"kind"`
	// Strategy is the strategy's name.
	Strategy string `json:"strategy"`
	// Rule is the name of the rule that a block is reported under.
	Rule string `json:"rule"`
	// Answer is the answer.
	Answer Verdict `json:"answer"`
	// Wait is how long to wait; 0 is not at all.
	Wait time.Duration `json:"wait"`
	// RetryAfter is how long it takes until the same entry would pass; nil
	// where that is not known, and where it does not block.
	RetryAfter *time.Duration `json:"retryAfter"`
	// State is the state of a circuit breaker; empty for other kinds.
	State BreakerState `json:"state"`
	// Limit is the threshold of a rate limit, the most in flight, the share of
	// bad calls at which a breaker opens, the queue's timeout in nanoseconds,
	// or the figure of the system at which protection begins.
	Limit *float64 `json:"limit"`
	// Used is what stands against the limit, in the same unit: admitted in the
	// window, in flight, the share of bad calls, the wait at the queue's end in
	// nanoseconds, the figure of the system. Nil where it is not known: a
	// figure that nobody gave, a share of no calls.
	Used *float64 `json:"used"`
	// Why is a sentence with the figures.
	Why string `json:"why"`
}

// String is the text for people: the answer in the first line, then two lines for
// each gate.
func (e *Explanation) String() string { return e.Text }

// Explain tells what [Engine.Decide] would answer at this moment, and why. It
// changes nothing: nothing is spent, counted, or to be exited. Errors are
// [*Error].
func (e *Engine) Explain(resource string, opts ...EnterOption) (*Explanation, error) {
	ask := asked(opts)
	answer, code := native.Explain(e.handle, resource, ask.cost, ask.outbound, e.now())
	if code != native.OK {
		return nil, failure("explain", code)
	}
	explanation := new(Explanation)
	if err := decode("explain", answer, explanation); err != nil {
		return nil, err
	}
	return explanation, nil
}
