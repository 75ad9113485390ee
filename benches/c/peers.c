// libsergo at the job of benches/rules/peers.yaml: one round. Prints a line of JSON for
// each, of which `id` is library/what it does/job.

#define _POSIX_C_SOURCE 200809L
#include "sergo.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static atomic_ulong allocations;
static uint64_t engine;

#ifdef __GLIBC__
// Counts what anybody in this program allocates, the library too.
extern void *__libc_malloc(size_t size);
void *malloc(size_t size) {
    atomic_fetch_add_explicit(&allocations, 1, memory_order_relaxed);
    return __libc_malloc(size);
}
#endif

static void must(sergo_code code) {
    if (code == SERGO_OK) return;
    fprintf(stderr, "%s\n", sergo_code_sentence(code));
    exit(1);
}

// A job of one thread: a resource or a host, and how often.
typedef struct task {
    void (*once)(const struct task *);
    const char *name;
    uint64_t id;
    unsigned long times;
} task;

static void enter(const task *own) {
    sergo_decision decision;
    must(sergo_enter(engine, own->id, 1, SERGO_INBOUND, SERGO_NOW, &decision));
    if (decision.outcome != SERGO_PASS) abort();
    must(sergo_exit(engine, &decision.permit, SERGO_SUCCEEDED, SERGO_NOW));
}

static void refused(const task *own) {
    sergo_decision decision;
    must(sergo_enter(engine, own->id, 1, SERGO_INBOUND, SERGO_NOW, &decision));
    if (decision.outcome != SERGO_BLOCK) abort();
}

static const sergo_pair HEADERS[] = {
    {{"accept", 6}, {"*/*", 3}},     {{"user-agent", 10}, {"bench", 5}}, {{"x-request-id", 12}, {"7", 1}},
    {{"x-a", 3}, {"1", 1}},          {{"x-b", 3}, {"2", 1}},             {{"tag", 3}, {"v2", 2}},
};

static sergo_request request(const char *host) {
    sergo_request request = {.host = SERGO_STRZ(host), .path = SERGO_STR("/foo"), .headers = HEADERS, .header_count = 6};
    return request;
}

static void route(const task *own) {
    sergo_request asked = request(own->name);
    uint64_t id;
    must(sergo_route(engine, &asked, 7, &id));
    if (id == 0) abort();
}

static void pick(const task *own) {
    sergo_request asked = request(own->name);
    sergo_picked picked;
    must(sergo_pick_id(engine, &asked, 7, SERGO_NOW, &picked));
    if (picked.instance == 0) abort();
    must(sergo_report_id(engine, asked.host, picked.instance, SERGO_CALL_SUCCESS, SERGO_NOW));
}

static void *many(void *argument) {
    const task *own = argument;
    for (unsigned long n = 0; n < own->times; n++) own->once(own);
    return NULL;
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

// Nanoseconds until all threads have done their job.
static double run(task *tasks, int threads, unsigned long times) {
    pthread_t thread[2];
    for (int n = 0; n < threads; n++) tasks[n].times = times;
    double start = now();
    if (threads == 1) {
        many(&tasks[0]);
    } else {
        for (int n = 0; n < threads; n++) pthread_create(&thread[n], NULL, many, &tasks[n]);
        for (int n = 0; n < threads; n++) pthread_join(thread[n], NULL);
    }
    return now() - start;
}

static double milliseconds = 200;

static void measure(const char *id, void (*once)(const task *), const char *name, const char *second) {
    task tasks[2] = {{.once = once, .name = name}, {.once = once, .name = second}};
    int threads = second ? 2 : 1;
    for (int n = 0; n < threads; n++) must(sergo_resolve(engine, SERGO_STRZ(tasks[n].name), &tasks[n].id));
    unsigned long times = 1000;
    while (run(tasks, threads, times) < milliseconds * 1e5) times *= 2;
    times *= 10;
    unsigned long before = allocations;
    double took = run(tasks, threads, times);
    printf("{\"id\": \"sergo/%s\", \"value\": %.2f, \"unit\": \"ns\"}\n", id, took / (double)times);
#ifdef __GLIBC__
    if (!second) {
        double each = (double)(allocations - before) / (double)times;
        printf("{\"id\": \"sergo/%s\", \"value\": %.3f, \"unit\": \"allocations\"}\n", id, each);
    }
#endif
}

static char *read_whole(const char *path) {
    static char text[1 << 16];
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        exit(1);
    }
    text[fread(text, 1, sizeof text - 1, file)] = 0;
    fclose(file);
    return text;
}

// RULES [MILLISECONDS]
int main(int count, char **arguments) {
    if (count < 2) return 2;
    if (count > 2) milliseconds = atof(arguments[2]);
    sergo_config config = {.app = SERGO_STR("bench-app")};
    sergo_source source = {.text = SERGO_STRZ(read_whole(arguments[1]))};
    sergo_report report;
    must(sergo_open(&config, &engine));
    must(sergo_apply(engine, &source, 1, &report));
    if (report.rejected + report.waiting + report.warnings > 0) {
        fprintf(stderr, "%s\n", report.lines.data);
        return 1;
    }
    sergo_report_free(&report);
    measure("limit+breaker/pass", enter, "GET:/both", NULL);
    measure("limit+breaker/shared", enter, "GET:/both", "GET:/both");
    measure("limit+breaker/own", enter, "GET:/both", "GET:/both/2");
    measure("limit/pass", enter, "GET:/limit", NULL);
    measure("limit/shared", enter, "GET:/limit", "GET:/limit");
    measure("limit/own", enter, "GET:/limit", "GET:/limit/2");
    measure("breaker/pass", enter, "GET:/breaker", NULL);
    measure("breaker/shared", enter, "GET:/breaker", "GET:/breaker");
    measure("breaker/own", enter, "GET:/breaker", "GET:/breaker/2");
    measure("limit+breaker/blocked", refused, "GET:/blocked", NULL);
    measure("limit+breaker/unruled", enter, "GET:/unruled", NULL);
    measure("route/route", route, "service-provider", NULL);
    must(sergo_set_instances_json(engine, SERGO_STR("service-provider"),
                                  SERGO_STR("[{\"id\": \"a\", \"labels\": {\"version\": \"v2\"}},"
                                            " {\"id\": \"b\", \"labels\": {\"version\": \"v2\"}},"
                                            " {\"id\": \"c\", \"labels\": {\"version\": \"v2\"}},"
                                            " {\"id\": \"d\", \"labels\": {\"version\": \"v2\"}}]")));
    measure("route/pick", pick, "service-provider", NULL);
    must(sergo_close(engine));
    return 0;
}
