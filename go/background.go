package sergo

import "time"

// A background is a goroutine that does the same again and again.
type background struct{ stopping, ended chan struct{} }

// every does something every so often, for the first time after one period.
func every(period time.Duration, do func()) *background {
	b := &background{stopping: make(chan struct{}), ended: make(chan struct{})}
	go func() {
		defer close(b.ended)
		ticker := time.NewTicker(period)
		defer ticker.Stop()
		for {
			select {
			case <-b.stopping:
				return
			case <-ticker.C:
				do()
			}
		}
	}()
	return b
}

// stop tells the goroutine to end, once. It may be doing its work still; wait on
// ended where that matters.
func (b *background) stop() { close(b.stopping) }
