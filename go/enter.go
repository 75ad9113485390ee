package sergo

import (
	"context"
	"strings"
	"time"

	"github.com/sergo-rs/sergo/go/internal/native"
)

// EnterOption changes how an entry asks to pass.
type EnterOption struct {
	cost     uint32 // 0: not said
	outbound bool
}

// Cost makes an entry count for n instead of 1: a batch, say. 0 is read as 1.
func Cost(n uint32) EnterOption { return EnterOption{cost: n} }

// Outbound says that the entry is a request that this instance makes, not one
// that it serves. Overload protection lets it pass.
func Outbound() EnterOption { return EnterOption{outbound: true} }

// Decision is the answer of [Engine.Decide]: a pass, a pass after a wait, or a
// block.
type Decision struct {
	// Entry holds the permit of a pass, to be exited; nil for a block.
	Entry *Entry
	// Wait is how long the caller must wait before it goes on; 0 is not at
	// all. It need not ask again.
	Wait time.Duration
	// Block says what blocked; nil for a pass.
	Block *BlockError
}

// Enter asks to do a piece of work on a resource, and waits if a rule spaces
// work out. Exactly one of the entry and the error is nil. An entry must be
// exited.
//
// The error is a [*BlockError] when a rule forbids the work, the context's error
// when it was done before the wait was over (the entry is cancelled then) or
// before the call, and an [*Error] when sergo itself fails. Find them with
// [errors.As].
//
// A resource is an exact string of 1 to 1024 bytes, "GET:/foo" for a request of
// HTTP; one that no rule names passes.
func (e *Engine) Enter(ctx context.Context, resource string, opts ...EnterOption) (*Entry, error) {
	// Small enough to be inlined, so that the entry lives on the caller's
	// stack.
	return e.enter(ctx, resource, opts, new(Entry))
}

// Decide asks to do a piece of work on a resource and answers at once: it never
// sleeps, and a block is no error. Whoever gets a wait must wait before the
// work; the entry of a pass must be exited. Errors are [*Error].
func (e *Engine) Decide(resource string, opts ...EnterOption) (Decision, error) {
	return e.decision(resource, opts, new(Entry)) // on the caller's stack
}

// Do does a piece of work on a resource if the rules let it, and waits before it
// if they say so: [Engine.Enter] and [Entry.Exit] around work. An error that
// work returns, or a panic in it, counts as a failure of the resource and goes
// on to the caller as it is.
func (e *Engine) Do(ctx context.Context, resource string, work func(context.Context) error, opts ...EnterOption) error {
	entry, err := e.Enter(ctx, resource, opts...)
	if err != nil {
		return err
	}
	outcome := native.Failed // what a panic leaves behind
	defer func() { _ = entry.exit(outcome) }()
	err = work(ctx)
	if err == nil {
		outcome = native.Succeeded
	}
	return err
}

// enter is decide with the wait waited and the block as an error.
func (e *Engine) enter(ctx context.Context, resource string, opts []EnterOption, entry *Entry) (*Entry, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	wait, block, err := e.decide(resource, opts, entry)
	switch {
	case err != nil:
		return nil, err
	case block != nil:
		return nil, block
	case wait > 0:
		if err := e.wait(ctx, wait, entry); err != nil {
			return nil, err
		}
	}
	return entry, nil
}

// decision is decide as one value.
func (e *Engine) decision(resource string, opts []EnterOption, entry *Entry) (Decision, error) {
	wait, block, err := e.decide(resource, opts, entry)
	if err != nil || block != nil {
		return Decision{Block: block}, err
	}
	return Decision{Entry: entry, Wait: wait}, nil
}

// wait waits before the work of an entry, and cancels it if the context is done
// before that.
func (e *Engine) wait(ctx context.Context, d time.Duration, entry *Entry) error {
	var err error
	if e.clock == nil {
		err = realWait(ctx, d)
	} else {
		err = e.clock.Wait(ctx, d)
	}
	if err != nil {
		_ = entry.Cancel()
	}
	return err
}

// decide fills the entry for a pass, or gives the block.
func (e *Engine) decide(resource string, opts []EnterOption, entry *Entry) (time.Duration, *BlockError, error) {
	var entered native.Entered
	if code := e.ask(resource, asked(opts), &entered); code != native.OK {
		return 0, nil, failure("enter", code)
	}
	if entered.BlockedBy != 0 {
		return 0, e.blocked(resource, &entered), nil
	}
	entry.engine = e
	entry.permit = entered.Permit
	return time.Duration(entered.Wait), nil, nil
}

// asked is all options as one.
func asked(opts []EnterOption) EnterOption {
	ask := EnterOption{cost: 1}
	for _, opt := range opts {
		if opt.cost != 0 {
			ask.cost = opt.cost
		}
		ask.outbound = ask.outbound || opt.outbound
	}
	return ask
}

// ask asks by the resource's id, which the rules may outdate at any moment; then
// by its name.
func (e *Engine) ask(resource string, ask EnterOption, entered *native.Entered) native.Code {
	id, known := e.resources.get(resource)
	if !known {
		var code native.Code
		if id, code = e.learn(resource); code != native.OK {
			return code
		}
	}
	code := native.Enter(e.handle, id, ask.cost, ask.outbound, e.now(), entered)
	if code != native.Stale {
		return code
	}
	if _, code := e.learn(resource); code != native.OK {
		return code
	}
	return native.EnterName(e.handle, resource, ask.cost, ask.outbound, e.now(), entered)
}

// learn looks the resource's id up and keeps it until the next rules.
func (e *Engine) learn(resource string) (native.ResourceID, native.Code) {
	epoch := e.resources.now()
	id, code := native.Resolve(e.handle, resource)
	if code == native.OK && len(resource) <= maxResourceName {
		// A copy: the caller's string may be a small part of a large one.
		e.resources.put(epoch, strings.Clone(resource), id)
	}
	return id, code
}
