#include "json.h"

#include <stdlib.h>
#include <string.h>

#define DEEPEST 64

static const json none;

typedef struct {
    const char *at;
    const char *end;
    int depth;
} reader;

static bool read_value(reader *in, json *value);

static void *grow(void *list, size_t count, size_t size) {
    // Doubles at each power of two, so that no capacity has to be kept.
    if (count & (count - 1)) return list;
    void *grown = realloc(list, (count ? count * 2 : 1) * size);
    if (!grown) abort();
    return grown;
}

static void skip_space(reader *in) {
    while (in->at < in->end && strchr(" \t\r\n", *in->at) && *in->at) in->at++;
}

static bool take(reader *in, const char *word) {
    size_t len = strlen(word);
    if ((size_t)(in->end - in->at) < len || memcmp(in->at, word, len) != 0) return false;
    in->at += len;
    return true;
}

static bool read_hex(reader *in, uint32_t *code) {
    *code = 0;
    for (int i = 0; i < 4; i++, in->at++) {
        if (in->at == in->end) return false;
        const char *digits = "0123456789abcdef0123456789ABCDEF";
        const char *found = *in->at ? strchr(digits, *in->at) : NULL;
        if (!found) return false;
        *code = *code << 4 | (uint32_t)((found - digits) & 15);
    }
    return true;
}

static size_t encode(uint32_t code, char *to) {
    if (code < 0x80) return to[0] = (char)code, 1;
    size_t more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    for (size_t i = more; i > 0; i--, code >>= 6) to[i] = (char)(0x80 | (code & 0x3f));
    static const unsigned char lead[] = {0, 0xc0, 0xe0, 0xf0};
    to[0] = (char)(lead[more] | code);
    return more + 1;
}

static bool read_escape(reader *in, char *to, size_t *len) {
    static const char from[] = "\"\\/bfnrt", into[] = "\"\\/\b\f\n\r\t";
    if (in->at == in->end) return false;
    char letter = *in->at++;
    const char *simple = letter ? strchr(from, letter) : NULL;
    if (simple) {
        to[(*len)++] = into[simple - from];
        return true;
    }
    uint32_t code, low;
    if (letter != 'u' || !read_hex(in, &code)) return false;
    if (code >= 0xd800 && code < 0xdc00) {
        if (!take(in, "\\u") || !read_hex(in, &low) || low < 0xdc00 || low > 0xdfff) return false;
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    } else if (code >= 0xdc00 && code <= 0xdfff) {
        return false;
    }
    *len += encode(code, to + *len);
    return true;
}

static bool read_text(reader *in, json *value) {
    if (!take(in, "\"")) return false;
    value->kind = JSON_TEXT;
    // No escape is shorter than what it stands for.
    value->text = malloc((size_t)(in->end - in->at) + 1);
    if (!value->text) abort();
    while (in->at < in->end && *in->at != '"') {
        if ((unsigned char)*in->at < 0x20) return false;
        if (*in->at != '\\') {
            value->text[value->len++] = *in->at++;
            continue;
        }
        in->at++;
        if (!read_escape(in, value->text, &value->len)) return false;
    }
    value->text[value->len] = 0;
    return take(in, "\"");
}

static bool digits(reader *in) {
    const char *first = in->at;
    while (in->at < in->end && *in->at >= '0' && *in->at <= '9') in->at++;
    return in->at > first;
}

static bool read_number(reader *in, json *value) {
    const char *first = in->at;
    bool negative = take(in, "-"), whole = true;
    if (!take(in, "0") && !digits(in)) return false;
    if (take(in, ".")) {
        whole = false;
        if (!digits(in)) return false;
    }
    if (take(in, "e") || take(in, "E")) {
        whole = false;
        if (!take(in, "+")) take(in, "-");
        if (!digits(in)) return false;
    }
    value->kind = JSON_NUMBER;
    value->len = (size_t)(in->at - first);
    value->text = malloc(value->len + 1);
    if (!value->text) abort();
    memcpy(value->text, first, value->len);
    value->text[value->len] = 0;
    value->number = strtod(value->text, NULL);
    if (whole && !negative) value->whole = strtoull(value->text, NULL, 10);
    return true;
}

static bool read_many(reader *in, json *value, bool map) {
    const char *close = map ? "}" : "]";
    value->kind = map ? JSON_MAP : JSON_LIST;
    in->at++;
    skip_space(in);
    if (take(in, close)) return true;
    do {
        size_t at = value->count;
        value->items = grow(value->items, at, sizeof(json));
        value->items[at] = none;
        if (map) {
            value->keys = grow(value->keys, at, sizeof(json));
            value->keys[at] = none;
        }
        value->count++;
        if (map) {
            skip_space(in);
            if (!read_text(in, &value->keys[at])) return false;
            skip_space(in);
            if (!take(in, ":")) return false;
        }
        if (!read_value(in, &value->items[at])) return false;
        skip_space(in);
    } while (take(in, ","));
    return take(in, close);
}

static bool read_value(reader *in, json *value) {
    skip_space(in);
    if (in->at == in->end) return false;
    switch (*in->at) {
        case '{':
        case '[': {
            if (++in->depth > DEEPEST) return false;
            bool good = read_many(in, value, *in->at == '{');
            in->depth--;
            return good;
        }
        case '"': return read_text(in, value);
        case 'n': return take(in, "null");
        case 't': value->kind = JSON_BOOL; return value->truth = take(in, "true");
        case 'f': value->kind = JSON_BOOL; return take(in, "false");
        default: return read_number(in, value);
    }
}

bool json_read(const char *text, size_t len, json *value) {
    reader in = {text, text + len, 0};
    memset(value, 0, sizeof *value);
    bool good = read_value(&in, value);
    skip_space(&in);
    return good && in.at == in.end;
}

void json_free(json *value) {
    for (size_t i = 0; i < value->count; i++) {
        json_free(&value->items[i]);
        if (value->keys) json_free(&value->keys[i]);
    }
    free(value->items);
    free(value->keys);
    free(value->text);
    memset(value, 0, sizeof *value);
}

const json *json_at(const json *list, size_t index) {
    return index < list->count ? &list->items[index] : &none;
}

const json *json_get(const json *map, const char *key) {
    for (size_t i = 0; map->keys && i < map->count; i++)
        if (json_is(&map->keys[i], key)) return &map->items[i];
    return &none;
}

bool json_is(const json *value, const char *text) {
    return value->kind == JSON_TEXT && value->len == strlen(text) && memcmp(value->text, text, value->len) == 0;
}

void json_write_text(FILE *file, const char *text, size_t len) {
    fputc('"', file);
    for (size_t i = 0; i < len; i++) {
        unsigned char byte = (unsigned char)text[i];
        if (byte == '"' || byte == '\\') {
            fprintf(file, "\\%c", byte);
        } else if (byte < 0x20) {
            fprintf(file, "\\u%04x", byte);
        } else {
            fputc(byte, file);
        }
    }
    fputc('"', file);
}

void json_write(FILE *file, const json *value) {
    bool map = value->kind == JSON_MAP;
    switch (value->kind) {
        case JSON_NULL: fputs("null", file); return;
        case JSON_BOOL: fputs(value->truth ? "true" : "false", file); return;
        case JSON_NUMBER: fputs(value->text, file); return;
        case JSON_TEXT: json_write_text(file, value->text, value->len); return;
        case JSON_LIST:
        case JSON_MAP: break;
    }
    fputc(map ? '{' : '[', file);
    for (size_t i = 0; i < value->count; i++) {
        if (i) fputc(',', file);
        if (map) {
            json_write_text(file, value->keys[i].text, value->keys[i].len);
            fputc(':', file);
        }
        json_write(file, &value->items[i]);
    }
    fputc(map ? '}' : ']', file);
}
