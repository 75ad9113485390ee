// Explanations, breakers, events, figures.

#include "check.h"
#include "json.h"

void test_watch(void) {
    uint64_t engine = engine_with(LIMIT);
    uint32_t state = 9;
    CHECK_OK(sergo_breaker_state(engine, SERGO_STR("/foo"), SERGO_STR("two-a-second"), &state));
    CHECK(state == SERGO_BREAKER_NONE);

    sergo_decision decision;
    for (int i = 0; i < 3; i++) {
        CHECK_OK(sergo_enter_name(engine, SERGO_STR("GET:/foo"), 1, SERGO_INBOUND, 0, &decision));
        if (i == 0) CHECK_OK(sergo_exit(engine, &decision.permit, SERGO_FAILED, 1000));
    }

    sergo_text text;
    json read;
    CHECK_OK(sergo_figures(engine, &text));
    CHECK(json_read(text.data, text.len, &read));
    const json *list = json_get(&read, "resources");
    if (CHECK(list->count == 1)) {
        const json *foo = json_at(list, 0), *strategies = json_get(foo, "strategies");
        CHECK(json_is(json_get(foo, "resource"), "/foo"));
        CHECK(json_get(foo, "passed")->whole == 2);
        CHECK(json_get(foo, "blocked")->whole == 1);
        CHECK(json_get(foo, "inFlight")->whole == 1);
        CHECK(json_get(foo, "completed")->whole == 1);
        CHECK(json_get(foo, "errors")->whole == 1);
        CHECK(json_get(foo, "rtSumNanos")->whole == 1000);
        CHECK(strategies->count == 1 && json_get(json_at(strategies, 0), "blocked")->whole == 1);
    }
    json_free(&read);
    sergo_text_free(&text);

    CHECK_OK(sergo_drain_events(engine, &text));
    CHECK(json_read(text.data, text.len, &read));
    bool applied = false, blocked = false;
    for (size_t i = 0; i < read.count; i++) {
        applied |= json_is(json_get(&read.items[i], "event"), "rulesApplied");
        blocked |= json_is(json_get(&read.items[i], "event"), "firstBlock");
    }
    CHECK(applied && blocked);
    json_free(&read);
    sergo_text_free(&text);
    CHECK_OK(sergo_drain_events(engine, &text));
    CHECK(!strcmp(text.data, "[]"));
    sergo_text_free(&text);
    CHECK_OK(sergo_close(engine));
}
