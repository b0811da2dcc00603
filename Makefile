# One entry for everything; CI calls the same targets.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LEAVES ?= 2
# Much of their time is waiting for threads and processes: more workers than processors.
WORKERS ?= 3
LABS ?= 2
# Without bytecode on disk each worker, and each program that a test starts, compiles everything anew.
unexport PYTHONDONTWRITEBYTECODE
UNIT = $(BIN)/python -m pytest -q -n $(WORKERS) -m "not e2e and not soak"
DIST_VENV := .venv-dist
DIST_PYTHON := $(DIST_VENV)/bin/python
# What is imported is compiled then: most of it never is.
PIP_INSTALL := pip install --quiet --disable-pip-version-check --no-compile
SOURCES := $(shell find kubectl_liqo_shortcut templates release man -name '*.py' -o -name '*.j2' -o -name '*.yaml' -o -name '*.spec' -o -name '*.1')

.PHONY: picture help check unit test e2e soak structure mutants lab lab-stop lab-status demo bench bench-startup bench-scale lock man docs dist manifest plugin-manifest \
	release-check clean
.DEFAULT_GOAL := help

help: ## list these targets
	@sed -n 's/^\([a-z0-9-]*\):.*## /\1\t/p' $(MAKEFILE_LIST)

$(BIN)/.installed: setup.cfg pyproject.toml requirements-dev.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/$(PIP_INSTALL) --require-hashes --requirement requirements-dev.txt
	$(BIN)/$(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

# A venv of its own: what is not installed there cannot be frozen by mistake.
$(DIST_VENV)/.installed: requirements-dist.txt
	$(PYTHON) -m venv $(DIST_VENV)
	$(DIST_VENV)/bin/$(PIP_INSTALL) --require-hashes --requirement requirements-dist.txt
	@touch $@

check: $(BIN)/.installed ## style, types, import contracts and unit tests; needs no lab
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy kubectl_liqo_shortcut release tests
	$(UNIT) --cov --cov-report=
	$(BIN)/coverage report --include='*/core/*,*/commands/*' --fail-under=100
	@git log -10 --format=%s 2>/dev/null | awk 'length > 72 || !/^[a-z][a-z0-9, -]*: ./ { print "warning: a subject that is no \"area: imperative\" of 72 characters: " $$0 }'

unit: $(BIN)/.installed ## the unit tests alone, without coverage; needs no lab
	$(UNIT)

e2e: $(BIN)/.installed ## end-to-end tests on LABS=2 labs side by side; as root
	$(BIN)/python -m pytest -q -n $(LABS) --dist loadfile --no-loadscope-reorder -m "e2e and not soak" tests/e2e

test: check e2e ## everything, of long series a fixed sample

soak: $(BIN)/.installed ## the rest of the long series, or one PART= of it; goes on where it stopped; as root
	$(BIN)/python -m tests.soak $(PART)

structure: $(BIN)/.installed ## count the files and imports of each folder, and look for circles
	$(BIN)/python -m tests.structure

mutants: $(BIN)/.installed ## see that the tests still notice a fixed list of bugs, in half an hour or so (LAB=1: those that only a running lab shows)
	$(BIN)/python -m tests.mutations $(if $(LAB),--lab)

lab: $(BIN)/.installed ## start the lab (LEAVES=N, PEERING=1 for liqoctl peer, DATAPLANE=1 for Pods, OVERLAPPING=1 or leaves) and leave it running
	$(BIN)/python -m tests.lab start --leaves $(LEAVES)

lab-status: $(BIN)/.installed ## what the lab runs
	$(BIN)/python -m tests.lab status

lab-stop: $(BIN)/.installed ## end the lab and remove every trace
	$(BIN)/python -m tests.lab stop

picture: $(BIN)/.installed ## record make demo as the README's picture
	$(BIN)/python -m tests.demo | tee /dev/stderr | $(BIN)/python -m release.picture

demo: $(BIN)/.installed ## make a shortcut on the lab before your eyes
	$(BIN)/python -m tests.demo

bench: $(BIN)/.installed ## compare with liqoctl; the table goes into docs/guides/performance.md
	$(BIN)/python -m tests.bench.connect --write

bench-startup: $(BIN)/.installed dist ## compare start-up times; the table goes into docs/guides/performance.md
	$(BIN)/python -m tests.bench.startup --write

bench-scale: LEAVES = 50
bench-scale: $(BIN)/.installed ## what commands cost on the links of LEAVES=50 simulated leaves (LINKS=N of them, RUNS=N, ONLY=sync,diff)
	$(BIN)/python -m tests.bench.scale --leaves $(LEAVES) \
	  $(if $(LINKS),--links $(LINKS)) $(if $(RUNS),--runs $(RUNS)) $(if $(ONLY),--only "$(ONLY)")

man: $(BIN)/.installed ## write the manual page from the commands
	$(BIN)/python -m release.manpage

docs: man ## write the manual page and the reference pages in docs/ from the program
	$(BIN)/python -m release.reference

dist: dist/SHA256SUMS ## build packages, krew archive and manifest, SBOM and checksums into dist/

dist/SHA256SUMS: $(DIST_VENV)/.installed $(SOURCES) setup.cfg pyproject.toml README.md CHANGELOG.md LICENSE
	$(DIST_PYTHON) -m release.dist

manifest: $(DIST_VENV)/.installed ## the krew manifest again, for all archives gathered in dist/
	$(DIST_PYTHON) -m release.manifest

plugin-manifest: dist ## after a release: plugin.yaml becomes its manifest
	$(DIST_PYTHON) -m release.manifest --release

release-check: $(BIN)/.installed ## all a release needs, from clean clones: packages, krew, every test
	$(BIN)/python -m release.check

lock: ## choose the newest versions that setup.cfg allows, with hashes
	$(PYTHON) -m venv $(VENV)-lock
	$(VENV)-lock/bin/$(PIP_INSTALL) uv
	for extra in dev dist; do $(VENV)-lock/bin/uv pip compile --quiet --generate-hashes --universal \
	  --python-version 3.11 --upgrade --extra $$extra --no-annotate --no-emit-index-url \
	  --no-emit-find-links --custom-compile-command "make lock" setup.cfg \
	  --output-file requirements-$$extra.txt || exit 1; done

clean: ## remove what these targets made in the tree
	rm -rf $(VENV) $(DIST_VENV) $(VENV)-lock build dist *.egg-info .coverage .mypy_cache .pytest_cache .ruff_cache .hypothesis
