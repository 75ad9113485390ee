package native

/*
#include "text.h"

// What a hot call is asked and answers, on the caller's stack. A text is where its
// bytes are, which Go keeps in their place, and their number.

typedef struct {
	uint64_t engine, id, now;
	const char *name;
	size_t length;
	uint32_t cost, flags;
	sergo_decision decision;
} go_entry;

typedef struct {
	uint64_t engine, now;
	uint32_t flags;
	sergo_permit permit;
} go_exit;

typedef struct {
	uint64_t engine, seed, now;
	const uint8_t *block;
	size_t length;
	const double *rolls;
	size_t count;
	sergo_picked picked; // of a route, its answer alone
} go_request;

typedef struct {
	uint64_t engine, number, now;
	const char *host;
	size_t length;
	uint32_t outcome;
} go_outcome;

static sergo_code enter(void *at) {
	go_entry *it = at;
	return sergo_enter(it->engine, it->id, it->cost, it->flags, it->now, &it->decision);
}

static sergo_code enter_name(void *at) {
	go_entry *it = at;
	sergo_str name = sergo_str_of(it->name ? it->name : "", it->length);
	return sergo_enter_name(it->engine, name, it->cost, it->flags, it->now, &it->decision);
}

static sergo_code leave(void *at) {
	go_exit *it = at;
	return sergo_exit(it->engine, &it->permit, it->flags, it->now);
}

static sergo_code route(void *at) {
	go_request *it = at;
	return sergo_route_packed(it->engine, it->block, it->length, it->seed, it->rolls, it->count, &it->picked.answer);
}

static sergo_code pick_id(void *at) {
	go_request *it = at;
	return sergo_pick_id_packed(it->engine, it->block, it->length, it->seed, it->rolls, it->count, it->now,
				    &it->picked);
}

static sergo_code report_id(void *at) {
	go_outcome *it = at;
	sergo_str host = sergo_str_of(it->host ? it->host : "", it->length);
	return sergo_report_id(it->engine, host, it->number, it->outcome, it->now);
}

static void *enter_at(void) { return (void *)enter; }
static void *enter_name_at(void) { return (void *)enter_name; }
static void *leave_at(void) { return (void *)leave; }
static void *route_at(void) { return (void *)route; }
static void *pick_id_at(void) { return (void *)pick_id; }
static void *report_id_at(void) { return (void *)report_id; }
*/
import "C"

import "unsafe"

// Where the functions are.
var (
	enterAt     = C.enter_at()
	enterNameAt = C.enter_name_at()
	leaveAt     = C.leave_at()
	routeAt     = C.route_at()
	pickIDAt    = C.pick_id_at()
	reportIDAt  = C.report_id_at()
)

// Enter asks to enter a resource by its id; Stale says that the rules have
// changed since the id was looked up.
func Enter(engine Handle, id ResourceID, cost uint32, outbound bool, now uint64, entered *Entered) Code {
	entry := C.go_entry{
		engine: C.uint64_t(engine), id: C.uint64_t(id), now: C.uint64_t(now),
		cost: C.uint32_t(cost), flags: direction(outbound),
	}
	code := cross(enterAt, unsafe.Pointer(&entry))
	entered.take(&entry.decision)
	return code
}

// EnterName asks to enter a resource by its name.
func EnterName(engine Handle, resource string, cost uint32, outbound bool, now uint64, entered *Entered) Code {
	entry := C.go_entry{
		engine: C.uint64_t(engine), now: C.uint64_t(now), cost: C.uint32_t(cost), flags: direction(outbound),
		name: start(resource), length: C.size_t(len(resource)),
	}
	code := cross(enterNameAt, unsafe.Pointer(&entry))
	entered.take(&entry.decision)
	return code
}

// Exit gives a permit back.
func Exit(engine Handle, permit *Permit, outcome Outcome, now uint64) Code {
	exit := C.go_exit{engine: C.uint64_t(engine), now: C.uint64_t(now), flags: C.uint32_t(outcome)}
	for i, word := range permit {
		exit.permit.words[i] = C.uint64_t(word)
	}
	return cross(leaveAt, unsafe.Pointer(&exit))
}

// Route tells where a packed request goes.
func Route(engine Handle, packed []byte, random Random) (AnswerID, Code) {
	request := asked(engine, packed, random, 0)
	code := crossWith(routeAt, unsafe.Pointer(&request), len(packed))
	return AnswerID(request.picked.answer), code
}

// PickID tells where a packed request goes and which instance takes it, where that
// is a plain destination with one.
func PickID(engine Handle, packed []byte, random Random, now uint64) (Picked, Code) {
	request := asked(engine, packed, random, now)
	code := crossWith(pickIDAt, unsafe.Pointer(&request), len(packed))
	return Picked{AnswerID(request.picked.answer), InstanceID(request.picked.instance)}, code
}

func asked(engine Handle, packed []byte, random Random, now uint64) C.go_request {
	request := C.go_request{engine: C.uint64_t(engine), seed: C.uint64_t(random.Seed), now: C.uint64_t(now)}
	request.block, request.length = block(packed)
	request.rolls, request.count = random.given()
	return request
}

// ReportID takes what came of a call to an instance of a host.
func ReportID(engine Handle, host string, instance InstanceID, outcome uint32, now uint64) Code {
	call := C.go_outcome{
		engine: C.uint64_t(engine), number: C.uint64_t(instance), now: C.uint64_t(now),
		host: start(host), length: C.size_t(len(host)), outcome: C.uint32_t(outcome),
	}
	return cross(reportIDAt, unsafe.Pointer(&call))
}

// start is where a text's bytes are; perhaps nowhere where it has none.
func start(text string) *C.char { return (*C.char)(unsafe.Pointer(unsafe.StringData(text))) }
