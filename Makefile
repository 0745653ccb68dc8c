# Each target does its own set-up; `make help` lists them.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PROGRAMS := mosquitto rtl-433 victoria-metrics faketime
SUDO   := $(shell [ "$$(id -u)" = 0 ] || command -v sudo)

.DEFAULT_GOAL := help
.PHONY: help demo run test check format bench soak clean programs

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 18

demo: $(VENV)/.ready ## 120 simulated nights through a real broker and database, then the findings
	@$(BIN)/bedroom-monitor demo $(ARGS)

run: $(VENV)/.ready ## the daemon, in the foreground (ARGS="--config FILE")
	@$(BIN)/bedroom-monitor run $(ARGS)

test: $(VENV)/.tests programs ## the tests, with everything they need
	$(BIN)/coverage erase
	$(BIN)/pytest -n 2 --dist loadfile --cov --cov-report= $(ARGS)
	$(BIN)/coverage report --fail-under=95
	$(BIN)/coverage report --include='monitor/core/*,monitor/decoders/*' --fail-under=100

check: $(VENV)/.tests ## format, lint, types, imports, then the tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@$(MAKE) --no-print-directory test

format: $(VENV)/.tests ## put the code into its form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.tests programs ## speed, memory and size, as figures beside stated limits
	$(BIN)/python benchmarks/decode.py
	$(BIN)/python benchmarks/startup.py
	$(BIN)/python benchmarks/ingest.py
	$(BIN)/python benchmarks/footprint.py
	$(BIN)/python benchmarks/analyse.py
	$(BIN)/python benchmarks/mirror.py
	$(BIN)/python benchmarks/importing.py
	$(BIN)/python benchmarks/retention.py

soak: $(VENV)/.tests programs ## half an hour: whether anything grows, and what is written to the disk in a day
	$(BIN)/python benchmarks/soak.py
	$(BIN)/python benchmarks/card.py

clean: ## remove what the other targets made
	rm -rf $(VENV) .coverage* .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo 'Python 3.11 or newer is needed as "$(PYTHON)". On Debian: apt install python3 python3-venv;'; \
	  echo 'another one: make PYTHON=python3.12 ...'; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { \
	  echo 'Installing python3-venv (Debian keeps it apart from Python).'; \
	  $(SUDO) apt-get update -qq && $(SUDO) apt-get install -y -qq python3-venv || { \
	  echo 'It could not be installed. As root, run: apt install python3-venv'; exit 1; }; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.ready: requirements.lock pyproject.toml | $(VENV)/bin/python
	@echo 'Installing what the monitor needs into $(VENV) ...'
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock || { \
	  echo 'The Python packages could not be installed. Is this machine online, and 64-bit?'; exit 1; }
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.tests: requirements-dev.lock pyproject.toml | $(VENV)/bin/python
	@echo 'Installing what the monitor and its tests need into $(VENV) ...'
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock || { \
	  echo 'The Python packages could not be installed. Is this machine online, and 64-bit?'; exit 1; }
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@ $(VENV)/.ready

programs:
	@PATH="$$PATH:/usr/sbin"; for program in mosquitto rtl_433 victoria-metrics faketime; do \
	  command -v $$program >/dev/null || missing=1; done; test -z "$$missing" || { \
	  echo 'Installing $(PROGRAMS): the tests talk to real ones.'; \
	  $(SUDO) apt-get update -qq && $(SUDO) apt-get install -y -qq --no-install-recommends $(PROGRAMS) || { \
	  echo 'They could not be installed. As root, run: apt install $(PROGRAMS)'; exit 1; }; }
