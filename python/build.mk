# The Python package: a venv in target/venv, in which the package is installed from
# this folder with its binding, built for tests.

PYTHON ?= python3
PYTHON_VENV := target/venv
PYTHON_IN_VENV := $(PYTHON_VENV)/bin/python
PYTHON_BUILT := $(PYTHON_VENV)/.sergo-built
PYTHON_FROM := $(shell find core/src bindings/border/src bindings/pyo3/src -name '*.rs') Cargo.toml Cargo.lock \
	core/Cargo.toml bindings/border/Cargo.toml bindings/pyo3/Cargo.toml python/pyproject.toml
PYTHON_CODE := . ../examples/python
PYTHON_RUFF := cd python && ../$(PYTHON_VENV)/bin/ruff

PORT_python = $(PYTHON_IN_VENV) python/tests/conformance_port.py
DEMO_python = $(PYTHON_IN_VENV) examples/python/service.py

.PHONY: python-build python-test python-lint python-fmt python-bench

$(PYTHON_VENV)/.tools-installed: python/requirements-dev.txt
	@echo "== Python: target/venv"
	$(PYTHON) -m venv $(PYTHON_VENV)
	$(PYTHON_IN_VENV) -m pip install --quiet --disable-pip-version-check -r python/requirements-dev.txt
	@touch $@

$(PYTHON_BUILT): $(PYTHON_VENV)/.tools-installed $(PYTHON_FROM)
	@echo "== Python: the binding"
	cd python && VIRTUAL_ENV=$(abspath $(PYTHON_VENV)) ../$(PYTHON_VENV)/bin/maturin develop --quiet --release \
		$(CARGO_FLAGS) --features test-panic
	@touch $@

python-build: $(PYTHON_BUILT)

python-test: python-build
	cd python && ../$(PYTHON_IN_VENV) -m pytest -q
	cd python && ../$(PYTHON_IN_VENV) -m mypy.stubtest --mypy-config-file pyproject.toml \
		--allowlist tests/stubtest-allowlist.txt sergo._sergo

python-lint: python-build
	$(PYTHON_RUFF) check --config pyproject.toml $(PYTHON_CODE)
	$(PYTHON_RUFF) format --check --config pyproject.toml $(PYTHON_CODE)
	cd python && ../$(PYTHON_IN_VENV) -m mypy

python-fmt: $(PYTHON_VENV)/.tools-installed
	$(PYTHON_RUFF) check --fix --exit-zero --quiet --config pyproject.toml $(PYTHON_CODE)
	$(PYTHON_RUFF) format --config pyproject.toml $(PYTHON_CODE)

python-bench: python-build
	$(PYTHON_IN_VENV) python/benches/enter.py
	$(PYTHON_IN_VENV) python/benches/push.py "$(TARGET)/release/sergo"
