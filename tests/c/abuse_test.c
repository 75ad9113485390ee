// What must not be: every wrong argument is a code, and nothing crashes.

#include "check.h"

static const sergo_str ABSENT = {NULL, 0};

// Every call, with arguments that are right but for the engine.
static void check_all(sergo_code want, uint64_t engine) {
    sergo_report report;
    sergo_decision decision;
    sergo_permit permit = {{1, 2, 3, 4, 5}};
    sergo_text text;
    sergo_block block;
    sergo_answer answer;
    sergo_request request = {.host = SERGO_STR("web")};
    sergo_connection connection = {.host = SERGO_STR("web")};
    sergo_instance instance = {.id = SERGO_STR("a")};
    // No port; the host "h"; seven absent texts; the engine's labels; no headers.
    uint8_t packed[45];
    memset(packed, 255, sizeof packed);
    memcpy(packed + 4, "\1\0\0\0h", 5);
    memset(packed + 41, 0, 4);
    uint64_t number = 7;
    sergo_picked picked = {7, 7};
    uint32_t state = 7;
    bool needs = true;
    double roll = 0;
    sergo_str name = SERGO_STR("/foo");

    CHECK_CODE(want, sergo_apply(engine, NULL, 0, &report));
    CHECK(report.json.data == NULL && report.lines.data == NULL);
    CHECK_CODE(want, sergo_rules_version(engine, &number));
    CHECK(number == 0);
    CHECK_CODE(want, sergo_resolve(engine, name, &number));
    CHECK_CODE(want, sergo_enter(engine, 0, 1, 0, 0, &decision));
    CHECK(decision.outcome == SERGO_PASS && decision.permit.words[0] == 0);
    CHECK_CODE(want, sergo_enter_name(engine, name, 1, 0, 0, &decision));
    CHECK_CODE(want, sergo_exit(engine, &permit, 0, 0));
    CHECK(permit.words[4] == 0);
    CHECK_CODE(want, sergo_block_get(engine, 1, &block));
    sergo_block_free(&block);
    CHECK_CODE(want, sergo_block_json(engine, 1, &text));
    sergo_text_free(&text);
    CHECK_CODE(want, sergo_route(engine, &request, 0, &number));
    CHECK_CODE(want, sergo_route_rolls(engine, &request, &roll, 1, &number));
    CHECK_CODE(want, sergo_route_packed(engine, packed, sizeof packed, 0, NULL, 0, &number));
    CHECK_CODE(want, sergo_direct(engine, &request, 0, &text));
    CHECK_CODE(want, sergo_direct_rolls(engine, &request, &roll, 1, &text));
    CHECK_CODE(want, sergo_direct_packed(engine, packed, sizeof packed, 0, NULL, 0, &text));
    CHECK(text.data == NULL);
    CHECK_CODE(want, sergo_connect(engine, &connection, 0, &number));
    CHECK_CODE(want, sergo_connect_rolls(engine, &connection, &roll, 1, &number));
    CHECK_CODE(want, sergo_answer_get(engine, 1, &answer));
    sergo_answer_free(&answer);
    CHECK_CODE(want, sergo_answer_json(engine, 1, &text));
    CHECK_CODE(want, sergo_pick(engine, &request, 0, 0, &text));
    CHECK_CODE(want, sergo_pick_rolls(engine, &request, &roll, 1, 0, &text));
    CHECK_CODE(want, sergo_pick_packed(engine, packed, sizeof packed, 0, NULL, 0, 0, &text));
    CHECK_CODE(want, sergo_pick_id(engine, &request, 0, 0, &picked));
    CHECK_CODE(want, sergo_pick_id_rolls(engine, &request, &roll, 1, 0, &picked));
    CHECK_CODE(want, sergo_pick_id_packed(engine, packed, sizeof packed, 0, NULL, 0, 0, &picked));
    CHECK(picked.answer == 0 && picked.instance == 0);
    CHECK_CODE(want, sergo_instance_json(engine, name, 1, &text));
    CHECK_CODE(want, sergo_report_id(engine, name, 1, SERGO_CALL_SUCCESS, 0));
    CHECK_CODE(want, sergo_report_outcome(engine, name, name, SERGO_CALL_SUCCESS, 0));
    CHECK_CODE(want, sergo_explain_route(engine, &request, 0, 0, &text));
    CHECK_CODE(want, sergo_explain_route_rolls(engine, &request, &roll, 1, 0, &text));
    CHECK_CODE(want, sergo_explain_route_packed(engine, packed, sizeof packed, 0, NULL, 0, 0, &text));
    CHECK_CODE(want, sergo_label(engine, &request, SERGO_TRUSTED, &text));
    CHECK_CODE(want, sergo_label_packed(engine, packed, sizeof packed, SERGO_TRUSTED, &text));
    CHECK_CODE(want, sergo_required(engine, name, &text));
    CHECK_CODE(want, sergo_ejected(engine, name, 0, &text));
    CHECK_CODE(want, sergo_connection_pool(engine, name, name, &text));
    CHECK(text.data == NULL);
    CHECK_CODE(want, sergo_update_instances(engine, name, &instance, 1, &name, 1));
    CHECK_CODE(want, sergo_update_instances_json(engine, name, SERGO_STR("[]"), SERGO_STR("[]")));
    CHECK_CODE(want, sergo_set_instances(engine, name, &instance, 1));
    CHECK_CODE(want, sergo_set_instances_json(engine, name, SERGO_STR("[]")));
    CHECK_CODE(want, sergo_breaker_state(engine, name, name, &state));
    CHECK(state == SERGO_BREAKER_NONE);
    CHECK_CODE(want, sergo_set_system_load(engine, 0.5, 1, 0.5, 0));
    CHECK_CODE(want, sergo_sample_system(engine, 0));
    CHECK_CODE(want, sergo_needs_system_load(engine, &needs));
    CHECK(!needs);
    CHECK_CODE(want, sergo_explain(engine, name, 1, 0, 0, &text));
    CHECK_CODE(want, sergo_drain_events(engine, &text));
    CHECK_CODE(want, sergo_figures(engine, &text));
    CHECK(text.data == NULL && text.len == 0);
}

static void test_after_close(void) {
    uint64_t engine = engine_with(LIMIT);
    CHECK_OK(sergo_close(engine));
    check_all(SERGO_CLOSED, engine);
    check_all(SERGO_CLOSED, 0);
    check_all(SERGO_CLOSED, UINT64_MAX);
    CHECK_CODE(SERGO_CLOSED, sergo_close(engine));
}

static void test_panic(void) {
    uint64_t bad = engine_with(LIMIT), good = engine_with(LIMIT), version;
    CHECK_CODE(SERGO_PANICKED, sergo_test_panic(bad));
    check_all(SERGO_POISONED, bad);
    CHECK_CODE(SERGO_POISONED, sergo_test_panic(bad));
    CHECK_OK(sergo_rules_version(good, &version));
    CHECK(version == 1);
    CHECK_OK(sergo_close(bad));
    CHECK_CODE(SERGO_CLOSED, sergo_test_panic(bad));
    CHECK_OK(sergo_close(good));
}

static void test_null(void) {
    uint64_t engine = engine_with(NULL), id;
    sergo_config config = {.app = SERGO_STR("a")};
    sergo_source source = {.text = SERGO_STR("")};
    sergo_request request = {.host = SERGO_STR("web")};
    sergo_connection connection = {.host = SERGO_STR("web")};
    sergo_str name = SERGO_STR("/foo");
    sergo_report report;
    sergo_decision decision;
    sergo_text text;
    sergo_picked picked;
    double roll = 0;

    CHECK_CODE(SERGO_ARGUMENT, sergo_open(NULL, &id));
    CHECK(id == 0);
    CHECK_CODE(SERGO_ARGUMENT, sergo_open(&config, NULL));
    CHECK_CODE(SERGO_ARGUMENT, sergo_apply(engine, NULL, 1, &report));
    CHECK_CODE(SERGO_ARGUMENT, sergo_apply(engine, &source, 1, NULL));
    CHECK_CODE(SERGO_ARGUMENT, sergo_rules_version(engine, NULL));
    CHECK_CODE(SERGO_ARGUMENT, sergo_resolve(engine, name, NULL));
    CHECK_CODE(SERGO_ARGUMENT, sergo_enter(engine, 0, 1, 0, 0, NULL));
    CHECK_CODE(SERGO_ARGUMENT, sergo_enter_name(engine, name, 1, 0, 0, NULL));
    CHECK_CODE(SERGO_ARGUMENT, sergo_exit(engine, NULL, 0, 0));
    CHECK_CODE(SERGO_ARGUMENT, sergo_block_get(engine, 1, NULL));
    CHECK_CODE(SERGO_ARGUMENT, sergo_block_json(engine, 1, NULL));
    CHECK_CODE(SERGO_ARGUMENT, sergo_route(engine, NULL, 0, &id));
    CHECK_CODE(SERGO_ARGUMENT, sergo_route(engine, &request, 0, NULL));
    CHECK_CODE(SERGO_ARGUMENT, sergo_route_rolls(engine, NULL, &roll, 1, &id));
    CHECK_CODE(SERGO_ARGUMENT, sergo_route_rolls(engine, &request, NULL, 1, &id));
    CHECK_CODE(SERGO_ARGUMENT, sergo_route_rolls(engine, &request, &roll, 1, NULL));
    CHECK_CODE(SERGO_ARGUMENT, sergo_route_packed(engine, NULL, 4, 0, NULL, 0, &id));
    CHECK_CODE(SERGO_ARGUMENT, sergo_direct(engine, NULL, 0, &text));
    CHECK_CODE(SERGO_ARGUMENT, sergo_direct(engine, &request, 0, NULL));
    CHECK_CODE(SERGO_ARGUMENT, sergo_direct_rolls(engine, &request, NULL, 1, &text));
    CHECK_CODE(SERGO_ARGUMENT, sergo_direct_packed(engine, NULL, 4, 0, NULL, 0, &text));
    CHECK_CODE(SERGO_ARGUMENT, sergo_connect(engine, NULL, 0, &id));
    CHECK_CODE(SERGO_ARGUMENT, sergo_connect(engine, &connection, 0, NULL));
    CHECK_CODE(SERGO_ARGUMENT, sergo_connect_rolls(engine, &connection, NULL, 1, &id));
    CHECK_CODE(SERGO_ARGUMENT, sergo_pick(engine, NULL, 0, 0, &text));
    CHECK_CODE(SERGO_ARGUMENT, sergo_pick(engine, &request, 0, 0, NULL));
    CHECK_CODE(SERGO_ARGUMENT, sergo_pick_rolls(engine, &request, NULL, 1, 0, &text));
    CHECK_CODE(SERGO_ARGUMENT, sergo_pick_packed(engine, NULL, 4, 0, NULL, 0, 0, &text));
    CHECK_CODE(SERGO_ARGUMENT, sergo_pick_id(engine, NULL, 0, 0, &picked));
    CHECK_CODE(SERGO_ARGUMENT, sergo_pick_id(engine, &request, 0, 0, NULL));
    CHECK_CODE(SERGO_ARGUMENT, sergo_pick_id_rolls(engine, &request, NULL, 1, 0, &picked));
    CHECK_CODE(SERGO_ARGUMENT, sergo_pick_id_packed(engine, NULL, 4, 0, NULL, 0, 0, &picked));
    CHECK_CODE(SERGO_ARGUMENT, sergo_instance_json(engine, ABSENT, 1, &text));
    CHECK_CODE(SERGO_ARGUMENT, sergo_instance_json(engine, name, 1, NULL));
    CHECK_CODE(SERGO_ARGUMENT, sergo_report_id(engine, ABSENT, 1, 0, 0));
    CHECK_CODE(SERGO_ARGUMENT, sergo_report_outcome(engine, ABSENT, name, 0, 0));
    CHECK_CODE(SERGO_ARGUMENT, sergo_report_outcome(engine, name, ABSENT, 0, 0));
    CHECK_CODE(SERGO_ARGUMENT, sergo_explain_route(engine, NULL, 0, 0, &text));
    CHECK_CODE(SERGO_ARGUMENT, sergo_explain_route(engine, &request, 0, 0, NULL));
    CHECK_CODE(SERGO_ARGUMENT, sergo_explain_route_rolls(engine, &request, NULL, 1, 0, &text));
    CHECK_CODE(SERGO_ARGUMENT, sergo_explain_route_packed(engine, NULL, 4, 0, NULL, 0, 0, &text));
    CHECK_CODE(SERGO_ARGUMENT, sergo_label(engine, NULL, 0, &text));
    CHECK_CODE(SERGO_ARGUMENT, sergo_label(engine, &request, 0, NULL));
    CHECK_CODE(SERGO_ARGUMENT, sergo_label_packed(engine, NULL, 4, 0, &text));
    CHECK_CODE(SERGO_ARGUMENT, sergo_required(engine, name, NULL));
    CHECK_CODE(SERGO_ARGUMENT, sergo_ejected(engine, ABSENT, 0, &text));
    CHECK_CODE(SERGO_ARGUMENT, sergo_ejected(engine, name, 0, NULL));
    CHECK_CODE(SERGO_ARGUMENT, sergo_connection_pool(engine, ABSENT, ABSENT, &text));
    CHECK_CODE(SERGO_ARGUMENT, sergo_connection_pool(engine, name, ABSENT, NULL));
    CHECK_CODE(SERGO_ARGUMENT, sergo_update_instances(engine, name, NULL, 1, NULL, 0));
    CHECK_CODE(SERGO_ARGUMENT, sergo_update_instances(engine, name, NULL, 0, NULL, 1));
    CHECK_CODE(SERGO_ARGUMENT, sergo_update_instances(engine, name, NULL, 0, &ABSENT, 1));
    CHECK_CODE(SERGO_ARGUMENT, sergo_update_instances(engine, ABSENT, NULL, 0, NULL, 0));
    CHECK_CODE(SERGO_ARGUMENT, sergo_update_instances_json(engine, name, ABSENT, name));
    CHECK_CODE(SERGO_ARGUMENT, sergo_explain(engine, name, 1, 0, 0, NULL));
    CHECK_CODE(SERGO_ARGUMENT, sergo_explain(engine, name, 1, 2, 0, &text));
    CHECK_CODE(SERGO_ARGUMENT, sergo_explain(engine, ABSENT, 1, 0, 0, &text));
    CHECK_CODE(SERGO_ARGUMENT, sergo_needs_system_load(engine, NULL));
    CHECK_CODE(SERGO_ARGUMENT, sergo_answer_get(engine, 1, NULL));
    CHECK_CODE(SERGO_ARGUMENT, sergo_answer_json(engine, 1, NULL));
    CHECK_CODE(SERGO_ARGUMENT, sergo_set_instances(engine, name, NULL, 1));
    CHECK_CODE(SERGO_ARGUMENT, sergo_breaker_state(engine, name, name, NULL));
    CHECK_CODE(SERGO_ARGUMENT, sergo_drain_events(engine, NULL));
    CHECK_CODE(SERGO_ARGUMENT, sergo_figures(engine, NULL));

    // Absent text where there must be some.
    config.app = ABSENT;
    CHECK_CODE(SERGO_ARGUMENT, sergo_open(&config, &id));
    source.text = ABSENT;
    CHECK_CODE(SERGO_ARGUMENT, sergo_apply(engine, &source, 1, &report));
    CHECK_CODE(SERGO_ARGUMENT, sergo_resolve(engine, ABSENT, &id));
    CHECK_CODE(SERGO_ARGUMENT, sergo_enter_name(engine, ABSENT, 1, 0, 0, &decision));
    request.host = ABSENT;
    CHECK_CODE(SERGO_ARGUMENT, sergo_route(engine, &request, 0, &id));
    connection.host = ABSENT;
    CHECK_CODE(SERGO_ARGUMENT, sergo_connect(engine, &connection, 0, &id));
    CHECK_CODE(SERGO_ARGUMENT, sergo_set_instances(engine, ABSENT, NULL, 0));
    CHECK_CODE(SERGO_ARGUMENT, sergo_set_instances_json(engine, name, ABSENT));
    CHECK_CODE(SERGO_ARGUMENT, sergo_resolve(engine, sergo_str_of(NULL, 3), &id));
    CHECK_OK(sergo_close(engine));
}

static void test_bad_values(void) {
    uint64_t engine = engine_with(NULL), id;
    sergo_decision decision;
    sergo_permit permit = {{1, 2, 3, 4, 5}};
    sergo_str name = SERGO_STR("/foo");
    for (int bit = 1; bit < 32; bit++) {
        CHECK_CODE(SERGO_ARGUMENT, sergo_enter(engine, 0, 1, 1u << bit, 0, &decision));
        CHECK_CODE(SERGO_ARGUMENT, sergo_enter_name(engine, name, 1, 1u << bit | 1, 0, &decision));
        CHECK_CODE(SERGO_ARGUMENT, sergo_exit(engine, &permit, 1u << bit | 1, 0));
    }
    CHECK(permit.words[0] == 1);
    // A permit that sergo never gave out.
    CHECK_OK(sergo_exit(engine, &permit, SERGO_SUCCEEDED, 0));

    sergo_instance instance = {.id = name, .flags = 2};
    CHECK_CODE(SERGO_ARGUMENT, sergo_set_instances(engine, name, &instance, 1));
    CHECK_CODE(SERGO_ARGUMENT, sergo_set_instances_json(engine, name, SERGO_STR("{}")));
    CHECK_CODE(SERGO_ARGUMENT, sergo_set_instances_json(engine, name, SERGO_STR("[{\"colour\": 1}]")));

    sergo_request request = {.host = SERGO_STR("web")};
    const double rolls[] = {1.0, -0.1, 2.0, 0.0 / 1.0 - 1e-300};
    for (int i = 0; i < 4; i++) CHECK_CODE(SERGO_ARGUMENT, sergo_route_rolls(engine, &request, &rolls[i], 1, &id));
    CHECK_OK(sergo_route_rolls(engine, &request, NULL, 0, &id));
    CHECK_OK(sergo_enter(engine, 0, 0, 0, 0, &decision));
    CHECK_OK(sergo_enter(engine, 0, UINT32_MAX, 0, UINT64_MAX - 1, &decision));
    CHECK_OK(sergo_close(engine));
}

static void test_utf8(void) {
    uint64_t engine = engine_with(NULL), id;
    sergo_str bad = SERGO_STR("caf\xe9");
    sergo_pair pair = {bad, SERGO_STR("x")}, turned = {SERGO_STR("x"), bad};
    sergo_config config = {.app = bad};
    sergo_decision decision;
    sergo_report report;
    uint32_t state;
    CHECK_CODE(SERGO_UTF8, sergo_open(&config, &id));
    config = (sergo_config){.app = SERGO_STR("a"), .namespace_ = bad};
    CHECK_CODE(SERGO_UTF8, sergo_open(&config, &id));
    config = (sergo_config){.app = SERGO_STR("a"), .labels = &turned, .label_count = 1};
    CHECK_CODE(SERGO_UTF8, sergo_open(&config, &id));
    sergo_source source = {.name = bad, .text = SERGO_STR("")};
    CHECK_CODE(SERGO_UTF8, sergo_apply(engine, &source, 1, &report));
    source = (sergo_source){.text = bad};
    CHECK_CODE(SERGO_UTF8, sergo_apply(engine, &source, 1, &report));
    CHECK_CODE(SERGO_UTF8, sergo_resolve(engine, bad, &id));
    CHECK_CODE(SERGO_UTF8, sergo_enter_name(engine, bad, 1, 0, 0, &decision));
    CHECK_CODE(SERGO_UTF8, sergo_breaker_state(engine, SERGO_STR("/foo"), bad, &state));
    CHECK_CODE(SERGO_UTF8, sergo_set_instances_json(engine, SERGO_STR("web"), bad));
    sergo_instance instance = {.id = SERGO_STR("a"), .zone = bad};
    CHECK_CODE(SERGO_UTF8, sergo_set_instances(engine, SERGO_STR("web"), &instance, 1));

    sergo_request request = {.host = SERGO_STR("web"), .headers = &pair, .header_count = 1};
    CHECK_CODE(SERGO_UTF8, sergo_route(engine, &request, 0, &id));
    request.headers = &turned;
    CHECK_CODE(SERGO_UTF8, sergo_route(engine, &request, 0, &id));
    request = (sergo_request){.host = SERGO_STR("web"), .caller_labels = &turned, .caller_label_count = 1};
    CHECK_CODE(SERGO_UTF8, sergo_route(engine, &request, 0, &id));
    request = (sergo_request){.host = SERGO_STR("web"), .hash = bad};
    CHECK_CODE(SERGO_UTF8, sergo_route(engine, &request, 0, &id));
    // A NUL is a character like any other.
    CHECK_OK(sergo_enter_name(engine, SERGO_STR("a\0b"), 1, 0, 0, &decision));
    CHECK_OK(sergo_close(engine));
}

static void test_misaligned(void) {
    uint64_t engine = engine_with(NULL), room[4] = {0};
    unsigned char *odd = (unsigned char *)room + 1;
    CHECK_CODE(SERGO_ARGUMENT, sergo_rules_version(engine, (uint64_t *)(void *)odd));
    CHECK_CODE(SERGO_ARGUMENT, sergo_figures(engine, (sergo_text *)(void *)odd));
    CHECK_CODE(SERGO_ARGUMENT, sergo_exit(engine, (sergo_permit *)(void *)odd, 0, 0));
    CHECK_OK(sergo_close(engine));
}

void test_abuse(void) {
    test_after_close();
    test_panic();
    test_null();
    test_bad_values();
    test_utf8();
    test_misaligned();
}
