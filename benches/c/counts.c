// `make counts`: libsergo's hot paths, each in a function of its own that does it TIMES
// times, for callgrind to count the instructions of. The clock is given, so that every
// run does the same.

#include "sergo.h"

#include <stdio.h>
#include <stdlib.h>

// How often; report/count.py divides by it.
enum { TIMES = 10000 };

static uint64_t engine;

static void must(sergo_code code) {
    if (code == SERGO_OK) return;
    fprintf(stderr, "%s\n", sergo_code_sentence(code));
    exit(1);
}

// A microsecond later each time, so that windows turn as they do in a service.
static uint64_t later(unsigned time) { return 1000000000u + (uint64_t)time * 1000u; }

static inline void enter_and_exit(uint64_t id) {
    for (unsigned time = 0; time < TIMES; time++) {
        sergo_decision decision;
        must(sergo_enter(engine, id, 1, SERGO_INBOUND, later(time), &decision));
        if (decision.outcome != SERGO_PASS) abort();
        must(sergo_exit(engine, &decision.permit, SERGO_SUCCEEDED, later(time)));
    }
}

#define PATH __attribute__((noinline)) static void

// A mark of its own in each path keeps the compiler from making one of two.
static volatile int mark;

PATH path_limit_breaker_pass(uint64_t id) {
    mark = 1;
    enter_and_exit(id);
}

PATH path_limit_pass(uint64_t id) {
    mark = 2;
    enter_and_exit(id);
}

PATH path_breaker_pass(uint64_t id) {
    mark = 3;
    enter_and_exit(id);
}

PATH path_unruled(uint64_t id) {
    mark = 4;
    enter_and_exit(id);
}

PATH path_blocked(uint64_t id) {
    for (unsigned time = 0; time < TIMES; time++) {
        sergo_decision decision;
        must(sergo_enter(engine, id, 1, SERGO_INBOUND, later(time), &decision));
        if (decision.outcome != SERGO_BLOCK) abort();
    }
}

static inline void routes(const sergo_request *request) {
    for (unsigned time = 0; time < TIMES; time++) {
        uint64_t id;
        must(sergo_route(engine, request, time, &id));
        if (id == 0) abort();
    }
}

PATH path_route_plain(const sergo_request *request) {
    mark = 5;
    routes(request);
}

PATH path_route_six_headers(const sergo_request *request) {
    mark = 6;
    routes(request);
}


PATH path_pick_report(const sergo_request *request) {
    for (unsigned time = 0; time < TIMES; time++) {
        sergo_picked picked;
        must(sergo_pick_id(engine, request, time, later(time), &picked));
        if (picked.instance == 0) abort();
        must(sergo_report_id(engine, request->host, picked.instance, SERGO_CALL_SUCCESS, later(time)));
    }
}

static uint64_t resolve(const char *name) {
    uint64_t id;
    must(sergo_resolve(engine, SERGO_STRZ(name), &id));
    return id;
}

static char text[1 << 16];

// RULES
int main(int count, char **arguments) {
    FILE *file = count == 2 ? fopen(arguments[1], "rb") : NULL;
    if (!file) return 2;
    text[fread(text, 1, sizeof text - 1, file)] = 0;
    fclose(file);

    sergo_config config = {.app = SERGO_STR("bench-app")};
    sergo_source source = {.text = SERGO_STRZ(text)};
    sergo_report report;
    must(sergo_open(&config, &engine));
    must(sergo_apply(engine, &source, 1, &report));
    if (report.rejected + report.waiting + report.warnings > 0) return 1;
    sergo_report_free(&report);
    path_limit_breaker_pass(resolve("GET:/both"));
    path_limit_pass(resolve("GET:/limit"));
    path_breaker_pass(resolve("GET:/breaker"));
    path_unruled(resolve("GET:/unruled"));
    path_blocked(resolve("GET:/blocked"));

    sergo_pair headers[] = {
        {SERGO_STR("accept"), SERGO_STR("*/*")},     {SERGO_STR("user-agent"), SERGO_STR("bench")},
        {SERGO_STR("x-request-id"), SERGO_STR("7")}, {SERGO_STR("x-a"), SERGO_STR("1")},
        {SERGO_STR("x-b"), SERGO_STR("2")},          {SERGO_STR("tag"), SERGO_STR("v2")},
    };
    sergo_request request = {.host = SERGO_STR("service-provider"), .path = SERGO_STR("/foo")};
    path_route_plain(&request);
    request.headers = headers;
    request.header_count = 6;
    path_route_six_headers(&request);

    must(sergo_set_instances_json(engine, SERGO_STR("service-provider"),
                                  SERGO_STR("[{\"id\": \"a\", \"labels\": {\"version\": \"v2\"}},"
                                            " {\"id\": \"b\", \"labels\": {\"version\": \"v2\"}},"
                                            " {\"id\": \"c\", \"labels\": {\"version\": \"v2\"}},"
                                            " {\"id\": \"d\", \"labels\": {\"version\": \"v2\"}}]")));
    path_pick_report(&request);
    must(sergo_close(engine));
    return 0;
}
