package sergo

import (
	"context"
	"sync"
	"time"

	"github.com/sergo-rs/sergo/go/internal/native"
)

const (
	// maxEvents is how many events are kept for whoever is slow to take them.
	maxEvents = 1024
	// listenPeriod is how often events are fetched while somebody listens.
	listenPeriod = 200 * time.Millisecond
)

// A mailbox gives every event of an engine to [Engine.Events] and to each that
// listens, so that none takes it from the others.
type mailbox struct {
	mu        sync.Mutex
	drained   chan Event                 // for Events; nil until it is needed
	listeners map[chan Event]func() bool // each with what lets go of its context
	fetching  *background                // nil while nobody listens
	closed    bool
}

// Listen gives out what happens from now on, oldest first and about 200 ms late
// at most. The channel is closed when the context is done, or when the engine is
// closed, then after the last event.
//
// Everyone who listens gets every event, and [Engine.Events] gets it too. Of a
// listener who does not keep up, the oldest events are dropped: the channel holds
// the newest 1,024. Errors are [*Error].
func (e *Engine) Listen(ctx context.Context) (<-chan Event, error) {
	m := &e.events
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return nil, failure("listen", native.Closed)
	}
	if err := e.fetch("listen"); err != nil { // what was before is not for this one
		return nil, err
	}
	listener := make(chan Event, maxEvents)
	if m.listeners == nil {
		m.listeners = make(map[chan Event]func() bool)
	}
	m.listeners[listener] = context.AfterFunc(ctx, func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.dismiss(listener)
	})
	if m.fetching == nil {
		m.fetching = every(listenPeriod, func() {
			m.mu.Lock()
			defer m.mu.Unlock()
			_ = e.fetch("listen") // Events says what fails
		})
	}
	return listener, nil
}

// Events are what happened since the last call, oldest first; each is given out
// once, whether or not somebody listens. The newest 1,024 are kept. Errors are
// [*Error].
func (e *Engine) Events() ([]Event, error) {
	m := &e.events
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := e.fetch("events"); err != nil {
		return nil, err
	}
	events := make([]Event, len(m.drained))
	for i := range events {
		events[i] = <-m.drained
	}
	return events, nil
}

// fetch hands out what has happened. The caller holds the mailbox.
func (e *Engine) fetch(op string) error {
	answer, code := native.DrainEvents(e.handle)
	if code != native.OK {
		return failure(op, code)
	}
	var events []Event
	if err := decode(op, answer, &events); err != nil {
		return err
	}
	m := &e.events
	if m.drained == nil && len(events) > 0 {
		m.drained = make(chan Event, maxEvents)
	}
	for _, event := range events {
		push(m.drained, event)
		for listener := range m.listeners {
			push(listener, event)
		}
	}
	return nil
}

// push puts an event into a channel that only others take from, in place of the
// oldest where it is full.
func push(channel chan Event, event Event) {
	for {
		select {
		case channel <- event:
			return
		default:
		}
		select {
		case <-channel:
		default:
		}
	}
}

// dismiss ends a listener, unless it has ended.
func (m *mailbox) dismiss(listener chan Event) {
	letGo, listens := m.listeners[listener]
	if !listens {
		return
	}
	letGo()
	delete(m.listeners, listener)
	close(listener)
	if len(m.listeners) == 0 {
		m.fetching.stop()
		m.fetching = nil
	}
}

// closeEvents gives out the last events and ends all who listen.
func (e *Engine) closeEvents() {
	m := &e.events
	m.mu.Lock()
	m.closed = true
	fetching := m.fetching
	if fetching != nil {
		_ = e.fetch("close")
	}
	for listener := range m.listeners {
		m.dismiss(listener)
	}
	m.mu.Unlock()
	if fetching != nil {
		<-fetching.ended
	}
}
