package sergo

import (
	"time"

	"github.com/sergo-rs/sergo/go/internal/native"
)

// Figures are the counters of an engine at one moment. Each is read by itself:
// under traffic their sums may be off by what happens meanwhile.
type Figures struct {
	// Version is the version of the rules in force, 0 before the first.
	Version uint64 `json:"version"`
	// Resources has one entry per target that rules name, in the order of
	// their names.
	Resources []ResourceFigures `json:"resources"`
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
	// InFlight counts entries that passed and have not exited.
	InFlight uint64 `json:"inFlight"`
	// Completed counts entries that exited.
	Completed uint64 `json:"completed"`
	// Errors counts those of them that exited with an error.
	Errors uint64 `json:"errors"`
	// RTSum is the sum of their response times.
	RTSum time.Duration `json:"rtSumNanos"`
	// Strategies says how often each strategy blocked, in the order in which
	// they are asked.
	Strategies []StrategyFigures `json:"strategies"`
}

// StrategyFigures say how often one strategy of a target blocked.
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
