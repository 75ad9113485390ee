package native

/*
#include "text.h"

static sergo_code go_session_open(uint64_t engine, _GoString_ options, uint64_t seed, uint64_t *session) {
	return sergo_session_open(engine, go_text(options), seed, session);
}

static sergo_code go_session_closed(uint64_t session, uint64_t stream, _GoString_ reason) {
	return sergo_session_closed(session, stream, go_text(reason));
}

static sergo_code go_metadata(_GoString_ app, _GoString_ node, _GoString_ services, sergo_text *message) {
	return sergo_metadata(go_text(app), go_text(node), go_text(services), message);
}

static sergo_code go_session_restore(uint64_t session, _GoString_ text, sergo_text *problem) {
	return sergo_session_restore(session, go_text(text), problem);
}
*/
import "C"

import (
	"time"
	"unsafe"
)

// Session names a session with a control plane; 0 names none.
type Session uint64

// StepKind says what is to be done for a session.
type StepKind uint32

const (
	Nothing  StepKind = C.SERGO_STEP_NONE
	Dial     StepKind = C.SERGO_STEP_DIAL    // open the stream to the address in Data
	Send     StepKind = C.SERGO_STEP_SEND    // write Data to the stream
	Hangup   StepKind = C.SERGO_STEP_CLOSE   // close the stream, because of Data
	NewRules StepKind = C.SERGO_STEP_APPLIED // Data is the report, as JSON
)

// Step is what is to be done for a session.
type Step struct {
	Kind   StepKind
	Stream uint64
	Data   []byte
}

// OpenSession begins a session that sets an engine's rules. Options are JSON.
func OpenSession(engine Handle, options string, seed uint64) (Session, Code) {
	var session C.uint64_t
	code := C.go_session_open(C.uint64_t(engine), options, C.uint64_t(seed), &session)
	return Session(session), Code(code)
}

// Close frees the session.
func (s Session) Close() Code { return Code(C.sergo_session_close(C.uint64_t(s))) }

// Connected says that the stream can be sent on.
func (s Session) Connected(stream uint64) Code {
	return Code(C.sergo_session_connected(C.uint64_t(s), C.uint64_t(stream)))
}

// Received says that a whole message has come.
func (s Session) Received(stream uint64, message []byte) Code {
	return Code(C.sergo_session_received(C.uint64_t(s), C.uint64_t(stream),
		(*C.uint8_t)(unsafe.SliceData(message)), C.size_t(len(message))))
}

// Closed says that the stream has ended, or could not be opened.
func (s Session) Closed(stream uint64, reason string) Code {
	return Code(C.go_session_closed(C.uint64_t(s), C.uint64_t(stream), reason))
}

// Time says that Wait is over.
func (s Session) Time() Code { return Code(C.sergo_session_time(C.uint64_t(s))) }

// Poll is what is to be done next. New rules are applied in here.
func (s Session) Poll() (Step, Code) {
	var step C.sergo_step
	code := C.sergo_session_poll(C.uint64_t(s), &step)
	polled := Step{Kind: StepKind(step.kind), Stream: uint64(step.stream)}
	polled.Data = C.GoBytes(unsafe.Pointer(step.data.data), C.int(step.data.len))
	C.sergo_step_free(&step)
	return polled, Code(code)
}

// Wait is after how long Time is to be called; false is never.
func (s Session) Wait() (time.Duration, bool) {
	var nanos C.uint64_t
	code := C.sergo_session_wait(C.uint64_t(s), &nanos)
	return time.Duration(nanos), Code(code) == OK && nanos != C.SERGO_NEVER
}

// State is what the session is doing, as JSON.
func (s Session) State() ([]byte, Code) {
	var text C.sergo_text
	code := C.sergo_session_state(C.uint64_t(s), &text)
	return take(&text), Code(code)
}

// Save is the last good documents as a text.
func (s Session) Save() ([]byte, Code) {
	var text C.sergo_text
	code := C.sergo_session_save(C.uint64_t(s), &text)
	return take(&text), Code(code)
}

// Restore takes the documents of such a text; the sentence says why not.
func (s Session) Restore(text string) (string, Code) {
	var problem C.sergo_text
	code := C.go_session_restore(C.uint64_t(s), text, &problem)
	return string(take(&problem)), Code(code)
}

// End makes the session dial no more; Poll says which stream to close.
func (s Session) End() Code { return Code(C.sergo_session_end(C.uint64_t(s))) }

// Metadata is the message that reports what a process offers. Node and services are
// JSON.
func Metadata(app, node, services string) ([]byte, Code) {
	var message C.sergo_text
	code := C.go_metadata(app, node, services, &message)
	return take(&message), Code(code)
}
