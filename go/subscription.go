package sergo

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/sergo-rs/sergo/go/internal/native"
)

// How often a source is looked at where the system tells of changes (network file
// systems keep some to themselves), where it does not, and at most: file systems
// tell two writes apart only if some milliseconds lie between them.
const (
	toldInterval   = time.Second
	untoldInterval = 200 * time.Millisecond
	minInterval    = 10 * time.Millisecond
)

// calm is how long files must stay the same before they count as written.
const calm = 30 * time.Millisecond

// maxFolders is of how many folders the system is asked to tell; with more it is
// asked of none. maxAgain is how often it is looked again because there are new
// ones.
const (
	maxFolders = 4096
	maxAgain   = 8
)

// SubscribeOption changes how an engine is subscribed to a source.
type SubscribeOption func(*Subscription)

// OnChange makes the subscription call this function with the report of every
// load, the first included, or with the error when loading begins to fail: never
// with both. It is called by Subscribe itself the first time and later from the
// subscription's goroutine, once at a time.
func OnChange(call func(*Report, error)) SubscribeOption {
	return func(s *Subscription) { s.onChange = call }
}

// Every makes the subscription look at its source this often, whether the system
// tells of changes or not; by default it does every second where the system does,
// and else every 200 ms. Less than 10 ms is read as 10 ms.
func Every(interval time.Duration) SubscribeOption {
	return func(s *Subscription) { s.interval = max(interval, minInterval) }
}

// Subscription keeps an engine's rules as its source has them, until it is
// closed.
//
// The system tells of changes where it can, and [Subscription.Polling] says why it
// can't. A change is taken once the source has looked the same twice in a row, so
// that a half-written file is not; all files make one push. When the source can't be
// read, the last rules stay in force and Err says why.
type Subscription struct {
	engine   *Engine
	follower *follower
	source   Source
	notices  *notices
	interval time.Duration // 0 is the default
	onChange func(*Report, error)
	ctx      context.Context // done once the subscription is to end
	cancel   context.CancelFunc

	sources []native.Source // what was loaded last; written by one goroutine

	mu      sync.Mutex
	idle    *sync.Cond // signals changes of calling and done
	report  *Report
	err     error
	calling bool // somebody is in onChange
	done    bool // the goroutine has ended
}

// Subscribe loads the source's rules at once and then follows its changes until
// the subscription or the engine is closed. They take the place of all other
// rules of the engine.
//
// A source that can't be read is no error: it may come later. Look at
// [Subscription.Err], and at [Subscription.Report] for mistakes in the rules.
// Errors are [*Error]: the engine is closed or poisoned.
func (e *Engine) Subscribe(source Source, opts ...SubscribeOption) (*Subscription, error) {
	s := &Subscription{engine: e, source: source}
	s.idle = sync.NewCond(&s.mu)
	s.ctx, s.cancel = context.WithCancel(context.Background())
	for _, opt := range opts {
		opt(s)
	}
	s.follower = &follower{s.stop}
	if !e.attach(s.follower) {
		s.cancel()
		return nil, failure("subscribe", native.Closed)
	}
	s.notices = newNotices(maxFolders)
	first := s.see()
	sources, err := source.read(first)
	if err := s.load(sources, err); err != nil {
		s.notices.close()
		s.end()
		_ = s.Close()
		return nil, err
	}
	go s.follow(first)
	return s, nil
}

// Report is the report of the last load; nil before the first that worked.
func (s *Subscription) Report() *Report {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.report
}

// Err says why the source could not be loaded when it was last looked at; nil if
// it could.
func (s *Subscription) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// Polling says why the system does not tell of changes, so that the source is only
// looked at now and then; nil where it does tell.
func (s *Subscription) Polling() error { return s.notices.trouble() }

// Close ends the subscription; the rules stay in force. When it returns, its
// goroutine is gone, or, if it was in the function of [OnChange], ends with that.
// The error is always nil; closing again does nothing.
func (s *Subscription) Close() error {
	s.engine.detach(s.follower)
	s.stop()
	return nil
}

func (s *Subscription) stop() {
	s.cancel()
	s.mu.Lock()
	defer s.mu.Unlock()
	for !s.done && !s.calling {
		s.idle.Wait()
	}
}

// follow looks at the source until the subscription is closed. The first view
// was loaded without waiting for it to settle: a write in the same tick of the
// file system's clock would not show, so it is read once more.
func (s *Subscription) follow(first view) {
	defer s.end()
	defer s.notices.close()
	last, loaded, settled, brief := first, first, false, true
	for s.rest(brief) {
		next := s.see()
		brief = !next.same(last)
		last = next
		if brief || settled && next.same(loaded) {
			continue
		}
		sources, err := s.source.read(next)
		if last = s.source.look(places{}); !last.same(next) {
			brief = true
			continue
		}
		// After an error it is read again, since what makes a file readable
		// need not show.
		settled = s.load(sources, err) == nil && err == nil
		loaded = next
	}
}

// rest waits until there is a reason to look: a notice or the next time, which
// comes soon where something has changed that may still be written. It says whether
// to go on.
func (s *Subscription) rest(brief bool) bool {
	interval, told := s.interval, s.notices.told
	if untold := s.notices.trouble() != nil; interval == 0 && untold {
		interval = untoldInterval
	} else if !untold {
		if interval == 0 {
			interval = toldInterval
		}
		if brief {
			interval, told = min(interval, calm), nil
		}
	}
	timer := time.NewTimer(interval)
	defer timer.Stop()
	select {
	case <-s.ctx.Done():
	case <-timer.C:
	case <-told:
		// What is written nearby without a rest does not keep it looking without one.
		timer.Reset(minInterval)
		select {
		case <-s.ctx.Done():
		case <-timer.C:
		}
	}
	return s.ctx.Err() == nil
}

// see looks at the source, which is watched from then on.
func (s *Subscription) see() view {
	for range maxAgain {
		where := places{}
		now := s.source.look(where)
		if !s.notices.watch(where) {
			return now
		}
	}
	return s.source.look(places{})
}

func (s *Subscription) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.done = true
	s.idle.Broadcast()
}

// load takes what was read, or the error of reading it. It returns the error of
// the engine.
func (s *Subscription) load(sources []native.Source, err error) error {
	if err != nil {
		s.tell(nil, err)
		return nil
	}
	if s.Report() != nil && s.Err() == nil && slices.Equal(sources, s.sources) {
		return nil
	}
	report, err := s.engine.apply(sources)
	if err == nil {
		s.sources = sources
	}
	s.tell(report, err)
	return err
}

// tell keeps what a load came to and calls onChange, but not twice with the same
// error.
func (s *Subscription) tell(report *Report, err error) {
	s.mu.Lock()
	again := err != nil && s.err != nil && err.Error() == s.err.Error()
	s.err = err
	if report != nil {
		s.report = report
	}
	if s.onChange == nil || again || s.ctx.Err() != nil {
		s.mu.Unlock()
		return
	}
	s.calling = true
	s.idle.Broadcast()
	s.mu.Unlock()

	s.onChange(report, err)

	s.mu.Lock()
	s.calling = false
	s.mu.Unlock()
}
