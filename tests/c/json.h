// A small JSON reader for the tests and the conformance port.
#ifndef TESTS_JSON_H
#define TESTS_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef enum { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_TEXT, JSON_LIST, JSON_MAP } json_kind;

// A value. What it does not have is zero.
typedef struct json {
    json_kind kind;
    bool truth;
    double number;
    uint64_t whole;      // the number, where it is whole and not negative
    char *text;          // UTF-8 with a NUL behind it, or a number as it was written
    size_t len;          // of the text, in bytes
    size_t count;        // of a list's or map's items
    struct json *items;  // the elements, or the values
    struct json *keys;   // of a map: texts, one per item
} json;

// Reads one value; false when the text is anything else. Free it in either case.
bool json_read(const char *text, size_t len, json *value);
void json_free(json *value);

// The value under a key; null where there is none or this is no map.
const json *json_get(const json *map, const char *key);
// The element at an index; null where there is none.
const json *json_at(const json *list, size_t index);
bool json_is(const json *value, const char *text);

void json_write(FILE *file, const json *value);
void json_write_text(FILE *file, const char *text, size_t len);

#endif
