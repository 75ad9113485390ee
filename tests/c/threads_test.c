// One engine under many threads, also while it is reloaded and closed.

#include "check.h"

#include <pthread.h>
#include <stdatomic.h>

enum { THREADS = 8, ROUNDS = 2000 };

static uint64_t shared;
static atomic_int passed, wrong;

// All at one moment of a manual clock, so that exactly the threshold fits.
static void* enter_often(void* none) {
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

static void* use_until_closed(void* none) {
    for (;;) {
        sergo_decision decision;
        sergo_code code = sergo_enter_name(shared, SERGO_STR("/foo"), 1, SERGO_INBOUND, SERGO_NOW, &decision);
        if (code == SERGO_CLOSED) return none;
        if (code != SERGO_OK) wrong++;
        code = sergo_exit(shared, &decision.permit, SERGO_SUCCEEDED, SERGO_NOW);
        if (code != SERGO_OK && code != SERGO_CLOSED) wrong++;
    }
}

static void start(pthread_t* threads, void* (*run)(void*)) {
    for (int i = 0; i < THREADS; i++) CHECK(pthread_create(&threads[i], NULL, run, NULL) == 0);
}

static void join(pthread_t* threads) {
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
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
}
