package sergo

import "github.com/sergo-rs/sergo/go/internal/native"

// SystemLoad is how loaded the system is, for rules of overload protection. A
// figure that is not known is [math.NaN]; it protects from nothing.
type SystemLoad struct {
	// CPU is the share of CPU time in use, 0 to 1.
	CPU float64
	// Load1 is the load average of the last minute.
	Load1 float64
	// Memory is the share of memory in use, 0 to 1.
	Memory float64
}

// SetSystemLoad tells how loaded the system is, until it is told anew: nothing is
// measured or smoothed here. Errors are [*Error].
func (e *Engine) SetSystemLoad(load SystemLoad) error {
	return failure("set system load", native.SetSystemLoad(e.handle, load.CPU, load.Load1, load.Memory, e.now()))
}

// NeedsSystemLoad says whether the rules in force look at the system's load.
// While they don't, nobody needs to measure it. Errors are [*Error].
func (e *Engine) NeedsSystemLoad() (bool, error) {
	needs, code := native.NeedsSystemLoad(e.handle)
	return needs, failure("needs system load", code)
}
