# The commands that people and CI share. `make help` lists them.
#
# One environment in $(VENV) grows as needed: the runtime for quickstart, tools and JAX for the tests, PyTorch for
# the other backends. Each part has a stamp file and is installed again only when its lock file changes.

VENV ?= .venv
TFRS_VENV ?= .venv-tfrs
OLDEST_VENV ?= .venv-oldest
PYTHON ?= python3
WORKERS ?= 2

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
PYTEST := $(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile --durations 30
UV_COMPILE = $(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --fork-strategy fewest --quiet \
	--custom-compile-command 'make lock' --annotation-style line $(LOCK_FLAGS)
OLDEST_EXTRAS := tensorflow jax pandas polars plots faiss scann annoy usearch
export TF_CPP_MIN_LOG_LEVEL ?= 2

.PHONY: help quickstart test test-backends test-slow test-wheel test-oldest check fix api kept docs bench bench-quick bench-peers lock clean
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

help:  ## List these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-14s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

quickstart: $(VENV)/.package  ## Train, evaluate, save and query a recommender on MovieLens
	$(BIN)/shortlist quickstart

test: $(VENV)/.dev  ## All tests on TensorFlow, and every example in README, docs and docstrings
	KERAS_BACKEND=tensorflow $(PYTEST)

test-backends: $(VENV)/.torch  ## Contract tests on JAX and PyTorch
	@failed=; for backend in jax torch; do \
		echo "== contract tests on $$backend"; \
		KERAS_BACKEND=$$backend $(PYTEST) -m contract tests || failed="$$failed $$backend"; \
	done; \
	test -z "$$failed" || { echo "contract tests failed on:$$failed" >&2; exit 1; }

test-slow: $(VENV)/.torch  ## Tests marked slow, on the three backends
	KERAS_BACKEND=tensorflow $(PYTEST) --slow -m slow
	KERAS_BACKEND=jax $(PYTEST) --slow -m "slow and contract" tests
	KERAS_BACKEND=torch $(PYTEST) --slow -m "slow and contract" tests

test-wheel: $(VENV)/.dev  ## Install the built wheel with JAX alone and run the quickstart
	$(PYTEST) --slow tests/test_wheel.py

test-oldest: $(OLDEST_VENV)/.made  ## Quickstart and contract tests with the oldest versions that pyproject.toml allows
	@for backend in tensorflow jax; do \
		export KERAS_BACKEND=$$backend; \
		$(OLDEST_VENV)/bin/shortlist quickstart --data synthetic --num-interactions 1000 --epochs 1 --output $(OLDEST_VENV)/quickstart && \
		$(OLDEST_VENV)/bin/python -m pytest --numprocesses $(WORKERS) --dist loadfile \
			--override-ini filterwarnings=default -m contract tests || exit 1; \
	done

check: $(VENV)/.dev  ## Format, lint, types and import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fix: $(VENV)/.dev  ## Fix formatting, import order and simple lint
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

api: $(VENV)/.dev  ## Write tests/api.txt, the list of the public API
	PYTHONPATH=src:. $(BIN)/python -m tests.support.api > tests/api.txt

kept: $(VENV)/.dev  ## Write a model, index and export of this version into tests/kept/, before a release
	KERAS_BACKEND=tensorflow PYTHONPATH=src:. $(BIN)/python -m tests.support.kept

docs: $(VENV)/.dev  ## Build the documentation site in site/
	KERAS_BACKEND=jax PYTHONPATH=src $(BIN)/sphinx-build --quiet --fail-on-warning --keep-going docs site

bench: bench-peers  ## Compare speed and memory with other libraries, in about 25 minutes; write benchmarks/RESULTS.md
	$(BIN)/python -m benchmarks.run --output benchmarks/RESULTS.md

bench-quick: $(VENV)/.dev  ## The same in about 3 minutes, on small shapes and with the libraries that are installed
	$(BIN)/python -m benchmarks.run --quick

bench-peers: $(VENV)/.peers $(TFRS_VENV)/.peers  ## Install the libraries that `bench` compares with

lock: $(VENV)/.dev  ## Update lock/*.txt from pyproject.toml; LOCK_FLAGS=--upgrade takes the newest versions
	$(PIP) install --quiet uv
	$(UV_COMPILE) --extra tensorflow --output-file lock/tensorflow.txt
	$(UV_COMPILE) --extra tensorflow --extra jax --group dev --constraints lock/tensorflow.txt --output-file lock/dev.txt
	$(UV_COMPILE) --resolution lowest-direct $(patsubst %,--extra %,$(OLDEST_EXTRAS)) --output-file lock/oldest.txt

clean:  ## Remove the environments and all generated files
	rm -rf $(VENV) $(TFRS_VENV) $(OLDEST_VENV) build dist site docs/reference .cache .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

# Environments.

$(VENV)/.made:
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) must be installed. Install Python 3.11, 3.12 or 3.13, or run: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; (3, 11) <= v <= (3, 13) or sys.exit("$(PYTHON) must be Python 3.11, 3.12 or 3.13, got %d.%d. Run: make PYTHON=python3.12" % v)'
	@$(PYTHON) -m venv $(VENV) || { $(PYTHON) -m venv --without-pip $(VENV) && $(PYTHON) -m pip --python $(BIN)/python install pip; }
	@touch $@

$(VENV)/.runtime: lock/tensorflow.txt | $(VENV)/.made
	$(PIP) install --requirement lock/tensorflow.txt
	@touch $@

$(VENV)/.package: pyproject.toml | $(VENV)/.runtime
	$(PIP) install --quiet --no-deps --editable .
	@touch $@

$(VENV)/.dev: lock/dev.txt $(VENV)/.runtime | $(VENV)/.package
	$(PIP) install --requirement lock/dev.txt
	@touch $@

# Only PyTorch is pinned here: pip picks the build for this machine, and other versions stay as they are.
$(VENV)/.torch: lock/torch.txt $(VENV)/.dev
	$(PIP) install --requirement lock/torch.txt --constraint lock/dev.txt
	@touch $@

$(VENV)/.peers: lock/bench.txt $(VENV)/.torch
	$(PIP) install --requirement lock/bench.txt --constraint lock/dev.txt
	@touch $@

# TFRS needs Keras 2, so it has an environment of its own, with the same Python.
$(TFRS_VENV)/.peers: lock/tfrs.txt lock/tensorflow.txt | $(VENV)/.made
	$(BIN)/python -m venv --without-pip $(TFRS_VENV)
	$(PIP) --python $(TFRS_VENV)/bin/python install --requirement lock/tfrs.txt --constraint lock/tensorflow.txt
	@touch $@

# The oldest versions of what pyproject.toml names; the test tools, which users do not need, are today's.
$(OLDEST_VENV)/.made: lock/oldest.txt lock/dev.txt | $(VENV)/.made
	$(BIN)/python -m venv --without-pip $(OLDEST_VENV)
	$(PIP) --python $(OLDEST_VENV)/bin/python install --requirement lock/oldest.txt
	$(PIP) --python $(OLDEST_VENV)/bin/python install pytest pytest-xdist hypothesis sybil --constraint lock/oldest.txt
	$(PIP) --python $(OLDEST_VENV)/bin/python install --quiet --no-deps --editable .
	@touch $@
