// The conformance port of the C library: a vector in, its answers out, one line of
// JSON each, over include/sergo.h and libsergo alone.

#define _POSIX_C_SOURCE 200809L
#include "json.h"
#include "sergo.h"

#include <math.h>
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

// How often a destination was chosen.
struct share {
    char *name;
    size_t count;
};

struct port {
    uint64_t engine;
    uint64_t seed;
    struct held *held;
    size_t held_count;
    struct known *known;
    size_t known_count;
};

static void *more(void *list, size_t count, size_t size) {
    void *grown = realloc(list, (count + 1) * size);
    if (!grown) abort();
    return grown;
}

static sergo_str text_of(const json *value) {
    return value->kind == JSON_TEXT ? sergo_str_of(value->text, value->len) : sergo_str_of(NULL, 0);
}

static sergo_str text(const json *step, const char *key) {
    return text_of(json_get(step, key));
}

static void write_text(sergo_str text) {
    if (text.data) {
        json_write_text(stdout, text.data, text.len);
    } else {
        fputs("null", stdout);
    }
}

// A map of texts as pairs; free it.
static sergo_pair *pairs_of(const json *map) {
    sergo_pair *pairs = more(NULL, map->count, sizeof *pairs);
    for (size_t i = 0; i < map->count; i++) {
        pairs[i].name = text_of(&map->keys[i]);
        pairs[i].value = text_of(&map->items[i]);
    }
    return pairs;
}

static sergo_code rules(struct port *port, const json *step) {
    sergo_source source = {.text = text(step, "text")};
    sergo_report report;
    sergo_code code = sergo_apply(port->engine, &source, 1, &report);
    if (code == SERGO_OK) fputs(report.json.data, stdout);
    sergo_report_free(&report);
    return code;
}

static struct known *resolve(struct port *port, const json *name) {
    for (size_t i = 0; i < port->known_count; i++)
        if (json_is(port->known[i].name, name->text)) return &port->known[i];
    port->known = more(port->known, port->known_count, sizeof(struct known));
    struct known *found = &port->known[port->known_count++];
    found->name = name;
    sergo_resolve(port->engine, text_of(name), &found->id);
    return found;
}

static struct held *holder(struct port *port, const char *name) {
    for (size_t i = 0; i < port->held_count; i++)
        if (!strcmp(port->held[i].name, name)) return &port->held[i];
    return NULL;
}

static void hold(struct port *port, const char *name, const sergo_permit *permit) {
    struct held *held = holder(port, name);
    if (!held) {
        port->held = more(port->held, port->held_count, sizeof *held);
        held = &port->held[port->held_count++];
        held->name = name;
        held->permits = NULL;
        held->count = 0;
    }
    held->permits = more(held->permits, held->count, sizeof *permit);
    held->permits[held->count++] = *permit;
}

static sergo_code write_block(struct port *port, const sergo_decision *decision) {
    sergo_block block;
    sergo_code code = sergo_block_get(port->engine, decision->block, &block);
    if (code != SERGO_OK) return code;
    fputs("{\"block\":", stdout);
    write_text(block.kind);
    fputs(",\"strategy\":", stdout);
    write_text(block.strategy);
    fputs(",\"rule\":", stdout);
    write_text(block.rule);
    fputs(",\"retryAfter\":", stdout);
    if (decision->retry_after_nanos == SERGO_UNKNOWN) {
        fputs("null", stdout);
    } else {
        printf("%llu", (unsigned long long)decision->retry_after_nanos);
    }
    fputs(",\"fallback\":", stdout);
    if (block.status == 0) {
        fputs("null}", stdout);
    } else {
        printf("{\"status\":%u,\"body\":", block.status);
        write_text(block.body);
        fputs(",\"headers\":{", stdout);
        for (size_t i = 0; i < block.header_count; i++) {
            if (i) fputc(',', stdout);
            write_text(block.headers[i].name);
            fputc(':', stdout);
            write_text(block.headers[i].value);
        }
        fputs("}}}", stdout);
    }
    sergo_block_free(&block);
    return SERGO_OK;
}

static sergo_code enter(struct port *port, const json *step, uint64_t now) {
    const json *name = json_get(step, "as"), *times = json_get(step, "repeat"), *cost = json_get(step, "cost");
    uint32_t flags = json_is(json_get(step, "direction"), "outbound") ? SERGO_OUTBOUND : SERGO_INBOUND;
    uint64_t repeat = times->kind == JSON_NUMBER ? times->whole : 1, passed = 0;
    if (json_get(step, "resource")->kind != JSON_TEXT || cost->whole > UINT32_MAX) return SERGO_ARGUMENT;
    struct known *resource = resolve(port, json_get(step, "resource"));
    sergo_decision decision = {0};
    for (uint64_t i = 0; i < repeat; i++) {
        uint32_t price = cost->kind == JSON_NUMBER ? (uint32_t)cost->whole : 1;
        sergo_code code = sergo_enter(port->engine, resource->id, price, flags, now, &decision);
        if (code == SERGO_STALE) {
            sergo_resolve(port->engine, text_of(resource->name), &resource->id);
            code = sergo_enter(port->engine, resource->id, price, flags, now, &decision);
        }
        if (code != SERGO_OK) return code;
        if (decision.outcome == SERGO_BLOCK) continue;
        passed++;
        if (name->kind == JSON_TEXT) hold(port, name->text, &decision.permit);
    }
    if (repeat != 1) {
        printf("{\"passed\":%llu,\"blocked\":%llu}", (unsigned long long)passed, (unsigned long long)(repeat - passed));
    } else if (decision.outcome == SERGO_BLOCK) {
        return write_block(port, &decision);
    } else if (decision.outcome == SERGO_WAIT) {
        printf("{\"wait\":%llu}", (unsigned long long)decision.wait_nanos);
    } else {
        fputs("{\"pass\":true}", stdout);
    }
    return SERGO_OK;
}

static bool is_open(const sergo_permit *permit) {
    for (size_t i = 0; i < sizeof permit->words / sizeof *permit->words; i++)
        if (permit->words[i]) return true;
    return false;
}

static sergo_code leave(struct port *port, const json *step, uint64_t now) {
    const json *name = json_get(step, "entry"), *count = json_get(step, "count");
    uint64_t left = count->kind == JSON_NUMBER ? count->whole : UINT64_MAX;
    uint32_t flags = json_get(step, "error")->truth ? SERGO_FAILED : SERGO_SUCCEEDED;
    struct held *held = name->kind == JSON_TEXT ? holder(port, name->text) : NULL;
    if (!held) return SERGO_ARGUMENT;
    for (size_t i = 0; i < held->count && left > 0; i++) {
        if (is_open(&held->permits[i]) == json_get(step, "again")->truth) continue;
        sergo_code code = sergo_exit(port->engine, &held->permits[i], flags, now);
        if (code != SERGO_OK) return code;
        left--;
    }
    fputs("{}", stdout);
    return SERGO_OK;
}

static sergo_code state(struct port *port, const json *step) {
    static const char *const words[] = {"null", "\"closed\"", "\"open\"", "\"half-open\""};
    uint32_t state;
    sergo_code code = sergo_breaker_state(port->engine, text(step, "resource"), text(step, "strategy"), &state);
    if (code == SERGO_OK) printf("{\"state\":%s}", words[state]);
    return code;
}

static sergo_code events(struct port *port) {
    sergo_text text;
    sergo_code code = sergo_drain_events(port->engine, &text);
    if (code != SERGO_OK) return code;
    json list;
    bool good = json_read(text.data, text.len, &list), first = true;
    sergo_text_free(&text);
    if (good) {
        fputs("{\"events\":[", stdout);
        for (size_t i = 0; i < list.count; i++) {
            if (!json_is(json_get(&list.items[i], "event"), "breaker")) continue;
            if (!first) fputc(',', stdout);
            json_write(stdout, &list.items[i]);
            first = false;
        }
        fputs("]}", stdout);
    }
    json_free(&list);
    return good ? SERGO_OK : SERGO_PANICKED;
}

static sergo_code load(struct port *port, const json *step, uint64_t now) {
    double figures[3];
    const char *const names[] = {"cpu", "load1", "memory"};
    for (int i = 0; i < 3; i++) {
        const json *figure = json_get(step, names[i]);
        figures[i] = figure->kind == JSON_NUMBER ? figure->number : (double)NAN;
    }
    sergo_code code = sergo_set_system_load(port->engine, figures[0], figures[1], figures[2], now);
    if (code == SERGO_OK) fputs("{}", stdout);
    return code;
}

static sergo_code endpoints(struct port *port, const json *step) {
    char *list = NULL;
    size_t len = 0;
    FILE *memory = open_memstream(&list, &len);
    if (!memory) abort();
    json_write(memory, json_get(step, "instances"));
    fclose(memory);
    sergo_code code = sergo_set_instances_json(port->engine, text(step, "host"), sergo_str_of(list, len));
    free(list);
    if (code == SERGO_OK) fputs("{}", stdout);
    return code;
}

static struct share *count_share(struct share *shares, size_t *count, const sergo_answer *answer) {
    sergo_str name = answer->subset.data ? answer->subset : answer->host;
    for (size_t i = 0; i < *count; i++) {
        if (strlen(shares[i].name) == name.len && !memcmp(shares[i].name, name.data, name.len)) {
            shares[i].count++;
            return shares;
        }
    }
    shares = more(shares, *count, sizeof *shares);
    shares[*count].name = more(NULL, name.len, 1);
    memcpy(shares[*count].name, name.data, name.len);
    shares[*count].name[name.len] = 0;
    shares[(*count)++].count = 1;
    return shares;
}

// What a step asks: where a request goes, or a connection.
struct ask {
    bool connects;
    sergo_request request;
    sergo_connection connection;
    double *rolls;  // NULL: the port's own
    size_t roll_count;
};

static sergo_code find(struct port *port, const struct ask *ask, uint64_t *id) {
    if (ask->connects)
        return ask->rolls ? sergo_connect_rolls(port->engine, &ask->connection, ask->rolls, ask->roll_count, id)
                          : sergo_connect(port->engine, &ask->connection, port->seed++, id);
    return ask->rolls ? sergo_route_rolls(port->engine, &ask->request, ask->rolls, ask->roll_count, id)
                      : sergo_route(port->engine, &ask->request, port->seed++, id);
}

// As JSON, with all that is done on the way; empty for nowhere.
static sergo_code describe(struct port *port, const struct ask *ask, sergo_text *text) {
    if (ask->connects) {
        uint64_t id;
        *text = (sergo_text){0};
        sergo_code code = find(port, ask, &id);
        return code != SERGO_OK || id == 0 ? code : sergo_answer_json(port->engine, id, text);
    }
    return ask->rolls ? sergo_direct_rolls(port->engine, &ask->request, ask->rolls, ask->roll_count, text)
                      : sergo_direct(port->engine, &ask->request, port->seed++, text);
}

// Where one goes.
static sergo_code direct(struct port *port, const struct ask *ask) {
    sergo_text text;
    sergo_code code = describe(port, ask, &text);
    if (code != SERGO_OK) return code;
    json answer;
    if (text.len == 0) {
        fputs("{\"none\":true}", stdout);
    } else if (json_read(text.data, text.len, &answer)) {
        const json *empty = json_get(&answer, "empty");
        if (empty->kind == JSON_MAP) fputs("{\"none\":", stdout);
        json_write(stdout, empty->kind == JSON_MAP ? empty : &answer);
        if (empty->kind == JSON_MAP) fputc('}', stdout);
        json_free(&answer);
    }
    sergo_text_free(&text);
    return SERGO_OK;
}

// How often it goes where, in so many times.
static sergo_code spread(struct port *port, const struct ask *ask, uint64_t times) {
    struct share *shares = NULL;
    size_t share_count = 0;
    sergo_code code = SERGO_OK;
    for (uint64_t i = 0; i < times && code == SERGO_OK; i++) {
        uint64_t id;
        code = find(port, ask, &id);
        if (code != SERGO_OK || id == 0) continue;
        sergo_answer answer;
        code = sergo_answer_get(port->engine, id, &answer);
        if (answer.kind == SERGO_DESTINATION) shares = count_share(shares, &share_count, &answer);
        sergo_answer_free(&answer);
    }
    if (code == SERGO_OK) fputs("{\"share\":{", stdout);
    for (size_t i = 0; i < share_count; i++) {
        if (code == SERGO_OK) {
            if (i) fputc(',', stdout);
            json_write_text(stdout, shares[i].name, strlen(shares[i].name));
            printf(":%zu", shares[i].count);
        }
        free(shares[i].name);
    }
    if (code == SERGO_OK) fputs("}}", stdout);
    free(shares);
    return code;
}

static sergo_code route(struct port *port, const json *step, bool connects) {
    const json *headers = json_get(step, "headers"), *source = json_get(step, "source");
    const json *labels = json_get(source, "labels");
    const json *number = json_get(step, "port");
    sergo_pair *header_pairs = more(NULL, headers->count, sizeof *header_pairs);
    for (size_t i = 0; i < headers->count; i++) {
        const json *pair = &headers->items[i];
        if (pair->count != 2) {
            free(header_pairs);
            return SERGO_ARGUMENT;
        }
        header_pairs[i].name = text_of(&pair->items[0]);
        header_pairs[i].value = text_of(&pair->items[1]);
    }
    sergo_pair *label_pairs = labels->kind == JSON_MAP ? pairs_of(labels) : NULL;
    struct ask ask = {.connects = connects};
    ask.request = (sergo_request){
        .host = text(step, "host"),
        .method = text(step, "method"),
        .path = text(step, "path"),
        .scheme = text(step, "scheme"),
        .headers = header_pairs,
        .header_count = headers->count,
        .port = (uint16_t)number->whole,
        .client = text(step, "client"),
        .hash = text(step, "hash"),
        .caller_labels = label_pairs,
        .caller_label_count = labels->count,
        .caller_namespace = text(source, "namespace"),
        .caller_gateway = text(source, "gateway"),
    };
    ask.connection = (sergo_connection){
        .host = ask.request.host,
        .sni = text(step, "sni"),
        .address = text(step, "address"),
        .port = ask.request.port,
        .client = ask.request.client,
        .hash = ask.request.hash,
        .caller_labels = ask.request.caller_labels,
        .caller_label_count = ask.request.caller_label_count,
        .caller_namespace = ask.request.caller_namespace,
        .caller_gateway = ask.request.caller_gateway,
    };
    const json *given = json_get(step, "rolls"), *times = json_get(step, "repeat");
    uint64_t repeat = times->kind == JSON_NUMBER ? times->whole : 1;
    ask.rolls = given->kind == JSON_LIST ? more(NULL, given->count, sizeof *ask.rolls) : NULL;
    ask.roll_count = given->count;
    for (size_t i = 0; i < given->count; i++) ask.rolls[i] = given->items[i].number;
    sergo_code code = number->whole > UINT16_MAX ? SERGO_ARGUMENT
                      : repeat == 1              ? direct(port, &ask)
                                                 : spread(port, &ask, repeat);
    free(ask.rolls);
    free(header_pairs);
    free(label_pairs);
    return code;
}

// Writes the answer to one step, or says why there is none.
static sergo_code run(struct port *port, const json *step, bool *known_op) {
    const json *op = json_get(step, "op");
    uint64_t now = json_get(step, "at")->whole;
    *known_op = true;
    if (json_is(op, "rules")) return rules(port, step);
    if (json_is(op, "enter")) return enter(port, step, now);
    if (json_is(op, "exit")) return leave(port, step, now);
    if (json_is(op, "state")) return state(port, step);
    if (json_is(op, "events")) return events(port);
    if (json_is(op, "load")) return load(port, step, now);
    if (json_is(op, "endpoints")) return endpoints(port, step);
    if (json_is(op, "route")) return route(port, step, false);
    if (json_is(op, "connect")) return route(port, step, true);
    *known_op = false;
    return SERGO_ARGUMENT;
}

static void answer_step(struct port *port, const json *step) {
    bool known_op;
    sergo_code code = run(port, step, &known_op);
    if (code == SERGO_OK) return;
    fputs("{\"error\":", stdout);
    if (known_op) {
        const char *sentence = sergo_code_sentence(code);
        json_write_text(stdout, sentence, strlen(sentence));
    } else {
        const json *op = json_get(step, "op");
        char unknown[80];
        snprintf(unknown, sizeof unknown, "unknown op: %s", op->kind == JSON_TEXT ? op->text : "");
        json_write_text(stdout, unknown, strlen(unknown));
    }
    fputc('}', stdout);
}

static void answer_vector(const json *vector) {
    const json *labels = json_get(vector, "labels"), *steps = json_get(vector, "steps");
    sergo_pair *pairs = pairs_of(labels);
    sergo_config config = {
        .app = text(vector, "app"),
        .namespace_ = text(vector, "namespace"),
        .labels = pairs,
        .label_count = labels->count,
    };
    struct port port = {0};
    sergo_code code = sergo_open(&config, &port.engine);
    free(pairs);
    if (code != SERGO_OK) {
        printf("{\"error\":\"%s\"}\n", sergo_code_sentence(code));
        return;
    }
    fputs("{\"answers\":[", stdout);
    for (size_t i = 0; i < steps->count; i++) {
        if (i) fputc(',', stdout);
        answer_step(&port, &steps->items[i]);
    }
    fputs("]}\n", stdout);
    sergo_close(port.engine);
    for (size_t i = 0; i < port.held_count; i++) free(port.held[i].permits);
    free(port.held);
    free(port.known);
}

int main(void) {
    char *line = NULL;
    size_t room = 0;
    for (ssize_t len; (len = getline(&line, &room, stdin)) > 0;) {
        json vector;
        if (json_read(line, (size_t)len, &vector)) {
            answer_vector(&vector);
        } else {
            puts("{\"error\":\"the line is no JSON\"}");
        }
        json_free(&vector);
        fflush(stdout);
    }
    free(line);
    return 0;
}
