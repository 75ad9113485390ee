// Guards a resource and routes a request by the rules in the files that are named.
// After `make c-build`, from the root of the repository:
//
//   cc -std=c11 -Iinclude examples/c/main.c -Ltarget/release -lsergo -Wl,-rpath,target/release -o /tmp/demo &&
//       /tmp/demo examples/rules/foo.yaml examples/rules/router.yaml

#include "sergo.h"

#include <stdio.h>
#include <stdlib.h>

static void must(sergo_code code) {
    if (code == SERGO_OK) return;
    fprintf(stderr, "%s: %s\n", sergo_code_word(code), sergo_code_sentence(code));
    exit(1);
}

// A file's text; the caller frees `data`.
static sergo_str read_file(const char *path) {
    FILE *file = fopen(path, "rb");
    long size;
    if (!file || fseek(file, 0, SEEK_END) || (size = ftell(file)) < 0) {
        perror(path);
        exit(1);
    }
    rewind(file);
    char *data = malloc((size_t)size + 1);
    size_t len = data ? fread(data, 1, (size_t)size, file) : 0;
    fclose(file);
    return sergo_str_of(data, len);
}

// Loads all files as one push, and prints what was wrong with them.
static void load(uint64_t engine, char **paths, size_t count) {
    sergo_source *sources = calloc(count, sizeof *sources);
    for (size_t i = 0; i < count; i++) {
        sources[i].name = SERGO_STRZ(paths[i]);
        sources[i].text = read_file(paths[i]);
    }
    sergo_report report;
    must(sergo_apply(engine, sources, count, &report));
    printf("%zu documents accepted, %zu mistakes\n%s", report.accepted, report.rejected, report.lines.data);
    sergo_report_free(&report);
    for (size_t i = 0; i < count; i++) free((char *)sources[i].text.data);
    free(sources);
}

// Serves one request: asks first, and says afterwards how it went.
static void serve(uint64_t engine, sergo_str resource) {
    sergo_decision decision;
    must(sergo_enter_name(engine, resource, 1, SERGO_INBOUND, SERGO_NOW, &decision));
    if (decision.outcome != SERGO_BLOCK) {
        // A server would sleep for decision.wait_nanos, do the work, and then:
        printf("%.*s: pass\n", SERGO_PRINT(resource));
        must(sergo_exit(engine, &decision.permit, SERGO_SUCCEEDED, SERGO_NOW));
        return;
    }
    sergo_block block;
    must(sergo_block_get(engine, decision.block, &block));
    printf("%.*s: blocked by %.*s", SERGO_PRINT(resource), SERGO_PRINT(block.strategy));
    if (decision.retry_after_nanos != SERGO_UNKNOWN)
        printf(", try again in %.1f s", (double)decision.retry_after_nanos / 1e9);
    if (block.status) printf(", answer %u \"%.*s\"", block.status, SERGO_PRINT(block.body));
    for (size_t i = 0; i < block.header_count; i++)
        printf(", %.*s: %.*s", SERGO_PRINT(block.headers[i].name), SERGO_PRINT(block.headers[i].value));
    printf("\n");
    sergo_block_free(&block);
}

// Says where a request goes.
static void route(uint64_t engine, const sergo_request *request) {
    uint64_t id;
    must(sergo_route(engine, request, (uint64_t)rand(), &id));
    if (id == 0) {
        printf("%.*s: no route\n", SERGO_PRINT(request->host));
        return;
    }
    sergo_answer answer;
    must(sergo_answer_get(engine, id, &answer));
    if (answer.kind == SERGO_DESTINATION)
        printf("%.*s: to %.*s, subset %.*s%s\n", SERGO_PRINT(request->host), SERGO_PRINT(answer.host),
               SERGO_PRINT(answer.subset), answer.fallback ? ", a fallback" : "");
    else if (answer.kind == SERGO_EMPTY)
        printf("%.*s: no healthy instance\n", SERGO_PRINT(request->host));
    else
        printf("%.*s: answered by the rule itself\n", SERGO_PRINT(request->host));
    sergo_answer_free(&answer);
}

// Says which instance takes a request, and reports what came of the call.
static void call(uint64_t engine, const sergo_request *request) {
    sergo_picked picked;
    sergo_answer answer = {.host = request->host};  // where no route names the host
    sergo_text instance;
    must(sergo_pick_id(engine, request, (uint64_t)rand(), SERGO_NOW, &picked));
    if (picked.instance == 0) {
        printf("%.*s: nobody takes it; sergo_pick says why\n", SERGO_PRINT(request->host));
        return;
    }
    if (picked.answer) must(sergo_answer_get(engine, picked.answer, &answer));
    must(sergo_instance_json(engine, answer.host, picked.instance, &instance));
    printf("%.*s: taken by %s\n", SERGO_PRINT(request->host), instance.data);
    must(sergo_report_id(engine, answer.host, picked.instance, SERGO_CALL_SUCCESS, SERGO_NOW));
    sergo_text_free(&instance);
    sergo_answer_free(&answer);
}

int main(int argc, char **argv) {
    sergo_config config = {.app = SERGO_STR("foo-app")};
    uint64_t engine;
    must(sergo_open(&config, &engine));
    load(engine, argv + 1, (size_t)(argc - 1));

    for (int i = 0; i < 5; i++) serve(engine, SERGO_STR("GET:/foo"));

    sergo_pair tag = {SERGO_STR("tag"), SERGO_STR("v2")};
    sergo_request request = {.host = SERGO_STR("service-provider"), .headers = &tag, .header_count = 1};
    route(engine, &request);

    // Discovery finds instances of v1 only, so the rule's fallback takes over.
    sergo_pair version = {SERGO_STR("version"), SERGO_STR("v1")};
    sergo_instance instance = {.id = SERGO_STR("10.0.0.1:80"), .labels = &version, .label_count = 1};
    must(sergo_set_instances(engine, request.host, &instance, 1));
    route(engine, &request);
    call(engine, &request);

    must(sergo_close(engine));
    return 0;
}
