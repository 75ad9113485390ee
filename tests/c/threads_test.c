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
    test_fork();
}
