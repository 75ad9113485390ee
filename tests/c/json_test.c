// The reader that the other tests and the port read with.

#include "json.h"
#include "check.h"

static bool reads(const char *text) {
    json value;
    bool good = json_read(text, strlen(text), &value);
    json_free(&value);
    return good;
}

void test_json(void) {
    const char *text = " {\"a\": [1, -2.5e1, \"x\\n\\u00e4\\ud83d\\ude00\", true, false, null], \"b\": {}} ";
    json value;
    CHECK(json_read(text, strlen(text), &value));
    const json *list = json_get(&value, "a");
    if (CHECK(list->count == 6)) {
        CHECK(list->items[0].whole == 1);
        CHECK(list->items[1].number == -25.0 && list->items[1].whole == 0);
        CHECK(json_is(&list->items[2], "x\n\xc3\xa4\xf0\x9f\x98\x80"));
        CHECK(list->items[3].truth && !list->items[4].truth);
        CHECK(list->items[5].kind == JSON_NULL);
    }
    CHECK(json_get(&value, "b")->kind == JSON_MAP);
    CHECK(json_get(&value, "c")->kind == JSON_NULL);
    json_free(&value);

    const char *large = "18446744073709551614";
    CHECK(json_read(large, strlen(large), &value) && value.whole == UINT64_MAX - 1);
    json_free(&value);

    const char *bad[] = {"",    "{",       "[1,]",   "{\"a\"}", "\"\\x\"", "\"\\ud800\"", "01", "1.",
                         "nul", "[1] [2]", "\"\n\"", "{1: 2}",  "\"a",     "-",           "1e", "tru"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (!CHECK(!reads(bad[i]))) fprintf(stderr, "%s\n", bad[i]);
    char deep[300];
    memset(deep, '[', sizeof deep - 1);
    deep[sizeof deep - 1] = 0;
    CHECK(!reads(deep));
}
