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
func (entry *Entry) Exit() error { return entry.exit(false) }

// ExitWith says that the work is over, and failed if the error is not nil. The
// error that it returns is as that of [Entry.Exit].
func (entry *Entry) ExitWith(err error) error { return entry.exit(err != nil) }

func (entry *Entry) exit(failed bool) error {
	if entry == nil || entry.engine == nil || entry.exited.Swap(true) {
		return nil
	}
	return failure("exit", native.Exit(entry.engine.handle, &entry.permit, failed, entry.engine.now()))
}
