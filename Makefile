# `make demo` and `make test` install what they need into .venv; nothing else is needed first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TORCH ?= torch==2.13.0
DEMO := demo

.PHONY: demo test check fuzz bench docs clean help

help:
	@echo "make demo   simulate two cages, label their videos, show the result"
	@echo "make test   the test suite"
	@echo "make check  formatting, lint, types, import contracts, docs"
	@echo "make fuzz   damaged videos, 600 cases (minutes)"
	@echo "make bench  the figures of docs/performance.md (minutes, on an idle machine)"

# Debian splits the venv module off: install it as root, name it otherwise.
$(BIN)/python:
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { test "$$(id -u)" = 0 \
		&& apt-get install -y --no-install-recommends python3-venv; } \
		|| { echo 'the Debian package python3-venv is missing: apt-get install python3-venv'; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip

$(VENV)/.run: pyproject.toml | $(BIN)/python
	$(BIN)/pip install --quiet --editable '.[cpu]'
	@touch $@

# torch first and by version: a plain `torch` would bring gigabytes of CUDA libraries.
$(VENV)/.dev: pyproject.toml | $(BIN)/python
	$(BIN)/pip install --quiet '$(TORCH)'
	$(BIN)/pip install --quiet --editable '.[cpu,train,dev]'
	@touch $@ $(VENV)/.run

demo: $(VENV)/.run
	$(BIN)/ethoprofiler simulate $(DEMO) --mice 2 --clips 1 --seconds 120 --seed 7 --routine busy
	$(BIN)/ethoprofiler classify $(DEMO)
	$(BIN)/ethoprofiler show $(DEMO)

test: $(VENV)/.dev
	$(BIN)/python -m pytest -m 'not campaign' -n 2

check: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

fuzz: $(VENV)/.dev
	$(BIN)/python -m pytest -m campaign

bench: $(VENV)/.dev
	$(BIN)/python -m tests.bench.bench_decode
	$(BIN)/python -m tests.bench.bench_simulation
	$(BIN)/python -m tests.bench.bench_network
	$(BIN)/python -m tests.bench.bench_classify
	$(BIN)/python -m tests.bench.bench_memory

docs: $(VENV)/.dev
	$(BIN)/mkdocs serve

clean:
	rm -rf $(VENV) $(DEMO) site build *.egg-info
