package controlplane

import "time"

// timer is one timer for many waits.
type timer struct{ *time.Timer }

func newTimer() timer { return timer{time.NewTimer(time.Hour)} }

// after is like [time.After]; a wait without end is nil.
func (t timer) after(wait time.Duration, ends bool) <-chan time.Time {
	if !ends {
		return nil
	}
	t.Reset(wait)
	return t.C
}
