package native

/*
#include "text.h"

static sergo_code go_report(uint64_t engine, _GoString_ host, _GoString_ instance, uint32_t outcome, uint64_t now) {
	return sergo_report_outcome(engine, go_text(host), go_text(instance), outcome, now);
}

static sergo_code go_instance(uint64_t engine, _GoString_ host, uint64_t number, sergo_text *json) {
	return sergo_instance_json(engine, go_text(host), number, json);
}

static sergo_code go_ejected(uint64_t engine, _GoString_ host, uint64_t now, sergo_text *json) {
	return sergo_ejected(engine, go_text(host), now, json);
}

static sergo_code go_required(uint64_t engine, _GoString_ host, sergo_text *json) {
	return sergo_required(engine, go_text(host), json);
}

static sergo_code go_connection_pool(uint64_t engine, _GoString_ host, _GoString_ subset, sergo_text *json) {
	sergo_str absent = {0};
	return sergo_connection_pool(engine, go_text(host), _GoStringLen(subset) ? go_text(subset) : absent, json);
}

static sergo_code go_update_instances(uint64_t engine, _GoString_ host, _GoString_ changed, _GoString_ gone) {
	return sergo_update_instances_json(engine, go_text(host), go_text(changed), go_text(gone));
}

static sergo_code go_baggage(_GoString_ incoming, _GoString_ key, _GoString_ lane, sergo_text *header) {
	return sergo_baggage(go_text(incoming), go_text(key), go_text(lane), header);
}
*/
import "C"

// Pick tells where a packed request goes and which instance takes it, as JSON;
// empty for nowhere.
func Pick(engine Handle, packed []byte, random Random, now uint64) ([]byte, Code) {
	var text C.sergo_text
	rolls, count := random.given()
	block, length := block(packed)
	code := C.sergo_pick_packed(C.uint64_t(engine), block, length, C.uint64_t(random.Seed), rolls, count, C.uint64_t(now), &text)
	return take(&text), Code(code)
}

// Instance describes an instance of a host, as JSON; Stale when discovery knows it
// no longer.
func Instance(engine Handle, host string, id InstanceID) ([]byte, Code) {
	var text C.sergo_text
	code := C.go_instance(C.uint64_t(engine), host, C.uint64_t(id), &text)
	return take(&text), Code(code)
}

// Report takes what came of a call to an instance of a host.
func Report(engine Handle, host, instance string, outcome uint32, now uint64) Code {
	return Code(C.go_report(C.uint64_t(engine), host, instance, C.uint32_t(outcome), C.uint64_t(now)))
}

// Ejected are the ids of a host's instances that are ejected, as a JSON list.
func Ejected(engine Handle, host string, now uint64) ([]byte, Code) {
	var text C.sergo_text
	code := C.go_ejected(C.uint64_t(engine), host, C.uint64_t(now), &text)
	return take(&text), Code(code)
}

// ExplainRoute tells which route a packed request goes by, and why, as JSON.
func ExplainRoute(engine Handle, packed []byte, random Random, now uint64) ([]byte, Code) {
	var text C.sergo_text
	rolls, count := random.given()
	block, length := block(packed)
	code := C.sergo_explain_route_packed(C.uint64_t(engine), block, length, C.uint64_t(random.Seed), rolls, count, C.uint64_t(now), &text)
	return take(&text), Code(code)
}

// Label is the lane of a packed request, as JSON; empty for none.
func Label(engine Handle, packed []byte, trust bool) ([]byte, Code) {
	var text C.sergo_text
	block, length := block(packed)
	code := C.sergo_label_packed(C.uint64_t(engine), block, length, flags(trust), &text)
	return take(&text), Code(code)
}

// ExplainLabel tells which lane a packed request is of, and why, as JSON.
func ExplainLabel(engine Handle, packed []byte, trust bool) ([]byte, Code) {
	var text C.sergo_text
	block, length := block(packed)
	code := C.sergo_explain_label_packed(C.uint64_t(engine), block, length, flags(trust), &text)
	return take(&text), Code(code)
}

// flags says whether the lane that a request carries is believed.
func flags(trust bool) C.uint32_t {
	if trust {
		return C.SERGO_TRUSTED
	}
	return C.SERGO_UNTRUSTED
}

// Baggage is the baggage header of the next call.
func Baggage(incoming, key, lane string) (string, Code) {
	var text C.sergo_text
	code := C.go_baggage(incoming, key, lane, &text)
	return string(take(&text)), Code(code)
}

// Required says what routes to a host look at, as JSON; for no host, what Label
// looks at.
func Required(engine Handle, host string) ([]byte, Code) {
	var text C.sergo_text
	code := C.go_required(C.uint64_t(engine), host, &text)
	return take(&text), Code(code)
}

// ConnectionPool is the limits of connections to a host, or to a subset of it, as
// JSON; empty for none.
func ConnectionPool(engine Handle, host, subset string) ([]byte, Code) {
	var text C.sergo_text
	code := C.go_connection_pool(C.uint64_t(engine), host, subset, &text)
	return take(&text), Code(code)
}

// UpdateInstances tells what has changed of a host, as two JSON lists.
func UpdateInstances(engine Handle, host, changed, gone string) Code {
	return Code(C.go_update_instances(C.uint64_t(engine), host, changed, gone))
}
