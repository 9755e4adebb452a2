# Newcomers need two commands: `make demo` shows a map, `make test` runs all checks. `make help` lists the others.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
# The minimum line coverage of the package, in percent.
COVERED ?= 97
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Tests start the program hundreds of times: cache its compiled modules.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: bench bench-quick demo docs lint-workflows package test test-fast coverage test-kernels lint viewer env env-dev chromium engines lock audit clean
.DEFAULT_GOAL := help

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

env: $(VENV)/.installed
env-dev: $(VENV)/.installed-dev

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' || \
	  { echo "spotmap-build needs Python 3.11, 3.12, 3.13 or 3.14; $(PYTHON) is another. Try: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 2; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml requirements.lock | $(BIN)/python
	$(BIN)/python -m pip install --quiet --constraint requirements.lock --editable .
	@touch $@

$(VENV)/.installed-dev: pyproject.toml requirements.lock | $(BIN)/python
	$(BIN)/python -m pip install --quiet --constraint requirements.lock --editable '.[dev]'
	@touch $@ $(VENV)/.installed

demo: env  ## create the environment and build the demo map
	$(BIN)/spotmap-build --source demo --out demo-site --title "A demo library"

test: env-dev chromium engines lint viewer  ## run everything: lint, viewer, and all Python and browser tests; installs Node packages, and Chromium, Firefox, WebKit and nginx where they are missing
	$(BIN)/python -m pytest -n auto --dist loadgroup

test-fast: env-dev lint  ## lint, and run the tests that need no browser and build no whole map; installs into .venv only
	$(BIN)/python -m pytest -n auto --dist loadgroup -m "not slow and not browser"

coverage: env-dev  ## run the tests that need no browser and report line coverage; fails below the threshold
	$(BIN)/python -m pytest -n auto --dist loadgroup -m "not browser" --cov --cov-report=term --cov-fail-under=$(COVERED)

test-kernels: env-dev  ## run the tests that compare floats with each of OpenBLAS's kernels for this processor
	$(BIN)/python scripts/test_kernels.py -n auto --dist loadgroup

lint: env-dev lint-workflows  ## check style (ruff), types (mypy --strict), import layers (import-linter) and workflows (actionlint, zizmor)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

lint-workflows: env-dev
	@test ! -x $(BIN)/actionlint || $(BIN)/actionlint
	@test ! -x $(BIN)/zizmor || $(BIN)/zizmor --offline --quiet .github action.yml

package: env-dev  ## build the wheel and the source archive in dist/ and check them (downloads the checkers from PyPI)
	rm -rf dist
	$(BIN)/python -m build
	$(BIN)/uv tool run --from 'twine>=6.1' twine check --strict dist/*
	$(BIN)/uv tool run --from 'check-wheel-contents>=0.6' check-wheel-contents --ignore W002 dist/*.whl  # licenses lie beside what they are of as well
	$(BIN)/python -m pytest -q -n 0 tests/contract/test_package.py

viewer: node_modules/.installed  ## type-check and test the viewer's script
	PATH="$(CURDIR)/$(BIN):$$PATH" npm run --silent check
	PATH="$(CURDIR)/$(BIN):$$PATH" npm run --silent test

node_modules/.installed: package.json package-lock.json | $(VENV)/.installed-dev
	PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --silent --no-audit --no-fund
	@touch $@

chromium: env-dev  ## find or install a Chromium for the browser tests: the system's, else Debian's, else Playwright's
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh scripts/ensure_chromium.sh

engines: | $(BIN)/python  ## install Firefox, WebKit and nginx for the browser tests from Debian; without them those tests are skipped
	@sh scripts/ensure_engines.sh $(BIN)

docs: env-dev  ## build the documentation site in build/docs/site and check every link
	$(BIN)/python -m scripts.reference
	$(BIN)/python -m scripts.docs_site

bench: env-dev  ## compare every figure with its limit, on an otherwise idle machine (a quarter of an hour; 2 GB)
	$(BIN)/python -m benchmarks.bounds

bench-quick: env-dev  ## report what is a quarter slower or larger than the stored ratios (three minutes)
	$(BIN)/python -m benchmarks.bounds --quick

lock: env-dev  ## write the locked versions for development and CI, and the hashes for the action
	$(BIN)/python -m pip freeze --exclude-editable | grep -v '^-e' > requirements.lock
	$(BIN)/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"])' | \
	  $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --only-binary :all: --no-config \
	  --no-annotate --no-header --constraint requirements.lock --output-file requirements-rebuild.lock pyproject.toml -

audit: env-dev  ## look for known vulnerabilities in the locked versions (contacts PyPI and npm, so `make test` leaves it out)
	$(BIN)/uv tool run --from 'pip-audit>=2.10' pip-audit --strict --disable-pip --no-deps \
	  --requirement requirements.lock --requirement requirements-rebuild.lock
	PATH="$(CURDIR)/$(BIN):$$PATH" npm audit --package-lock-only

clean:  ## remove generated files (not your cache, not your sites)
	rm -rf $(VENV) node_modules .coverage* .mypy_cache .ruff_cache .pytest_cache .hypothesis dist build
