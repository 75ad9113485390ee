package native

/*
#include "text.h"

static sergo_code go_set_instances(uint64_t engine, _GoString_ host, const char *json, size_t len) {
	return sergo_set_instances_json(engine, go_text(host), sergo_str_of(json, len));
}

static sergo_code go_explain(uint64_t engine, _GoString_ resource, uint32_t cost, uint32_t flags, uint64_t now,
			     sergo_text *json) {
	return sergo_explain(engine, go_text(resource), cost, flags, now, json);
}

static sergo_code go_breaker_state(uint64_t engine, _GoString_ target, _GoString_ strategy, uint32_t *state) {
	return sergo_breaker_state(engine, go_text(target), go_text(strategy), state);
}
*/
import "C"

import (
	"fmt"
	"runtime"
	"unsafe"
)

// Code is what a call came to.
type Code int32

// The codes that this package's users tell apart.
const (
	OK       Code = C.SERGO_OK
	Closed   Code = C.SERGO_CLOSED
	Argument Code = C.SERGO_ARGUMENT
	Stale    Code = C.SERGO_STALE
)

// Word is the stable word for the code, as in "closed".
func (c Code) Word() string { return C.GoString(C.sergo_code_word(C.sergo_code(c))) }

// Sentence is what happened and what to do about it.
func (c Code) Sentence() string { return C.GoString(C.sergo_code_sentence(C.sergo_code(c))) }

// CheckABI is an error when the linked library is not the one that this package
// was compiled for.
func CheckABI() error {
	if linked := uint32(C.sergo_abi_version()); linked != C.SERGO_ABI_VERSION {
		return fmt.Errorf("libsergo has the ABI version %d, but its header has %d: build both from one source, with make go-build", linked, uint32(C.SERGO_ABI_VERSION))
	}
	return nil
}

// Source is a text with rule documents and the name that a report calls it by.
type Source struct{ Name, Text string }

// A borrower keeps Go text in its place while C structs point to it.
type borrower struct{ pinner runtime.Pinner }

// text is the text for a struct; empty text is not absent.
func (b *borrower) text(text string) C.sergo_str {
	if text == "" {
		text = "\x00" // any address will do
		return C.sergo_str{data: b.pin(text), len: 0}
	}
	return C.sergo_str{data: b.pin(text), len: C.size_t(len(text))}
}

// textIfAny is text, but absent when empty.
func (b *borrower) textIfAny(text string) C.sergo_str {
	if text == "" {
		return C.sergo_str{}
	}
	return b.text(text)
}

// pairs are the labels as a list. Without any it has an address still, which nil
// has not: no labels are not the same as labels that nobody said.
func (b *borrower) pairs(labels map[string]string) (*C.sergo_pair, C.size_t) {
	if labels == nil {
		return nil, 0
	}
	pairs := make([]C.sergo_pair, 0, len(labels)+1)
	for name, value := range labels {
		pairs = append(pairs, C.sergo_pair{name: b.text(name), value: b.text(value)})
	}
	return list(b, pairs[:cap(pairs)]), C.size_t(len(pairs))
}

func (b *borrower) pin(text string) *C.char {
	data := unsafe.StringData(text)
	b.pinner.Pin(data)
	return (*C.char)(unsafe.Pointer(data))
}

// list is the address of the first of the values, which must outlive the call.
func list[T any](b *borrower, values []T) *T {
	if len(values) == 0 {
		return nil
	}
	b.pinner.Pin(&values[0])
	return &values[0]
}

// Open makes an engine. An empty namespace is the default one.
func Open(app, namespace string, labels map[string]string) (Handle, Code) {
	var borrower borrower
	defer borrower.pinner.Unpin()
	config := C.sergo_config{app: borrower.text(app), namespace_: borrower.textIfAny(namespace)}
	config.labels, config.label_count = borrower.pairs(labels)
	var engine C.uint64_t
	code := C.sergo_open(&config, &engine)
	return Handle(engine), Code(code)
}

// Close ends an engine.
func Close(engine Handle) Code { return Code(C.sergo_close(C.uint64_t(engine))) }

// Apply replaces all rules; the answer is the report as JSON.
func Apply(engine Handle, sources []Source) ([]byte, Code) {
	var borrower borrower
	defer borrower.pinner.Unpin()
	texts := make([]C.sergo_source, len(sources))
	for i, source := range sources {
		texts[i] = C.sergo_source{name: borrower.text(source.Name), text: borrower.text(source.Text)}
	}
	var report C.sergo_report
	code := C.sergo_apply(C.uint64_t(engine), list(&borrower, texts), C.size_t(len(texts)), &report)
	json := C.GoBytes(unsafe.Pointer(report.json.data), C.int(report.json.len))
	C.sergo_report_free(&report)
	return json, Code(code)
}

// Version is the version of the rules in force.
func Version(engine Handle) (uint64, Code) {
	var version C.uint64_t
	code := C.sergo_rules_version(C.uint64_t(engine), &version)
	return uint64(version), Code(code)
}

// Block describes what blocked, as JSON; Stale when the library no longer knows.
func Block(engine Handle, id BlockID) ([]byte, Code) {
	var text C.sergo_text
	code := C.sergo_block_json(C.uint64_t(engine), C.uint64_t(id), &text)
	return take(&text), Code(code)
}

// Answer describes an answer of routing, as JSON; Stale when the library no
// longer knows.
func Answer(engine Handle, id AnswerID) ([]byte, Code) {
	var text C.sergo_text
	code := C.sergo_answer_json(C.uint64_t(engine), C.uint64_t(id), &text)
	return take(&text), Code(code)
}

// Direct is the whole answer of routing for one packed request, as JSON; empty
// for nowhere.
func Direct(engine Handle, packed []byte, random Random) ([]byte, Code) {
	var text C.sergo_text
	rolls, count := random.given()
	block, length := block(packed)
	code := C.sergo_direct_packed(C.uint64_t(engine), block, length, C.uint64_t(random.Seed), rolls, count, &text)
	return take(&text), Code(code)
}

// Connection is a connection to ask about; what is empty is unknown.
type Connection struct {
	Host, SNI, Address             string
	Port                           uint16
	Client                         string
	Hash                           *string
	CallerLabels                   map[string]string // nil: the engine's own
	CallerNamespace, CallerGateway string
}

// Connect tells where a connection goes.
func Connect(engine Handle, connection Connection, random Random) (AnswerID, Code) {
	var borrower borrower
	defer borrower.pinner.Unpin()
	asked := C.sergo_connection{
		host:             borrower.text(connection.Host),
		sni:              borrower.textIfAny(connection.SNI),
		address:          borrower.textIfAny(connection.Address),
		port:             C.uint16_t(connection.Port),
		client:           borrower.textIfAny(connection.Client),
		caller_namespace: borrower.textIfAny(connection.CallerNamespace),
		caller_gateway:   borrower.textIfAny(connection.CallerGateway),
	}
	if connection.Hash != nil {
		asked.hash = borrower.text(*connection.Hash)
	}
	asked.caller_labels, asked.caller_label_count = borrower.pairs(connection.CallerLabels)
	var id C.uint64_t
	var code C.sergo_code
	if rolls, count := random.given(); rolls != nil {
		code = C.sergo_connect_rolls(C.uint64_t(engine), &asked, rolls, count, &id)
	} else {
		code = C.sergo_connect(C.uint64_t(engine), &asked, C.uint64_t(random.Seed), &id)
	}
	return AnswerID(id), Code(code)
}

// SetInstances tells what discovery knows of a host, as a JSON list.
func SetInstances(engine Handle, host string, json []byte) Code {
	return Code(C.go_set_instances(C.uint64_t(engine), host, (*C.char)(unsafe.Pointer(unsafe.SliceData(json))), C.size_t(len(json))))
}

// BreakerState is the state of a circuit breaker in words; empty for none.
func BreakerState(engine Handle, target, strategy string) (string, Code) {
	var state C.uint32_t
	code := C.go_breaker_state(C.uint64_t(engine), target, strategy, &state)
	switch state {
	case C.SERGO_BREAKER_CLOSED:
		return "closed", Code(code)
	case C.SERGO_BREAKER_OPEN:
		return "open", Code(code)
	case C.SERGO_BREAKER_HALF_OPEN:
		return "half-open", Code(code)
	default:
		return "", Code(code)
	}
}

// SetSystemLoad takes the system's figures; NaN is unknown.
func SetSystemLoad(engine Handle, cpu, load1, memory float64, now uint64) Code {
	return Code(C.sergo_set_system_load(C.uint64_t(engine), C.double(cpu), C.double(load1), C.double(memory), C.uint64_t(now)))
}

// NeedsSystemLoad says whether the rules in force look at the system's figures.
func NeedsSystemLoad(engine Handle) (bool, Code) {
	var needs C.bool
	code := C.sergo_needs_system_load(C.uint64_t(engine), &needs)
	return bool(needs), Code(code)
}

// SampleSystem samples the system's figures and takes them.
func SampleSystem(engine Handle, now uint64) Code {
	return Code(C.sergo_sample_system(C.uint64_t(engine), C.uint64_t(now)))
}

// Explain tells what an entry would be answered, and why, as JSON.
func Explain(engine Handle, resource string, cost uint32, outbound bool, now uint64) ([]byte, Code) {
	var text C.sergo_text
	code := C.go_explain(C.uint64_t(engine), resource, C.uint32_t(cost), direction(outbound), C.uint64_t(now), &text)
	return take(&text), Code(code)
}

// DrainEvents are the events since the last call, as a JSON list.
func DrainEvents(engine Handle) ([]byte, Code) {
	var text C.sergo_text
	code := C.sergo_drain_events(C.uint64_t(engine), &text)
	return take(&text), Code(code)
}

// Figures are the counters of this moment, as JSON.
func Figures(engine Handle) ([]byte, Code) {
	var text C.sergo_text
	code := C.sergo_figures(C.uint64_t(engine), &text)
	return take(&text), Code(code)
}

// take copies a text of the library and frees it.
func take(text *C.sergo_text) []byte {
	bytes := C.GoBytes(unsafe.Pointer(text.data), C.int(text.len))
	C.sergo_text_free(text)
	return bytes
}
