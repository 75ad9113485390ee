// Where requests go, in the three ways of asking.

#include "check.h"
#include "json.h"

// The subset, else the host, of where a request goes; "" for nowhere. Static.
static const char *goes(uint64_t engine, const sergo_request *request, double roll) {
    static char name[64];
    uint64_t id;
    sergo_answer answer = {0};
    CHECK_OK(sergo_route_rolls(engine, request, &roll, 1, &id));
    if (id) CHECK_OK(sergo_answer_get(engine, id, &answer));
    sergo_str chosen = answer.subset.data ? answer.subset : answer.host;
    snprintf(name, sizeof name, "%.*s", SERGO_PRINT(chosen));
    sergo_answer_free(&answer);
    return name;
}

static bool same(const char *a, const char *b) {
    return !strcmp(a, b);
}

static void test_struct(void) {
    uint64_t engine = engine_with(ROUTES), id;
    sergo_request request = {.host = SERGO_STR("web")};
    CHECK(same(goes(engine, &request, 0), "v1"));

    sergo_pair tags[] = {{SERGO_STR("Tag"), SERGO_STR("v2")}, {SERGO_STR("tAG"), SERGO_STR("v3")}};
    request.headers = tags;
    request.header_count = 1;
    CHECK(same(goes(engine, &request, 0), "v2"));
    request.header_count = 2;
    CHECK(same(goes(engine, &request, 0), "v3"));

    sergo_request post = {.host = SERGO_STR("WEB:80"), .method = SERGO_STR("POST"), .path = SERGO_STR("/orders/7?x")};
    CHECK(same(goes(engine, &post, 0.29), "orders"));
    CHECK(same(goes(engine, &post, 0.30), "archive"));
    int archived = 0;
    for (uint64_t seed = 0; seed < 1000; seed++) {
        uint64_t expected;
        double roll = 0.5;
        CHECK_OK(sergo_route(engine, &post, seed, &id));
        CHECK_OK(sergo_route_rolls(engine, &post, &roll, 1, &expected));
        archived += id == expected;
    }
    CHECK(archived > 600 && archived < 800);

    post.hash = SERGO_STR("user-1");
    uint64_t first;
    CHECK_OK(sergo_route(engine, &post, 0, &first));
    for (uint64_t seed = 1; seed < 50; seed++) {
        CHECK_OK(sergo_route(engine, &post, seed, &id));
        CHECK(id == first);
    }

    request.host = SERGO_STR("elsewhere");
    CHECK_OK(sergo_route(engine, &request, 0, &id));
    CHECK(id == 0);
    CHECK_OK(sergo_close(engine));
}

static void test_answer(void) {
    uint64_t engine = engine_with(ROUTES), id, again;
    sergo_pair tag = {SERGO_STR("tag"), SERGO_STR("v2")};
    sergo_request request = {.host = SERGO_STR("web"), .headers = &tag, .header_count = 1};
    sergo_answer answer;
    CHECK_OK(sergo_route(engine, &request, 0, &id));
    CHECK_OK(sergo_route(engine, &request, 1, &again));
    CHECK(id == again && id != 0 && id < 1ull << 53);
    CHECK_OK(sergo_answer_get(engine, id, &answer));
    CHECK_TEXT("testers", answer.route);
    CHECK_TEXT("web", answer.host);
    CHECK_TEXT("v2", answer.subset);
    CHECK(answer.kind == SERGO_DESTINATION && answer.port == 8080 && !answer.fallback && !answer.varies);
    sergo_answer_free(&answer);
    CHECK(answer.host.data == NULL);
    sergo_answer_free(&answer);
    sergo_answer_free(NULL);

    // No instance of v2: the fallback.
    sergo_pair v1 = {SERGO_STR("version"), SERGO_STR("v1")}, v2 = {SERGO_STR("version"), SERGO_STR("v2")};
    sergo_instance instances[] = {
        {.id = SERGO_STR("a"), .labels = &v1, .label_count = 1, .zone = SERGO_STR("z"), .weight = 3},
        {.id = SERGO_STR("b"), .labels = &v2, .label_count = 1, .flags = SERGO_UNHEALTHY},
    };
    CHECK_OK(sergo_set_instances(engine, request.host, instances, 2));
    CHECK_OK(sergo_route(engine, &request, 0, &id));
    CHECK_OK(sergo_answer_get(engine, id, &answer));
    CHECK_TEXT("v1", answer.subset);
    CHECK(answer.fallback);
    sergo_answer_free(&answer);
    instances[1].flags = SERGO_HEALTHY;
    CHECK_OK(sergo_set_instances(engine, request.host, instances, 2));
    CHECK(same(goes(engine, &request, 0), "v2"));

    // Neither: nowhere, and what was empty.
    CHECK_OK(sergo_set_instances_json(engine, request.host, SERGO_STR("[{\"id\": \"a\", \"healthy\": false}]")));
    CHECK_OK(sergo_route(engine, &request, 0, &id));
    CHECK_OK(sergo_answer_get(engine, id, &answer));
    CHECK(answer.kind == SERGO_EMPTY && answer.route.data == NULL);
    CHECK_TEXT("web", answer.host);
    CHECK_TEXT("v1", answer.subset);
    sergo_answer_free(&answer);

    sergo_text text;
    json read;
    CHECK_OK(sergo_answer_json(engine, id, &text));
    CHECK(json_read(text.data, text.len, &read));
    CHECK(json_is(json_get(json_get(&read, "empty"), "subset"), "v1"));
    json_free(&read);
    sergo_text_free(&text);

    CHECK_CODE(SERGO_STALE, sergo_answer_get(engine, UINT64_MAX, &answer));
    CHECK(answer.owner == NULL);
    CHECK_CODE(SERGO_STALE, sergo_answer_json(engine, UINT64_MAX, &text));
    sergo_text_free(&text);
    CHECK_OK(sergo_close(engine));
}

static void test_caller(void) {
    const char *rules =
        "apiVersion: traffic.opensergo.io/v1alpha1\n"
        "kind: TrafficRouter\n"
        "metadata: {name: web}\n"
        "spec:\n"
        "  hosts: [web]\n"
        "  http:\n"
        "    - {match: [{sourceLabels: {tag: gray}}], route: [{destination: {host: gray}}]}\n"
        "    - {match: [{sourceNamespace: other}], route: [{destination: {host: other}}]}\n"
        "    - {match: [{port: 81}], route: [{destination: {host: port}}]}\n"
        "    - {match: [{scheme: {exact: https}}], route: [{destination: {host: secure}}]}\n"
        "    - route: [{destination: {host: plain}}]\n";
    sergo_pair gray = {SERGO_STR("tag"), SERGO_STR("gray")};
    sergo_config config = {.app = SERGO_STR("demo-app"), .labels = &gray, .label_count = 1};
    uint64_t engine;
    CHECK_OK(sergo_open(&config, &engine));
    apply(engine, rules);
    sergo_request request = {.host = SERGO_STR("web")};
    // Null labels are the engine's own, an empty list is none.
    CHECK(same(goes(engine, &request, 0), "gray"));
    request.caller_labels = &gray;
    CHECK(same(goes(engine, &request, 0), "plain"));
    request.caller_label_count = 1;
    CHECK(same(goes(engine, &request, 0), "gray"));
    request.caller_label_count = 0;
    request.scheme = SERGO_STR("https");
    CHECK(same(goes(engine, &request, 0), "secure"));
    request.port = 81;
    CHECK(same(goes(engine, &request, 0), "port"));
    request.caller_namespace = SERGO_STR("other");
    CHECK(same(goes(engine, &request, 0), "other"));
    request.caller_gateway = SERGO_STR("not-the-mesh");
    CHECK(same(goes(engine, &request, 0), ""));
    CHECK_OK(sergo_close(engine));
}

// What is done with a request beside sending it on.
static void test_policy(void) {
    const char *rules =
        "apiVersion: traffic.opensergo.io/v1alpha1\n"
        "kind: TrafficRouter\n"
        "metadata: {name: web}\n"
        "spec:\n"
        "  hosts: [web]\n"
        "  http:\n"
        "    - name: old\n"
        "      match: [{uri: {prefix: /old/}}]\n"
        "      redirect: {uri: /new, redirectCode: 308}\n"
        "    - name: closed\n"
        "      match: [{uri: {exact: /closed}}]\n"
        "      directResponse: {status: 503, body: {string: closed for today}}\n"
        "    - name: slow\n"
        "      match: [{uri: {prefix: /api/}}]\n"
        "      rewrite: {uri: /}\n"
        "      timeout: 1500ms\n"
        "      route: [{destination: {host: api}}]\n";
    uint64_t engine = engine_with(rules), id;
    sergo_answer answer;
    sergo_text text;
    json read;
    sergo_request request = {.host = SERGO_STR("web"), .path = SERGO_STR("/old/x")};
    CHECK_OK(sergo_route(engine, &request, 0, &id));
    CHECK_OK(sergo_answer_get(engine, id, &answer));
    CHECK(answer.kind == SERGO_REDIRECT && answer.varies);
    CHECK_TEXT("old", answer.route);
    sergo_answer_free(&answer);
    CHECK_OK(sergo_direct(engine, &request, 0, &text));
    CHECK(json_read(text.data, text.len, &read));
    const json *redirect = json_get(&read, "redirect");
    CHECK(json_is(json_get(redirect, "uri"), "/new") && json_get(redirect, "redirectCode")->whole == 308);
    json_free(&read);
    sergo_text_free(&text);

    request.path = SERGO_STR("/closed");
    CHECK_OK(sergo_route(engine, &request, 0, &id));
    CHECK_OK(sergo_answer_get(engine, id, &answer));
    CHECK(answer.kind == SERGO_RESPONSE && answer.status == 503 && !answer.varies);
    CHECK_TEXT("closed for today", answer.body);
    sergo_answer_free(&answer);

    request.path = SERGO_STR("/api/users?all");
    CHECK_OK(sergo_route(engine, &request, 0, &id));
    CHECK_OK(sergo_answer_get(engine, id, &answer));
    CHECK(answer.kind == SERGO_DESTINATION && answer.timeout_nanos == 1500000000 && answer.varies);
    CHECK_TEXT("api", answer.host);
    sergo_answer_free(&answer);
    double roll = 0;
    CHECK_OK(sergo_direct_rolls(engine, &request, &roll, 1, &text));
    CHECK(json_read(text.data, text.len, &read));
    CHECK(json_is(json_get(json_get(&read, "rewrite"), "uri"), "/users"));
    json_free(&read);
    sergo_text_free(&text);

    request.path = SERGO_STR("/");
    CHECK_OK(sergo_direct(engine, &request, 0, &text));
    CHECK(text.data != NULL && text.len == 0);
    sergo_text_free(&text);
    CHECK_OK(sergo_close(engine));
}

static void test_packed(void) {
    uint64_t engine = engine_with(ROUTES), packed, plain;
    struct pack pack = pack_request("web", "POST", "/orders", "Tag", "v9");

    sergo_pair tag = {SERGO_STR("Tag"), SERGO_STR("v9")};
    sergo_request request = {
        .host = SERGO_STR("web"),
        .method = SERGO_STR("POST"),
        .path = SERGO_STR("/orders"),
        .headers = &tag,
        .header_count = 1,
    };
    for (uint64_t seed = 0; seed < 20; seed++) {
        CHECK_OK(sergo_route_packed(engine, pack.bytes, pack.len, seed, NULL, 0, &packed));
        CHECK_OK(sergo_route(engine, &request, seed, &plain));
        CHECK(packed == plain && packed != 0);
        double roll = (double)seed / 20;
        CHECK_OK(sergo_route_packed(engine, pack.bytes, pack.len, 0, &roll, 1, &packed));
        CHECK_OK(sergo_route_rolls(engine, &request, &roll, 1, &plain));
        CHECK(packed == plain);
    }
    sergo_text one, two;
    CHECK_OK(sergo_direct_packed(engine, pack.bytes, pack.len, 7, NULL, 0, &one));
    CHECK_OK(sergo_direct(engine, &request, 7, &two));
    CHECK(one.len > 0 && same(one.data, two.data));
    sergo_text_free(&one);
    sergo_text_free(&two);
    for (size_t cut = 0; cut < pack.len; cut++)
        CHECK_CODE(SERGO_ARGUMENT, sergo_route_packed(engine, pack.bytes, cut, 0, NULL, 0, &packed));
    CHECK(packed == 0);
    CHECK_OK(sergo_close(engine));
}

static void test_connection(void) {
    uint64_t engine = engine_with(
        "apiVersion: traffic.opensergo.io/v1alpha1\n"
        "kind: TrafficRouter\n"
        "metadata: {name: shop}\n"
        "spec:\n"
        "  hosts: [shop.example]\n"
        "  tls:\n"
        "    - match: [{sniHosts: [shop.example], sourceLabels: {app: batch}, port: 443}]\n"
        "      route:\n"
        "        - {destination: {host: shop, subset: v1}, weight: 9}\n"
        "        - {destination: {host: shop, subset: v2}, weight: 1}\n");
    uint64_t id, again;
    sergo_pair labels[] = {{SERGO_STR("app"), SERGO_STR("batch")}};
    sergo_connection connection = {
        .host = SERGO_STR("shop.example"),
        .sni = SERGO_STR("shop.example"),
        .port = 443,
        .caller_labels = labels,
        .caller_label_count = 1,
    };
    double roll = 0.95;
    sergo_answer answer;
    CHECK_OK(sergo_connect_rolls(engine, &connection, &roll, 1, &id));
    CHECK_OK(sergo_answer_get(engine, id, &answer));
    CHECK(answer.kind == SERGO_DESTINATION);
    CHECK_TEXT("v2", answer.subset);
    sergo_answer_free(&answer);
    connection.hash = SERGO_STR("user-1");
    CHECK_OK(sergo_connect(engine, &connection, 1, &id));
    CHECK_OK(sergo_connect(engine, &connection, 2, &again));
    CHECK(id != 0 && id == again);
    connection.caller_label_count = 0;
    CHECK_OK(sergo_connect(engine, &connection, 0, &id));
    CHECK(id == 0);
    CHECK_OK(sergo_close(engine));
}

void test_route(void) {
    test_struct();
    test_connection();
    test_answer();
    test_caller();
    test_policy();
    test_packed();
}
