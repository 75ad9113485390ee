// sergo: one meaning of the OpenSergo traffic governance rules.
//
//   sergo_config config = {.app = SERGO_STR("demo-app")};
//   uint64_t engine;
//   if (sergo_open(&config, &engine) != SERGO_OK) ...
//   sergo_apply(engine, &source, 1, &report);                     // the rules
//   sergo_enter_name(engine, SERGO_STR("GET:/foo"), 1, SERGO_INBOUND, SERGO_NOW, &decision);
//   if (decision.outcome == SERGO_BLOCK) ...                      // answer with the fallback
//   sergo_exit(engine, &decision.permit, SERGO_SUCCEEDED, SERGO_NOW);
//   sergo_close(engine);
//
// Made from bindings/c/src by cbindgen: change it there.
//
// Errors. Calls answer SERGO_OK or a negative code; sergo_code_sentence says what
// it means. Answers go to the last argument; after an error it is empty (all zero),
// so it may be read and freed after any call. A null pointer where something is
// needed, a misaligned one, an unknown flag is SERGO_ARGUMENT. A failure inside
// sergo is stopped and poisons its engine alone, never the process.
//
// Text is a pointer and a length in bytes, UTF-8, without need of a NUL. What you
// hand in is borrowed for the time of the call. A null pointer with the length 0 is
// absent text: absent where a field says so, else SERGO_ARGUMENT. Likewise a list is
// a pointer and a count, and may be null when the count is 0.
//
// Ownership. sergo_text, sergo_report, sergo_block, sergo_answer and sergo_step are
// yours once they are filled in: hand each to its _free, once you are done. Hand it to
// _free before you fill it in anew, too. A sergo_str is never freed. sergo_decision,
// sergo_permit and sergo_picked are plain data.
//
// Threads. Any call may come from any thread at any time, also on one engine. The
// structs are yours to guard: no two calls may write the same one at once.
//
// Time is in nanoseconds, as uint64_t; moments count from when the engine was made.
// SERGO_NOW lets the library read the monotonic clock; a test counts by itself. Do
// not mix the two on one engine.

#ifndef SERGO_H
#define SERGO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

// Text from a string literal, and from any other string that ends with a NUL.
#define SERGO_STR(literal) sergo_str_of("" literal "", sizeof(literal) - 1)
#define SERGO_STRZ(string) sergo_str_of((string), strlen(string))
// For printf's "%.*s": printf("%.*s\n", SERGO_PRINT(block.rule)).
#define SERGO_PRINT(text) (int)(text).len, (text).data

// The call did what it says.
#define SERGO_OK 0

// The handle names no open engine: it is closed, or was never made.
#define SERGO_CLOSED -1

// An earlier call on this engine failed inside sergo: close it, make a new one.
#define SERGO_POISONED -2

// This call failed inside sergo and was stopped; a bug in sergo, please report it.
#define SERGO_PANICKED -3

// An argument is out of its bounds: a null pointer, an unknown flag.
#define SERGO_ARGUMENT -4

// Text is not UTF-8.
#define SERGO_UTF8 -5

// The id is from before the rules changed: ask for it again.
#define SERGO_STALE -6

// A buffer is too small. No call of this version answers it.
#define SERGO_SPACE -7

// Too many engines are open (4,096).
#define SERGO_FULL -8

// The version of this header: raised whenever a program that was built for an
// older one would have to be built anew.
#define SERGO_ABI_VERSION 2

// As a time: this moment, on the library's own monotonic clock.
#define SERGO_NOW UINT64_MAX

// As a length of time: not known.
#define SERGO_UNKNOWN UINT64_MAX

// For `sergo_enter`: a request that this instance serves.
#define SERGO_INBOUND 0

// For `sergo_enter`: a request that this instance makes.
#define SERGO_OUTBOUND 1

// For `sergo_exit`: the call went well.
#define SERGO_SUCCEEDED 0

// For `sergo_exit`: the call failed.
#define SERGO_FAILED 1

// For `sergo_exit`: the call never began, its wait was cancelled, say.
#define SERGO_CANCELLED 2

// A decision's outcome: go on.
#define SERGO_PASS 0

// A decision's outcome: sleep for `wait_nanos`, then go on without asking again.
#define SERGO_WAIT 1

// A decision's outcome: do not go on. There is nothing to exit.
#define SERGO_BLOCK 2

// A strategy's kind: sheds inbound load when the instance is overloaded.
#define SERGO_ADAPTIVE_OVERLOAD_PROTECTION 1

// A strategy's kind: bounds what is in flight at once.
#define SERGO_CONCURRENCY_LIMIT 2

// A strategy's kind: stops calling what keeps failing or is slow.
#define SERGO_CIRCUIT_BREAKER 3

// A strategy's kind: bounds what is admitted in any window of time.
#define SERGO_RATE_LIMIT 4

// A strategy's kind: spaces entries out, letting them queue for a while.
#define SERGO_THROTTLING 5

// An answer's kind: nothing; what an answer is after an error.
#define SERGO_NOWHERE 0

// An answer's kind: to the destination `host`, `subset`, `port`.
#define SERGO_DESTINATION 1

// An answer's kind: send the caller elsewhere; `sergo_direct` says where.
#define SERGO_REDIRECT 2

// An answer's kind: answer with `status` and `body` at once.
#define SERGO_RESPONSE 3

// An answer's kind: the chosen destination and its fallbacks have no healthy
// instance; `host` and `subset` are the last that was looked at.
#define SERGO_EMPTY 4

// A call to an instance went well.
#define SERGO_CALL_SUCCESS 0

// A call to an instance was answered with a server error (5xx).
#define SERGO_CALL_ERROR 1

// A call to an instance was answered with a gateway error: 502, 503, 504.
#define SERGO_CALL_GATEWAY_ERROR 2

// There was no connection to an instance.
#define SERGO_CALL_LOCAL_ERROR 3

// A call to an instance was not made, or tells nothing of it.
#define SERGO_CALL_CANCELLED 4

// For an instance: discovery holds it for healthy.
#define SERGO_HEALTHY 0

// For an instance: discovery holds it for unhealthy.
#define SERGO_UNHEALTHY 1

// For a label: the lane that the request carries is not believed.
#define SERGO_UNTRUSTED 0

// For a label: the request comes from one who may choose its lane.
#define SERGO_TRUSTED 1

// No rule gives this target this circuit breaker.
#define SERGO_BREAKER_NONE 0

// Entries pass.
#define SERGO_BREAKER_CLOSED 1

// Entries are blocked.
#define SERGO_BREAKER_OPEN 2

// One entry probes, all others are blocked.
#define SERGO_BREAKER_HALF_OPEN 3

// As a length of time: for ever.
#define SERGO_NEVER UINT64_MAX

// A step's kind: there is nothing to be done, until something happens.
#define SERGO_STEP_NONE 0

// A step's kind: open the stream `stream` to the address `data`; then say
// `sergo_session_connected`, or `sergo_session_closed` where that fails.
#define SERGO_STEP_DIAL 1

// A step's kind: write the bytes `data`, a whole message, to the stream.
#define SERGO_STEP_SEND 2

// A step's kind: cancel the stream, because of `data`; no more need be said of it.
#define SERGO_STEP_CLOSE 3

// A step's kind: new rules are in force; `data` is their report, as the JSON of a
// `sergo_report`. `sergo_session_save` is worth writing to a file now.
#define SERGO_STEP_APPLIED 4

// What the texts of a `sergo_answer` live in.
typedef struct sergo_answer_owner sergo_answer_owner;

// What the texts of a `sergo_block` live in.
typedef struct sergo_block_owner sergo_block_owner;

// What a call came to: `SERGO_OK`, or a negative number.
typedef int32_t sergo_code;

// Text that sergo made and you own: free it with `sergo_text_free`. UTF-8, with
// a NUL after the last byte.
typedef struct sergo_text {
    // Its first byte; `NULL` after an error and after it was freed.
    char *data;
    // Its length in bytes, without the NUL.
    size_t len;
} sergo_text;

// Text that somebody else owns: UTF-8 that need not end with a NUL. `data ==
// NULL` is absent text, which is not the same as empty text.
typedef struct sergo_str {
    // Its first byte.
    const char *data;
    // Its length in bytes.
    size_t len;
} sergo_str;

// A name and its value: a label or a header.
typedef struct sergo_pair {
    // The name.
    struct sergo_str name;
    // The value.
    struct sergo_str value;
} sergo_pair;

// Whose rules an engine enforces. All zero but the app is enough.
typedef struct sergo_config {
    // The app; rules for others do nothing here.
    struct sergo_str app;
    // The namespace; `default` when absent.
    struct sergo_str namespace_;
    // The labels of the workload that the engine runs in.
    const struct sergo_pair *labels;
    // How many.
    size_t label_count;
} sergo_config;

// A text with rule documents.
typedef struct sergo_source {
    // What the report calls it, a file's path, say; may be absent.
    struct sergo_str name;
    // YAML, perhaps of several documents, or JSON.
    struct sergo_str text;
} sergo_source;

// What loading rules came to. Free it with `sergo_report_free`.
typedef struct sergo_report {
    // The version of the rules now in force, counted from 1.
    uint64_t version;
    // The valid documents.
    size_t accepted;
    // The mistakes; of a document with any, the last good version stays in force.
    size_t rejected;
    // What valid rules still miss; they take effect fully when it arrives.
    size_t waiting;
    // What is most likely not meant: unknown fields, unknown kinds.
    size_t warnings;
    // Routes that can never be reached.
    size_t shadowed;
    // Destinations that nothing serves: undefined subsets, and hosts of which
    // discovery knows nobody healthy.
    size_t unserved;
    // All of these for people: a line each, as in `rejected: rules.yaml:3:5: ...`.
    struct sergo_text lines;
    // All of these for programs: JSON with `version`, `accepted`, and the lists
    // `rejected`, `warnings`, `shadowed`, `unserved` (of `kind`, `namespace`, `name`,
    // `field`, `found`, `expected`, `message`, `source`, `line`, `column`, `code`) and
    // `waiting` (likewise, with `missing` in the place of `found` and `expected`).
    struct sergo_text json;
} sergo_report;

// What an entry that passed holds until it exits. Plain data: copy it to where
// the request lives, but exit one copy only.
typedef struct sergo_permit {
    // Sergo's; all zero once it is closed.
    uint64_t words[5];
} sergo_permit;

// The answer to an entry. Nothing in it is to be freed.
typedef struct sergo_decision {
    // `SERGO_PASS`, `SERGO_WAIT` or `SERGO_BLOCK`.
    uint32_t outcome;
    // Of a block: the kind of the strategy that blocked, `SERGO_RATE_LIMIT`, say.
    uint32_t blocked_by;
    // Of a wait: how long to sleep before going on, in nanoseconds.
    uint64_t wait_nanos;
    // Of a block: after how many nanoseconds the same entry would pass, or
    // `SERGO_UNKNOWN`.
    uint64_t retry_after_nanos;
    // Of a block: its id, for `sergo_block_get`. The same id always stands for the
    // same block, so what it stands for may be kept.
    uint64_t block;
    // Of a pass or wait: what to hand to `sergo_exit`.
    struct sergo_permit permit;
} sergo_decision;

// Which strategy of which rule blocked, and what to answer with. Free it with
// `sergo_block_free`, which its texts live until.
typedef struct sergo_block {
    // The strategy's kind as in its document, `RateLimitStrategy`, say.
    struct sergo_str kind;
    // The strategy's name.
    struct sergo_str strategy;
    // The rule's name.
    struct sergo_str rule;
    // The HTTP status to answer with; 0 where the rule has no fallback.
    uint32_t status;
    // How many headers the fallback has.
    size_t header_count;
    // The headers to answer with.
    const struct sergo_pair *headers;
    // The body to answer with; absent where the rule has no fallback.
    struct sergo_str body;
    // Sergo's.
    const struct sergo_block_owner *owner;
} sergo_block;

// An argument of a remote procedure.
typedef struct sergo_argument {
    // Its type, as the caller's language names it; absent where unknown.
    struct sergo_str kind;
    // Its value as text; absent where it has none.
    struct sergo_str value;
} sergo_argument;

// A call of a remote procedure.
typedef struct sergo_rpc {
    // The service; empty when absent.
    struct sergo_str service;
    // The method; empty when absent.
    struct sergo_str method;
    // The arguments, in order.
    const struct sergo_argument *arguments;
    // How many.
    size_t argument_count;
    // What is attached to the call; of several with one name the first counts.
    const struct sergo_pair *attachments;
    // How many.
    size_t attachment_count;
} sergo_rpc;

// A request to route. All zero but the host is `GET /` over http without
// headers.
typedef struct sergo_request {
    // The host that is called, perhaps with a port.
    struct sergo_str host;
    // The method; `GET` when absent.
    struct sergo_str method;
    // The path, perhaps with a query; `/` when absent.
    struct sergo_str path;
    // The scheme; `http` when absent.
    struct sergo_str scheme;
    // The headers, names in any case.
    const struct sergo_pair *headers;
    // How many.
    size_t header_count;
    // The destination port; 0 is none.
    uint16_t port;
    // The caller's address; may be absent.
    struct sergo_str client;
    // A sticky key; may be absent. The same key always gets the same destination.
    struct sergo_str hash;
    // The calling workload's labels; `NULL` is the engine's own.
    const struct sergo_pair *caller_labels;
    // How many.
    size_t caller_label_count;
    // The calling workload's namespace; the engine's own when absent.
    struct sergo_str caller_namespace;
    // The gateway that the request came through; `mesh` when absent.
    struct sergo_str caller_gateway;
    // The remote procedure that is called; `NULL` where it is no such call.
    const struct sergo_rpc *rpc;
} sergo_request;

// Where a request goes. Free it with `sergo_answer_free`, which its texts live
// until.
typedef struct sergo_answer {
    // `SERGO_DESTINATION`, `SERGO_REDIRECT`, `SERGO_RESPONSE` or `SERGO_EMPTY`.
    uint32_t kind;
    // Of a response: the HTTP status.
    uint32_t status;
    // Of a destination: how long the call may take, in nanoseconds; 0 is no limit.
    uint64_t timeout_nanos;
    // The name of the route that matched; may be absent.
    struct sergo_str route;
    // Of a destination: its host.
    struct sergo_str host;
    // The subset of the host's instances; may be absent.
    struct sergo_str subset;
    // Of a response: the body; may be absent.
    struct sergo_str body;
    // Of a destination: its port; 0 is none.
    uint16_t port;
    // Whether this is a fallback for the destination that was chosen.
    bool fallback;
    // Whether rewriting, redirecting, faults or mirrors come with it, which
    // `sergo_direct` works out for each request.
    bool varies;
    // Sergo's.
    const struct sergo_answer_owner *owner;
} sergo_answer;

// A TLS or TCP connection. All zero but the host is one of which nothing else is
// known.
typedef struct sergo_connection {
    // The host that is called, perhaps with a port.
    struct sergo_str host;
    // The name that a TLS client asks for; absent: no TLS.
    struct sergo_str sni;
    // The destination's address; may be absent.
    struct sergo_str address;
    // The destination port; 0 is none.
    uint16_t port;
    // The caller's address; may be absent.
    struct sergo_str client;
    // A sticky key; may be absent. The same key always gets the same destination.
    struct sergo_str hash;
    // The calling workload's labels; `NULL` is the engine's own.
    const struct sergo_pair *caller_labels;
    // How many.
    size_t caller_label_count;
    // The calling workload's namespace; the engine's own when absent.
    struct sergo_str caller_namespace;
    // The gateway that the connection came through; `mesh` when absent.
    struct sergo_str caller_gateway;
} sergo_connection;

// A pick as plain numbers.
typedef struct sergo_picked {
    // Where the request goes, for `sergo_answer_get`; 0 with an instance is the host
    // that was asked for, which no route names.
    uint64_t answer;
    // The instance's number, for `sergo_instance_json` and `sergo_report_id`; 0 is to
    // ask `sergo_pick` with the same random numbers.
    uint64_t instance;
} sergo_picked;

// An instance of a host, as discovery found it.
typedef struct sergo_instance {
    // Its identity.
    struct sergo_str id;
    // Its zone; may be absent.
    struct sergo_str zone;
    // Its labels.
    const struct sergo_pair *labels;
    // How many.
    size_t label_count;
    // Its weight among its like; 0 is read as 1. One that is to get nothing is told
    // by `sergo_set_instances_json`.
    uint32_t weight;
    // `SERGO_HEALTHY` or `SERGO_UNHEALTHY`.
    uint32_t flags;
} sergo_instance;

// What is to be done for a session. Free it with `sergo_step_free`.
typedef struct sergo_step {
    // `SERGO_STEP_DIAL`, `SERGO_STEP_SEND`, `SERGO_STEP_CLOSE` or `SERGO_STEP_APPLIED`;
    // `SERGO_STEP_NONE` after an error, too.
    uint32_t kind;
    // The number of the stream that is meant; each is higher than the one before it.
    uint64_t stream;
    // The address, the message (which is no text), the reason, or the report.
    struct sergo_text data;
} sergo_step;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// The `SERGO_ABI_VERSION` that the library was built with. A program that loads
// the library at run time compares the two before any other call.
uint32_t sergo_abi_version(void);

// The version of the library, as in `0.1.0`. Static, ends with a NUL.
const char *sergo_version(void);

// The stable word for a code, as in `closed`; `unknown` for a number that is no
// code. Static, ends with a NUL.
const char *sergo_code_word(sergo_code code);

// What happened and what to do about it, in a sentence. Static, ends with a NUL.
const char *sergo_code_sentence(sergo_code code);

// Frees text that sergo made, and makes it absent: freeing it again is harmless,
// and so is `NULL`.
void sergo_text_free(struct sergo_text *text);

// Makes an engine without rules, in which everything passes, and puts its handle
// into `engine`: a plain number, never 0, that all threads may use at once. Close
// it with `sergo_close`.
//
// SERGO_FULL when 4,096 are open.
sergo_code sergo_open(const struct sergo_config *config, uint64_t *engine);

// Closes an engine and frees what it holds. Calls of other threads that are under
// way end as they would have; later ones answer SERGO_CLOSED, a second close too.
sergo_code sergo_close(uint64_t engine);

// Replaces all rules by the documents of `count` sources, as one push; none at
// all unloads everything. A bad document is no error of this call: the report
// says what is wrong with it, its last good version stays in force, and the other
// documents are not held up. What has been counted goes on.
sergo_code sergo_apply(uint64_t engine,
                       const struct sergo_source *sources,
                       size_t count,
                       struct sergo_report *report);

// Frees a report's texts and makes it all zero: freeing it again is harmless, and
// so is `NULL`.
void sergo_report_free(struct sergo_report *report);

// The version of the rules in force, 0 before the first.
sergo_code sergo_rules_version(uint64_t engine, uint64_t *version);

// Resolves a resource's name, also one that no rule knows, to an id for
// `sergo_enter`. It holds until rules change the set of names that they govern;
// then `sergo_enter` answers SERGO_STALE.
sergo_code sergo_resolve(uint64_t engine, struct sergo_str resource, uint64_t *id);

// Asks to enter the resource with this id. `cost` is how much of a limit the
// entry takes, usually 1 (0 is read as 1); `flags` is `SERGO_INBOUND` or
// `SERGO_OUTBOUND`; `now` is nanoseconds since the engine was made, or
// `SERGO_NOW`. Takes no lock and never sleeps.
//
// SERGO_STALE: the rules have changed, resolve the name again. After any error
// the decision is a pass without a permit: to overlook an error is to serve the
// request ungoverned.
sergo_code sergo_enter(uint64_t engine,
                       uint64_t id,
                       uint32_t cost,
                       uint32_t flags,
                       uint64_t now,
                       struct sergo_decision *decision);

// As `sergo_enter`, by name: nothing to resolve, and never SERGO_STALE.
sergo_code sergo_enter_name(uint64_t engine,
                            struct sergo_str resource,
                            uint32_t cost,
                            uint32_t flags,
                            uint64_t now,
                            struct sergo_decision *decision);

// Gives a permit back and closes it: a second exit does nothing. `flags` is
// `SERGO_SUCCEEDED`, `SERGO_FAILED` or `SERGO_CANCELLED`, `now` as for
// `sergo_enter`. Of a cancelled call nothing is counted but that there was one; no
// breaker judges by it, and if it was to probe, the next entry may.
sergo_code sergo_exit(uint64_t engine, struct sergo_permit *permit, uint32_t flags, uint64_t now);

// What the `block` of a decision stands for.
//
// SERGO_STALE when the rules have changed eight times since.
sergo_code sergo_block_get(uint64_t engine, uint64_t id, struct sergo_block *block);

// As `sergo_block_get`, as JSON: `{"strategy": kind, "name", "rule", "fallback":
// {"status", "body", "headers": [[name, value]]} or null}`.
sergo_code sergo_block_json(uint64_t engine, uint64_t id, struct sergo_text *json);

// Frees a block's texts and makes it all zero: freeing it again is harmless, and
// so is `NULL`.
void sergo_block_free(struct sergo_block *block);

// Where a request goes: puts an id for `sergo_answer_get` into `id`, or 0 when no
// route says. The same id always stands for the same answer, so what it stands
// for may be kept. Takes no lock.
//
// `seed` is what weighted picks are made by: any number that differs from request
// to request, random or counted up from a random start, and not the same in
// forked processes.
sergo_code sergo_route(uint64_t engine,
                       const struct sergo_request *request,
                       uint64_t seed,
                       uint64_t *id);

// As `sergo_route`, with the random numbers themselves, each in [0, 1); the last
// one serves every further pick. For tests that must come out the same.
sergo_code sergo_route_rolls(uint64_t engine,
                             const struct sergo_request *request,
                             const double *rolls,
                             size_t roll_count,
                             uint64_t *id);

// As `sergo_route`, for bindings to which one block of bytes is cheaper than a
// struct of pointers; `rolls` may be `NULL`, then `seed` counts. Little endian;
// a text is its length as a 32-bit number and that many bytes, an absent text has
// the length 0xFFFFFFFF: port or 0xFFFFFFFF; host, method, path, scheme, client,
// hash, caller namespace, caller gateway; the number of caller labels or
// 0xFFFFFFFF, per label name and value; the number of headers, per header name
// and value. Who hands over no more than `sergo_required` asks for puts 0xFFFFFFFF
// before that number, and the version that it said, as a 64-bit number: SERGO_STALE
// when other rules are in force. A call of a remote procedure goes on: service, method; the number of
// arguments, per argument type and value; the number of attachments, per
// attachment name and value.
sergo_code sergo_route_packed(uint64_t engine,
                              const uint8_t *block,
                              size_t block_len,
                              uint64_t seed,
                              const double *rolls,
                              size_t roll_count,
                              uint64_t *id);

// Where a request goes and all that is done with it on the way, as JSON: as
// `sergo_answer_json`, and where they apply also `"rewrite": {"uri", "authority"}`,
// `"redirect": {"uri", "authority", "scheme", "port", "redirectCode"}`, `"fault":
// {"abort", "delay"}`, `"mirror": [{"destination", "percentage"}]`, worked out and
// drawn. Text of no length when no route says. With the same seed the destination
// is the one of `sergo_route`.
sergo_code sergo_direct(uint64_t engine,
                        const struct sergo_request *request,
                        uint64_t seed,
                        struct sergo_text *json);

// As `sergo_direct`, with the random numbers themselves, as `sergo_route_rolls`.
sergo_code sergo_direct_rolls(uint64_t engine,
                              const struct sergo_request *request,
                              const double *rolls,
                              size_t roll_count,
                              struct sergo_text *json);

// As `sergo_direct`, of a block of bytes as for `sergo_route_packed`.
sergo_code sergo_direct_packed(uint64_t engine,
                               const uint8_t *block,
                               size_t block_len,
                               uint64_t seed,
                               const double *rolls,
                               size_t roll_count,
                               struct sergo_text *json);

// What the id of a route stands for.
//
// SERGO_STALE when the rules have changed eight times since.
sergo_code sergo_answer_get(uint64_t engine, uint64_t id, struct sergo_answer *out);

// As `sergo_answer_get`, as JSON. A destination: `{"route": text or null,
// "destination": {"host", "subset": text or null, "port": number or null},
// "fallback": bool, "timeout": duration or null, "retries", "headers",
// "corsPolicy", "varies": bool}`; a redirect: `{"route", "headers", "corsPolicy",
// "varies"}`; a response: `{"route", "directResponse", "headers", "corsPolicy",
// "varies"}`; empty: `{"empty": {"host", "subset": text or null}}`. What is not
// explained is shaped as in the rule's document, or null.
sergo_code sergo_answer_json(uint64_t engine, uint64_t id, struct sergo_text *json);

// Frees an answer's texts and makes it all zero: freeing it again is harmless,
// and so is `NULL`.
void sergo_answer_free(struct sergo_answer *answer);

// Where a connection goes, by the TLS and TCP routes: puts an id for
// `sergo_answer_get` into `id`, or 0 when no route says. `seed` is as for
// `sergo_route`.
sergo_code sergo_connect(uint64_t engine,
                         const struct sergo_connection *connection,
                         uint64_t seed,
                         uint64_t *id);

// As `sergo_connect`, with the random numbers themselves, as `sergo_route_rolls`.
sergo_code sergo_connect_rolls(uint64_t engine,
                               const struct sergo_connection *connection,
                               const double *rolls,
                               size_t roll_count,
                               uint64_t *id);

// Where a request goes at `now` and which instance takes it, as JSON: what
// `sergo_direct` answers, and `"instance"`, its id or null, and `"number"`, its number
// for `sergo_report_id` or null. Text of no length when no route says and discovery
// knows no such host. Where discovery knows a host that
// no route names, the host as a whole is chosen among. The request counts as in
// flight on the instance until `sergo_report_outcome`. `seed` is as for
// `sergo_route`.
sergo_code sergo_pick(uint64_t engine,
                      const struct sergo_request *request,
                      uint64_t seed,
                      uint64_t now,
                      struct sergo_text *json);

// As `sergo_pick`, with the random numbers themselves, as `sergo_route_rolls`.
sergo_code sergo_pick_rolls(uint64_t engine,
                            const struct sergo_request *request,
                            const double *rolls,
                            size_t roll_count,
                            uint64_t now,
                            struct sergo_text *json);

// As `sergo_pick`, of a block of bytes as for `sergo_route_packed`.
sergo_code sergo_pick_packed(uint64_t engine,
                             const uint8_t *block,
                             size_t block_len,
                             uint64_t seed,
                             const double *rolls,
                             size_t roll_count,
                             uint64_t now,
                             struct sergo_text *json);

// What `sergo_pick` says, as plain numbers, where that is a plain destination with
// an instance; then it counts as in flight there. Takes no lock and allocates nothing
// while no instance is ejected. All else (no route, nothing healthy, what varies)
// `sergo_pick` has to tell: both numbers are 0 then, and nothing has been counted.
sergo_code sergo_pick_id(uint64_t engine,
                         const struct sergo_request *request,
                         uint64_t seed,
                         uint64_t now,
                         struct sergo_picked *picked);

// As `sergo_pick_id`, with the random numbers themselves, as `sergo_route_rolls`.
sergo_code sergo_pick_id_rolls(uint64_t engine,
                               const struct sergo_request *request,
                               const double *rolls,
                               size_t roll_count,
                               uint64_t now,
                               struct sergo_picked *picked);

// As `sergo_pick_id`, of a block of bytes as for `sergo_route_packed`.
sergo_code sergo_pick_id_packed(uint64_t engine,
                                const uint8_t *block,
                                size_t block_len,
                                uint64_t seed,
                                const double *rolls,
                                size_t roll_count,
                                uint64_t now,
                                struct sergo_picked *picked);

// The instance of a host behind a number of `sergo_pick_id`, as JSON: `{"id",
// "labels", "healthy", "weight", "zone": text or null}`. The number stays with the id
// for as long as discovery knows it and is never another's, so what it stands for may
// be kept.
//
// SERGO_STALE when discovery knows it no longer.
sergo_code sergo_instance_json(uint64_t engine,
                               struct sergo_str host,
                               uint64_t number,
                               struct sergo_text *json);

// Takes what came of a call to an instance that `sergo_pick` gave, at `now`:
// `SERGO_CALL_SUCCESS`, say. Once for each pick. The host is the one of the pick's
// destination, the instance its id; one that is gone is no error.
sergo_code sergo_report_outcome(uint64_t engine,
                                struct sergo_str host,
                                struct sergo_str instance,
                                uint32_t outcome,
                                uint64_t now);

// As `sergo_report_outcome`, by the instance's number.
sergo_code sergo_report_id(uint64_t engine,
                           struct sergo_str host,
                           uint64_t number,
                           uint32_t outcome,
                           uint64_t now);

// Which route a request goes by at `now`, and why none of those before it does, as
// JSON: `{"router": text or null, "misses": [{"position", "blocks": [{"field",
// "expected", "found"}]}], "position": number or null, "directions", "text"}`:
// `directions` as `sergo_direct` answers, or null, `text` all of it for people. A
// position is the route's index in the document's list; the first 1,000 misses are
// told. It changes nothing.
sergo_code sergo_explain_route(uint64_t engine,
                               const struct sergo_request *request,
                               uint64_t seed,
                               uint64_t now,
                               struct sergo_text *json);

// As `sergo_explain_route`, with the random numbers themselves, as
// `sergo_route_rolls`.
sergo_code sergo_explain_route_rolls(uint64_t engine,
                                     const struct sergo_request *request,
                                     const double *rolls,
                                     size_t roll_count,
                                     uint64_t now,
                                     struct sergo_text *json);

// As `sergo_explain_route`, of a block of bytes as for `sergo_route_packed`.
sergo_code sergo_explain_route_packed(uint64_t engine,
                                      const uint8_t *block,
                                      size_t block_len,
                                      uint64_t seed,
                                      const double *rolls,
                                      size_t roll_count,
                                      uint64_t now,
                                      struct sergo_text *json);

// Tells what discovery knows of a host, replacing what it knew. A host of which
// it has never told is unknown, not empty.
sergo_code sergo_set_instances(uint64_t engine,
                               struct sergo_str host,
                               const struct sergo_instance *instances,
                               size_t count);

// As `sergo_set_instances`, from JSON: a list of `{"id", "labels" ({}), "healthy"
// (true), "weight" (1), "zone" (null)}`.
sergo_code sergo_set_instances_json(uint64_t engine, struct sergo_str host, struct sergo_str json);

// Tells what has changed of a host: instances that are new or take the place of
// those with their ids, and the ids of those that are gone. What is known of the
// others stays.
sergo_code sergo_update_instances(uint64_t engine,
                                  struct sergo_str host,
                                  const struct sergo_instance *changed,
                                  size_t changed_count,
                                  const struct sergo_str *gone,
                                  size_t gone_count);

// As `sergo_update_instances`, from JSON: a list as for
// `sergo_set_instances_json`, and a list of ids.
sergo_code sergo_update_instances_json(uint64_t engine,
                                       struct sergo_str host,
                                       struct sergo_str changed,
                                       struct sergo_str gone);

// The ids of a host's instances that outlier detection has ejected at `now`, as a
// sorted JSON list.
sergo_code sergo_ejected(uint64_t engine,
                         struct sergo_str host,
                         uint64_t now,
                         struct sergo_text *json);

// The limits that rules set for connections to a host, or to a subset of it where
// that is not absent, as JSON: `{"tcp", "http"}`, shaped as `connectionPool` in
// the rule, null where the rule leaves something open. Text of no length when they
// set none. They are data: your client keeps them.
sergo_code sergo_connection_pool(uint64_t engine,
                                 struct sergo_str host,
                                 struct sergo_str subset,
                                 struct sergo_text *json);

// The lane of a request that comes in, as JSON: `{"lane", "baggage": {key: lane}}`,
// to be carried on to all calls that are made for it. Text of no length when it has
// none. `flags` is `SERGO_UNTRUSTED` or `SERGO_TRUSTED`. The host is not looked at and
// may be absent.
sergo_code sergo_label(uint64_t engine,
                       const struct sergo_request *request,
                       uint32_t flags,
                       struct sergo_text *json);

// As `sergo_label`, of a block of bytes as for `sergo_route_packed`; its host may
// be empty.
sergo_code sergo_label_packed(uint64_t engine,
                              const uint8_t *block,
                              size_t block_len,
                              uint32_t flags,
                              struct sergo_text *json);

// The `baggage` header (W3C) of the next call: that of the request that came in,
// which may be absent, and the lane under its key, in front of the others. At most
// 64 members and 8,192 bytes are kept.
sergo_code sergo_baggage(struct sergo_str incoming,
                         struct sergo_str key,
                         struct sergo_str lane,
                         struct sergo_text *header);

// Which headers and query parameters routes and picks look at for a host, as JSON:
// `{"version", "headers": [name], "parameters": [name]}`, both sorted, headers in
// lower case. No others need be handed over while this version of the rules is in
// force; at version 0 there is nothing to go by. For an absent or empty host, those that
// `sergo_label` looks at.
sergo_code sergo_required(uint64_t engine, struct sergo_str host, struct sergo_text *json);

// The state of the circuit breaker that `strategy` is for `target`, both named as
// in the rules: `SERGO_BREAKER_CLOSED`, say.
sergo_code sergo_breaker_state(uint64_t engine,
                               struct sergo_str target,
                               struct sergo_str strategy,
                               uint32_t *state);

// What an entry to the resource would be answered, and why, as JSON: `{"resource",
// "governed": bool, "answer": "pass", "wait" or "block", "wait", "retryAfter",
// "gates": [{"target", "kind", "strategy", "rule", "answer", "wait",
// "retryAfter", "state", "limit", "used", "why"}], "text"}`, times in nanoseconds,
// null where there is none; `text` is all of it for people. The arguments are those
// of `sergo_enter_name`, but nothing is entered and nothing changes.
sergo_code sergo_explain(uint64_t engine,
                         struct sergo_str resource,
                         uint32_t cost,
                         uint32_t flags,
                         uint64_t now,
                         struct sergo_text *json);

// What happened since the last call, oldest first, as a JSON list of `{"event":
// "breaker", "resource", "strategy", "from", "to", "total", "bad"}`, `{"event":
// "rulesApplied", "version"}` and `{"event": "firstBlock", "resource",
// "strategy"}`. The newest 1,024 are kept.
sergo_code sergo_drain_events(uint64_t engine, struct sergo_text *json);

// The counters of this moment as JSON: `{"version", "inFlight", "resources":
// [{"resource", "passed", "blocked", "waited", "inFlight", "completed", "errors",
// "rtSumNanos", "rtMinNanos", "rtMaxNanos", "rtP50Nanos", "rtP99Nanos",
// "rtHistogram", "strategies": [{"kind", "strategy", "blocked"}]}], "instance":
// [{"kind", "strategy", "blocked"}]}`, the last being overload protection, which
// is for the instance and not for a resource.
sergo_code sergo_figures(uint64_t engine, struct sergo_text *json);

// Takes the system's figures as they are at `now`, until the next call, for
// overload protection: the shares of CPU time and of memory in use, 0 to 1, and
// the load average of the last minute. NaN is not known.
sergo_code sergo_set_system_load(uint64_t engine,
                                 double cpu,
                                 double load1,
                                 double memory,
                                 uint64_t now);

// Samples the load of the system that the process runs in, its container's where
// that is limited, and takes it as `sergo_set_system_load` does, at `now`. To be
// called every 500 ms while `sergo_needs_system_load` says so: the share of CPU
// time is known from the second call on, and smoothed. Elsewhere than on Linux
// nothing is known. It reads some ten small files of the system.
sergo_code sergo_sample_system(uint64_t engine, uint64_t now);

// Whether the rules in force look at the system's figures; while they do not,
// nobody needs to measure them.
sergo_code sergo_needs_system_load(uint64_t engine, bool *needs);

#if defined(SERGO_TEST_PANIC)
// Fails inside the library on purpose, to show that the failure is stopped: it
// answers SERGO_PANICKED, and the engine is poisoned. Only in a library that was
// built for tests.
sergo_code sergo_test_panic(uint64_t engine);
#endif

// Opens a session that subscribes to an engine's rules, and puts its handle into
// `session`: a plain number, never 0, that all threads may use at once. It opens no
// connection and starts no thread: `sergo_session_poll` says what is to be done, and
// docs/c.md how to. It goes by the library's own monotonic clock. Close it with
// `sergo_session_close`; when its engine is closed, its calls answer SERGO_CLOSED.
//
// The options are JSON: `{"addresses": [text], "labels": {}, "kinds": [text],
// "services": [text], "documents": bool}`, all but the addresses optional: the
// workload's labels (the engine's), the kinds to ask for (all), the services that are
// called, whose routes are asked for too (none), whether to ask for whole documents
// (yes). `seed` is 64 bits of the system's random numbers, others in each process.
//
// SERGO_ARGUMENT for other JSON, SERGO_FULL when 4,096 are open.
sergo_code sergo_session_open(uint64_t engine,
                              struct sergo_str options,
                              uint64_t seed,
                              uint64_t *session);

// Closes a session and frees what it holds; the rules in force stay. Its stream is
// yours to close: `sergo_session_end` says which. Later calls answer SERGO_CLOSED, a
// second close too.
sergo_code sergo_session_close(uint64_t session);

// The stream is there: the call has begun, or its channel is ready.
sergo_code sergo_session_connected(uint64_t session, uint64_t stream);

// A whole message has come on the stream, without the five bytes that gRPC puts
// before it.
sergo_code sergo_session_received(uint64_t session,
                                  uint64_t stream,
                                  const uint8_t *message,
                                  size_t message_len);

// The stream has ended, or could not be opened; `reason`, which may be absent, says
// why.
sergo_code sergo_session_closed(uint64_t session, uint64_t stream, struct sergo_str reason);

// Time has passed: to be called at the start, and when `sergo_session_wait` is over.
sergo_code sergo_session_time(uint64_t session);

// Puts what is to be done next into `step`. After each happening it is called until
// there is nothing more. Rules are applied in here, which may take a while when there
// are thousands.
sergo_code sergo_session_poll(uint64_t session, struct sergo_step *step);

// Frees a step's data and makes it all zero: freeing it again is harmless, and so is
// `NULL`.
void sergo_step_free(struct sergo_step *step);

// After how many nanoseconds the session wants `sergo_session_time` to be called, if
// nothing happens before: 0 is at once, `SERGO_NEVER` never.
sergo_code sergo_session_wait(uint64_t session, uint64_t *nanos);

// What the session is doing, as JSON: `{"phase": "waiting", "dialing", "connected" or
// "ended", "address", "identifier", "controlPlane", "connectedFor", "dialsIn",
// "failures", "lastPushAgo", "lastError", "isSynced": bool, "subscriptions": [{"app",
// "kind", "version", "documents", "isAnswered": bool, "refused"}]}`, lengths of time in
// nanoseconds, null where there is none. It is synced when on this stream everything
// that was asked for has been answered and is in force: what to wait for at the start.
sergo_code sergo_session_state(uint64_t session, struct sergo_text *json);

// The last good documents as a text with a checksum, for a file from which the next
// process can restore them. Write it whole or not at all: beside the file, flushed,
// then renamed.
sergo_code sergo_session_save(uint64_t session, struct sergo_text *text);

// Takes the documents of such a text, which the next poll applies, until the control
// plane pushes others. `problem` says in a sentence why nothing was taken; it is text
// of no length when all was.
sergo_code sergo_session_restore(uint64_t session,
                                 struct sergo_str text,
                                 struct sergo_text *problem);

// Subscribes to a kind, as in `traffic.opensergo.io/v1alpha1/TrafficRouter`, for an
// app. `done` says whether it is subscribed to now, which it is not when there are
// 1,000 subscriptions already. Poll afterwards.
sergo_code sergo_session_subscribe(uint64_t session,
                                   struct sergo_str app,
                                   struct sergo_str kind,
                                   bool *done);

// Ends a subscription; its documents leave the engine. `done` says whether there was
// one. Poll afterwards.
sergo_code sergo_session_unsubscribe(uint64_t session,
                                     struct sergo_str app,
                                     struct sergo_str kind,
                                     bool *done);

// Ends a session: the next poll says which stream to close, and it dials no more. The
// rules in force stay.
sergo_code sergo_session_end(uint64_t session);

// The message that reports the services that a process offers, for the gRPC method
// `/opensergo.proto.service_contract.v1.MetadataService/ReportMetadata`: one message
// each way, the answer empty. It is bytes, no text.
//
// `node` and `services` are JSON and may be absent: `{"identifier": {"hostName",
// "pid", "startTimestamp": {"seconds", "nanos"}}, "locality": {"region", "zone"},
// "tag", "cluster", "env"}` and `[{"listeningAddresses": [{"address", "portValue"}],
// "protocols": [text], "serviceContract": {"services": [{"name", "methods": [{"name",
// "inputTypes", "outputTypes", "clientStreaming", "serverStreaming", "description",
// "httpPaths", "httpMethods"}], "description"}], "types": [{"name", "fields": [{"name",
// "number", "label", "type", "typeName", "description"}]}]}}]`; all fields are optional.
//
// SERGO_ARGUMENT for other JSON.
sergo_code sergo_metadata(struct sergo_str app,
                          struct sergo_str node,
                          struct sergo_str services,
                          struct sergo_text *message);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

// Text of these bytes.
static inline sergo_str sergo_str_of(const char *data, size_t len) {
    sergo_str text;
    text.data = data;
    text.len = len;
    return text;
}

#endif  // SERGO_H
