# Every target sets itself up: nothing but Python 3.11+, make and pip is assumed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help demo test check serve bench bench-peers torture clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("Backtape needs Python 3.11 or newer.") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

demo: $(READY) ## run a backtest from POST to results, with a broken connection on the way
	$(BIN)/backtape demo

test: check ## lint, type-check and run every test
	$(BIN)/python -m pytest

check: $(READY) ## lint and type-check
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

serve: $(READY) ## serve on 127.0.0.1:8000 with the sample prices, data in ./var, until Ctrl-C
	$(BIN)/backtape data sample
	BACKTAPE_MISSING_DATA=synthetic $(BIN)/backtape serve

bench: $(READY) ## measure: every figure beside its yardstick, in one run
	$(BIN)/python -m tests.benchmarks

bench-peers: $(READY) ## measure beside other engines, each installed into an environment under build/peers
	$(BIN)/python -m tests.benchmarks.peers

torture: $(READY) ## kill the service over and over under its clients, examine the log (SEED=1 ROUNDS=5)
	$(BIN)/python -m tests.torture --rounds $(or $(ROUNDS),5) $(if $(SEED),--seed $(SEED))

clean: ## remove everything that make, the tests and the service have made here
	rm -rf $(VENV) var build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
