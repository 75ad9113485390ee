// Entering, leaving, and what a block says.

#include "check.h"
#include "json.h"

#define MILLIS 1000000ull
#define SECONDS 1000000000ull

static sergo_decision enter_at(uint64_t engine, const char *resource, uint64_t now) {
    sergo_decision decision;
    CHECK_OK(sergo_enter_name(engine, SERGO_STRZ(resource), 1, SERGO_INBOUND, now, &decision));
    return decision;
}

static void test_pass(void) {
    uint64_t engine = engine_with(NULL), id = UINT64_MAX;
    CHECK_OK(sergo_resolve(engine, SERGO_STR("nobody named it"), &id));
    CHECK(id < 1ull << 53);
    sergo_decision decision;
    CHECK_OK(sergo_enter(engine, id, 1, SERGO_OUTBOUND, SERGO_NOW, &decision));
    CHECK(decision.outcome == SERGO_PASS && decision.wait_nanos == 0 && decision.retry_after_nanos == 0);
    CHECK_OK(sergo_exit(engine, &decision.permit, SERGO_FAILED, SERGO_NOW));
    CHECK_OK(sergo_exit(engine, &decision.permit, SERGO_FAILED, SERGO_NOW));
    CHECK_OK(sergo_close(engine));
}

static void test_block(void) {
    uint64_t engine = engine_with(LIMIT);
    sergo_decision first = enter_at(engine, "GET:/foo", 0);
    sergo_decision second = enter_at(engine, "/foo", 100 * MILLIS);
    sergo_decision third = enter_at(engine, "GET:/foo", 400 * MILLIS);
    CHECK(first.outcome == SERGO_PASS && second.outcome == SERGO_PASS);
    CHECK(third.outcome == SERGO_BLOCK && third.blocked_by == SERGO_RATE_LIMIT);
    CHECK(third.retry_after_nanos == 600 * MILLIS);
    // A cost that never fits has no time to try again.
    sergo_decision never;
    CHECK_OK(sergo_enter_name(engine, SERGO_STR("/foo"), 3, SERGO_INBOUND, 400 * MILLIS, &never));
    CHECK(never.outcome == SERGO_BLOCK && never.retry_after_nanos == SERGO_UNKNOWN);
    // A blocked entry has nothing to exit, and exiting it does nothing.
    CHECK_OK(sergo_exit(engine, &third.permit, SERGO_SUCCEEDED, 400 * MILLIS));
    CHECK(enter_at(engine, "/foo", SECONDS - 1).outcome == SERGO_BLOCK);
    CHECK(enter_at(engine, "/foo", SECONDS).outcome == SERGO_PASS);

    sergo_block block;
    CHECK_OK(sergo_block_get(engine, third.block, &block));
    CHECK_TEXT("RateLimitStrategy", block.kind);
    CHECK_TEXT("two-a-second", block.strategy);
    CHECK_TEXT("guard-foo", block.rule);
    CHECK(block.status == 429);
    CHECK_TEXT("slow down", block.body);
    if (CHECK(block.header_count == 2)) {
        CHECK_TEXT("X-A", block.headers[0].name);
        CHECK_TEXT("1", block.headers[0].value);
        CHECK_TEXT("X-B", block.headers[1].name);
    }
    // What was handed out stays readable after the engine is gone.
    CHECK_OK(sergo_close(engine));
    CHECK_TEXT("guard-foo", block.rule);
    sergo_block_free(&block);
    CHECK(block.rule.data == NULL && block.headers == NULL);
    sergo_block_free(&block);
    sergo_block_free(NULL);
}

static void test_block_as_json(void) {
    uint64_t engine = engine_with(LIMIT);
    sergo_decision decision;
    CHECK_OK(sergo_enter_name(engine, SERGO_STR("/foo"), 3, SERGO_INBOUND, 0, &decision));
    sergo_text text;
    CHECK_OK(sergo_block_json(engine, decision.block, &text));
    json read;
    CHECK(json_read(text.data, text.len, &read));
    CHECK(json_is(json_get(&read, "strategy"), "RateLimitStrategy"));
    CHECK(json_is(json_get(&read, "name"), "two-a-second"));
    CHECK(json_get(json_get(&read, "fallback"), "status")->whole == 429);
    json_free(&read);
    sergo_text_free(&text);
    CHECK(text.data == NULL);
    sergo_text_free(&text);
    sergo_text_free(NULL);

    sergo_block block;
    CHECK_CODE(SERGO_STALE, sergo_block_get(engine, UINT64_MAX, &block));
    CHECK(block.owner == NULL && block.rule.data == NULL);
    CHECK_CODE(SERGO_STALE, sergo_block_json(engine, UINT64_MAX, &text));
    CHECK(text.data == NULL);
    CHECK_OK(sergo_close(engine));
}

static void test_ids(void) {
    uint64_t engine = engine_with(LIMIT), id, again;
    CHECK_OK(sergo_resolve(engine, SERGO_STR("GET:/foo"), &id));
    CHECK_OK(sergo_resolve(engine, SERGO_STR("GET:/foo"), &again));
    CHECK(id == again && id < 1ull << 53);
    sergo_decision decision;
    CHECK_OK(sergo_enter(engine, id, 2, SERGO_INBOUND, 0, &decision));
    CHECK(decision.outcome == SERGO_PASS);
    CHECK_OK(sergo_enter(engine, id, 1, SERGO_INBOUND, 0, &decision));
    CHECK(decision.outcome == SERGO_BLOCK);

    // Without rules that name it, the id is of the past, and the answer serves.
    apply(engine, "");
    CHECK_CODE(SERGO_STALE, sergo_enter(engine, id, 1, SERGO_INBOUND, 0, &decision));
    CHECK(decision.outcome == SERGO_PASS && decision.block == 0);
    CHECK_OK(sergo_resolve(engine, SERGO_STR("GET:/foo"), &id));
    CHECK_OK(sergo_enter(engine, id, 1, SERGO_INBOUND, 0, &decision));
    CHECK(decision.outcome == SERGO_PASS);

    // So is the id of a name that no rule knew, once one does.
    apply(engine, LIMIT);
    CHECK_CODE(SERGO_STALE, sergo_enter(engine, id, 3, SERGO_INBOUND, 0, &decision));
    CHECK_OK(sergo_resolve(engine, SERGO_STR("GET:/foo"), &id));
    CHECK_OK(sergo_enter(engine, id, 3, SERGO_INBOUND, 0, &decision));
    CHECK(decision.outcome == SERGO_BLOCK);
    CHECK_OK(sergo_close(engine));
}

static void test_library_clock(void) {
    uint64_t engine = engine_with(LIMIT);
    int passed = 0;
    sergo_decision decision;
    // Whatever the clock says, three at one moment are one too many.
    for (int i = 0; i < 3; i++) {
        CHECK_OK(sergo_enter_name(engine, SERGO_STR("/foo"), 1, SERGO_INBOUND, SERGO_NOW, &decision));
        passed += decision.outcome == SERGO_PASS;
        CHECK_OK(sergo_exit(engine, &decision.permit, SERGO_SUCCEEDED, SERGO_NOW));
    }
    CHECK(passed >= 2);
    CHECK_OK(sergo_close(engine));
}

void test_entry(void) {
    test_pass();
    test_block();
    test_block_as_json();
    test_ids();
    test_library_clock();
}
