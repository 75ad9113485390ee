# libsergo, its header, tests, example and conformance port.
# `make c-install PREFIX=/usr/local` puts the library where others find it.

PREFIX ?= /usr/local
C_LIBDIR := $(TARGET)/release
C_OUT := $(TARGET)/c
C_WARNINGS := -std=c11 -Wall -Wextra -Wpedantic -Wshadow -Werror
C_COMPILE = $(CC) $(C_WARNINGS) -O2 -g -Iinclude
C_LINK := -L$(C_LIBDIR) -lsergo -Wl,-rpath,$(C_LIBDIR) -pthread
C_TESTS := $(addprefix tests/c/,main.c engine_test.c entry_test.c gates_test.c route_test.c pick_test.c label_test.c session_test.c \
	watch_test.c abuse_test.c threads_test.c json_test.c json.c)
C_PORT := $(addprefix tests/c/,port.c port_route.c json.c)
C_HEADERS := $(addprefix tests/c/,check.h json.h port.h) include/sergo.h
# What a shared library is called, and what a static one needs of the system.
ifeq ($(shell uname -s),Darwin)
C_SHARED := dylib
C_STATIC_LIBS :=
else
C_SHARED := so
C_STATIC_LIBS := -lgcc_s -lutil -lrt -lpthread -lm -ldl
endif

PORT_c = $(C_OUT)/port

.PHONY: c-build c-test c-memcheck c-sanitize c-lint c-fmt c-bench c-header c-install

c-build: $(C_OUT)/port

# The library is linked at run time, so only a change of the header needs a new build.
$(C_OUT)/port: $(C_PORT) $(C_HEADERS) | native
	@mkdir -p $(C_OUT)
	$(C_COMPILE) $(C_PORT) $(C_LINK) -o $@

$(C_OUT)/tests: $(C_TESTS) $(C_HEADERS) | native
	@mkdir -p $(C_OUT)
	$(C_COMPILE) -DSERGO_TEST_PANIC $(C_TESTS) $(C_LINK) -o $@

$(C_OUT)/unload: tests/c/unload.c include/sergo.h | native
	@mkdir -p $(C_OUT)
	$(C_COMPILE) tests/c/unload.c -pthread $(filter -ldl,$(C_STATIC_LIBS)) -o $@

$(C_OUT)/example: examples/c/main.c include/sergo.h | native
	@mkdir -p $(C_OUT)
	$(C_COMPILE) examples/c/main.c $(C_LINK) -o $@

$(C_OUT)/subscribe: examples/c/subscribe.c examples/c/http2.c examples/c/http2.h include/sergo.h | native
	@mkdir -p $(C_OUT)
	$(C_COMPILE) examples/c/subscribe.c examples/c/http2.c $(C_LINK) -o $@

# The same program over libsergo.a.
$(C_OUT)/example-static: examples/c/main.c include/sergo.h $(C_LIBDIR)/libsergo.a | native
	@mkdir -p $(C_OUT)
	$(C_COMPILE) examples/c/main.c $(C_LIBDIR)/libsergo.a $(C_STATIC_LIBS) -o $@

$(C_LIBDIR)/libsergo.a: | native

$(C_OUT)/bench: tests/c/bench.c include/sergo.h | native
	@mkdir -p $(C_OUT)
	$(C_COMPILE) tests/c/bench.c $(C_LINK) -o $@

c-test: $(addprefix $(C_OUT)/,tests unload example example-static subscribe) ## The C library's tests and examples
	$(C_OUT)/tests
	$(C_OUT)/unload $(C_LIBDIR)/libsergo.$(C_SHARED)
	@for program in example example-static; do \
		said=$$($(C_OUT)/$$program examples/rules/foo.yaml examples/rules/router.yaml) || exit 1; \
		for line in 'GET:/foo: pass' 'GET:/foo: blocked by rate-limit-foo, try again in' \
			'answer 429 "Blocked by Sentinel", X-Sentinel-Limit: foo' \
			'service-provider: to service-provider, subset v2' \
			'service-provider: to service-provider, subset v1, a fallback' \
			'service-provider: taken by {"id":"10.0.0.1:80"'; do \
			echo "$$said" | grep -qF "$$line" || { echo "$$said"; echo "c: $$program does not say: $$line"; exit 1; }; \
		done; \
	done; echo "c: the example says what it should"
	@python3 tests/c/subscribe_test.py $(C_LIBDIR)/sergo $(C_OUT)/subscribe

c-memcheck: $(C_OUT)/tests ## The C tests under valgrind, where there is one
	@command -v valgrind >/dev/null || { echo "c-memcheck needs valgrind"; exit 1; }
	valgrind --quiet --error-exitcode=1 --leak-check=full --errors-for-leak-kinds=definite $(C_OUT)/tests

# Sees the reads and writes of the C code, and whatever nobody frees.
c-sanitize: $(C_TESTS) $(C_HEADERS) | native ## The C tests with the address and undefined behaviour sanitizers
	@mkdir -p $(C_OUT)
	$(C_COMPILE) -fsanitize=address,undefined -fno-sanitize-recover=all -DSERGO_TEST_PANIC $(C_TESTS) $(C_LINK) -o $(C_OUT)/tests-sanitized
	$(C_OUT)/tests-sanitized

# The C compiler over everything, the header as C++ too, and no symbol leaves the
# library that is not sergo's.
c-lint: native
	$(CC) $(C_WARNINGS) -Wconversion -DSERGO_TEST_PANIC -Iinclude -fsyntax-only tests/c/*.c examples/c/*.c
	$(CC) $(C_WARNINGS) -fsyntax-only -x c include/sergo.h
	@! command -v $(CXX) >/dev/null || $(CXX) -std=c++11 -Wall -Wextra -Wpedantic -Werror -fsyntax-only -x c++ include/sergo.h
	@! nm -D --defined-only $(C_LIBDIR)/libsergo.$(C_SHARED) 2>/dev/null | grep -v ' sergo_' || { echo "libsergo.so exports the above"; exit 1; }

c-fmt:
	@if command -v clang-format >/dev/null; then clang-format -i tests/c/*.[ch] examples/c/*.c; \
	else echo "c-fmt needs clang-format: pip install clang-format"; fi

c-bench: $(C_OUT)/bench
	$(C_OUT)/bench

c-header: ## Writes include/sergo.h anew
	SERGO_WRITE_HEADER=1 cargo test --quiet $(CARGO_FLAGS) -p sergo-c --test header

# A library for others is built without the call that panics on purpose.
c-install: ## Installs the library, the header and sergo.pc under PREFIX
	cargo build --release $(CARGO_FLAGS) -p sergo-c
	install -d $(DESTDIR)$(PREFIX)/lib/pkgconfig $(DESTDIR)$(PREFIX)/include
	install -m 644 include/sergo.h $(DESTDIR)$(PREFIX)/include
	install -m 644 $(C_LIBDIR)/libsergo.$(C_SHARED) $(C_LIBDIR)/libsergo.a $(DESTDIR)$(PREFIX)/lib
	sed -e 's|@PREFIX@|$(PREFIX)|' -e "s|@VERSION@|$$(cargo pkgid -p sergo-c | sed 's/.*[#@]//')|" \
		-e 's|@STATIC_LIBS@|$(C_STATIC_LIBS)|' bindings/c/sergo.pc.in > $(DESTDIR)$(PREFIX)/lib/pkgconfig/sergo.pc
