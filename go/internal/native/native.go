// Package native is the only place where Go meets the C ABI of sergo
// (include/sergo.h): handles, integers and borrowed text in, plain values out.
//
// The hot calls are in hot.go: they cross by [cross], and nothing of theirs reaches
// the heap. All others cross as cgo has it.
package native

/*
#cgo CFLAGS: -I${SRCDIR}/../../../include
#cgo linux,amd64 LDFLAGS: ${SRCDIR}/../lib/linux_amd64/libsergo.a -lm -ldl -lpthread
#cgo linux,arm64 LDFLAGS: ${SRCDIR}/../lib/linux_arm64/libsergo.a -lm -ldl -lpthread
#cgo darwin,amd64 LDFLAGS: ${SRCDIR}/../lib/darwin_amd64/libsergo.a
#cgo darwin,arm64 LDFLAGS: ${SRCDIR}/../lib/darwin_arm64/libsergo.a

#cgo noescape go_resolve
#cgo nocallback go_resolve

#include "text.h"

static sergo_code go_resolve(uint64_t engine, _GoString_ resource, uint64_t *id) {
	return sergo_resolve(engine, go_text(resource), id);
}
*/
import "C"

import "unsafe"

// Handle names an engine; 0 names none.
type Handle uint64

// ResourceID names a resource until the rules change; 0 is one that no rule
// names.
type ResourceID uint64

// BlockID names what blocked. The same id always stands for the same.
type BlockID uint64

// AnswerID names an answer of routing; 0 is none. The same id always stands for
// the same.
type AnswerID uint64

// InstanceID names an instance of a host; 0 is none. The same number always stands
// for the same.
type InstanceID uint64

// Permit is what an entry that passed holds until it exits.
type Permit [5]uint64

// Now, as a time, is this moment on the library's own monotonic clock. Times are
// nanoseconds since the engine was made.
const Now uint64 = C.SERGO_NOW

// Kind is the kind of a strategy; 0 is none.
type Kind uint32

// String is the kind as in its document.
func (k Kind) String() string {
	switch k {
	case C.SERGO_ADAPTIVE_OVERLOAD_PROTECTION:
		return "AdaptiveOverloadProtectionStrategy"
	case C.SERGO_CONCURRENCY_LIMIT:
		return "ConcurrencyLimitStrategy"
	case C.SERGO_CIRCUIT_BREAKER:
		return "CircuitBreakerStrategy"
	case C.SERGO_RATE_LIMIT:
		return "RateLimitStrategy"
	case C.SERGO_THROTTLING:
		return "ThrottlingStrategy"
	default:
		return "a strategy"
	}
}

// Entered is the answer to Enter.
type Entered struct {
	// Permit is for Exit; all zero where there is nothing to give back.
	Permit Permit
	// Wait is how long to wait before going on, in nanoseconds.
	Wait uint64
	// BlockedBy is the kind of the strategy that blocked; 0 is a pass.
	BlockedBy Kind
	// Block is for Block, when blocked.
	Block BlockID
	// RetryAfterPlusOne is after how many nanoseconds the same entry would
	// pass, plus one; 0 is unknown.
	RetryAfterPlusOne uint64
}

func (e *Entered) take(decision *C.sergo_decision) {
	for i, word := range decision.permit.words {
		e.Permit[i] = uint64(word)
	}
	e.Wait = uint64(decision.wait_nanos)
	e.BlockedBy = Kind(decision.blocked_by)
	e.Block = BlockID(decision.block)
	// Unknown is the largest number, so that adding one makes it 0.
	e.RetryAfterPlusOne = uint64(decision.retry_after_nanos) + 1
}

func direction(outbound bool) C.uint32_t {
	if outbound {
		return C.SERGO_OUTBOUND
	}
	return C.SERGO_INBOUND
}

// Resolve looks up the id of a resource.
func Resolve(engine Handle, resource string) (ResourceID, Code) {
	var id C.uint64_t
	code := C.go_resolve(C.uint64_t(engine), resource, &id)
	return ResourceID(id), Code(code)
}

// Outcome is how the work of an entry ended.
type Outcome uint32

const (
	Succeeded Outcome = C.SERGO_SUCCEEDED
	Failed    Outcome = C.SERGO_FAILED
	Cancelled Outcome = C.SERGO_CANCELLED // it never began
)

// Random is the random numbers of a call.
type Random struct {
	// Seed is what the numbers are made from when Rolls is nil.
	Seed uint64
	// Rolls are the numbers themselves.
	Rolls []float64
}

// given is where the numbers are; a list without any is not the same as none.
func (r *Random) given() (*C.double, C.size_t) {
	return (*C.double)(unsafe.SliceData(r.Rolls)), C.size_t(len(r.Rolls))
}

// Picked is the answer to PickID.
type Picked struct {
	// Answer is where the request goes; 0 with an instance is the host that was
	// asked for.
	Answer AnswerID
	// Instance is which instance takes it; 0 is to ask Pick.
	Instance InstanceID
}

func block(packed []byte) (*C.uint8_t, C.size_t) {
	return (*C.uint8_t)(unsafe.SliceData(packed)), C.size_t(len(packed))
}
