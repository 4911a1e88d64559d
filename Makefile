# Everything a developer does, as one command each. Needs Python 3.11 or newer, gcc and make.

VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.flashc-dev
TYPES := $(VENV)/types
PYTEST := $(BIN)/python -m pytest

# The first Python that is new enough; override with `make PYTHON=...`.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)

# Optional parts of the package that the environment gets; CI adds `peers`.
EXTRAS ?= dev

# Test processes side by side: the number of processors, at most four.
WORKERS ?= $(shell n=$$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1); [ $$n -gt 4 ] && n=4; echo $$n)

# How much `make prove` shows, and after how many minutes it stops (0: when it is done).
PROGRAMS ?= 100000
MINUTES ?= 0

# How many inputs `make fuzz` gives each reader, and the seed that they follow from.
COUNT ?= 1000000
SEED ?= 1

# How long `make fuzz-exchange` goes on, from the same seed.
SECONDS ?= 60

# The seeds of `make storms`, first and last.
STORMS ?= 1:100

.DEFAULT_GOAL := help
.PHONY: help demo test faults prove fuzz fuzz-exchange storms check format types bench docs golden dev wheel clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-14s %s\n", $$1, $$2 }'

demo: $(STAMP) ## Compile a shipped strategy, backtest it on generated data, write a report, explain a decision
	@$(BIN)/python -m flashc version | head -n 2
	@$(BIN)/python examples/demo.py

test: $(STAMP) ## Run all tests, as CI does
	$(PYTEST) -n $(WORKERS) --dist loadgroup $(TESTS)

faults: $(STAMP) ## Plant faults in copies of the package; the tests must notice each (FAULTS="cse split" chooses)
	$(BIN)/python tests/faults/plant.py $(FAULTS)

prove: $(STAMP) ## Show on generated programs that all engines agree (PROGRAMS=100000 MINUTES=0); goes on where it was
	PYTHONPATH=tests $(BIN)/python -m prove --programs $(PROGRAMS) --minutes $(MINUTES) $(PROVE)

fuzz: $(STAMP) ## Fuzz the wire's readers in C under sanitizers (COUNT=1000000 SEED=1 FUZZ="--engine libfuzzer")
	$(BIN)/python tests/fuzz/run.py --count $(COUNT) --seed $(SEED) $(FUZZ)

fuzz-exchange: $(STAMP) ## Requests with little sense against an exchange with faults (SECONDS=60 SEED=1)
	PYTHONPATH=tests $(BIN)/python tests/fuzz/exchange.py --seconds $(SECONDS) --seed $(SEED)

storms: $(STAMP) ## Several exchange faults at once against a whole client, by seed (STORMS=1:500)
	PYTHONPATH=tests $(BIN)/python -m storms --seeds $(STORMS)

check: $(STAMP) types ## Lint, formatting, types, tidiness
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(PYTEST) tests/tidy

format: $(STAMP) ## Format all Python files and sort imports
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

# The repository root is the package, whatever the clone's folder is called: mypy sees it through a link, and from the
# link's folder, because a library that imports `__main__` would find the package's own in the root.
types: $(STAMP) ## Check the types of the package (mypy --strict)
	@mkdir -p $(TYPES) && ln -sfn "$(CURDIR)" $(TYPES)/flashc
	cd $(TYPES) && MYPYPATH=. "$(abspath $(BIN))/mypy" --config-file "$(CURDIR)/pyproject.toml" -p flashc

bench: $(STAMP) ## Run the benchmarks and print ratios
	@for script in benchmarks/bench_*.py; do $(BIN)/python $$script || exit 1; done

docs: $(STAMP) ## Write the generated pages of docs/ and the output shown in README.md anew
	$(BIN)/python docs/generate.py
	$(BIN)/python docs/examples.py
	$(BIN)/python docs/measured.py
	$(BIN)/python docs/mexc_tables.py
	$(BIN)/python docs/readme.py

golden: $(STAMP) ## Write the golden files of the tests anew (read the diff!)
	$(PYTEST) --update-golden --snapshot-update

dev: $(STAMP) ## Make .venv with flashc (editable) and all developer tools
	@echo "ready: $(BIN)/flashc --help"

# The wire core is compiled C: the editable install builds it into cython_core/.
CORE := $(wildcard cython_core/native_sources.py cython_core/src/*.c cython_core/include/flashc/*.h cython_core/include/flashc/wire/*.h)

$(STAMP): pyproject.toml setup.py $(CORE)
	@test -n "$(PYTHON)" || { echo "flashc needs Python 3.11 or newer; none was found. Try: make PYTHON=/path/to/python"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { echo "python cannot make environments; on Debian: apt install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[$(EXTRAS)]"
	@# Written once, so that commands start fast where the environment forbids Python to write byte code.
	@$(BIN)/python -m compileall -q __init__.py __main__.py cli codegen_templates compiler cython_core dsl runtime simulator
	@touch $@

wheel: $(STAMP) ## Build the wheel into dist/
	$(BIN)/python -m build --wheel --outdir dist .

clean: ## Remove everything that make built
	rm -rf $(VENV) build dist *.egg-info cython_core/*.so .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
