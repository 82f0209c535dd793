.DEFAULT_GOAL := help
.PHONY: help run setup test test-slow check bench storm lock messages hooks format
# Each of the many Python processes below would compile the project's files again.
unexport PYTHONDONTWRITEBYTECODE
python := .venv/bin/python
pytest := $(python) -m pytest
both := -n 2 --dist worksteal
fast := not slow and not browser and not acceptance
# Tests marked `database` run on PostgreSQL in `make test`, the others on SQLite; `make test-slow` runs each on the other.
apps := tests/accounts tests/todos tests/uploads tests/workflows tests/upgrades

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## Install what is missing, then run Holdfast on http://localhost:8000 (settings: see README.md)
	@bin/setup && exec $(python) manage.py serve

setup: ## Install Holdfast with the tools for tests and checks
	@bin/setup --dev

test: setup ## Run the tests: on SQLite, on a real PostgreSQL, on a real Valkey, in Chromium, and as a newcomer
	@$(pytest) $(both) -m "$(fast) and not database"
	@$(pytest) $(both) -m "$(fast) and database" --database postgres $(apps)
	@$(pytest) -m cache --cache valkey tests/project tests/accounts
	@$(pytest) $(both) -m "not slow" tests/acceptance tests/browser

test-slow: setup ## Run the tests that take longer
	@$(pytest) $(both) -m "$(fast) and database" $(apps)
	@$(pytest) $(both) -m "slow and not acceptance"
	@$(pytest) $(both) -m "slow and database and not browser and not acceptance" --database postgres $(apps)
	@$(pytest) $(both) -m "$(fast) and not database" --database postgres $(apps)
	@$(pytest) $(both) -m "slow and acceptance"

check: setup ## Check format, lint, types, templates, imports, migrations and the deployment settings
	@bin/check

bench: setup ## Measure and print a table; also ONLY=runs, DATABASE=sqlite or postgres, BENCH_FULL=1
	@bin/setup --bench && $(python) -m bench

storm: setup ## Kill workers for half a minute and see that nothing is lost; also ONLY=…, DATABASE=…
	@$(python) -m bench.storm

lock: setup ## Make requirements*.txt anew from requirements*.in
	@bin/lock

messages: setup ## Collect the words of pages and mails into project/locale (needs gettext)
	@$(python) manage.py makemessages --locale en --no-location --no-wrap --ignore .venv --ignore var --ignore tests

hooks: setup ## Install git hooks: format and lint before a commit, checks and fast tests before a push
	@bin/hooks

format: setup ## Format the code
	@.venv/bin/ruff check --fix --quiet . && .venv/bin/ruff format --quiet .
