# make demo    install into .venv, then examine a sick training script
# make test    install into .venv, then every gate and every test
# make lint    the gates without the tests
# make generated   write anew what is made from the code: type stubs, pages of functions and rules
# make docs    the documentation as a site in build/docs/, in English and Chinese; a warning is an error
# make bench   what an examination costs
# make clean   remove .venv and everything generated

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO := examples/sick_softmax_twice.py
EXTRAS := dev
PIP_INSTALL := $(BIN)/python -m pip install --quiet --constraint constraints.txt

.NOTPARALLEL:
.DEFAULT_GOAL := help
.PHONY: help demo test lint generated docs bench clean

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile

$(VENV)/.made:
	@echo "== making a virtual environment in $(VENV) with $(PYTHON)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "make needs Python 3.11 or later: make PYTHON=python3.11")'
	@$(PYTHON) -m venv $(VENV)
	@touch $@

# Examples read scikit-learn's digits; the package itself does not need it.
$(VENV)/.installed: $(VENV)/.made pyproject.toml constraints.txt
	@echo "== installing neurologist (the first time this fetches PyTorch: a few minutes)"
	@$(PIP_INSTALL) --editable . scikit-learn
	@touch $@

$(VENV)/.dev: $(VENV)/.installed
	@echo "== installing the tools of the gates"
	@$(PIP_INSTALL) --editable '.[$(EXTRAS)]'
	@touch $@

# Exit code 1 of neurologist means "findings", which is what the demo is for.
demo: $(VENV)/.installed
	@echo "== the script trains without an error, and does not learn:"
	@echo "\$$ neurologist run $(DEMO)"
	@$(BIN)/neurologist run $(DEMO) || test $$? -eq 1

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: lint
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses 2

generated: $(VENV)/.dev
	$(BIN)/python tools/stubs.py
	$(BIN)/python tools/pages.py
	$(BIN)/python tools/rules.py

$(VENV)/.docs: $(VENV)/.installed
	@echo "== installing Sphinx"
	@$(PIP_INSTALL) --editable '.[docs]'
	@touch $@

docs: $(VENV)/.docs
	@$(BIN)/python tools/site.py

bench: $(VENV)/.dev
	$(BIN)/python benchmarks/overhead.py

clean:
	rm -rf $(VENV) .neurologist build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
