# One entry for everything; CI calls the same targets.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LEAVES ?= 2

.PHONY: help check test unit e2e lab lab-stop lab-status demo bench clean
.DEFAULT_GOAL := help

help: ## list these targets
	@sed -n 's/^\([a-z0-9-]*\):.*## /\1\t/p' $(MAKEFILE_LIST)

$(BIN)/.installed: setup.cfg pyproject.toml requirements-dev.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --requirement requirements-dev.txt --editable .
	@touch $@

check: $(BIN)/.installed ## style, types, import contracts and unit tests; needs no lab
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy kubectl_liqo_shortcut tests
	$(BIN)/coverage run -m pytest -q -m "not e2e"
	$(BIN)/coverage report --include='*/core/*,*/commands/*' --fail-under=100

e2e: $(BIN)/.installed ## end-to-end tests on the lab; as root
	$(BIN)/python -m pytest -q -m e2e

test: check e2e ## everything

lab: $(BIN)/.installed ## start the lab (LEAVES=N) and leave it running
	$(BIN)/python -m tests.lab start --leaves $(LEAVES)

lab-status: $(BIN)/.installed ## what the lab runs
	$(BIN)/python -m tests.lab status

lab-stop: $(BIN)/.installed ## end the lab and remove every trace
	$(BIN)/python -m tests.lab stop

demo: $(BIN)/.installed ## make a shortcut on the lab before your eyes
	$(BIN)/python -m tests.demo

bench: $(BIN)/.installed ## compare with liqoctl; the table goes into README.md
	$(BIN)/python -m tests.bench.connect --write

clean: ## remove what these targets made in the tree
	rm -rf $(VENV) build dist *.egg-info .coverage .mypy_cache .pytest_cache .ruff_cache .hypothesis
