package sergo

import (
	"sync"
	"time"

	"github.com/sergo-rs/sergo/go/internal/native"
)

// samplePeriod is how often the system's load is sampled: what the library's
// smoothing is made for.
const samplePeriod = 500 * time.Millisecond

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

// A sampler keeps the engine told of the system's load while its rules look at it.
type sampler struct {
	mu       sync.Mutex
	off      bool // the application tells the load, or nobody does
	sampling *background
}

// WithoutSampling keeps the engine from sampling the system's load by itself:
// [Engine.SetSystemLoad] tells it, or nobody does.
func WithoutSampling() Option {
	return func(c *config) { c.unsampled = true }
}

// SetSystemLoad tells how loaded the system is, until it is told anew: nothing is
// measured or smoothed here. From now on the engine no longer samples the load by
// itself. Errors are [*Error].
func (e *Engine) SetSystemLoad(load SystemLoad) error {
	s := &e.system
	s.mu.Lock()
	defer s.mu.Unlock()
	s.off = true
	s.stop()
	return failure("set system load", native.SetSystemLoad(e.handle, load.CPU, load.Load1, load.Memory, e.now()))
}

// NeedsSystemLoad says whether the rules in force look at the system's load.
// While they do, the engine samples it every 500 ms, unless the application tells
// it or [WithoutSampling] was said. Errors are [*Error].
func (e *Engine) NeedsSystemLoad() (bool, error) {
	needs, code := native.NeedsSystemLoad(e.handle)
	return needs, failure("needs system load", code)
}

// sampleIfNeeded starts or ends sampling as the rules now in force need it. The
// first sample is taken at once: all but the CPU is known from it.
func (e *Engine) sampleIfNeeded() {
	s := &e.system
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.off {
		return
	}
	needs, code := native.NeedsSystemLoad(e.handle)
	switch {
	case code != native.OK || !needs:
		s.stop()
	case s.sampling == nil:
		native.SampleSystem(e.handle, e.now())
		s.sampling = every(samplePeriod, e.sample)
	}
}

// sample is one sample, unless sampling has ended meanwhile.
func (e *Engine) sample() {
	s := &e.system
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sampling != nil {
		native.SampleSystem(e.handle, e.now())
	}
}

func (s *sampler) stop() {
	if s.sampling != nil {
		s.sampling.stop()
		s.sampling = nil
	}
}

// close ends sampling for good.
func (s *sampler) close() {
	s.mu.Lock()
	s.off = true
	sampling := s.sampling
	s.stop()
	s.mu.Unlock()
	if sampling != nil {
		<-sampling.ended
	}
}
