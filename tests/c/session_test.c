// Rules from a control plane that the test speaks for, byte by byte.

#include "check.h"
#include "json.h"

static const char OPTIONS[] =
    "{\"addresses\": [\"one:1\", \"two:2\"], \"kinds\": [\"fault-tolerance.opensergo.io/v1alpha1/RateLimitStrategy\","
    " \"fault-tolerance.opensergo.io/v1alpha1/FaultToleranceRule\"]}";
static const char STRATEGY[] = "fault-tolerance.opensergo.io/v1alpha1/RateLimitStrategy";
static const char RULE[] = "fault-tolerance.opensergo.io/v1alpha1/FaultToleranceRule";

// A protobuf message, written as one is read.
struct proto {
    uint8_t bytes[1024];
    size_t len;
};

static void put_varint(struct proto *message, uint64_t number) {
    for (; number > 127; number >>= 7) message->bytes[message->len++] = (uint8_t)(number | 128);
    message->bytes[message->len++] = (uint8_t)number;
}

static void put_number(struct proto *message, uint32_t field, uint64_t number) {
    put_varint(message, field << 3);
    put_varint(message, number);
}

static void put_bytes(struct proto *message, uint32_t field, const void *bytes, size_t len) {
    put_varint(message, field << 3 | 2);
    put_varint(message, len);
    memcpy(message->bytes + message->len, bytes, len);
    message->len += len;
}

static void put_text(struct proto *message, uint32_t field, const char *text) {
    put_bytes(message, field, text, strlen(text));
}

static void put_message(struct proto *message, uint32_t field, const struct proto *inner) {
    put_bytes(message, field, inner->bytes, inner->len);
}

// The push of one document of a kind: `type` is its message.
static struct proto push(const char *kind, const char *type, const struct proto *document, uint64_t version) {
    struct proto any = {.len = 0}, data = {.len = 0}, plane = {.len = 0}, whole = {.len = 0};
    char url[128];
    snprintf(url, sizeof url, "type.googleapis.com/io.opensergo.proto.fault_tolerance.v1.%s", type);
    put_text(&any, 1, url);
    put_message(&any, 2, document);
    put_message(&data, 1, &any);
    put_number(&data, 2, version);
    put_text(&plane, 1, "test");
    put_text(&whole, 3, "default");
    put_text(&whole, 4, "demo-app");
    put_text(&whole, 5, kind);
    put_message(&whole, 6, &data);
    put_message(&whole, 7, &plane);
    put_text(&whole, 8, "push");
    return whole;
}

// So many entries in a day.
static struct proto push_limit(uint64_t threshold, uint64_t version) {
    struct proto strategy = {.len = 0};
    put_text(&strategy, 1, "few");
    put_number(&strategy, 2, 1);
    put_number(&strategy, 3, 1);
    put_number(&strategy, 4, threshold);
    put_number(&strategy, 5, 1);
    put_number(&strategy, 6, 5);
    return push(STRATEGY, "RateLimitStrategy", &strategy, version);
}

static struct proto push_rule(void) {
    struct proto target = {.len = 0}, strategy = {.len = 0}, rule = {.len = 0};
    put_text(&target, 1, "/foo");
    put_text(&strategy, 1, "few");
    put_text(&strategy, 2, "RateLimitStrategy");
    put_message(&rule, 1, &target);
    put_message(&rule, 2, &strategy);
    return push(RULE, "FaultToleranceRule", &rule, 1);
}

// Whether a message holds these bytes.
static bool holds(const sergo_text *message, const char *text) {
    size_t len = strlen(text);
    for (size_t at = 0; at + len <= message->len; at++)
        if (!memcmp(message->data + at, text, len)) return true;
    return false;
}

// The next step, which must be of this kind; free it.
static sergo_step next(uint64_t session, uint32_t kind) {
    sergo_step step;
    CHECK_OK(sergo_session_poll(session, &step));
    CHECK(step.kind == kind);
    return step;
}

static void nothing(uint64_t session) {
    sergo_step step = next(session, SERGO_STEP_NONE);
    CHECK(step.stream == 0 && step.data.data == NULL);
    sergo_step_free(&step);
}

// The next step is to send a message that holds these bytes.
static void sends(uint64_t session, const char *text) {
    sergo_step step = next(session, SERGO_STEP_SEND);
    CHECK(holds(&step.data, text));
    sergo_step_free(&step);
}

// Dials, says that the stream is there, and takes the two requests.
static uint64_t connect_to(uint64_t session, const char *address) {
    sergo_step step = next(session, SERGO_STEP_DIAL);
    uint64_t stream = step.stream;
    CHECK(step.data.data && !strcmp(step.data.data, address));
    sergo_step_free(&step);
    nothing(session);
    CHECK_OK(sergo_session_connected(session, stream));
    sends(session, STRATEGY);
    sends(session, RULE);
    nothing(session);
    return stream;
}

static json state_of(uint64_t session) {
    sergo_text text;
    json state = {0};
    CHECK_OK(sergo_session_state(session, &text));
    CHECK(json_read(text.data, text.len, &state));
    sergo_text_free(&text);
    return state;
}

// How many of five entries pass.
static int passes(uint64_t engine) {
    int passed = 0;
    for (int i = 0; i < 5; i++) {
        sergo_decision decision;
        CHECK_OK(sergo_enter_name(engine, SERGO_STR("/foo"), 1, SERGO_INBOUND, SERGO_NOW, &decision));
        passed += decision.outcome != SERGO_BLOCK;
        CHECK_OK(sergo_exit(engine, &decision.permit, SERGO_SUCCEEDED, SERGO_NOW));
    }
    return passed;
}

static uint64_t session_of(uint64_t engine) {
    uint64_t session = 0;
    CHECK_OK(sergo_session_open(engine, SERGO_STRZ(OPTIONS), 7, &session));
    CHECK(session != 0 && session < 1ull << 53);
    CHECK_OK(sergo_session_time(session));
    return session;
}

static void test_rules_arrive(void) {
    uint64_t engine = engine_with(NULL), session = session_of(engine), wait, version;
    uint64_t stream = connect_to(session, "one:1");
    struct proto limit = push_limit(2, 1), rule = push_rule();
    CHECK_OK(sergo_session_received(session, stream, limit.bytes, limit.len));
    CHECK_OK(sergo_session_received(session, stream, rule.bytes, rule.len));

    // What has come together is one report; each push has its answer.
    sergo_step step = next(session, SERGO_STEP_APPLIED);
    json report = {0};
    CHECK(json_read(step.data.data, step.data.len, &report));
    CHECK(json_get(&report, "accepted")->whole == 2 && json_get(&report, "rejected")->count == 0);
    json_free(&report);
    sergo_step_free(&step);
    CHECK(step.kind == SERGO_STEP_NONE && step.data.data == NULL);
    sergo_step_free(&step);
    sends(session, "ACK");
    sends(session, "ACK");
    nothing(session);
    CHECK_OK(sergo_rules_version(engine, &version));
    CHECK(version == 1);
    CHECK(passes(engine) == 2);

    json state = state_of(session);
    CHECK(json_is(json_get(&state, "phase"), "connected") && json_is(json_get(&state, "controlPlane"), "test"));
    CHECK(json_get(&state, "isSynced")->truth && json_get(&state, "connectedFor")->kind == JSON_NUMBER);
    CHECK(json_get(&state, "subscriptions")->count == 2);
    json_free(&state);
    CHECK_OK(sergo_session_wait(session, &wait));
    CHECK(wait <= 30000000000);

    // A bad document is refused, and its last good version stays.
    struct proto bad = push_limit(UINT64_MAX, 2);
    CHECK_OK(sergo_session_received(session, stream, bad.bytes, bad.len));
    step = next(session, SERGO_STEP_APPLIED);
    CHECK(json_read(step.data.data, step.data.len, &report));
    CHECK(json_get(&report, "rejected")->count == 1);
    json_free(&report);
    sergo_step_free(&step);
    sends(session, "NACK");
    nothing(session);
    CHECK(passes(engine) == 0);

    // What is no message ends the stream; the rules stay.
    CHECK_OK(sergo_session_received(session, stream, limit.bytes, limit.len - 1));
    step = next(session, SERGO_STEP_CLOSE);
    CHECK(step.stream == stream && step.data.len > 0);
    sergo_step_free(&step);
    nothing(session);
    state = state_of(session);
    CHECK(json_is(json_get(&state, "phase"), "waiting") && json_get(&state, "dialsIn")->kind == JSON_NUMBER);
    json_free(&state);
    CHECK(passes(engine) == 0);
    // Told of a stream of before: ignored.
    CHECK_OK(sergo_session_connected(session, stream));
    CHECK_OK(sergo_session_closed(session, stream, sergo_str_of(NULL, 0)));
    nothing(session);
    CHECK_OK(sergo_session_close(session));
    CHECK_OK(sergo_close(engine));
}

static void test_restore(void) {
    uint64_t engine = engine_with(NULL), session = session_of(engine);
    uint64_t stream = connect_to(session, "one:1");
    struct proto limit = push_limit(3, 1), rule = push_rule();
    CHECK_OK(sergo_session_received(session, stream, limit.bytes, limit.len));
    CHECK_OK(sergo_session_received(session, stream, rule.bytes, rule.len));
    sergo_step step = next(session, SERGO_STEP_APPLIED);
    sergo_step_free(&step);
    sergo_text saved, problem;
    CHECK_OK(sergo_session_save(session, &saved));
    CHECK_OK(sergo_session_close(session));
    CHECK_OK(sergo_close(engine));

    // The next process is governed before anybody answers.
    engine = engine_with(NULL);
    session = session_of(engine);
    CHECK_OK(sergo_session_restore(session, sergo_str_of(saved.data + 1, saved.len - 1), &problem));
    CHECK(problem.data != NULL && problem.len > 0);
    sergo_text_free(&problem);
    CHECK_OK(sergo_session_restore(session, sergo_str_of(saved.data, saved.len), &problem));
    CHECK(problem.data != NULL && problem.len == 0);
    sergo_text_free(&problem);
    sergo_text_free(&saved);
    bool is_applied = false;
    for (step = (sergo_step){.kind = SERGO_STEP_DIAL}; step.kind != SERGO_STEP_NONE;) {
        CHECK_OK(sergo_session_poll(session, &step));
        is_applied |= step.kind == SERGO_STEP_APPLIED;
        uint32_t kind = step.kind;
        sergo_step_free(&step);
        step.kind = kind;
    }
    CHECK(is_applied);
    CHECK(passes(engine) == 3);
    CHECK_OK(sergo_session_close(session));
    CHECK_OK(sergo_close(engine));
}

static void test_end(void) {
    uint64_t engine = engine_with(NULL), session = session_of(engine), wait;
    // The first address does not answer, so the next is tried, after a while.
    sergo_step step = next(session, SERGO_STEP_DIAL);
    CHECK_OK(sergo_session_closed(session, step.stream, SERGO_STR("nobody answers")));
    sergo_step_free(&step);
    nothing(session);
    json state = state_of(session);
    CHECK(json_is(json_get(&state, "address"), "two:2"));
    CHECK(strstr(json_get(&state, "lastError")->text, "nobody answers") != NULL);
    json_free(&state);
    CHECK_OK(sergo_session_wait(session, &wait));
    CHECK(wait > 0 && wait <= 200000000);
    CHECK_OK(sergo_session_end(session));
    nothing(session);
    CHECK_OK(sergo_session_wait(session, &wait));
    CHECK(wait == SERGO_NEVER);
    CHECK_OK(sergo_session_close(session));

    // With a stream, that is to be closed.
    session = session_of(engine);
    uint64_t stream = connect_to(session, "one:1");
    bool done;
    CHECK_OK(sergo_session_subscribe(session, SERGO_STR("other"), SERGO_STRZ(RULE), &done));
    CHECK(done);
    sends(session, "other");
    CHECK_OK(sergo_session_unsubscribe(session, SERGO_STR("other"), SERGO_STRZ(RULE), &done));
    CHECK(done);
    sends(session, "other");
    CHECK_OK(sergo_session_unsubscribe(session, SERGO_STR("other"), SERGO_STRZ(RULE), &done));
    CHECK(!done);
    nothing(session);
    CHECK_OK(sergo_session_end(session));
    step = next(session, SERGO_STEP_CLOSE);
    CHECK(step.stream == stream);
    sergo_step_free(&step);
    nothing(session);
    CHECK_OK(sergo_session_close(session));
    CHECK_OK(sergo_close(engine));
}

// Every call, with arguments that are right but for the session.
static void check_all(sergo_code want, uint64_t session) {
    sergo_step step = {.kind = 7};
    sergo_text text;
    uint64_t wait = 7;
    bool done = true;
    sergo_str name = SERGO_STR("a");
    CHECK_CODE(want, sergo_session_connected(session, 1));
    CHECK_CODE(want, sergo_session_received(session, 1, NULL, 0));
    CHECK_CODE(want, sergo_session_closed(session, 1, name));
    CHECK_CODE(want, sergo_session_time(session));
    CHECK_CODE(want, sergo_session_poll(session, &step));
    CHECK(step.kind == SERGO_STEP_NONE && step.data.data == NULL);
    CHECK_CODE(want, sergo_session_wait(session, &wait));
    CHECK(wait == 0);
    CHECK_CODE(want, sergo_session_state(session, &text));
    CHECK_CODE(want, sergo_session_save(session, &text));
    CHECK_CODE(want, sergo_session_restore(session, name, &text));
    CHECK(text.data == NULL && text.len == 0);
    CHECK_CODE(want, sergo_session_subscribe(session, name, name, &done));
    CHECK(!done);
    CHECK_CODE(want, sergo_session_unsubscribe(session, name, name, &done));
    CHECK_CODE(want, sergo_session_end(session));
}

static void test_bad_handles(void) {
    uint64_t engine = engine_with(NULL), session = session_of(engine), other;
    CHECK_OK(sergo_session_close(session));
    check_all(SERGO_CLOSED, session);
    check_all(SERGO_CLOSED, 0);
    check_all(SERGO_CLOSED, UINT64_MAX);
    CHECK_CODE(SERGO_CLOSED, sergo_session_close(session));
    CHECK_CODE(SERGO_CLOSED, sergo_session_open(UINT64_MAX, SERGO_STRZ(OPTIONS), 1, &other));
    CHECK(other == 0);

    // A session whose engine is closed, or has failed.
    session = session_of(engine);
    CHECK_OK(sergo_close(engine));
    check_all(SERGO_CLOSED, session);
    CHECK_OK(sergo_session_close(session));
    engine = engine_with(NULL);
    session = session_of(engine);
    CHECK_CODE(SERGO_PANICKED, sergo_test_panic(engine));
    check_all(SERGO_POISONED, session);
    CHECK_OK(sergo_session_close(session));
    CHECK_OK(sergo_close(engine));
}

static void test_bad_arguments(void) {
    uint64_t engine = engine_with(NULL), session, other, room[4] = {0};
    sergo_str absent = {NULL, 0}, bad = SERGO_STR("caf\xe9"), name = SERGO_STR("a");
    sergo_text text;
    bool done;
    CHECK_CODE(SERGO_ARGUMENT, sergo_session_open(engine, absent, 1, &other));
    CHECK_CODE(SERGO_ARGUMENT, sergo_session_open(engine, SERGO_STR("{}"), 1, &other));
    CHECK_CODE(SERGO_ARGUMENT, sergo_session_open(engine, SERGO_STR("{\"addresses\": [], \"x\": 1}"), 1, &other));
    CHECK_CODE(SERGO_ARGUMENT, sergo_session_open(engine, SERGO_STRZ(OPTIONS), 1, NULL));
    CHECK_CODE(SERGO_UTF8, sergo_session_open(engine, bad, 1, &other));
    session = session_of(engine);
    CHECK_CODE(SERGO_ARGUMENT, sergo_session_received(session, 1, NULL, 3));
    CHECK_CODE(SERGO_ARGUMENT, sergo_session_received(session, 1, (const uint8_t *)"", SIZE_MAX));
    CHECK_CODE(SERGO_UTF8, sergo_session_closed(session, 1, bad));
    CHECK_CODE(SERGO_ARGUMENT, sergo_session_poll(session, NULL));
    CHECK_CODE(SERGO_ARGUMENT, sergo_session_poll(session, (sergo_step *)(void *)((unsigned char *)room + 1)));
    CHECK_CODE(SERGO_ARGUMENT, sergo_session_wait(session, NULL));
    CHECK_CODE(SERGO_ARGUMENT, sergo_session_state(session, NULL));
    CHECK_CODE(SERGO_ARGUMENT, sergo_session_save(session, NULL));
    CHECK_CODE(SERGO_ARGUMENT, sergo_session_restore(session, absent, &text));
    CHECK_CODE(SERGO_ARGUMENT, sergo_session_restore(session, name, NULL));
    CHECK_CODE(SERGO_UTF8, sergo_session_restore(session, bad, &text));
    CHECK_CODE(SERGO_ARGUMENT, sergo_session_subscribe(session, absent, name, &done));
    CHECK_CODE(SERGO_ARGUMENT, sergo_session_subscribe(session, name, absent, &done));
    CHECK_CODE(SERGO_ARGUMENT, sergo_session_subscribe(session, name, name, NULL));
    CHECK_CODE(SERGO_ARGUMENT, sergo_session_unsubscribe(session, absent, name, &done));
    CHECK_CODE(SERGO_UTF8, sergo_session_unsubscribe(session, name, bad, &done));
    sergo_step_free(NULL);
    sergo_step_free((sergo_step *)(void *)((unsigned char *)room + 1));
    CHECK_OK(sergo_session_close(session));
    CHECK_OK(sergo_close(engine));
}

static void test_metadata(void) {
    sergo_str shop = SERGO_STR("shop"), absent = {NULL, 0}, bad = SERGO_STR("caf\xe9");
    sergo_text message;
    CHECK_OK(sergo_metadata(shop, absent, absent, &message));
    CHECK(message.len == 6 && !memcmp(message.data, "\x0a\x04shop", 6));
    sergo_text_free(&message);
    sergo_str services = SERGO_STR("[{\"protocols\": [\"http\"]}]");
    CHECK_OK(sergo_metadata(shop, SERGO_STR("{}"), services, &message));
    CHECK(message.len == 16 && !memcmp(message.data, "\x0a\x04shop\x12\x00\x1a\x06\x12\x04http", 16));
    sergo_text_free(&message);
    CHECK_CODE(SERGO_ARGUMENT, sergo_metadata(shop, SERGO_STR("7"), services, &message));
    CHECK_CODE(SERGO_ARGUMENT, sergo_metadata(shop, absent, SERGO_STR("[{\"protocol\": []}]"), &message));
    CHECK_CODE(SERGO_ARGUMENT, sergo_metadata(absent, absent, absent, &message));
    CHECK_CODE(SERGO_UTF8, sergo_metadata(shop, bad, absent, &message));
    CHECK(message.data == NULL);
    CHECK_CODE(SERGO_ARGUMENT, sergo_metadata(shop, absent, absent, NULL));
}

void test_session(void) {
    test_rules_arrive();
    test_restore();
    test_end();
    test_bad_handles();
    test_bad_arguments();
    test_metadata();
}
