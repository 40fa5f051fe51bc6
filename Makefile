# `make demo` and `make test` install what they need into .venv; nothing else is needed first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TORCH ?= torch==2.13.0
DEMO := demo
# What the tests run for real: a broker, a terminal, and a panel's firmware in an emulator.
DEBIAN := mosquitto tmux gcc libc6-dev gcc-avr avr-libc binutils-avr libsimavr-dev libelf-dev

.PHONY: demo test check fuzz faults power light vm bench docs clean help

help:
	@echo "make demo   a whole rack on simulated cages, with its dashboard (HEADLESS=1: one minute, figures)"
	@echo "make test   the test suite"
	@echo "make check  formatting, lint, types, import contracts, docs"
	@echo "make fuzz   damaged videos, 600 cases (minutes)"
	@echo "make faults every process of a rack killed twenty times (five minutes)"
	@echo "make power  the power goes at 300 moments of a rack's life (ten minutes, as root)"
	@echo "make light  a panel's real firmware through a thousand traces of faults (half an hour)"
	@echo "make vm     cameras and a light panel on a real kernel, in a virtual machine (ten minutes, as root)"
	@echo "make bench  the figures of docs/performance.md, the long ones shortened (an hour, idle machine)"

# Debian splits the venv module off: install it as root, name it otherwise.
$(BIN)/python:
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { test "$$(id -u)" = 0 \
		&& apt-get install -y --no-install-recommends python3-venv; } \
		|| { echo 'the Debian package python3-venv is missing: apt-get install python3-venv'; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip

$(VENV)/.run: pyproject.toml | $(BIN)/python
	$(BIN)/pip install --quiet --editable '.[cpu,demo]'
	@touch $@

# torch first and by version: a plain `torch` would bring gigabytes of CUDA libraries.
$(VENV)/.dev: pyproject.toml | $(BIN)/python
	$(BIN)/pip install --quiet '$(TORCH)'
	$(BIN)/pip install --quiet --editable '.[cpu,demo,modbus,train,dev]'
	@touch $@ $(VENV)/.run

$(VENV)/.debian: Makefile | $(BIN)/python
	@missing=; for package in $(DEBIAN); do \
		dpkg-query -W -f '$${Status}' $$package 2>/dev/null | grep -q 'ok installed' \
		|| missing="$$missing $$package"; done; \
	test -z "$$missing" || { test "$$(id -u)" = 0 && apt-get update -qq \
		&& apt-get install -y -qq --no-install-recommends $$missing; } \
		|| { echo "the tests need the Debian packages:$$missing (apt-get install$$missing)"; exit 1; }
	@touch $@

demo: $(VENV)/.run
	$(BIN)/ethoprofiler demo $(DEMO) $(if $(HEADLESS),--headless)

# Three at a time, on two cores: racks and panels mostly wait.
test: $(VENV)/.dev $(VENV)/.debian
	$(BIN)/python -m pytest -m 'not campaign' -n 3 --dist worksteal --durations 12

check: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

fuzz: $(VENV)/.dev
	$(BIN)/python -m pytest -m campaign tests/inference

faults: $(VENV)/.dev $(VENV)/.debian
	$(BIN)/python -m pytest -s -m campaign tests/rack

# Needs qemu-system-common, e2fsprogs, gcc, FUSE and loop devices; see docs/power-loss.md.
power: $(VENV)/.dev $(VENV)/.debian
	$(BIN)/python -m pytest -s -m campaign tests/power

# The real firmware in an emulator, and the same broken on purpose; see docs/light-faults.md.
light: $(VENV)/.dev $(VENV)/.debian
	$(BIN)/python -m pytest -n 2 --dist worksteal -rP -m campaign tests/firmware

# Everything that makes and runs the virtual machine; see docs/virtual-machine.md.
VM_DEBIAN := qemu-system-x86 qemu-utils ipxe-qemu seabios mmdebstrap busybox-static cpio kmod \
	e2fsprogs openssh-client gcc libc6-dev gcc-avr avr-libc binutils-avr libsimavr-dev libelf-dev

$(VENV)/.vm: Makefile | $(BIN)/python
	@missing=; for package in $(VM_DEBIAN); do \
		dpkg-query -W -f '$${Status}' $$package 2>/dev/null | grep -q 'ok installed' \
		|| missing="$$missing $$package"; done; \
	test -z "$$missing" || { test "$$(id -u)" = 0 && apt-get update -qq \
		&& apt-get install -y -qq --no-install-recommends $$missing; } \
		|| { echo "the virtual machine needs the Debian packages:$$missing (apt-get install$$missing)"; \
			exit 1; }
	@touch $@

vm: $(VENV)/.run $(VENV)/.vm
	$(BIN)/python -m tests.vm.run $(VM)

# Shortened: docs/performance.md names the arguments of its tables.
bench: $(VENV)/.dev $(VENV)/.debian
	$(BIN)/python -m tests.bench.bench_decode
	$(BIN)/python -m tests.bench.bench_simulation
	$(BIN)/python -m tests.bench.bench_network
	$(BIN)/python -m tests.bench.bench_classify
	$(BIN)/python -m tests.bench.bench_memory
	$(BIN)/python -m tests.bench.bench_segment --hours 1 --decoded-hours 0.2
	$(BIN)/python -m tests.bench.bench_capture --minutes 5
	$(BIN)/python -m tests.bench.bench_capture --minutes 5 --copied
	$(BIN)/python -m tests.bench.bench_recorder_kill --kills 50
	$(BIN)/python -m tests.bench.bench_v4l2_picture
	$(BIN)/python -m tests.bench.bench_rack
	$(BIN)/python -m tests.bench.bench_dashboard
	$(BIN)/python -m tests.bench.bench_outbox
	$(BIN)/python -m tests.bench.bench_upload
	$(BIN)/python -m tests.bench.bench_picture_watch --repeats 2 --days 1 --hours 4
	$(BIN)/python -m tests.bench.bench_training --steps 2 --rounds 1
	$(BIN)/python -m tests.bench.bench_training_kill --kills 3
	$(BIN)/python -m tests.bench.bench_learning --folds 4 --epochs 2 --steps 20
	$(BIN)/python -m tests.bench.bench_lights --starts 3 --repeats 2 --replugs 8 --crystals 300 --host-hours 1.2

docs: $(VENV)/.dev
	$(BIN)/mkdocs serve

clean:
	rm -rf $(VENV) $(DEMO) site build *.egg-info
