package sergo

import (
	"context"
	"sync"
	"time"
)

// Clock tells an engine the time and lets callers wait for it. Without one, an
// engine reads the system's monotonic clock. [ManualClock] is one for tests.
//
// Both methods may be called from any goroutine.
type Clock interface {
	// Now is the time since the engine was made, never negative. It may stand
	// still, and should not go back.
	Now() time.Duration
	// Wait returns nil once d has passed, or the context's error as soon as
	// the context is done.
	Wait(ctx context.Context, d time.Duration) error
}

// realWait waits on the system's clock.
func realWait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// ManualClock is a [Clock] that stands still until it is told to go on, so that
// a test decides what time it is. The zero value is ready, at 0.
type ManualClock struct {
	mu      sync.Mutex
	now     time.Duration
	stepped chan struct{} // closed at the next step; nil when nobody waits
}

// Now is what the steps so far add up to.
func (c *ManualClock) Now() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance lets d pass and wakes those whose wait is over. A negative d is no
// step.
func (c *ManualClock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.step(c.now + d)
}

// Set steps to the moment that is d after the engine was made, and does nothing
// when that moment is over.
func (c *ManualClock) Set(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.step(d)
}

func (c *ManualClock) step(to time.Duration) {
	if to <= c.now {
		return
	}
	c.now = to
	if c.stepped != nil {
		close(c.stepped)
		c.stepped = nil
	}
}

// Wait returns once d has passed on this clock, or the context is done.
func (c *ManualClock) Wait(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	until := c.now + d
	for c.now < until {
		if c.stepped == nil {
			c.stepped = make(chan struct{})
		}
		stepped := c.stepped
		c.mu.Unlock()
		select {
		case <-stepped:
		case <-ctx.Done():
			return ctx.Err()
		}
		c.mu.Lock()
	}
	c.mu.Unlock()
	return nil
}
