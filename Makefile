# Two commands do all the set-up: make demo, make test.  Both need Python 3.11 or newer and make.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: demo test coverage lint types check docs wheel bench schemas example clean

$(VENV)/.demo: pyproject.toml setup.py
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[demo]'
	@touch $@

$(VENV)/.dev: pyproject.toml setup.py
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@

demo: $(VENV)/.demo  ## run the main job with loopback partners
	$(BIN)/transload demo

test: $(VENV)/.dev  ## everything that CI checks, tests first
	$(BIN)/python -m pytest -n auto

coverage: $(VENV)/.dev  ## which lines no test reaches; the tests take half as long again
	$(BIN)/python -m pytest -n auto --cov --cov-report=term

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(VENV)/.dev  ## against the standard library of every version that we support
	$(BIN)/mypy --python-version 3.11
	$(BIN)/mypy --python-version 3.12 --cache-dir .mypy_cache/3.12
	$(BIN)/mypy --python-version 3.13 --cache-dir .mypy_cache/3.13

check: lint types test  ## lint, types and tests

example:  ## the example plug-in beside a Transload of its own, as its author would have it
	rm -rf .cache/example build examples/journal/build
	$(PYTHON) -m venv .cache/example
	.cache/example/bin/python -m pip install --quiet '.[contract]' ./examples/journal
	cd examples/journal && ../../.cache/example/bin/python -m pytest -q -p no:cacheprovider

schemas: $(VENV)/.dev  ## write the JSON Schemas of the canonical models again
	$(BIN)/python -m transload.canonical.schemas

clean:
	rm -rf $(VENV) build dist .coverage .mypy_cache .pytest_cache .ruff_cache
