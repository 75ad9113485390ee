// The conformance port's requests: where they go, who takes them, and their lanes.

#include "port.h"

// What a step tells of a request or a connection, borrowed from it but for the lists.
struct ask {
    enum asked asked;
    sergo_request request;
    sergo_connection connection;
    sergo_rpc rpc;
    sergo_pair *headers;
    sergo_pair *labels;
    sergo_pair *attachments;
    sergo_argument *arguments;
    double *rolls;  // NULL: the port's own
    size_t roll_count;
    uint64_t now;
};

// How often an instance, a subset or a host was chosen.
struct share {
    char *name;
    size_t count;
};

static void read_rpc(struct ask *ask, const json *rpc) {
    const json *arguments = json_get(rpc, "args"), *attachments = json_get(rpc, "attachments");
    ask->arguments = more(NULL, arguments->count, sizeof *ask->arguments);
    for (size_t i = 0; i < arguments->count; i++) {
        const json *argument = &arguments->items[i], *value = json_get(argument, "value");
        ask->arguments[i].kind = text(argument, "type");
        // A number stays as it was written.
        ask->arguments[i].value = value->kind == JSON_NUMBER ? sergo_str_of(value->text, value->len)
                                  : value->kind == JSON_BOOL ? SERGO_STRZ(value->truth ? "true" : "false")
                                                             : text_of(value);
    }
    ask->attachments = pairs_of(attachments);
    ask->rpc = (sergo_rpc){
        .service = text(rpc, "service"),
        .method = text(rpc, "method"),
        .arguments = ask->arguments,
        .argument_count = arguments->count,
        .attachments = ask->attachments,
        .attachment_count = attachments->count,
    };
    ask->request.rpc = &ask->rpc;
}

static void free_ask(struct ask *ask) {
    free(ask->headers);
    free(ask->labels);
    free(ask->attachments);
    free(ask->arguments);
    free(ask->rolls);
}

// Free it in either case.
static bool read_ask(struct ask *ask, const json *step) {
    const json *headers = json_get(step, "headers"), *source = json_get(step, "source");
    const json *labels = json_get(source, "labels"), *number = json_get(step, "port");
    const json *given = json_get(step, "rolls");
    if (number->whole > UINT16_MAX) return false;
    ask->headers = more(NULL, headers->count, sizeof *ask->headers);
    for (size_t i = 0; i < headers->count; i++) {
        const json *pair = &headers->items[i];
        if (pair->count != 2) return false;
        ask->headers[i].name = text_of(&pair->items[0]);
        ask->headers[i].value = text_of(&pair->items[1]);
    }
    if (labels->kind == JSON_MAP) ask->labels = pairs_of(labels);
    if (given->kind == JSON_LIST) ask->rolls = more(NULL, given->count, sizeof *ask->rolls);
    ask->roll_count = given->count;
    for (size_t i = 0; i < given->count; i++) ask->rolls[i] = given->items[i].number;
    ask->request = (sergo_request){
        .host = text(step, "host"),
        .method = text(step, "method"),
        .path = text(step, "path"),
        .scheme = text(step, "scheme"),
        .headers = ask->headers,
        .header_count = headers->count,
        .port = (uint16_t)number->whole,
        .client = text(step, "client"),
        .hash = text(step, "hash"),
        .caller_labels = ask->labels,
        .caller_label_count = labels->count,
        .caller_namespace = text(source, "namespace"),
        .caller_gateway = text(source, "gateway"),
    };
    ask->connection = (sergo_connection){
        .host = ask->request.host,
        .sni = text(step, "sni"),
        .address = text(step, "address"),
        .port = ask->request.port,
        .client = ask->request.client,
        .hash = ask->request.hash,
        .caller_labels = ask->request.caller_labels,
        .caller_label_count = ask->request.caller_label_count,
        .caller_namespace = ask->request.caller_namespace,
        .caller_gateway = ask->request.caller_gateway,
    };
    if (json_get(step, "rpc")->kind == JSON_MAP) read_rpc(ask, json_get(step, "rpc"));
    return true;
}

// What is asked as the id of an answer; 0 for nowhere.
static sergo_code find(struct port *port, const struct ask *ask, uint64_t *id) {
    if (ask->asked == ASK_CONNECTION)
        return ask->rolls ? sergo_connect_rolls(port->engine, &ask->connection, ask->rolls, ask->roll_count, id)
                          : sergo_connect(port->engine, &ask->connection, port->seed++, id);
    return ask->rolls ? sergo_route_rolls(port->engine, &ask->request, ask->rolls, ask->roll_count, id)
                      : sergo_route(port->engine, &ask->request, port->seed++, id);
}

// As JSON, with all that is done on the way; empty for nowhere.
static sergo_code describe(struct port *port, const struct ask *ask, sergo_text *text) {
    const sergo_request *request = &ask->request;
    if (ask->asked == ASK_PICK)
        return ask->rolls ? sergo_pick_rolls(port->engine, request, ask->rolls, ask->roll_count, ask->now, text)
                          : sergo_pick(port->engine, request, port->seed++, ask->now, text);
    if (ask->asked == ASK_ROUTE)
        return ask->rolls ? sergo_direct_rolls(port->engine, request, ask->rolls, ask->roll_count, text)
                          : sergo_direct(port->engine, request, port->seed++, text);
    uint64_t id;
    *text = (sergo_text){0};
    sergo_code code = find(port, ask, &id);
    return code != SERGO_OK || id == 0 ? code : sergo_answer_json(port->engine, id, text);
}

// The same, read; its kind is JSON_NULL for nowhere. Free it in either case.
static sergo_code direct(struct port *port, const struct ask *ask, json *answer) {
    sergo_text text;
    *answer = (json){0};
    sergo_code code = describe(port, ask, &text);
    if (code == SERGO_OK && text.len > 0 && !json_read(text.data, text.len, answer)) code = SERGO_PANICKED;
    sergo_text_free(&text);
    return code;
}

// Where one goes.
static sergo_code once(struct port *port, const struct ask *ask) {
    json answer;
    sergo_code code = direct(port, ask, &answer);
    const json *empty = json_get(&answer, "empty"), *subset = json_get(json_get(&answer, "destination"), "subset");
    if (code != SERGO_OK) {
        // Said by whoever asked.
    } else if (answer.kind == JSON_NULL) {
        fputs("{\"none\":true}", stdout);
    } else if (empty->kind == JSON_MAP) {
        fputs("{\"none\":", stdout);
        json_write(stdout, empty);
        fputc('}', stdout);
    } else {
        fputs("{", stdout);
        if (ask->asked == ASK_PICK) {
            fputs("\"subset\":", stdout);
            json_write(stdout, subset);
            fputc(',', stdout);
        }
        for (size_t i = 0; i < answer.count; i++) {
            if (i) fputc(',', stdout);
            json_write(stdout, &answer.keys[i]);
            fputc(':', stdout);
            json_write(stdout, &answer.items[i]);
        }
        fputc('}', stdout);
    }
    json_free(&answer);
    return code;
}

static struct share *count_share(struct share *shares, size_t *count, sergo_str name) {
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

// Counts the instance that one goes to.
static sergo_code count_pick(struct port *port, const struct ask *ask, struct share **shares, size_t *count) {
    json answer;
    sergo_code code = direct(port, ask, &answer);
    const json *destination = json_get(&answer, "destination");
    sergo_str name = text(&answer, "instance");
    if (!name.data) name = text(destination, "subset");
    if (!name.data) name = text(destination, "host");
    if (name.data) *shares = count_share(*shares, count, name);
    json_free(&answer);
    return code;
}

// Counts the subset, or the host, that one goes to.
static sergo_code count_destination(struct port *port, const struct ask *ask, struct share **shares, size_t *count) {
    uint64_t id;
    sergo_answer answer;
    sergo_code code = find(port, ask, &id);
    if (code != SERGO_OK || id == 0) return code;
    code = sergo_answer_get(port->engine, id, &answer);
    if (answer.kind == SERGO_DESTINATION)
        *shares = count_share(*shares, count, answer.subset.data ? answer.subset : answer.host);
    sergo_answer_free(&answer);
    return code;
}

// How often it goes where, in so many times.
static sergo_code spread(struct port *port, const struct ask *ask, uint64_t times) {
    struct share *shares = NULL;
    size_t share_count = 0;
    sergo_code code = SERGO_OK;
    for (uint64_t i = 0; i < times && code == SERGO_OK; i++)
        code = ask->asked == ASK_PICK ? count_pick(port, ask, &shares, &share_count)
                                      : count_destination(port, ask, &shares, &share_count);
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

// The ids of a host's ejected instances. Asking names the moment, by which all goes
// that is asked without one.
static sergo_code ejected(struct port *port, sergo_str host, uint64_t now, sergo_text *text) {
    return sergo_ejected(port->engine, host, now, text);
}

sergo_code port_route(struct port *port, const json *step, enum asked asked, uint64_t now) {
    struct ask ask = {.asked = asked, .now = now};
    const json *times = json_get(step, "repeat");
    uint64_t repeat = times->kind == JSON_NUMBER ? times->whole : 1;
    sergo_text text;
    sergo_code code = read_ask(&ask, step) ? SERGO_OK : SERGO_ARGUMENT;
    if (code == SERGO_OK) {
        code = ejected(port, ask.request.host, now, &text);
        sergo_text_free(&text);
    }
    if (code == SERGO_OK) code = repeat == 1 ? once(port, &ask) : spread(port, &ask, repeat);
    free_ask(&ask);
    return code;
}

sergo_code port_report(struct port *port, const json *step, uint64_t now) {
    static const char *const words[] = {"success", "error", "gateway-error", "local-error"};
    const json *times = json_get(step, "repeat");
    uint64_t repeat = times->kind == JSON_NUMBER ? times->whole : 1;
    uint32_t outcome = 0;
    while (outcome < 4 && !json_is(json_get(step, "outcome"), words[outcome])) outcome++;
    sergo_code code = outcome < 4 ? SERGO_OK : SERGO_ARGUMENT;
    for (uint64_t i = 0; i < repeat && code == SERGO_OK; i++)
        code = sergo_report_outcome(port->engine, text(step, "host"), text(step, "instance"), outcome, now);
    if (code == SERGO_OK) fputs("{}", stdout);
    return code;
}

sergo_code port_ejected(struct port *port, const json *step, uint64_t now) {
    sergo_text ids;
    sergo_code code = ejected(port, text(step, "host"), now, &ids);
    if (code == SERGO_OK) printf("{\"ejected\":%s}", ids.data);
    sergo_text_free(&ids);
    return code;
}

sergo_code port_label(struct port *port, const json *step) {
    struct ask ask = {.asked = ASK_ROUTE};
    const json *trust = json_get(step, "trust");
    uint32_t flags = trust->kind == JSON_BOOL && !trust->truth ? SERGO_UNTRUSTED : SERGO_TRUSTED;
    sergo_text label = {0};
    sergo_code code = read_ask(&ask, step) ? SERGO_OK : SERGO_ARGUMENT;
    if (code == SERGO_OK) code = sergo_label(port->engine, &ask.request, flags, &label);
    if (code == SERGO_OK) fputs(label.len ? label.data : "{\"none\":true}", stdout);
    sergo_text_free(&label);
    free_ask(&ask);
    return code;
}
