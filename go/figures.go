package sergo

import (
	"encoding/json"
	"time"

	"github.com/sergo-rs/sergo/go/internal/native"
)

// Figures are the counters of an engine at one moment. Each is read by itself:
// under traffic their sums may be off by what happens meanwhile.
type Figures struct {
	// Version is the version of the rules in force, 0 before the first.
	Version uint64 `json:"version"`
	// InFlight counts the inbound entries that passed and have not exited,
	// those of resources without rules included.
	InFlight uint64 `json:"inFlight"`
	// Resources has one entry per target that rules name, in the order of
	// their names.
	Resources []ResourceFigures `json:"resources"`
	// Instance says how often each overload protection blocked: they ask for
	// the instance as a whole.
	Instance []StrategyFigures `json:"instance"`
}

// ResourceFigures are the counters of one target since a rule first named it.
type ResourceFigures struct {
	// Resource is the target as the rule writes it.
	Resource string `json:"resource"`
	// Passed counts entries that passed, those that wait included.
	Passed uint64 `json:"passed"`
	// Blocked counts entries that were blocked.
	Blocked uint64 `json:"blocked"`
	// Waited counts entries that passed after a wait.
	Waited uint64 `json:"waited"`
	// Cancelled counts entries that passed and were cancelled.
	Cancelled uint64 `json:"cancelled"`
	// InFlight counts entries that passed and have neither exited nor been
	// cancelled.
	InFlight uint64 `json:"inFlight"`
	// Completed counts entries that exited.
	Completed uint64 `json:"completed"`
	// Errors counts those of them that exited with an error.
	Errors uint64 `json:"errors"`
	// RTSum is the sum of their response times. A response time runs from the
	// end of the wait.
	RTSum time.Duration `json:"rtSumNanos"`
	// RTMin and RTMax are the least and the greatest of them; 0 without any.
	RTMin time.Duration `json:"rtMinNanos"`
	RTMax time.Duration `json:"rtMaxNanos"`
	// RTP50 and RTP99 are their median and their 99th percentile, at most an
	// eighth too long.
	RTP50 time.Duration `json:"rtP50Nanos"`
	RTP99 time.Duration `json:"rtP99Nanos"`
	// RTHistogram is how they spread, from short to long.
	RTHistogram []RTBucket `json:"rtHistogram"`
	// Strategies says how often each strategy blocked, in the order in which
	// they are asked.
	Strategies []StrategyFigures `json:"strategies"`
}

// RTBucket is one step of a histogram of response times.
type RTBucket struct {
	// Under is the time that those in it were under.
	Under time.Duration
	// Count is how many were under it, but not under that of the step before.
	Count uint64
}

// UnmarshalJSON reads the pair that the library gives.
func (b *RTBucket) UnmarshalJSON(text []byte) error {
	var pair [2]uint64
	err := json.Unmarshal(text, &pair)
	b.Under, b.Count = time.Duration(pair[0]), pair[1]
	return err
}

// StrategyFigures say how often one strategy blocked.
type StrategyFigures struct {
	// Kind is the strategy's kind, as in its document.
	Kind string `json:"kind"`
	// Strategy is its name.
	Strategy string `json:"strategy"`
	// Blocked counts the entries that it blocked.
	Blocked uint64 `json:"blocked"`
}

// Resource is the counters of one target as the rule writes it; all zero for one
// that no rule names.
func (f *Figures) Resource(target string) ResourceFigures {
	for _, figures := range f.Resources {
		if figures.Resource == target {
			return figures
		}
	}
	return ResourceFigures{Resource: target}
}

// Figures are the counters of this moment. Errors are [*Error].
func (e *Engine) Figures() (*Figures, error) {
	answer, code := native.Figures(e.handle)
	if code != native.OK {
		return nil, failure("figures", code)
	}
	figures := new(Figures)
	if err := decode("figures", answer, figures); err != nil {
		return nil, err
	}
	return figures, nil
}
