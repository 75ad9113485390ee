package controlplane

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sync"

	sergo "github.com/sergo-rs/sergo/go"
	"github.com/sergo-rs/sergo/go/internal/bridge"
	"github.com/sergo-rs/sergo/go/internal/native"
)

// Subscription keeps an engine's rules as a control plane has them, until it is
// closed.
type Subscription struct {
	config  config
	engine  bridge.Attached
	session native.Session // says what is to be done; it does nothing by itself

	ctx    context.Context // done once the subscription is to end
	cancel context.CancelFunc
	woken  chan struct{} // something was told to the session
	stream *stream       // the last that was dialled; the loop's own
	work   sync.WaitGroup

	mu      sync.Mutex
	idle    *sync.Cond    // signals changes of calling and ended
	changed chan struct{} // closed at the next change
	report  *sergo.Report
	err     error
	calling bool // the loop is in onChange
	ended   bool // the loop is over
}

func newSubscription(config config) *Subscription {
	s := &Subscription{config: config, woken: make(chan struct{}, 1), changed: make(chan struct{})}
	s.idle = sync.NewCond(&s.mu)
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s
}

// Report is the report of the last change; nil before the first.
func (s *Subscription) Report() *sergo.Report {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.report
}

// Err is what went wrong beside the connection, which [State] tells of: the last-good
// file could not be read, or not be written the last time, or the engine failed
// ([*sergo.Error]). Nil while nothing has.
func (s *Subscription) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// Close ends the subscription; the rules stay in force. When it returns, its
// goroutines and its connection are gone, but for a goroutine that is in the function
// of [OnChange]. The error is always nil; closing again does nothing.
func (s *Subscription) Close() error {
	s.engine.Detach()
	s.stop()
	return nil
}

func (s *Subscription) stop() {
	s.cancel()
	s.mu.Lock()
	defer s.mu.Unlock()
	for !s.ended && !s.calling {
		s.idle.Wait()
	}
}

// begin takes the last good rules, so that the first request is governed, and then
// follows the control plane.
func (s *Subscription) begin() {
	s.restore()
	go s.follow()
}

func (s *Subscription) restore() {
	if s.config.lastGood == "" {
		return
	}
	text, err := os.ReadFile(s.config.lastGood)
	if os.IsNotExist(err) {
		return
	}
	if err == nil {
		problem, code := s.session.Restore(string(text))
		if err = bridge.Failure("restore", code); problem != "" {
			err = fmt.Errorf("sergo: the last good rules in %s are not taken: %s", s.config.lastGood, problem)
		}
	}
	s.fail(err)
	s.obey()
}

// follow does what the session wants until the subscription is closed.
func (s *Subscription) follow() {
	defer s.end()
	timer := newTimer()
	defer timer.Stop()
	_ = s.session.Time()
	for s.obey() {
		select {
		case <-s.ctx.Done():
			return
		case <-s.woken:
		case <-timer.after(s.session.Wait()):
			_ = s.session.Time()
		}
	}
}

// end lets go of everything. Whoever waits for a change hears of it.
func (s *Subscription) end() {
	s.cancel()
	s.work.Wait()
	_ = s.session.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	s.idle.Broadcast()
	close(s.changed)
}

// obey does all that the session wants now; false when it is over.
func (s *Subscription) obey() bool {
	for {
		step, code := s.session.Poll()
		if code != native.OK {
			s.fail(bridge.Failure("subscribe", code))
			return false
		}
		switch step.Kind {
		case native.Dial:
			s.stream = s.dial(step.Stream, string(step.Data))
		case native.Send:
			s.stream.send(step.Data)
		case native.Hangup:
			s.stream.cancel()
		case native.NewRules:
			s.applied(step.Data)
		default:
			s.change(nil)
			return true
		}
	}
}

// applied goes on after new rules have come into force.
func (s *Subscription) applied(text []byte) {
	s.engine.Applied()
	report := new(sergo.Report)
	if err := json.Unmarshal(text, report); err != nil {
		s.fail(fmt.Errorf("sergo: subscribe: the library's answer can't be read; is libsergo of another version than this package? %w", err))
		return
	}
	if s.config.lastGood != "" {
		s.fail(s.save())
	}
	s.change(report)
	if s.config.onChange == nil || s.ctx.Err() != nil {
		return
	}
	s.call(true)
	s.config.onChange(report)
	s.call(false)
}

func (s *Subscription) call(begins bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calling = begins
	s.idle.Broadcast()
}

func (s *Subscription) save() error {
	text, code := s.session.Save()
	if code != native.OK {
		return bridge.Failure("save", code)
	}
	if err := replace(s.config.lastGood, text); err != nil {
		return fmt.Errorf("sergo: the last good rules can't be written: %w", err)
	}
	return nil
}

// fail keeps an error.
func (s *Subscription) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

// change tells whoever waits that the state is another.
func (s *Subscription) change(report *sergo.Report) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if report != nil {
		s.report = report
	}
	close(s.changed)
	s.changed = make(chan struct{})
}

// wake makes the loop look at the session.
func (s *Subscription) wake() {
	select {
	case s.woken <- struct{}{}:
	default: // it will, already
	}
}
