# The one list of developers' commands. `make help` prints it.

PYTHON ?= python3
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help install run test check format lock migration graphiql bench faults clean

help: ## Print this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# Two stamps: what serves is installed by requirements.lock alone, the developers' tools come on top.
.venv/.served: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.developed: .venv/.served requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

install: .venv/.developed ## Make .venv with the `qa` command and the developers' tools in it

run: .venv/.served ## Serve a small forum on http://127.0.0.1:8000 (made on the first run)
	$(BIN)/qa migrate
	$(BIN)/qa seed --if-empty
	$(BIN)/qa serve

test: .venv/.developed ## Run the tests on SQLite (or on PostgreSQL: DATABASE_URL=postgres://... make test)
	$(BIN)/python -m pytest

check: .venv/.developed ## Lint, types, import rules, the checked-in schema
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	$(BIN)/qa schema --check

format: .venv/.developed ## Put the code in the house's format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: .venv/.developed ## Renew the lock files from pyproject.toml: the newest release of each, with hashes
	$(BIN)/uv pip compile pyproject.toml --group build --upgrade -o requirements.lock $(LOCK)
	$(BIN)/uv pip compile pyproject.toml --group build --extra otel -c requirements.lock --upgrade -o requirements-otel.lock $(LOCK)
	$(BIN)/uv pip compile pyproject.toml --group build --extra otel --group dev -c requirements-otel.lock --upgrade -o requirements-dev.lock $(LOCK)
LOCK := --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --quiet

bench: .venv/.developed ## Measure this server beside others in one run: writes benchmarks/REPORT.md (takes an hour or more)
	$(BIN)/python -m benchmarks

faults: .venv/.developed ## Break things on purpose, at full size: writes docs/faults.md (a quarter of an hour; as root)
	FAULTS=full $(BIN)/python -m pytest tests/test_fault_*.py

migration: .venv/.served ## Write the migration that the models ask for: make migration NAME=what_it_does
	$(BIN)/tortoise -c models.database.DRAWING_BOARD makemigrations -n $(NAME)

graphiql: ## Rebuild static/graphiql from its pinned npm packages (needs Node 20+)
	cd static/graphiql-source && npm ci && npm run build

clean: ## Remove what can be made again; var/ (the data) stays
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache static/graphiql-source/node_modules
