PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.setup-done
# 25.1 knows --group (tools/lock.py) and looks up a build without downloading it (tools/check_torch_wheel.py).
PIP := pip>=25.1
# -qq shows errors only: pip warns of every package that one of several configured sources lacks.
PIP_INSTALL := $(PY) -m pip install -qq --disable-pip-version-check --no-input

# On every core, one thread each; the tests of a file stay together, for they share what they made.
PYTEST := OMP_NUM_THREADS=1 $(PY) -m pytest -n auto --maxprocesses 8 --dist loadfile

# Tests and trainings start many processes; without bytecode each would compile the sources anew.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help setup train test test-all test-integrations lint format types docs bench bench-peers lock clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(STAMP)  ## make .venv and install the locked packages and the project

train: setup  ## train and compare, e.g. make train ARGS="--config configs/smoke.yaml"
	$(PY) scripts/train.py $(ARGS)

test: setup  ## run the tests except the slow ones
	$(PYTEST) $(ARGS)

test-all: setup  ## run every test
	$(PYTEST) -m "" $(ARGS)

# They make environments of their own. Other interpreters for the wheel alone: ARGS="--python PATH --python PATH".
test-integrations: setup  ## try the wheel and other libraries in fresh environments, and write their table
	$(PY) tools/integrations.py $(ARGS)

lint: setup  ## check style and formatting
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .

format: setup  ## rewrite the code in the house format
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

types: setup  ## check the types
	$(PY) -m mypy

# Warnings are errors; the notebooks run on the way.
docs: .venv-docs/.setup-done  ## build the guide into build/site, for a browser
	PATH="$(CURDIR)/.venv-docs/bin:$$PATH" .venv-docs/bin/python -m sphinx --fail-on-warning --keep-going -q docs build/site
	@echo 'open build/site/index.html'

# Of its own, for nothing else needs what builds the guide. The notebooks need all the rest.
.venv-docs/.setup-done: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv-docs
	.venv-docs/bin/python -m pip install -qq --disable-pip-version-check --no-input '$(PIP)'
	@echo 'installing requirements.lock and the group docs into .venv-docs; some minutes'
	.venv-docs/bin/python -m pip install -qq --disable-pip-version-check --no-input -r requirements.lock --group docs
	.venv-docs/bin/python -m pip install -qq --disable-pip-version-check --no-input --no-build-isolation --no-deps -e .
	@touch $@

bench: setup  ## measure the speed
	$(PY) benchmarks/run.py $(ARGS)

# Of their own: they ask for other versions of numpy, and nothing else needs them.
bench-peers:  ## make .venv-bench with the peers that `make bench` compares with
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python -m pip install -qq --disable-pip-version-check --no-input '$(PIP)'
	.venv-bench/bin/python -m pip install -qq --disable-pip-version-check --no-input --group bench

lock: $(PY)  ## resolve the packages anew into requirements.lock
	$(PIP_INSTALL) '$(PIP)'
	$(PY) tools/lock.py

clean:  ## remove .venv, caches and build output, but no runs
	rm -rf $(VENV) .venv-bench .venv-docs .venv-integrations build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find envs agents scripts tools tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	    echo 'setup: Python 3.11 or newer is needed and $(PYTHON) is not; name one: make PYTHON=python3.11 ...' >&2; \
	    exit 1; }
	$(PYTHON) -m venv $(VENV)

# --no-build-isolation: the build's own packages are in the lock.
$(STAMP): requirements.lock pyproject.toml | $(PY)
	$(PIP_INSTALL) '$(PIP)'
	$(PY) tools/check_torch_wheel.py
	@echo 'installing requirements.lock into $(VENV); about a minute'
	$(PIP_INSTALL) -r requirements.lock
	$(PIP_INSTALL) --no-build-isolation --no-deps -e .
	$(PY) -m pip check
	@touch $@
