# The one command set. `make demo` shows what sergo does, `make test` proves it;
# each sets up what it needs from the package registries.

.DEFAULT_GOAL := help
SHELL := /bin/sh
TARGET := $(abspath $(or $(CARGO_TARGET_DIR),target))
export CARGO_TARGET_DIR := $(TARGET)
CARGO_FLAGS ?= --locked
VECTORS ?= tests/vectors
LANGS ?= rust c java go node python

include bindings/c/build.mk java/build.mk go/build.mk node/build.mk python/build.mk tests/sdk.mk benches/build.mk

PORT_rust = $(TARGET)/release/conformance rust-port

.PHONY: help setup build native demo demo-run test conformance conformance-run lint fmt load clean \
	rust-build rust-test rust-loom fuzz rust-lint rust-fmt rust-bench

help: ## This list
	@grep -hE '^[a-z-]+:.*##' $(firstword $(MAKEFILE_LIST)) benches/build.mk | sed -E 's/:.*## /\t/' | expand -t 16

setup: ## Checks the toolchains and says how to get what is missing
	@.ci/toolchains

# One cargo run for everything that is written in Rust, so that it is built once.
# The bindings get the call that panics on purpose, for the tests; a release is built without.
native: setup
	@echo "== Rust: core, bindings, command"
	cargo build --release $(CARGO_FLAGS) -p sergo-cli -p sergo-conformance -p sergo-c -p sergo-jni -p sergo-napi \
		--features sergo-c/test-panic,sergo-jni/test-panic,sergo-napi/test-panic

rust-build: native
c-build java-build go-build node-build python-build: native

build: rust-build c-build java-build go-build node-build python-build ## Builds everything

demo: rust-build java-build go-build node-build python-build ## A control plane, four services in four languages, one answer
	@$(MAKE) --no-print-directory demo-run

demo-run:
	@python3 examples/demo.py $(TARGET)/release/sergo \
		'{"java": "$(DEMO_java)", "go": "$(DEMO_go)", "node": "$(DEMO_node)", "python": "$(DEMO_python)"}'

test: build ## Every test of every language, the vectors, and the demo
	@$(MAKE) --no-print-directory rust-test
	@$(MAKE) --no-print-directory c-test
	@$(MAKE) --no-print-directory go-test
	@$(MAKE) --no-print-directory java-test
	@$(MAKE) --no-print-directory node-test
	@$(MAKE) --no-print-directory python-test
	@$(MAKE) --no-print-directory sdk-test
	@$(MAKE) --no-print-directory bench-test
	@$(MAKE) --no-print-directory counts
	@$(MAKE) --no-print-directory demo-run
	@$(MAKE) --no-print-directory conformance-run

# What Python and Node.js load has no symbols of theirs to link a test with.
rust-test: rust-loom
	cargo test $(CARGO_FLAGS) --workspace --exclude sergo-pyo3 --exclude sergo-napi

# Every order in which threads can meet, in a model of the memory: a build of its own.
rust-loom:
	RUSTFLAGS="--cfg loom" CARGO_TARGET_DIR=$(TARGET)/loom \
		cargo test $(CARGO_FLAGS) --release -p sergo --test loom

conformance: $(foreach lang,$(LANGS),$(lang)-build) ## The vectors in every language; VECTORS=dir LANGS="rust go"
	@$(MAKE) --no-print-directory conformance-run

conformance-run:
	@$(TARGET)/release/conformance --vectors $(VECTORS) --skips tests/conformance/skips.txt \
		$(foreach lang,$(LANGS),--port '$(lang)=$(PORT_$(lang))')

lint: setup rust-lint c-lint java-lint go-lint node-lint python-lint sdk-lint bench-lint ## Every linter

rust-lint:
	cargo fmt --all --check
	cargo clippy $(CARGO_FLAGS) --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc $(CARGO_FLAGS) --no-deps -p sergo -p sergo-border -p sergo-control-plane

fmt: rust-fmt c-fmt java-fmt go-fmt node-fmt python-fmt sdk-fmt bench-fmt ## Every formatter

rust-fmt:
	cargo fmt --all

FUZZ_SECONDS ?= 60
FUZZ_TARGETS ?= documents operations matching routes baggage wire clients convert traces

# New finds go beside what was built; those worth keeping are copied to fuzz/corpus.
fuzz: ## Looks for new inputs that break a promise; FUZZ_SECONDS=60 for each target
	@cargo fuzz --version >/dev/null 2>&1 || { echo "fuzz: cargo-fuzz is missing: cargo install cargo-fuzz" >&2; exit 1; }
	@cargo +nightly --version >/dev/null 2>&1 || \
		{ echo "fuzz: a nightly compiler is missing: rustup toolchain install nightly" >&2; exit 1; }
	@for target in $(FUZZ_TARGETS); do \
		echo "== $$target, $(FUZZ_SECONDS) s"; \
		mkdir -p "$(TARGET)/fuzz/found/$$target" && \
		cargo +nightly fuzz run --target-dir "$(TARGET)/fuzz" $$target \
			"$(TARGET)/fuzz/found/$$target" fuzz/corpus/$$target -- \
			-max_total_time=$(FUZZ_SECONDS) -timeout=10 -max_len=65536 -dict=fuzz/words.dict || exit 1; \
	done

rust-bench:
	cargo bench $(CARGO_FLAGS) -p sergo-benches

load: ## Two thousand subscribers and a change a second; SUBSCRIBERS, RULES, APPS, CHANGES say how much
	cargo bench $(CARGO_FLAGS) -p sergo-control-plane --bench load

clean: ## Removes what was built
	cargo clean
	rm -rf node/node_modules benches/node/node_modules node/dist go/internal/lib java/target
