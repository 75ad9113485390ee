# Sergo beside its peers. What is measured against is fetched here and nowhere else.
#
#   bench       all languages, or LANGS="go java": rounds, tables, pictures (docs/benchmarks.md)
#               BENCH_QUICK=1 is a smoke run whose figures stay in target/bench/quick
#   counts      instructions of the hot paths, compared with benches/counts.json; UPDATE=1 records
#   bench-test  the tests of what runs and reports them
#   bench-lint  formats and linters, without fetching the peers; bench-fmt formats

BENCH := $(TARGET)/bench
BENCH_RUNNERS = $(foreach lang,$(LANGS),$(lang)-peers)
BENCH_VENV := $(BENCH)/venv
BENCH_PYTHON := PYTHONPATH=benches python3

.PHONY: bench bench-test bench-lint bench-fmt rust-peers c-peers java-peers go-peers node-peers python-peers

bench: $(BENCH_RUNNERS) ## Sergo beside its peers, in rounds; LANGS="go java", BENCH_QUICK=1, BENCH_ROUNDS=7
	@$(BENCH_PYTHON) -m report --target "$(TARGET)" $(if $(BENCH_QUICK),--quick) \
		$(if $(BENCH_ROUNDS),--rounds $(BENCH_ROUNDS)) $(LANGS)

rust-peers: setup
	cargo bench --locked --manifest-path benches/rust/peers/Cargo.toml --no-run

c-peers: c-build
	@mkdir -p $(BENCH)
	$(C_COMPILE) -Wconversion benches/c/peers.c $(C_LINK) -o $(BENCH)/peers-c

java-peers: java-build
	@mkdir -p $(BENCH)/java
	mvn --batch-mode --quiet -f benches/java/pom.xml org.apache.maven.plugins:maven-dependency-plugin:3.8.1:build-classpath \
		-Dmdep.outputFile=$(BENCH)/java.classpath
	javac -Xlint:all,-processing,-serial -Werror -cp "java/target/sergo.jar:$$(cat $(BENCH)/java.classpath)" \
		-d $(BENCH)/java benches/java/src/peers/*.java

go-peers: go-build
	@mkdir -p $(BENCH)
	go test -C benches/go -c -o $(BENCH)/peers-go .

node-peers: node-build benches/node/node_modules/.package-lock.json

benches/node/node_modules/.package-lock.json: benches/node/package.json benches/node/package-lock.json
	npm ci --prefix benches/node --no-audit --no-fund --loglevel=error
	@touch $@

python-peers: python-build $(BENCH_VENV)/.installed

$(BENCH_VENV)/.installed: benches/python/requirements.txt
	$(PYTHON) -m venv $(BENCH_VENV)
	$(BENCH_VENV)/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

BENCH_BIOME := node/node_modules/.bin/biome
BENCH_RUFF := $(PYTHON_VENV)/bin/ruff

bench-lint: node/node_modules/.package-lock.json $(PYTHON_VENV)/.tools-installed
	cargo fmt --manifest-path benches/rust/peers/Cargo.toml --check
	$(CC) $(C_WARNINGS) -Wconversion -Iinclude -fsyntax-only benches/c/*.c
	@[ -z "$$(gofmt -l benches/go)" ] || { echo "benches/go is not as gofmt has it (make bench-fmt)"; exit 1; }
	$(BENCH_BIOME) check --config-path=node benches/node
	$(BENCH_RUFF) check benches
	$(BENCH_RUFF) format --check benches
	$(PYTHON_IN_VENV) -m mypy --strict benches/report/*.py

bench-fmt: node/node_modules/.package-lock.json $(PYTHON_VENV)/.tools-installed
	cargo fmt --manifest-path benches/rust/peers/Cargo.toml
	gofmt -w benches/go
	$(BENCH_BIOME) check --write --config-path=node benches/node
	$(BENCH_RUFF) check --fix --exit-zero --quiet benches
	$(BENCH_RUFF) format benches

bench-test:
	$(BENCH_PYTHON) -m unittest discover --start-directory benches/report/tests --top-level-directory benches

.PHONY: counts

COUNTS := $(TARGET)/counts

# A build of its own, of the library as it is released: what else is built along with it
# moves the compiler to inline differently, by some percent. It is linked eagerly: looking
# a name up is not what is counted.
counts: ## Instructions of the hot paths against benches/counts.json; UPDATE=1 records
	@if command -v valgrind >/dev/null; then \
		CARGO_TARGET_DIR=$(COUNTS) cargo build --release --quiet $(CARGO_FLAGS) -p sergo-benches -p sergo-c && \
		$(C_COMPILE) -Wconversion benches/c/counts.c -L$(COUNTS)/release -lsergo -Wl,-rpath,$(COUNTS)/release \
			-pthread -Wl,-z,now -o $(COUNTS)/counts-c; fi
	@$(BENCH_PYTHON) -m report.count --core $(COUNTS)/release/sergo-counts --abi $(COUNTS)/counts-c --cc "$(CC)" \
		$(if $(UPDATE),--update)
