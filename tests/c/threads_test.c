// One engine under many threads, also while it is reloaded and closed; and forked.

#define _POSIX_C_SOURCE 200809L
#include "check.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 8, ROUNDS = 2000 };

static uint64_t shared;
static atomic_int passed, wrong;

// All at one moment of a manual clock, so that exactly the threshold fits.
static void *enter_often(void *none) {
    for (int i = 0; i < ROUNDS; i++) {
        sergo_decision decision;
        if (sergo_enter_name(shared, SERGO_STR("/foo"), 1, SERGO_INBOUND, 0, &decision) != SERGO_OK) wrong++;
        if (decision.outcome == SERGO_BLOCK) {
            sergo_block block;
            if (sergo_block_get(shared, decision.block, &block) != SERGO_OK) wrong++;
            if (block.status != 429) wrong++;
            sergo_block_free(&block);
        } else {
            passed++;
            if (sergo_exit(shared, &decision.permit, SERGO_SUCCEEDED, 0) != SERGO_OK) wrong++;
        }
    }
    return none;
}

static void *use_until_closed(void *none) {
    for (;;) {
        sergo_decision decision;
        sergo_code code = sergo_enter_name(shared, SERGO_STR("/foo"), 1, SERGO_INBOUND, SERGO_NOW, &decision);
        if (code == SERGO_CLOSED) return none;
        if (code != SERGO_OK) wrong++;
        code = sergo_exit(shared, &decision.permit, SERGO_SUCCEEDED, SERGO_NOW);
        if (code != SERGO_OK && code != SERGO_CLOSED) wrong++;
    }
}

static void start(pthread_t *threads, void *(*run)(void *)) {
    for (int i = 0; i < THREADS; i++) CHECK(pthread_create(&threads[i], NULL, run, NULL) == 0);
}

static void join(pthread_t *threads) {
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
}

// Picks by number, each of which is reported, and its instance asked for.
static void *pick_often(void *none) {
    sergo_request request = {.host = SERGO_STR("web")};
    for (uint64_t i = 0; i < ROUNDS; i++) {
        sergo_picked picked;
        sergo_text text;
        if (sergo_pick_id(shared, &request, i, SERGO_NOW, &picked) != SERGO_OK || picked.instance == 0) wrong++;
        sergo_code code = sergo_instance_json(shared, request.host, picked.instance, &text);
        // One that is gone by now is stale.
        if (code != SERGO_OK && code != SERGO_STALE) wrong++;
        sergo_text_free(&text);
        code = sergo_report_id(shared, request.host, picked.instance, SERGO_CALL_SUCCESS, SERGO_NOW);
        if (code != SERGO_OK) wrong++;
    }
    return none;
}

static void test_picks(void) {
    pthread_t threads[THREADS];
    sergo_instance instances[] = {{.id = SERGO_STR("a")}, {.id = SERGO_STR("b")}, {.id = SERGO_STR("c")}};
    shared = engine_with(NULL);
    CHECK_OK(sergo_set_instances(shared, SERGO_STR("web"), instances, 3));
    start(threads, pick_often);
    for (int i = 0; i < 100; i++) {
        // One goes, another comes; there are always two.
        sergo_str gone = instances[i % 3].id;
        CHECK_OK(sergo_update_instances(shared, SERGO_STR("web"), &instances[(i + 2) % 3], 1, &gone, 1));
        if (i % 20 == 0) apply(shared, LIMIT);
    }
    join(threads);
    CHECK(wrong == 0);
    CHECK_OK(sergo_close(shared));
}

// Pumps a session whose streams all fail, until it is closed.
static void *pump_until_closed(void *none) {
    for (;;) {
        sergo_step step;
        sergo_code code = sergo_session_poll(shared, &step);
        if (step.kind == SERGO_STEP_DIAL) sergo_session_closed(shared, step.stream, SERGO_STR("nobody answers"));
        sergo_step_free(&step);
        if (code == SERGO_OK) code = sergo_session_time(shared);
        if (code == SERGO_CLOSED) return none;
        if (code != SERGO_OK) wrong++;
    }
}

static void test_session_closed_under_way(void) {
    pthread_t threads[THREADS];
    uint64_t engine = engine_with(NULL);
    sergo_text state;
    CHECK_OK(sergo_session_open(engine, SERGO_STR("{\"addresses\": [\"one:1\"]}"), 7, &shared));
    start(threads, pump_until_closed);
    for (int i = 0; i < 100; i++) {
        CHECK_OK(sergo_session_state(shared, &state));
        sergo_text_free(&state);
    }
    CHECK_OK(sergo_session_close(shared));
    join(threads);
    CHECK(wrong == 0);
    CHECK_OK(sergo_close(engine));
}

// A child goes on with its parent's engine, counts by itself, and makes new ones.
static void test_fork(void) {
    uint64_t engine = engine_with(LIMIT);
    sergo_decision decision;
    CHECK_OK(sergo_enter_name(engine, SERGO_STR("/foo"), 1, SERGO_INBOUND, 0, &decision));
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        int failed = checks_failed;
        CHECK_OK(sergo_enter_name(engine, SERGO_STR("/foo"), 1, SERGO_INBOUND, 0, &decision));
        CHECK(decision.outcome == SERGO_PASS);
        CHECK_OK(sergo_enter_name(engine, SERGO_STR("/foo"), 1, SERGO_INBOUND, 0, &decision));
        CHECK(decision.outcome == SERGO_BLOCK);
        apply(engine, "");
        CHECK_OK(sergo_close(engine_with(LIMIT)));
        CHECK_OK(sergo_close(engine));
        _exit(checks_failed != failed);
    }
    int status = 1;
    CHECK(child > 0 && waitpid(child, &status, 0) == child && status == 0);
    CHECK_OK(sergo_enter_name(engine, SERGO_STR("/foo"), 1, SERGO_INBOUND, 0, &decision));
    CHECK(decision.outcome == SERGO_PASS);
    CHECK_OK(sergo_close(engine));
}

void test_threads(void) {
    pthread_t threads[THREADS];
    shared = engine_with(LIMIT);
    start(threads, enter_often);
    for (int i = 0; i < 5; i++) apply(shared, LIMIT);
    join(threads);
    CHECK(passed == 2);
    CHECK(wrong == 0);

    start(threads, use_until_closed);
    apply(shared, "");
    CHECK_OK(sergo_close(shared));
    join(threads);
    CHECK(wrong == 0);
    test_picks();
    test_session_closed_under_way();
    test_fork();
}
