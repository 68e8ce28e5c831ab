# Two commands do all the set-up: make demo, make test.  Both need Python 3.11 or newer and make.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
VERSIONS := 3.11 3.12 3.13
# the tests start many processes, which would compile all modules each time
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test coverage lint types $(VERSIONS:%=types-%) check docs wheel bench schemas example clean

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
	$(BIN)/python -m pytest -n auto --dist worksteal

coverage: $(VENV)/.dev  ## which lines no test reaches; the tests take half as long again
	$(BIN)/python -m pytest -n auto --dist worksteal --cov --cov-report=term

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(VERSIONS:%=types-%)  ## against the standard library of every version that we support

$(VERSIONS:%=types-%): types-%: $(VENV)/.dev
	$(BIN)/mypy --python-version $* --cache-dir .mypy_cache/$*

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
