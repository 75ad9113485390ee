// What the files of the conformance port share.
#ifndef TESTS_PORT_H
#define TESTS_PORT_H

#include "json.h"
#include "sergo.h"

#include <stdio.h>
#include <stdlib.h>

// The permits kept under one name, oldest first, open ones and closed ones.
struct held {
    const char *name;
    sergo_permit *permits;
    size_t count;
};

// A resource's name, resolved.
struct known {
    const json *name;
    uint64_t id;
};

struct port {
    uint64_t engine;
    uint64_t seed;
    struct held *held;
    size_t held_count;
    struct known *known;
    size_t known_count;
};

// The list with room for one more.
static inline void *more(void *list, size_t count, size_t size) {
    void *grown = realloc(list, (count + 1) * size);
    if (!grown) abort();
    return grown;
}

static inline sergo_str text_of(const json *value) {
    return value->kind == JSON_TEXT ? sergo_str_of(value->text, value->len) : sergo_str_of(NULL, 0);
}

static inline sergo_str text(const json *step, const char *key) {
    return text_of(json_get(step, key));
}

// A map of texts as pairs; free it.
static inline sergo_pair *pairs_of(const json *map) {
    sergo_pair *pairs = more(NULL, map->count, sizeof *pairs);
    for (size_t i = 0; i < map->count; i++) {
        pairs[i].name = text_of(&map->keys[i]);
        pairs[i].value = text_of(&map->items[i]);
    }
    return pairs;
}

// What a step asks: where a request goes, which instance takes it, or where a
// connection goes.
enum asked { ASK_ROUTE, ASK_PICK, ASK_CONNECTION };

sergo_code port_route(struct port *port, const json *step, enum asked asked, uint64_t now);
sergo_code port_report(struct port *port, const json *step, uint64_t now);
sergo_code port_ejected(struct port *port, const json *step, uint64_t now);
sergo_code port_label(struct port *port, const json *step);

#endif
