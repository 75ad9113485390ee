// Checks that count: a failed one is printed and the test goes on.
#ifndef TESTS_CHECK_H
#define TESTS_CHECK_H

#include "sergo.h"

#include <stdbool.h>
#include <stdio.h>

extern int checks_passed, checks_failed;

static inline bool check(bool good, const char *what, const char *file, int line) {
    if (good) {
        checks_passed++;
    } else {
        checks_failed++;
        fprintf(stderr, "%s:%d: %s\n", file, line, what);
    }
    return good;
}

static inline bool check_code(sergo_code want, sergo_code got, const char *what, const char *file, int line) {
    if (want != got) fprintf(stderr, "%s instead of %s: ", sergo_code_word(got), sergo_code_word(want));
    return check(want == got, what, file, line);
}

static inline bool check_text(const char *want, sergo_str got, const char *what, const char *file, int line) {
    bool same = got.data && got.len == strlen(want) && !memcmp(want, got.data, got.len);
    if (!same) fprintf(stderr, "\"%.*s\" instead of \"%s\": ", SERGO_PRINT(got), want);
    return check(same, what, file, line);
}

#define CHECK(that) check((that), #that, __FILE__, __LINE__)
#define CHECK_CODE(want, call) check_code((want), (call), #call, __FILE__, __LINE__)
#define CHECK_OK(call) CHECK_CODE(SERGO_OK, call)
#define CHECK_TEXT(want, got) check_text((want), (got), #got, __FILE__, __LINE__)

// A packed request as the header's words describe it.
struct pack {
    uint8_t bytes[512];
    size_t len;
};

static inline void pack_number(struct pack *pack, uint32_t number) {
    for (int i = 0; i < 4; i++) pack->bytes[pack->len++] = (uint8_t)(number >> 8 * i);
}

static inline void pack_text(struct pack *pack, const char *text) {
    pack_number(pack, text ? (uint32_t)strlen(text) : UINT32_MAX);
    while (text && *text) pack->bytes[pack->len++] = (uint8_t)*text++;
}

// One of a host, with a method, a path and a header where they are not null.
struct pack pack_request(const char *host, const char *method, const char *path, const char *header,
                         const char *value);

// One of a host, with the one header that the rules of this version require.
struct pack pack_selected(const char *host, uint32_t version, const char *header, const char *value);

// An engine of the app demo-app with these rules, which must be right.
uint64_t engine_with(const char *rules);
// The same by the engine that there is.
void apply(uint64_t engine, const char *rules);

// /foo takes two entries a second, then 429 "slow down" with X-A: 1 and X-B: 2.
extern const char *const LIMIT;
// web, tagged v2, goes to the subset v2, else v1, all else to v1.
extern const char *const ROUTES;

void test_codes(void);
void test_engine(void);
void test_entry(void);
void test_gates(void);
void test_route(void);
void test_pick(void);
void test_label(void);
void test_session(void);
void test_watch(void);
void test_abuse(void);
void test_threads(void);
void test_json(void);

#endif
