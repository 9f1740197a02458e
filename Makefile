# Every command starts from a clean clone with Python 3.11 and nothing else: the environment builds itself, once, under .venv.
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
RUN_STAMP := $(VENV)/.run-$(shell cat requirements.lock.txt requirements-build.lock.txt pyproject.toml 2>/dev/null | cksum | cut -d' ' -f1)
DEV_STAMP := $(VENV)/.dev-$(shell cat requirements-dev.lock.txt requirements-build.lock.txt pyproject.toml 2>/dev/null | cksum | cut -d' ' -f1)
T ?= tests

.DEFAULT_GOAL := help
.PHONY: help run demo setup test check lint types contracts fix assets circuits messages docs bench load journeys lock sbom clean

help: ## Show what there is to do
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(RUN_STAMP) ## Start everything: database, web, worker; http://localhost:8000
	@exec $(BIN)/vibestream up

demo: $(RUN_STAMP) ## Tell the main job as a story against a running instance
	@$(BIN)/vibestream demo

setup: $(DEV_STAMP) ## Build the development environment and nothing else

test: check ## What a change must pass: lint, types, contracts and every test that needs no browser

check: $(DEV_STAMP) lint types contracts
	$(BIN)/pytest -n auto -m "not browser and not slow" $(T)

lint: $(DEV_STAMP) ## ruff, our own rules, unused dependencies
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m tools.lint
	$(BIN)/deptry src

types: $(DEV_STAMP) ## mypy, strict; the TypeScript compiler, strict
	$(BIN)/mypy
	$(BIN)/python tools/build_web.py --check

contracts: $(DEV_STAMP) ## Who may import whom
	$(BIN)/lint-imports --config tools/importlinter.ini

# Two runs: once Playwright has driven a browser, its loop keeps asynchronous tests of the same process from running. With T=
# one of them may find nothing to do (status 5).
journeys: $(DEV_STAMP) ## The slow tests and the ones that drive Chromium
	@$(BIN)/python tools/build_web.py --check  # brings axe, which looks at the pages
	$(BIN)/pytest -m browser $(T) || [ $$? -eq 5 ]
	$(BIN)/pytest -m "slow and not browser" $(T) || [ $$? -eq 5 ]

fix: $(DEV_STAMP) ## Format, and mend what can be mended by machine
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format --quiet .

assets: $(DEV_STAMP) ## Build the web bundle and the message catalogues; WATCH=1 keeps at it
	$(BIN)/python tools/build_web.py $(if $(WATCH),--watch)

circuits: $(DEV_STAMP) ## Compile the circuits, compare with the committed digests; a ceremony begins with what it makes
	$(BIN)/python -m tools.build_circuits --check

messages: $(DEV_STAMP) ## Bring the English and Spanish catalogues up to date with the sources
	$(BIN)/python tools/build_web.py --messages

docs: $(DEV_STAMP) ## Build the documentation into docs/_build; warnings are errors
	$(BIN)/sphinx-build -W --keep-going -q -b html docs docs/_build/html

bench: $(DEV_STAMP) ## Measure against the bare library, disk or protocol; writes bench/results.json
	$(BIN)/python -m bench

load: $(DEV_STAMP) ## Drive bounded load at a running instance and write a report
	$(BIN)/python -m bench.load

lock: $(UV) ## Pin every dependency by hash, after pyproject.toml changed
	$(UV) pip compile -q --universal --generate-hashes --python-version 3.11 --no-header pyproject.toml -o requirements.lock.txt
	$(UV) pip compile -q --universal --generate-hashes --python-version 3.11 --no-header pyproject.toml --group dev --group docs --group load -o requirements-dev.lock.txt
	$(UV) pip compile -q --universal --generate-hashes --python-version 3.11 --no-header --group build -o requirements-build.lock.txt

sbom: $(DEV_STAMP) ## List every part of the product with its hashes, as CycloneDX, in build/sbom.cdx.json
	mkdir -p build
	$(BIN)/python -m tools.sbom build/sbom.cdx.json

clean: ## Remove what was built, but not the data
	rm -rf $(VENV) build dist docs/_build .mypy_cache .pytest_cache .ruff_cache src/vibestream/web/static/dist src/vibestream/web/frontend/node_modules

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "VibeStream needs Python 3.11 or newer; set PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "Python's venv module is missing; on Debian: apt install python3-venv"; exit 1; }
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bootstrap.lock.txt

$(RUN_STAMP): $(UV)
	@echo "Preparing the environment (once)"
	@test -e $(DEV_STAMP) || $(UV) pip sync --quiet --compile-bytecode --require-hashes requirements.lock.txt
	@$(UV) pip install --quiet --no-deps --build-constraints requirements-build.lock.txt --editable .
	@$(BIN)/python -m compileall -q src  # half of what a start would take where Python may not write beside the sources
	@rm -f $(VENV)/.run-*; touch $@

$(DEV_STAMP): $(UV)
	@echo "Preparing the development environment (once)"
	@$(UV) pip sync --quiet --compile-bytecode --require-hashes requirements-dev.lock.txt
	@$(UV) pip install --quiet --no-deps --build-constraints requirements-build.lock.txt --editable .
	@$(BIN)/python -m compileall -q src
	@rm -f $(VENV)/.dev-* $(VENV)/.run-*; touch $@ $(RUN_STAMP)
