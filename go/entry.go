package sergo

import (
	"sync/atomic"

	"github.com/sergo-rs/sergo/go/internal/native"
)

// Entry is work that was let in. It must be exited once, when the work is over,
// so that what is in flight, failures and response times are known; exiting it
// again does nothing. A nil Entry may be exited too.
//
// An entry must not be copied.
type Entry struct {
	engine *Engine
	permit native.Permit
	exited atomic.Bool
}

// Exit says that the work is over and went well. The error is nil unless sergo
// itself fails ([*Error]): the engine is closed, say.
func (entry *Entry) Exit() error { return entry.exit(native.Succeeded) }

// ExitWith says that the work is over, and failed if the error is not nil. The
// error that it returns is as that of [Entry.Exit].
func (entry *Entry) ExitWith(err error) error {
	if err != nil {
		return entry.exit(native.Failed)
	}
	return entry.Exit()
}

// Cancel is instead of [Entry.Exit] for work that never began: it is no longer in
// flight, no breaker judges by it, and if it was to probe, the next entry may.
// What rate limits and queues admitted stays spent.
func (entry *Entry) Cancel() error { return entry.exit(native.Cancelled) }

func (entry *Entry) exit(outcome native.Outcome) error {
	if entry == nil || entry.engine == nil || entry.exited.Swap(true) {
		return nil
	}
	return failure("exit", native.Exit(entry.engine.handle, &entry.permit, outcome, entry.engine.now()))
}
