#include "check.h"

int checks_passed, checks_failed;

const char *const LIMIT =
    "apiVersion: fault-tolerance.opensergo.io/v1alpha1\n"
    "kind: RateLimitStrategy\n"
    "metadata: {name: two-a-second}\n"
    "spec: {metricType: RequestAmount, limitMode: Local, threshold: 2, statDuration: 1s}\n"
    "---\n"
    "apiVersion: fault-tolerance.opensergo.io/v1alpha1\n"
    "kind: HttpRequestFallbackAction\n"
    "metadata: {name: slow-down}\n"
    "spec:\n"
    "  behavior: ReturnProvidedResponse\n"
    "  behaviorDesc:\n"
    "    responseStatusCode: 429\n"
    "    responseContentBody: slow down\n"
    "    responseAdditionalHeaders: [{key: X-A, value: '1'}, {key: X-B, value: '2'}]\n"
    "---\n"
    "apiVersion: fault-tolerance.opensergo.io/v1alpha1\n"
    "kind: FaultToleranceRule\n"
    "metadata: {name: guard-foo}\n"
    "spec:\n"
    "  selector: {app: demo-app}\n"
    "  targets: [{targetResourceName: /foo}]\n"
    "  strategies: [{name: two-a-second, kind: RateLimitStrategy}]\n"
    "  fallbackAction: slow-down\n";

const char *const ROUTES =
    "apiVersion: traffic.opensergo.io/v1alpha1\n"
    "kind: TrafficRouter\n"
    "metadata: {name: web}\n"
    "spec:\n"
    "  hosts: [web]\n"
    "  http:\n"
    "    - name: testers\n"
    "      match: [{headers: {tag: {exact: v2}}}]\n"
    "      route: [{destination: {host: web, subset: v2, port: {number: 8080}, fallback: {host: web, subset: v1}}}]\n"
    "    - name: testers-twice\n"
    "      match: [{headers: {tag: {exact: 'v2,v3'}}}]\n"
    "      route: [{destination: {host: web, subset: v3}}]\n"
    "    - name: posts\n"
    "      match: [{method: {exact: POST}, uri: {prefix: /orders}}]\n"
    "      route: [{destination: {host: orders}, weight: 30}, {destination: {host: archive}, weight: 70}]\n"
    "    - route: [{destination: {host: web, subset: v1}}]\n";

void apply(uint64_t engine, const char *rules) {
    sergo_source source = {SERGO_STR("rules.yaml"), SERGO_STRZ(rules)};
    sergo_report report;
    CHECK_OK(sergo_apply(engine, &source, 1, &report));
    if (!CHECK(report.rejected == 0 && report.warnings == 0)) fprintf(stderr, "%s", report.lines.data);
    sergo_report_free(&report);
}

uint64_t engine_with(const char *rules) {
    sergo_config config = {.app = SERGO_STR("demo-app")};
    uint64_t engine = 0;
    CHECK_OK(sergo_open(&config, &engine));
    if (rules) apply(engine, rules);
    return engine;
}

static struct pack pack_start(const char *host, const char *method, const char *path) {
    struct pack pack = {.len = 0};
    const char *texts[] = {host, method, path, NULL, NULL, NULL, NULL, NULL};
    pack_number(&pack, UINT32_MAX);
    for (int i = 0; i < 8; i++) pack_text(&pack, texts[i]);
    pack_number(&pack, UINT32_MAX);
    return pack;
}

struct pack pack_request(const char *host, const char *method, const char *path, const char *header,
                         const char *value) {
    struct pack pack = pack_start(host, method, path);
    pack_number(&pack, header != NULL);
    if (header) pack_text(&pack, header);
    if (header) pack_text(&pack, value);
    return pack;
}

struct pack pack_selected(const char *host, uint32_t version, const char *header, const char *value) {
    struct pack pack = pack_start(host, NULL, NULL);
    pack_number(&pack, UINT32_MAX);
    pack_number(&pack, version);
    pack_number(&pack, 0);
    pack_number(&pack, 1);
    pack_text(&pack, header);
    pack_text(&pack, value);
    return pack;
}

int main(void) {
    test_codes();
    test_engine();
    test_entry();
    test_gates();
    test_route();
    test_pick();
    test_label();
    test_session();
    test_watch();
    test_abuse();
    test_threads();
    test_json();
    printf("c: %d checks passed, %d failed\n", checks_passed, checks_failed);
    return checks_failed != 0;
}
