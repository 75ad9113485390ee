// Which instance takes a request, what comes of it, and what discovery tells.

#include "check.h"
#include "json.h"

// web goes to its subset v2 when tagged so, else to v1; two errors in a row eject.
static const char *const FLEET =
    "apiVersion: traffic.opensergo.io/v1alpha1\n"
    "kind: TrafficRouter\n"
    "metadata: {name: web}\n"
    "spec:\n"
    "  hosts: [web]\n"
    "  http:\n"
    "    - name: testers\n"
    "      match: [{headers: {tag: {exact: v2}}}]\n"
    "      route: [{destination: {host: web, subset: v2}}]\n"
    "    - name: others\n"
    "      route: [{destination: {host: web, subset: v1}}]\n"
    "---\n"
    "apiVersion: traffic.opensergo.io/v1alpha1\n"
    "kind: VirtualWorkload\n"
    "metadata: {name: web}\n"
    "spec:\n"
    "  host: web\n"
    "  trafficPolicy:\n"
    "    loadBalancer: {simple: RANDOM}\n"
    "    connectionPool: {tcp: {maxConnections: 7, connectTimeout: 30ms}}\n"
    "    outlierDetection: {consecutive5xxErrors: 2, maxEjectionPercent: 100}\n"
    "  subsets:\n"
    "    - name: v2\n"
    "      labels: {version: v2}\n"
    "      trafficPolicy: {connectionPool: {http: {http1MaxPendingRequests: 3}}}\n"
    "    - {name: v1, labels: {version: v1}}\n";

static const uint64_t SECOND = 1000000000;

static sergo_pair V1[] = {{{"version", 7}, {"v1", 2}}}, V2[] = {{{"version", 7}, {"v2", 2}}};
static sergo_pair TAG[] = {{{"tag", 3}, {"v2", 2}}};

static uint64_t fleet(void) {
    uint64_t engine = engine_with(FLEET);
    sergo_instance instances[] = {
        {.id = SERGO_STR("a"), .labels = V1, .label_count = 1},
        {.id = SERGO_STR("b"), .labels = V1, .label_count = 1},
        {.id = SERGO_STR("c"), .labels = V2, .label_count = 1},
    };
    CHECK_OK(sergo_set_instances(engine, SERGO_STR("web"), instances, 3));
    return engine;
}

// Reads a text of the library and frees it; JSON_NULL for one of no length.
static json read(sergo_text *text) {
    json value = {0};
    CHECK(text->data != NULL);
    if (text->len) CHECK(json_read(text->data, text->len, &value));
    sergo_text_free(text);
    return value;
}

// The instance that takes a request; "" for none. Static.
static const char *takes(uint64_t engine, const sergo_request *request, double roll, uint64_t now) {
    static char name[64];
    sergo_text text;
    CHECK_OK(sergo_pick_rolls(engine, request, &roll, 1, now, &text));
    json pick = read(&text);
    const json *instance = json_get(&pick, "instance");
    snprintf(name, sizeof name, "%s", instance->kind == JSON_TEXT ? instance->text : "");
    json_free(&pick);
    return name;
}

static bool same(const char *a, const char *b) {
    return !strcmp(a, b);
}

static void test_instance(void) {
    uint64_t engine = fleet();
    sergo_request request = {.host = SERGO_STR("web")};
    sergo_text text;
    CHECK(same(takes(engine, &request, 0.25, 0), "a"));
    CHECK(same(takes(engine, &request, 0.75, 0), "b"));
    request.headers = TAG;
    request.header_count = 1;
    CHECK(same(takes(engine, &request, 0.25, 0), "c"));

    double roll = 0.5;
    CHECK_OK(sergo_pick_rolls(engine, &request, &roll, 1, 0, &text));
    json pick = read(&text);
    CHECK(json_is(json_get(&pick, "route"), "testers"));
    CHECK(json_is(json_get(json_get(&pick, "destination"), "subset"), "v2"));
    CHECK(json_is(json_get(&pick, "instance"), "c"));
    json_free(&pick);

    // With one seed, the same; over many, both.
    request.header_count = 0;
    int firsts = 0;
    for (uint64_t seed = 0; seed < 200; seed++) {
        sergo_text again;
        CHECK_OK(sergo_pick(engine, &request, seed, 0, &text));
        CHECK_OK(sergo_pick(engine, &request, seed, 0, &again));
        CHECK(text.data && again.data && same(text.data, again.data));
        firsts += text.data && strstr(text.data, "\"instance\":\"a\"") != NULL;
        sergo_text_free(&text);
        sergo_text_free(&again);
    }
    CHECK(firsts > 50 && firsts < 150);

    // Nothing for a host that nobody knows; without a router the host is chosen among.
    request.host = SERGO_STR("nobody");
    CHECK_OK(sergo_pick(engine, &request, 0, 0, &text));
    CHECK(text.data != NULL && text.len == 0);
    sergo_text_free(&text);
    CHECK_OK(sergo_set_instances_json(engine, request.host, SERGO_STR("[{\"id\": \"d\"}]")));
    CHECK(same(takes(engine, &request, 0, 0), "d"));
    CHECK_OK(sergo_close(engine));
}

static void test_report(void) {
    uint64_t engine = fleet();
    sergo_request request = {.host = SERGO_STR("web")};
    sergo_str host = SERGO_STR("web"), a = SERGO_STR("a");
    sergo_text text;
    CHECK_OK(sergo_report_outcome(engine, host, a, SERGO_CALL_ERROR, 0));
    CHECK_OK(sergo_report_outcome(engine, host, a, SERGO_CALL_SUCCESS, 0));
    CHECK_OK(sergo_report_outcome(engine, host, a, SERGO_CALL_GATEWAY_ERROR, 0));
    CHECK_OK(sergo_ejected(engine, host, 0, &text));
    CHECK(text.data && same(text.data, "[]"));
    sergo_text_free(&text);
    CHECK_OK(sergo_report_outcome(engine, host, a, SERGO_CALL_LOCAL_ERROR, 0));
    CHECK_OK(sergo_ejected(engine, host, 0, &text));
    CHECK(text.data && same(text.data, "[\"a\"]"));
    sergo_text_free(&text);
    CHECK(same(takes(engine, &request, 0, 0), "b"));
    // It comes back by time alone, after 30 seconds.
    CHECK(same(takes(engine, &request, 0, 30 * SECOND), "a"));
    CHECK_OK(sergo_ejected(engine, host, 30 * SECOND, &text));
    CHECK(text.data && same(text.data, "[]"));
    sergo_text_free(&text);

    // Strangers are no error, other outcomes are.
    CHECK_OK(sergo_report_outcome(engine, host, SERGO_STR("z"), SERGO_CALL_ERROR, 0));
    CHECK_OK(sergo_report_outcome(engine, SERGO_STR("nobody"), a, SERGO_CALL_ERROR, 0));
    CHECK_OK(sergo_report_outcome(engine, host, a, SERGO_CALL_CANCELLED, 0));
    CHECK_CODE(SERGO_ARGUMENT, sergo_report_outcome(engine, host, a, 5, 0));
    CHECK_OK(sergo_close(engine));
}

// Two numbers in place of a text, where that says all.
static void test_numbers(void) {
    uint64_t engine = fleet();
    sergo_request request = {.host = SERGO_STR("web"), .headers = TAG, .header_count = 1};
    sergo_picked picked, again;
    sergo_answer answer;
    sergo_text text;
    CHECK_OK(sergo_pick_id(engine, &request, 1, 0, &picked));
    CHECK(picked.answer != 0 && picked.instance != 0 && picked.instance < 1ull << 53);
    CHECK_OK(sergo_answer_get(engine, picked.answer, &answer));
    CHECK_TEXT("v2", answer.subset);
    sergo_answer_free(&answer);
    CHECK_OK(sergo_instance_json(engine, request.host, picked.instance, &text));
    json instance = read(&text);
    CHECK(json_is(json_get(&instance, "id"), "c") && json_get(&instance, "weight")->whole == 1);
    CHECK(json_is(json_get(json_get(&instance, "labels"), "version"), "v2"));
    json_free(&instance);

    // As the long form says, and packed, also with the headers that are required.
    double roll = 0.5;
    CHECK_OK(sergo_pick(engine, &request, 1, 0, &text));
    json pick = read(&text);
    CHECK(json_get(&pick, "number")->whole == picked.instance);
    json_free(&pick);
    CHECK_OK(sergo_pick_id_rolls(engine, &request, &roll, 1, 0, &again));
    CHECK(again.answer == picked.answer && again.instance == picked.instance);
    struct pack pack = pack_request("web", NULL, NULL, "tag", "v2");
    CHECK_OK(sergo_pick_id_packed(engine, pack.bytes, pack.len, 1, NULL, 0, 0, &again));
    CHECK(again.answer == picked.answer && again.instance == picked.instance);
    for (uint32_t version = 0; version < 3; version++) {
        pack = pack_selected("web", version, "tag", "v2");
        sergo_code want = version == 1 ? SERGO_OK : SERGO_STALE;
        CHECK_CODE(want, sergo_pick_id_packed(engine, pack.bytes, pack.len, 1, NULL, 0, 0, &again));
        CHECK(again.instance == (version == 1 ? picked.instance : 0));
        CHECK_CODE(want, sergo_route_packed(engine, pack.bytes, pack.len, 1, NULL, 0, &again.answer));
    }

    // Errors by the number eject it; one that is gone is no error, and not known.
    for (int i = 0; i < 2; i++)
        CHECK_OK(sergo_report_id(engine, request.host, picked.instance, SERGO_CALL_ERROR, 0));
    CHECK_OK(sergo_ejected(engine, request.host, 0, &text));
    CHECK(text.data && same(text.data, "[\"c\"]"));
    sergo_text_free(&text);
    CHECK_CODE(SERGO_ARGUMENT, sergo_report_id(engine, request.host, picked.instance, 5, 0));
    CHECK_OK(sergo_set_instances(engine, request.host, NULL, 0));
    CHECK_OK(sergo_report_id(engine, request.host, picked.instance, SERGO_CALL_SUCCESS, 0));
    CHECK_CODE(SERGO_STALE, sergo_instance_json(engine, request.host, picked.instance, &text));

    // All else is for the long form.
    CHECK_OK(sergo_pick_id(engine, &request, 1, 0, &picked));
    CHECK(picked.instance == 0);
    request.host = SERGO_STR("nobody");
    CHECK_OK(sergo_pick_id(engine, &request, 1, 0, &picked));
    CHECK(picked.instance == 0 && picked.answer == 0);
    // A host without routes has no answer.
    CHECK_OK(sergo_set_instances_json(engine, request.host, SERGO_STR("[{\"id\": \"d\"}]")));
    CHECK_OK(sergo_pick_id(engine, &request, 1, 0, &picked));
    CHECK(picked.instance != 0 && picked.answer == 0);
    CHECK_OK(sergo_close(engine));
}

static void test_update(void) {
    uint64_t engine = fleet();
    sergo_request request = {.host = SERGO_STR("web"), .headers = TAG, .header_count = 1};
    sergo_instance changed[] = {
        {.id = SERGO_STR("b"), .labels = V2, .label_count = 1},
        {.id = SERGO_STR("d"), .labels = V1, .label_count = 1},
    };
    sergo_str gone[] = {SERGO_STR("c"), SERGO_STR("never-there")};
    CHECK_OK(sergo_update_instances(engine, request.host, changed, 2, gone, 2));
    CHECK(same(takes(engine, &request, 0.5, 0), "b"));
    request.header_count = 0;
    CHECK(same(takes(engine, &request, 0.25, 0), "a"));
    CHECK(same(takes(engine, &request, 0.75, 0), "d"));

    CHECK_OK(sergo_update_instances_json(engine, request.host, SERGO_STR("[]"), SERGO_STR("[\"a\"]")));
    CHECK(same(takes(engine, &request, 0.25, 0), "d"));
    CHECK_OK(sergo_update_instances(engine, request.host, NULL, 0, NULL, 0));
    CHECK(same(takes(engine, &request, 0.25, 0), "d"));
    CHECK_CODE(SERGO_ARGUMENT, sergo_update_instances_json(engine, request.host, SERGO_STR("[]"), SERGO_STR("{}")));
    CHECK_CODE(SERGO_ARGUMENT, sergo_update_instances_json(engine, request.host, SERGO_STR("[1]"), SERGO_STR("[]")));
    CHECK_OK(sergo_close(engine));
}

static void test_pool(void) {
    uint64_t engine = fleet();
    sergo_str web = SERGO_STR("web"), whole = {NULL, 0};
    sergo_text text;
    CHECK_OK(sergo_connection_pool(engine, web, whole, &text));
    json pool = read(&text);
    CHECK(json_get(json_get(&pool, "tcp"), "maxConnections")->whole == 7);
    json_free(&pool);
    CHECK_OK(sergo_connection_pool(engine, web, SERGO_STR("v2"), &text));
    pool = read(&text);
    CHECK(json_get(json_get(&pool, "http"), "http1MaxPendingRequests")->whole == 3);
    json_free(&pool);
    CHECK_OK(sergo_connection_pool(engine, SERGO_STR("nobody"), whole, &text));
    CHECK(text.data != NULL && text.len == 0);
    sergo_text_free(&text);
    CHECK_OK(sergo_close(engine));
}

static void test_explain(void) {
    uint64_t engine = fleet();
    sergo_request request = {.host = SERGO_STR("web")};
    sergo_text text, again;
    double roll = 0;
    CHECK_OK(sergo_explain_route_rolls(engine, &request, &roll, 1, 0, &text));
    CHECK_OK(sergo_explain_route(engine, &request, 3, 0, &again));
    CHECK(text.data && again.data && same(text.data, again.data));
    sergo_text_free(&again);
    json explained = read(&text);
    const json *miss = json_at(json_get(&explained, "misses"), 0);
    CHECK(json_get(&explained, "position")->whole == 1);
    CHECK(json_is(json_get(json_at(json_get(miss, "blocks"), 0), "field"), "headers.tag"));
    CHECK(json_is(json_get(json_get(&explained, "directions"), "route"), "others"));
    const json *words = json_get(&explained, "text");
    CHECK(words->kind == JSON_TEXT && strstr(words->text, "headers.tag") != NULL);
    json_free(&explained);

    request.host = SERGO_STR("nobody");
    CHECK_OK(sergo_explain_route(engine, &request, 0, 0, &text));
    explained = read(&text);
    CHECK(json_get(&explained, "router")->kind == JSON_NULL && json_get(&explained, "misses")->count == 0);
    json_free(&explained);
    CHECK_OK(sergo_close(engine));
}

// A call of a remote procedure, by its struct and packed.
static void test_rpc(void) {
    uint64_t engine = engine_with(
        "apiVersion: traffic.opensergo.io/v1alpha1\n"
        "kind: RouterRule\n"
        "metadata: {name: rule}\n"
        "spec:\n"
        "  selector: {app: shop}\n"
        "  rpc:\n"
        "  - name: first\n"
        "    rule:\n"
        "      match:\n"
        "        services: [{prefix: io.demo}]\n"
        "        methods: [{methodName: say, args: [{index: 0, type: {exact: String}, value: {exact: you}}]}]\n"
        "        attachments: {trace: {exact: 'on'}}\n"
        "      targets: [{workloads: w, name: gray}]\n"
        "    target: [{workloads: w, name: base}]\n");
    sergo_argument arguments[] = {{SERGO_STR("String"), SERGO_STR("you")}, {{NULL, 0}, {NULL, 0}}};
    sergo_pair attachments[] = {{SERGO_STR("trace"), SERGO_STR("on")}};
    sergo_rpc rpc = {SERGO_STR("io.demo.Hello"), SERGO_STR("say"), arguments, 2, attachments, 1};
    sergo_request request = {.host = SERGO_STR("shop"), .rpc = &rpc};
    sergo_answer answer;
    uint64_t id, packed;
    double roll = 0;
    CHECK_OK(sergo_route_rolls(engine, &request, &roll, 1, &id));
    CHECK_OK(sergo_answer_get(engine, id, &answer));
    CHECK_TEXT("gray", answer.subset);
    sergo_answer_free(&answer);

    struct pack pack = pack_request("shop", NULL, NULL, NULL, NULL);
    pack_text(&pack, "io.demo.Hello");
    pack_text(&pack, "say");
    pack_number(&pack, 2);
    pack_text(&pack, "String");
    pack_text(&pack, "you");
    pack_text(&pack, NULL);
    pack_text(&pack, NULL);
    pack_number(&pack, 1);
    pack_text(&pack, "trace");
    pack_text(&pack, "on");
    CHECK_OK(sergo_route_packed(engine, pack.bytes, pack.len, 0, &roll, 1, &packed));
    CHECK(packed == id);

    arguments[0].value = SERGO_STR("me");
    CHECK_OK(sergo_route_rolls(engine, &request, &roll, 1, &id));
    CHECK_OK(sergo_answer_get(engine, id, &answer));
    CHECK_TEXT("base", answer.subset);
    sergo_answer_free(&answer);
    // No call of a remote procedure: no route.
    request.rpc = NULL;
    CHECK_OK(sergo_route(engine, &request, 0, &id));
    CHECK(id == 0);

    request.rpc = &rpc;
    rpc.arguments = NULL;
    CHECK_CODE(SERGO_ARGUMENT, sergo_route(engine, &request, 0, &id));
    rpc.argument_count = 0;
    rpc.attachments = NULL;
    CHECK_CODE(SERGO_ARGUMENT, sergo_route(engine, &request, 0, &id));
    rpc.attachment_count = 0;
    CHECK_OK(sergo_route(engine, &request, 0, &id));
    rpc.service = SERGO_STR("caf\xe9");
    CHECK_CODE(SERGO_UTF8, sergo_route(engine, &request, 0, &id));
    CHECK_OK(sergo_close(engine));
}

// What is packed is what the struct says.
static void test_packed(void) {
    uint64_t engine = fleet();
    sergo_request request = {.host = SERGO_STR("web"), .headers = TAG, .header_count = 1};
    struct pack pack = pack_request("web", NULL, NULL, "tag", "v2");
    sergo_text one, two;
    for (uint64_t seed = 0; seed < 10; seed++) {
        double roll = (double)seed / 10;
        CHECK_OK(sergo_pick_packed(engine, pack.bytes, pack.len, 9, &roll, 1, 0, &one));
        CHECK_OK(sergo_pick_rolls(engine, &request, &roll, 1, 0, &two));
        CHECK(one.data && two.data && one.len > 0 && same(one.data, two.data));
        sergo_text_free(&one);
        sergo_text_free(&two);
        CHECK_OK(sergo_pick_packed(engine, pack.bytes, pack.len, seed, NULL, 0, 0, &one));
        CHECK_OK(sergo_pick(engine, &request, seed, 0, &two));
        CHECK(one.data && two.data && same(one.data, two.data));
        sergo_text_free(&one);
        sergo_text_free(&two);
    }
    CHECK_OK(sergo_explain_route_packed(engine, pack.bytes, pack.len, 1, NULL, 0, 0, &one));
    CHECK_OK(sergo_explain_route(engine, &request, 1, 0, &two));
    CHECK(one.data && two.data && same(one.data, two.data));
    sergo_text_free(&one);
    sergo_text_free(&two);
    for (size_t cut = 0; cut < pack.len; cut++) {
        CHECK_CODE(SERGO_ARGUMENT, sergo_pick_packed(engine, pack.bytes, cut, 0, NULL, 0, 0, &one));
        CHECK_CODE(SERGO_ARGUMENT, sergo_explain_route_packed(engine, pack.bytes, cut, 0, NULL, 0, 0, &one));
        CHECK(one.data == NULL);
    }
    CHECK_OK(sergo_close(engine));
}

void test_pick(void) {
    test_instance();
    test_report();
    test_numbers();
    test_update();
    test_pool();
    test_explain();
    test_rpc();
    test_packed();
}
