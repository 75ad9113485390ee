// The conformance port of the C library: a vector in, its answers out, one line of
// JSON each, over include/sergo.h and libsergo alone.

#define _POSIX_C_SOURCE 200809L
#include "port.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void write_text(sergo_str text) {
    if (text.data) {
        json_write_text(stdout, text.data, text.len);
    } else {
        fputs("null", stdout);
    }
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
    if (json_is(op, "route")) return port_route(port, step, ASK_ROUTE, now);
    if (json_is(op, "pick")) return port_route(port, step, ASK_PICK, now);
    if (json_is(op, "connect")) return port_route(port, step, ASK_CONNECTION, now);
    if (json_is(op, "report")) return port_report(port, step, now);
    if (json_is(op, "ejected")) return port_ejected(port, step, now);
    if (json_is(op, "label")) return port_label(port, step);
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
