// Codes, open and close, rules and their report.

#include "check.h"
#include "json.h"

void test_codes(void) {
    CHECK(sergo_abi_version() == SERGO_ABI_VERSION);
    CHECK(strchr(sergo_version(), '.') != NULL);
    static const char *const words[] = {"ok",   "closed", "poisoned", "panicked", "argument",
                                        "utf8", "stale",  "space",    "full"};
    for (int i = 0; i < 9; i++) {
        CHECK(!strcmp(sergo_code_word(-i), words[i]));
        CHECK(strlen(sergo_code_sentence(-i)) > 10);
    }
    CHECK(!strcmp(sergo_code_word(1), "unknown"));
    CHECK(!strcmp(sergo_code_word(INT32_MIN), "unknown"));
    CHECK(strlen(sergo_code_sentence(-99)) > 10);
}

static void test_open_and_close(void) {
    sergo_pair labels[] = {{SERGO_STR("tag"), SERGO_STR("gray")}, {SERGO_STR("zone"), SERGO_STR("")}};
    sergo_config config = {SERGO_STR("demo-app"), SERGO_STR("prod"), labels, 2};
    uint64_t one, two;
    CHECK_OK(sergo_open(&config, &one));
    CHECK_OK(sergo_open(&config, &two));
    CHECK(one != 0 && two != 0 && one != two);
    CHECK_OK(sergo_close(one));
    CHECK_CODE(SERGO_CLOSED, sergo_close(one));
    CHECK_OK(sergo_close(two));
    CHECK_CODE(SERGO_CLOSED, sergo_close(0));
    CHECK_CODE(SERGO_CLOSED, sergo_close(UINT64_MAX));
}

static void test_report(void) {
    uint64_t engine = engine_with(NULL), version;
    CHECK_OK(sergo_rules_version(engine, &version));
    CHECK(version == 0);

    sergo_source sources[] = {
        {SERGO_STR("good.yaml"), SERGO_STRZ(LIMIT)},
        {SERGO_STR("bad.yaml"), SERGO_STR("apiVersion: fault-tolerance.opensergo.io/v1alpha1\n"
                                          "kind: RateLimitStrategy\n"
                                          "metadata: {name: no-number}\n"
                                          "spec: {threshold: ten, statDuration: 1s}\n")},
        {SERGO_STR("waits.yaml"), SERGO_STR("apiVersion: fault-tolerance.opensergo.io/v1alpha1\n"
                                            "kind: FaultToleranceRule\n"
                                            "metadata: {name: waits}\n"
                                            "spec:\n"
                                            "  colour: red\n"
                                            "  targets: [{targetResourceName: /bar}]\n"
                                            "  strategies: [{name: not-there}]\n")},
        {.text = SERGO_STR("")},
    };
    sergo_report report;
    CHECK_OK(sergo_apply(engine, sources, 4, &report));
    CHECK(report.version == 1);
    CHECK(report.accepted == 4);
    CHECK(report.rejected == 1);
    CHECK(report.waiting == 1);
    CHECK(report.warnings == 1);
    CHECK(report.shadowed == 0);
    CHECK(report.unserved == 0);
    CHECK(strlen(report.lines.data) == report.lines.len);
    CHECK(strstr(report.lines.data, "rejected: bad.yaml:4") != NULL);
    CHECK(strstr(report.lines.data, "waiting: ") != NULL);
    CHECK(strstr(report.lines.data, "warning: waits.yaml:") != NULL);

    json read;
    CHECK(json_read(report.json.data, report.json.len, &read));
    const json *rejected = json_get(&read, "rejected");
    CHECK(rejected->count == 1 && json_is(json_get(json_at(rejected, 0), "field"), "spec.threshold"));
    CHECK(json_is(json_get(json_at(json_get(&read, "waiting"), 0), "missing"), "not-there"));
    CHECK(json_is(json_get(json_at(json_get(&read, "warnings"), 0), "field"), "spec.colour"));
    json_free(&read);

    sergo_report_free(&report);
    CHECK(report.json.data == NULL && report.accepted == 0);
    sergo_report_free(&report);
    sergo_report_free(NULL);

    // No source at all unloads everything.
    CHECK_OK(sergo_apply(engine, NULL, 0, &report));
    CHECK(report.accepted == 0 && report.rejected == 0);
    sergo_report_free(&report);
    CHECK_OK(sergo_rules_version(engine, &version));
    CHECK(version == 2);
    CHECK_OK(sergo_close(engine));
}

void test_engine(void) {
    test_open_and_close();
    test_report();
}
