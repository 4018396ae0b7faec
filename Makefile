# Two commands: `make demo` and `make test`. Each sets itself up. `make cover` and `make mutate` judge the tests themselves; `make long`
# measures what takes too long for CI. `make install PREFIX=/opt/spacesctl` is for operators.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Wheels only, so no compiler is needed (where there is one, our own few lines of C are compiled); the two named packages publish pure-Python source archives alone.
PIP := $(BIN)/pip install --quiet --disable-pip-version-check --only-binary :all: --no-binary srt,forbiddenfruit
ARGS ?=
COVER := build/coverage

# Where `make install` puts everything; UNITS is where systemd looks for the unit, if that is elsewhere.
PREFIX ?= /opt/spacesctl
UNITS ?= $(PREFIX)/lib/systemd/system
SHARE := $(PREFIX)/share

.PHONY: demo test lint cover mutate long lock clean install

$(VENV)/.ready: requirements.lock pyproject.toml spacesctl/rtc/_seal.c
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed (set PYTHON=...)" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(PIP) -r requirements.lock
	$(PIP) --no-deps --config-settings editable_mode=compat -e .
	touch $@

$(VENV)/.ready-test: $(VENV)/.ready requirements-test.lock
	$(PIP) -r requirements-test.lock
	touch $@

demo: $(VENV)/.ready
	@$(BIN)/spacesctl demo $(ARGS)

test: $(VENV)/.ready-test lint
	$(BIN)/pytest -m "not slow and not alone" -n auto --dist loadfile $(ARGS)
	$(BIN)/pytest -m "alone and not slow" $(ARGS)

# A virtual environment of its own, the command, the systemd unit with the right path, the example of the settings, and completion, where the
# shells look for it: in PREFIX for everybody, and for who installs it in their own folders (COMPLETION=no leaves those alone).
install:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed (set PYTHON=...)" >&2; exit 1; }
	$(PYTHON) -m venv $(PREFIX)/venv
	$(PREFIX)/venv/bin/pip install --quiet --disable-pip-version-check --only-binary :all: --no-binary srt,forbiddenfruit -r requirements.lock
	$(PREFIX)/venv/bin/pip install --quiet --disable-pip-version-check --no-deps --force-reinstall .
	mkdir -p $(PREFIX)/bin $(UNITS) $(SHARE)/spacesctl
	ln -sfn ../venv/bin/spacesctl $(PREFIX)/bin/spacesctl
	sed 's|/opt/spacesctl/.venv|$(PREFIX)/venv|; s|/opt/spacesctl/docs|$(SHARE)/spacesctl/docs|' deploy/spacesctl.service > $(UNITS)/spacesctl.service
	cp -R config.example.toml docs deploy $(SHARE)/spacesctl/
	@PATH="$(PREFIX)/bin:$$PATH" sh deploy/completion.sh $(SHARE) "$(COMPLETION)"
	@echo "spacesctl is in $(PREFIX)/bin, its unit in $(UNITS); the settings are explained in $(SHARE)/spacesctl/config.example.toml"

lint: $(VENV)/.ready-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# What fails under a tracer only for being slow fails nothing here: `make test` judges the tests, this counts what they run.
cover: $(VENV)/.ready-test
	rm -rf $(COVER) && mkdir -p $(COVER)
	-$(BIN)/coverage run -m pytest -m "not alone" -n auto --dist loadfile $(ARGS)
	-$(BIN)/coverage run -m pytest -m "alone" $(ARGS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage json --quiet -o $(COVER)/report.json
	$(BIN)/python -m tests.coverage_floors $(COVER)/report.json

mutate: $(VENV)/.ready-test
	$(BIN)/python -m tests.mutation $(ARGS)

# What takes too long for CI, which has a short form of it.
long: $(VENV)/.ready-test
	$(BIN)/python -m tests.bench.chaos --faults 200
	$(BIN)/python -m tests.bench.hearing --seconds 600

lock: # Rewrites both lock files from pyproject.toml.
	$(BIN)/pip-compile --quiet --strip-extras --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --output-file requirements.lock pyproject.toml
	$(BIN)/pip-compile --quiet --strip-extras --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --extra test --constraint requirements.lock --output-file requirements-test.lock pyproject.toml

clean:
	rm -rf $(VENV)
