// The lane of a request, how it is carried on, and what has to be handed over.

#include "check.h"
#include "json.h"

static const char *const LANE =
    "apiVersion: traffic.opensergo.io/v1alpha1\n"
    "kind: TrafficLane\n"
    "metadata: {name: lane}\n"
    "spec:\n"
    "  rules:\n"
    "    traffic: {http: {headers: {X-User: {exact: '7'}}, uri: {exact: /vip}}}\n"
    "    lane: {name: gray}\n";

// The lane that a request is given; "" for none. Static.
static const char *lane_of(uint64_t engine, const sergo_request *request, uint32_t flags) {
    static char name[64];
    sergo_text text;
    json label = {0};
    CHECK_OK(sergo_label(engine, request, flags, &text));
    CHECK(text.data != NULL);
    if (text.len) CHECK(json_read(text.data, text.len, &label));
    const json *lane = json_get(&label, "lane");
    snprintf(name, sizeof name, "%s", lane->kind == JSON_TEXT ? lane->text : "");
    json_free(&label);
    sergo_text_free(&text);
    return name;
}

static bool same(const char *a, const char *b) {
    return !strcmp(a, b);
}

static void test_lane(void) {
    uint64_t engine = engine_with(LANE);
    sergo_pair headers[] = {{SERGO_STR("x-user"), SERGO_STR("7")},
                            {SERGO_STR("baggage"), SERGO_STR("x-opensergo-traffic=blue")}};
    // A host is not needed.
    sergo_request request = {.path = SERGO_STR("/vip"), .headers = headers, .header_count = 1};
    CHECK(same(lane_of(engine, &request, SERGO_UNTRUSTED), "gray"));
    request.host = SERGO_STR("web");
    CHECK(same(lane_of(engine, &request, SERGO_TRUSTED), "gray"));
    request.header_count = 2;
    CHECK(same(lane_of(engine, &request, SERGO_TRUSTED), "blue"));
    CHECK(same(lane_of(engine, &request, SERGO_UNTRUSTED), "gray"));
    request.header_count = 0;
    CHECK(same(lane_of(engine, &request, SERGO_TRUSTED), ""));

    struct pack pack = pack_request("", NULL, "/vip", "x-user", "7");
    sergo_text one, two;
    request.header_count = 1;
    CHECK_OK(sergo_label_packed(engine, pack.bytes, pack.len, SERGO_TRUSTED, &one));
    CHECK_OK(sergo_label(engine, &request, SERGO_TRUSTED, &two));
    CHECK(one.data && two.data && one.len > 0 && same(one.data, two.data));
    sergo_text_free(&one);
    sergo_text_free(&two);
    for (uint32_t bit = 1; bit < 32; bit++) {
        CHECK_CODE(SERGO_ARGUMENT, sergo_label(engine, &request, 1u << bit, &one));
        CHECK_CODE(SERGO_ARGUMENT, sergo_label_packed(engine, pack.bytes, pack.len, 1u << bit | 1, &one));
    }
    for (size_t cut = 0; cut < pack.len; cut++)
        CHECK_CODE(SERGO_ARGUMENT, sergo_label_packed(engine, pack.bytes, cut, SERGO_TRUSTED, &one));
    CHECK_OK(sergo_close(engine));
}

static void test_explain(void) {
    uint64_t engine = engine_with(LANE);
    sergo_pair headers[] = {{SERGO_STR("x-user"), SERGO_STR("7")}, {SERGO_STR("baggage"), SERGO_STR("a=1")}};
    sergo_request request = {.path = SERGO_STR("/vip"), .headers = headers, .header_count = 2};
    sergo_text text;
    CHECK_OK(sergo_explain_label(engine, &request, SERGO_TRUSTED, &text));
    json explained = {0};
    CHECK(json_read(text.data, text.len, &explained));
    CHECK(same(json_get(&explained, "document")->text, "TrafficLane lane"));
    CHECK(same(json_get(json_get(&explained, "goes"), "baggage")->text, "x-opensergo-traffic=gray,a=1"));
    CHECK(strstr(json_get(&explained, "text")->text, "lane gray: by TrafficLane lane") != NULL);
    json_free(&explained);
    sergo_text_free(&text);

    struct pack pack = pack_request("", NULL, "/vip", "x-user", "8");
    CHECK_OK(sergo_explain_label_packed(engine, pack.bytes, pack.len, SERGO_UNTRUSTED, &text));
    CHECK(json_read(text.data, text.len, &explained));
    const json *miss = json_at(json_get(json_at(json_get(&explained, "misses"), 0), "blocks"), 0);
    CHECK(same(json_get(miss, "field")->text, "headers.x-user") && same(json_get(miss, "found")->text, "\"8\""));
    CHECK(json_get(&explained, "lane")->kind == JSON_NULL);
    json_free(&explained);
    sergo_text_free(&text);
    CHECK_CODE(SERGO_ARGUMENT, sergo_explain_label(engine, &request, 2, &text));
    CHECK_CODE(SERGO_ARGUMENT, sergo_explain_label(engine, NULL, 0, &text));
    CHECK_CODE(SERGO_ARGUMENT, sergo_explain_label(engine, &request, 0, NULL));
    CHECK_OK(sergo_close(engine));
}

static void test_baggage(void) {
    sergo_text header;
    sergo_str key = SERGO_STR("x-opensergo-traffic"), gray = SERGO_STR("gray"), absent = {NULL, 0};
    CHECK_OK(sergo_baggage(absent, key, gray, &header));
    CHECK(header.data && same(header.data, "x-opensergo-traffic=gray"));
    sergo_text_free(&header);
    CHECK_OK(sergo_baggage(SERGO_STR("user=7,x-opensergo-traffic=blue"), key, gray, &header));
    CHECK(header.data && same(header.data, "x-opensergo-traffic=gray,user=7"));
    sergo_text_free(&header);
    CHECK_CODE(SERGO_ARGUMENT, sergo_baggage(absent, absent, gray, &header));
    CHECK_CODE(SERGO_ARGUMENT, sergo_baggage(absent, key, absent, &header));
    CHECK_CODE(SERGO_UTF8, sergo_baggage(SERGO_STR("\xff"), key, gray, &header));
    CHECK(header.data == NULL);
    CHECK_CODE(SERGO_ARGUMENT, sergo_baggage(absent, key, gray, NULL));
}

static bool has(const json *list, const char *name) {
    for (size_t i = 0; i < list->count; i++)
        if (json_is(&list->items[i], name)) return true;
    return false;
}

static void test_required(void) {
    uint64_t engine = engine_with(LANE);
    apply(engine, ROUTES);
    sergo_text text;
    json required;
    CHECK_OK(sergo_required(engine, SERGO_STR("web"), &text));
    CHECK(json_read(text.data, text.len, &required));
    CHECK(has(json_get(&required, "headers"), "tag") && json_get(&required, "parameters")->count == 0);
    json_free(&required);
    sergo_text_free(&text);

    apply(engine, LANE);
    sergo_str absent = {NULL, 0};
    sergo_text again;
    CHECK_OK(sergo_required(engine, absent, &text));
    CHECK_OK(sergo_required(engine, SERGO_STR(""), &again));
    CHECK(text.data && again.data && same(text.data, again.data));
    CHECK(json_read(text.data, text.len, &required));
    CHECK(has(json_get(&required, "headers"), "x-user") && has(json_get(&required, "headers"), "baggage"));
    json_free(&required);
    sergo_text_free(&text);
    sergo_text_free(&again);
    CHECK_OK(sergo_close(engine));
}

void test_label(void) {
    test_lane();
    test_explain();
    test_baggage();
    test_required();
}
