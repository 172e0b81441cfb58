# `make app` and `make test` do all the set-up themselves: an own .venv, nothing installed globally.
PYTHON ?= python3
VENV := .venv
ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
OLDEST_BIN := $(VENV)-oldest/Scripts
MUTANTS_BIN := $(VENV)-mutants/Scripts
PM4PY := $(VENV)-pm4py/Scripts/python
else
BIN := $(VENV)/bin
OLDEST_BIN := $(VENV)-oldest/bin
MUTANTS_BIN := $(VENV)-mutants/bin
PM4PY := $(VENV)-pm4py/bin/python
endif

# By a path file: the import hook of other editable installs loses to a folder called psauth in the current one.
EDITABLE := --config-settings editable_mode=compat

# Folders without a quick test: not even looked into by the quick part.
NOT_QUICK := $(foreach folder,browser cli faults flow sandbox dashboard/web,--ignore=tests/$(folder))

.PHONY: app test unit unit-oldest soak coverage mutants compare-pm4py lint format bench notebooks screenshots clean
.DEFAULT_GOAL := app

# Ctrl-C is how it ends: the shell lives on to say that all is well. On another port: make app PORT=8511
app: $(VENV)/.app
	@trap : INT; $(BIN)/python -m psauth app$(if $(PORT), --port $(PORT)); code=$$?; [ $$code -eq 130 ] || exit $$code

# Everything: the quick part first, then what starts servers and processes, and last, file by file, what drives a browser.
test: $(VENV)/.dev
	$(BIN)/python -m pytest -q -n 2 -m "not slow and not browser" $(NOT_QUICK)
	$(BIN)/python -m pytest -q -n 2 -m "slow and not browser"
	$(BIN)/python -m pytest -q -n 2 --dist loadfile -m browser tests/browser

# What takes too long for every day: every line interrupted, and the like.
soak: $(VENV)/.dev
	$(BIN)/python -m pytest -q -n 2 -m soak --timeout 0

# The quick part alone.
unit: $(VENV)/.dev
	$(BIN)/python -m pytest -q -n 2 -m "not slow and not browser" $(NOT_QUICK)

# The same on the oldest versions that pyproject.toml allows, in a .venv-oldest of its own.
unit-oldest: $(VENV)-oldest/.done
	$(OLDEST_BIN)/python -m pytest -q -n 2 -m "not slow and not browser" $(NOT_QUICK) --ignore=tests/mirror/published/test_object_storage.py
	$(OLDEST_BIN)/python -m pytest -q -n 2 tests/export/test_excel.py

# Which branches of the rooms that hold credentials the tests go through: less than 98 % is an error. Ten minutes.
coverage: $(VENV)/.dev
	$(BIN)/python -m pytest -q -n 2 -m "not browser and not soak" --cov --cov-report=term-missing --cov-fail-under=98 \
		tests/api tests/auth tests/faults tests/flow tests/vault tests/test_connecting.py tests/test_secrets.py

# Changes the code of the login, the renewal and the vault in small ways, and lists the changes that no test notices.
mutants: $(VENV)-mutants/.done
	$(MUTANTS_BIN)/mutmut run
	$(MUTANTS_BIN)/mutmut results

# Whether pm4py reads our event log as we mean it, and finds the same in it. Its licence (AGPL) keeps it in a .venv-pm4py.
compare-pm4py: $(VENV)/.dev $(VENV)-pm4py/.done
	$(BIN)/python tools/compare_pm4py.py $(PM4PY)

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# About two hours, in which the machine should have nothing else to do. The parts: python tests/benchmarks/sync.py, for one.
bench: $(VENV)/.bench
	$(BIN)/python tests/benchmarks/bench.py

# Runs every notebook on the sandbox and stores it with its outputs, pictures included.
notebooks: $(VENV)/.dev
	$(BIN)/python tools/notebooks.py

# Drives the real app in a real browser and keeps the pictures the README shows.
screenshots: $(VENV)/.dev
	$(BIN)/python tools/screenshots.py

clean:
	rm -rf $(VENV) $(VENV)-oldest $(VENV)-mutants $(VENV)-pm4py mutants artifacts .coverage* .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info

# The marks are newer than pyproject.toml once its requirements are installed, so a second call starts at once.
$(VENV)/bin/python $(VENV)/Scripts/python.exe:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "psauth needs Python 3.11 or newer; say which: make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.app: pyproject.toml | $(BIN)/python$(if $(filter Windows_NT,$(OS)),.exe)
	@echo "Installing what the app needs into $(VENV): a minute or two."
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(EDITABLE) -e ".[app,mirror,analysis]"
	@touch $@

$(VENV)/.dev: pyproject.toml | $(BIN)/python$(if $(filter Windows_NT,$(OS)),.exe)
	@echo "Installing what the tests need into $(VENV): two minutes or three."
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(EDITABLE) -e ".[app,mirror,analysis,dev]"
	@touch $@ $(VENV)/.app

$(VENV)-oldest/.done: pyproject.toml tests/oldest.txt Makefile
	@echo "Installing the oldest versions into $(VENV)-oldest: a minute or two."
	$(PYTHON) -m venv --clear $(VENV)-oldest
	$(OLDEST_BIN)/python -m pip install --quiet --disable-pip-version-check $(EDITABLE) -c tests/oldest.txt -e ".[app,mirror,analysis]" \
		hypothesis ipykernel jsonschema nbclient openpyxl pytest pytest-timeout pytest-xdist requests-mock rfc3339-validator
	@touch $@

$(VENV)-mutants/.done: pyproject.toml
	$(PYTHON) -m venv --clear $(VENV)-mutants
	$(MUTANTS_BIN)/python -m pip install --quiet --disable-pip-version-check $(EDITABLE) -e ".[app,mirror,analysis,dev]" "mutmut>=3.8"
	@touch $@

$(VENV)-pm4py/.done: Makefile
	@echo "Installing pm4py into $(VENV)-pm4py: a minute or two."
	$(PYTHON) -m venv --clear $(VENV)-pm4py
	$(PM4PY) -m pip install --quiet --disable-pip-version-check "pm4py>=2.7" pyarrow
	@touch $@

$(VENV)/.bench: tests/benchmarks/requirements.txt $(VENV)/.dev
	@echo "Installing what is compared with into $(VENV): half a minute."
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r tests/benchmarks/requirements.txt
	@touch $@
