// First figures: enter and exit, pick and report, in nanoseconds that a pair takes its
// thread.

#define _POSIX_C_SOURCE 200809L
#include "sergo.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { PAIRS = 5000000 };

// A limit that is never reached: its window's slices are what is measured.
static const char RULES[] =
    "apiVersion: fault-tolerance.opensergo.io/v1alpha1\n"
    "kind: RateLimitStrategy\n"
    "metadata: {name: wide}\n"
    "spec: {metricType: RequestAmount, limitMode: Local, threshold: 1000000000, statDuration: 1s}\n"
    "---\n"
    "apiVersion: fault-tolerance.opensergo.io/v1alpha1\n"
    "kind: FaultToleranceRule\n"
    "metadata: {name: wide}\n"
    "spec: {targets: [{targetResourceName: /foo}], strategies: [{name: wide, kind: RateLimitStrategy}]}\n"
    "---\n"
    "apiVersion: traffic.opensergo.io/v1alpha1\n"
    "kind: TrafficRouter\n"
    "metadata: {name: web}\n"
    "spec:\n"
    "  hosts: [web]\n"
    "  http:\n"
    "    - {match: [{headers: {tag: {exact: v2}}}], route: [{destination: {host: web, subset: v2}}]}\n"
    "    - {route: [{destination: {host: web}}]}\n";

static uint64_t engine;

static void must(sergo_code code) {
    if (code == SERGO_OK) return;
    fprintf(stderr, "%s\n", sergo_code_sentence(code));
    exit(1);
}

static void *pairs_by_id(void *name) {
    sergo_decision decision;
    uint64_t id;
    must(sergo_resolve(engine, SERGO_STRZ((const char *)name), &id));
    for (int i = 0; i < PAIRS; i++) {
        must(sergo_enter(engine, id, 1, SERGO_INBOUND, SERGO_NOW, &decision));
        must(sergo_exit(engine, &decision.permit, SERGO_SUCCEEDED, SERGO_NOW));
    }
    return NULL;
}

static void *pairs_by_name(void *name) {
    sergo_decision decision;
    sergo_str resource = SERGO_STRZ((const char *)name);
    for (int i = 0; i < PAIRS; i++) {
        must(sergo_enter_name(engine, resource, 1, SERGO_INBOUND, SERGO_NOW, &decision));
        must(sergo_exit(engine, &decision.permit, SERGO_SUCCEEDED, SERGO_NOW));
    }
    return NULL;
}

// Routes a request with six headers and picks one of three instances.
static void *picks(void *host) {
    sergo_pair headers[] = {
        {SERGO_STR("accept"), SERGO_STR("*/*")},   {SERGO_STR("user-agent"), SERGO_STR("bench/1")},
        {SERGO_STR("x-user"), SERGO_STR("42")},    {SERGO_STR("traceparent"), SERGO_STR("00-1-2-01")},
        {SERGO_STR("baggage"), SERGO_STR("a=b")},  {SERGO_STR("tag"), SERGO_STR("v2")},
    };
    sergo_request request = {.host = SERGO_STRZ((const char *)host), .headers = headers, .header_count = 6};
    for (uint64_t i = 0; i < PAIRS; i++) {
        sergo_picked picked;
        must(sergo_pick_id(engine, &request, i, SERGO_NOW, &picked));
        must(sergo_report_id(engine, request.host, picked.instance, SERGO_CALL_SUCCESS, SERGO_NOW));
    }
    return NULL;
}

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void measure(const char *what, void *(*run)(void *), const char *name, int threads) {
    pthread_t thread[2];
    double begin = seconds();
    for (int i = 0; i < threads; i++) pthread_create(&thread[i], NULL, run, (void *)name);
    for (int i = 0; i < threads; i++) pthread_join(thread[i], NULL);
    printf("c: %s: %.0f ns\n", what, (seconds() - begin) * 1e9 / PAIRS);
}

int main(void) {
    sergo_config config = {.app = SERGO_STR("demo-app")};
    sergo_source source = {.text = SERGO_STRZ(RULES)};
    sergo_report report;
    must(sergo_open(&config, &engine));
    must(sergo_apply(engine, &source, 1, &report));
    sergo_report_free(&report);
    measure("enter+exit, a resource without rules, by id", pairs_by_id, "GET:/bar", 1);
    measure("enter+exit, a resource without rules, by name", pairs_by_name, "GET:/bar", 1);
    measure("enter+exit, a rate limit, by id", pairs_by_id, "GET:/foo", 1);
    measure("enter+exit, a rate limit, by name", pairs_by_name, "GET:/foo", 1);
    measure("enter+exit, a rate limit, by id, on each of two threads", pairs_by_id, "GET:/foo", 2);
    must(sergo_set_instances_json(engine, SERGO_STR("web"),
                                  SERGO_STR("[{\"id\": \"a\", \"labels\": {\"version\": \"v2\"}},"
                                            " {\"id\": \"b\", \"labels\": {\"version\": \"v2\"}},"
                                            " {\"id\": \"c\", \"labels\": {\"version\": \"v2\"}}]")));
    measure("pick+report, six headers", picks, "web", 1);
    measure("pick+report, six headers, on each of two threads", picks, "web", 2);
    must(sergo_close(engine));
    return 0;
}
