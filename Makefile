# Two commands do everything, set-up included: `make run` and `make test`. Needs Python 3.11 or newer.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
OUT ?= runs/quickstart
STUDY ?= studies/quickstart.toml
RUNS ?= $(OUT)

.PHONY: help setup run tiny test lint format bench bench-speed bench-coverage bench-reproductions results picture errata constraints clean

help:
	@echo "make run      set up, then train, fit, forecast and check the quickstart study (about 6 minutes on 2 cores)"
	@echo "make tiny     the same in half a minute, to try things out"
	@echo "make test     set up, then the whole test suite"
	@echo "make lint     ruff and mypy"
	@echo "make setup    set up alone: .venv with pinned versions"
	@echo "make bench    every benchmark, about half an hour: bench-speed, bench-reproductions, bench-coverage"
	@echo "make results  the README's numbers from finished studies, RUNS=\"$(RUNS)\""
	@echo "make errata   docs/errata.md and docs/inconsistencies.md, computed anew"
	@echo "make picture  the README's picture from OUT=$(OUT), in headless Chromium"

setup: $(VENV)/.ready

$(VENV)/.ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "isoflop needs Python 3.11 or newer; '$(PYTHON)' is `$(PYTHON) --version 2>&1`. Try: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 2; }
	@echo "Setting up $(VENV): a virtual environment, uv, the versions pinned in constraints.txt, and isoflop itself."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt uv
	@$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --constraint constraints.txt --group dev --editable .
	@touch $@
	@echo "Ready: `$(BIN)/python --version`, `$(BIN)/uv pip list --python $(BIN)/python 2>/dev/null | tail -n +3 | wc -l` packages."

run: setup
	@$(BIN)/isoflop run $(STUDY) --out $(OUT)

tiny: setup
	@$(BIN)/isoflop run studies/tiny.toml --out runs/tiny

test: setup
	@$(BIN)/python -m pytest

lint: setup
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: setup
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: bench-speed bench-reproductions bench-coverage

# CPU seconds of fits, beside a plain SciPy loop in the same run.
bench-speed: setup
	@$(BIN)/python benches/fit_speed.py
	@$(BIN)/python benches/check_speed.py
	@$(BIN)/python benches/command_speed.py

# Published fits too slow for the suite; skipped, saying so, where the published runs are not here.
bench-reproductions: setup
	@$(BIN)/python benches/alabdulmohsin.py
	@$(BIN)/python benches/luo2025.py

# 1,000 planted worlds of every kind: how often 90 % intervals hold the truth.
bench-coverage: setup
	@$(BIN)/python benches/coverage.py
	@$(BIN)/python docs/coverage.py

# What docs/results/ holds and the README says of finished studies; nothing is trained.
results: setup
	@$(BIN)/python docs/collect.py $(RUNS)

# Skipped with a message where there is no Chromium.
picture: setup
	@$(BIN)/python docs/picture.py $(OUT)/report.html docs/images/report.png

# docs/errata.md and docs/inconsistencies.md, their numbers computed anew.
errata: setup
	@$(BIN)/python docs/errata.py

# The pins, for every platform and Python that is supported; no addresses, no hashes.
constraints: setup
	@$(BIN)/uv pip compile pyproject.toml --group dev --extra parquet --extra posterior --universal --python-version 3.11 --upgrade \
	  --no-header --no-annotate --no-emit-index-url --no-emit-find-links --quiet --output-file constraints.txt
	@$(BIN)/uv pip list --python $(BIN)/python 2>/dev/null | grep '^uv ' | sed 's/  */==/' >> constraints.txt

clean:
	@rm -rf $(VENV) .pytest_cache .ruff_cache .mypy_cache
