// A program that loads the library, uses it in a thread, and unloads it while that
// thread lives. The thread must end well. Called with the library's path.

#define _POSIX_C_SOURCE 200809L
#include "sergo.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static void *library;
static pthread_barrier_t used, unloaded;

static void must(int good, const char *what) {
    if (good) return;
    fprintf(stderr, "unload: %s\n", what);
    exit(1);
}

// A function of the library, as POSIX says to convert one.
#define FIND(pointer, name) (*(void **)&(pointer) = dlsym(library, name), must((pointer) != NULL, name))

static void *use(void *none) {
    uint32_t (*abi)(void);
    sergo_code (*open)(const sergo_config *, uint64_t *);
    sergo_code (*enter)(uint64_t, sergo_str, uint32_t, uint32_t, uint64_t, sergo_decision *);
    sergo_code (*shut)(uint64_t);
    FIND(abi, "sergo_abi_version");
    FIND(open, "sergo_open");
    FIND(enter, "sergo_enter_name");
    FIND(shut, "sergo_close");
    must(abi() == SERGO_ABI_VERSION, "another ABI");

    sergo_config config = {.app = SERGO_STR("demo-app")};
    uint64_t engine;
    sergo_decision decision;
    must(open(&config, &engine) == SERGO_OK, "open");
    must(enter(engine, SERGO_STR("/foo"), 1, SERGO_INBOUND, SERGO_NOW, &decision) == SERGO_OK, "enter");
    must(shut(engine) == SERGO_OK, "close");
    pthread_barrier_wait(&used);
    pthread_barrier_wait(&unloaded);
    return none;
}

int main(int argc, char **argv) {
    pthread_t thread;
    must(argc == 2, "the library's path is missing");
    library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    must(library != NULL, "the library does not load");
    pthread_barrier_init(&used, NULL, 2);
    pthread_barrier_init(&unloaded, NULL, 2);
    must(pthread_create(&thread, NULL, use, NULL) == 0, "no thread");
    pthread_barrier_wait(&used);
    must(dlclose(library) == 0, "the library does not unload");
    pthread_barrier_wait(&unloaded);
    must(pthread_join(thread, NULL) == 0, "the thread did not end");
#ifdef __linux__
    // The library stays mapped by its own word, whatever the C library does for
    // threads that still need it: this loading has none, and ends without a trace.
    library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    must(library != NULL && dlclose(library) == 0, "the library does not load again");
    must(dlopen(argv[1], RTLD_NOW | RTLD_NOLOAD) != NULL, "the library is gone");
#endif
    return 0;
}
