// Takes its rules from a control plane, and shows how a program pumps the session
// itself: the session says what is to be done, the program does it and tells what
// has happened. The transport (http2.c) is HTTP/2 in clear text; any other will do
// that carries whole messages in order.
//
//   sergo serve --rules examples/rules &
//   subscribe 127.0.0.1:10246 foo-app GET:/foo last-good
//
// Whenever new rules are in force it asks to enter the resource eight times, and keeps
// the rules in the file last-good: with those it starts when nobody serves any. With
// `once` as a fifth argument it ends as soon as it has all that it asked for.

#define _POSIX_C_SOURCE 200809L
#include "http2.h"
#include "sergo.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static const char METHOD[] = "/io.opensergo.proto.transport.v1.OpenSergoUniversalTransportService/SubscribeConfig";

static void must(sergo_code code) {
    if (code == SERGO_OK) return;
    fprintf(stderr, "%s: %s\n", sergo_code_word(code), sergo_code_sentence(code));
    exit(1);
}

static void enter(uint64_t engine, sergo_str resource) {
    for (int i = 0; i < 8; i++) {
        sergo_decision decision;
        must(sergo_enter_name(engine, resource, 1, SERGO_INBOUND, SERGO_NOW, &decision));
        printf("%.*s: %s\n", SERGO_PRINT(resource), decision.outcome == SERGO_BLOCK ? "block" : "pass");
        must(sergo_exit(engine, &decision.permit, SERGO_SUCCEEDED, SERGO_NOW));
    }
}

// What the program keeps: the stream that the session means, and its transport.
struct pump {
    uint64_t session;
    uint64_t stream;
    struct http2 http;
    bool is_open;
    bool is_new;  // whether rules have come since it was last looked at
};

static void dial(struct pump *pump, const sergo_step *step) {
    pump->stream = step->stream;
    pump->is_open = http2_open(&pump->http, step->data.data, METHOD);
    printf("dialled %s: %s\n", step->data.data, pump->is_open ? "connected" : pump->http.why);
    if (pump->is_open) {
        must(sergo_session_connected(pump->session, pump->stream));
    } else {
        must(sergo_session_closed(pump->session, pump->stream, SERGO_STRZ(pump->http.why)));
        http2_close(&pump->http);
    }
}

// Does all that the session wants done.
static void obey(struct pump *pump) {
    for (;;) {
        sergo_step step;
        must(sergo_session_poll(pump->session, &step));
        if (step.kind == SERGO_STEP_NONE) return;
        if (step.kind == SERGO_STEP_DIAL) {
            dial(pump, &step);
        } else if (step.kind == SERGO_STEP_SEND && pump->is_open && step.stream == pump->stream) {
            http2_send(&pump->http, step.data.data, step.data.len);
        } else if (step.kind == SERGO_STEP_CLOSE && pump->is_open && step.stream == pump->stream) {
            printf("closed: %s\n", step.data.data);
            http2_close(&pump->http);
            pump->is_open = false;
        } else if (step.kind == SERGO_STEP_APPLIED) {
            printf("report: %s\n", step.data.data);
            pump->is_new = true;
        }
        sergo_step_free(&step);
    }
}

// Tells the session what has come, or that the stream is no more.
static void hear(struct pump *pump) {
    uint8_t *message;
    size_t len;
    while ((message = http2_message(&pump->http, &len)) != NULL) {
        must(sergo_session_received(pump->session, pump->stream, message, len));
        free(message);
    }
    if (pump->http.is_over) {
        printf("lost: %s\n", pump->http.why);
        must(sergo_session_closed(pump->session, pump->stream, SERGO_STRZ(pump->http.why)));
        http2_close(&pump->http);
        pump->is_open = false;
    }
}

// Waits for the network, for as long as the session has nothing to do by itself.
static void rest(struct pump *pump) {
    uint64_t wait;
    must(sergo_session_wait(pump->session, &wait));
    uint64_t millis = wait / 1000000 + 1;
    if (pump->is_open) {
        http2_read(&pump->http, millis > INT_MAX ? -1 : (int)millis);
    } else {
        struct timespec time = {.tv_sec = (time_t)(millis / 1000), .tv_nsec = (long)(millis % 1000 * 1000000)};
        nanosleep(&time, NULL);
    }
}

// Keeps the rules for the next start: a file that is whole or is not there.
static void keep(uint64_t session, const char *path) {
    char beside[4096];
    sergo_text text;
    must(sergo_session_save(session, &text));
    snprintf(beside, sizeof beside, "%s.new", path);
    FILE *file = fopen(beside, "wb");
    bool is_good = file && fwrite(text.data, 1, text.len, file) == text.len && !fflush(file) && !fsync(fileno(file));
    if (file) is_good = !fclose(file) && is_good;
    if (!is_good || rename(beside, path)) perror(path);
    sergo_text_free(&text);
}

// Takes the rules that an earlier start has kept, if one has.
static void restore(uint64_t session, const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) return;
    char *text = NULL;
    size_t len = 0;
    ssize_t got = getdelim(&text, &len, 255, file);  // all of it: UTF-8 has no such byte
    fclose(file);
    sergo_text problem;
    if (got > 0) {
        must(sergo_session_restore(session, sergo_str_of(text, (size_t)got), &problem));
        if (problem.len) printf("%s: %s\n", path, problem.data);
        sergo_text_free(&problem);
    }
    free(text);
}

// Whether all that was asked for has been answered and is in force.
static bool is_synced(uint64_t session) {
    sergo_text state;
    must(sergo_session_state(session, &state));
    bool is = strstr(state.data, "\"isSynced\":true") != NULL;
    sergo_text_free(&state);
    return is;
}

int main(int argc, char **argv) {
    if (argc < 5) {
        fprintf(stderr, "subscribe HOST:PORT APP RESOURCE LAST-GOOD [once]\n");
        return 2;
    }
    bool is_once = argc > 5 && !strcmp(argv[5], "once");
    uint64_t engine;
    sergo_config config = {.app = SERGO_STRZ(argv[2])};
    must(sergo_open(&config, &engine));

    char options[256];
    snprintf(options, sizeof options, "{\"addresses\": [\"%s\"]}", argv[1]);
    // A real program takes the seed from the system's random numbers.
    uint64_t seed = (uint64_t)time(NULL) << 20 ^ (uint64_t)clock();
    struct pump pump = {.http = {.socket = -1}};
    must(sergo_session_open(engine, SERGO_STRZ(options), seed, &pump.session));

    restore(pump.session, argv[4]);

    for (;;) {
        must(sergo_session_time(pump.session));
        obey(&pump);
        if (pump.is_new) {
            keep(pump.session, argv[4]);
            enter(engine, SERGO_STRZ(argv[3]));
        }
        pump.is_new = false;
        fflush(stdout);
        if (is_once && is_synced(pump.session)) break;
        rest(&pump);
        if (pump.is_open) hear(&pump);
    }

    // The end says which stream to close.
    must(sergo_session_end(pump.session));
    obey(&pump);
    must(sergo_session_close(pump.session));
    must(sergo_close(engine));
    return 0;
}
