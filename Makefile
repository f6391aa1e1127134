# Everything a person or CI runs. Needs Python 3.11+ with venv; uses uv when it is there.

PYTHON ?= python3
BIN := .venv/bin
UV := $(shell command -v uv 2>/dev/null)
INSTALL := $(if $(UV),uv pip install --quiet --python .venv/bin/python,$(BIN)/python -m pip install --quiet --disable-pip-version-check)
COMPILE := uv pip compile --quiet --universal --generate-hashes --no-strip-extras --python-version 3.11 --no-header

.PHONY: demo test test-all check extras lock bench clean

demo: .venv/installed
	@$(BIN)/nightcrier demo

test: .venv/developer
	$(BIN)/python -m pytest -m "not long" -n 3

test-all: .venv/developer
	$(BIN)/python -m pytest

check: .venv/developer
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/developer
	$(BIN)/python -m bench

# the libraries of Apprise and Kosmi
extras: .venv/installed
	$(INSTALL) --require-hashes -r requirements-extras.lock

lock:
	$(COMPILE) pyproject.toml -o requirements.lock
	$(COMPILE) pyproject.toml --extra apprise --extra kosmi -c requirements.lock -o requirements-extras.lock
	$(COMPILE) pyproject.toml --all-extras --group dev -c requirements-extras.lock -o requirements-dev.lock

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Nightcrier needs Python 3.11 or newer; try: make PYTHON=python3.12"; exit 1; }
	@$(if $(UV),uv venv --quiet .venv --python $(PYTHON),$(PYTHON) -m venv .venv) || \
		{ rm -rf .venv; echo "Python's venv is missing; on Debian and Ubuntu: sudo apt install python3-venv"; exit 1; }

.venv/installed: .venv/bin/python pyproject.toml requirements.lock
	@echo "Setting up .venv (once) ..."
	@$(INSTALL) --require-hashes -r requirements.lock
	@$(INSTALL) --no-deps -e .
	@touch $@

.venv/developer: .venv/installed requirements-dev.lock
	@$(INSTALL) --require-hashes -r requirements-dev.lock
	@touch $@

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis dist
