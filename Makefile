.DEFAULT_GOAL := help
.PHONY: help run setup test test-slow check bench storm lock messages hooks format
# Without compiled files, each of the many Python processes below would compile the project again.
unexport PYTHONDONTWRITEBYTECODE
python := .venv/bin/python
pytest := $(python) -m pytest --durations=10 --durations-min=0.5
both := -n 2 --dist worksteal
fast := not slow and not browser and not acceptance
# Tests marked `database` run on PostgreSQL in `make test`, the others on SQLite; `make test-slow` runs each on the other.
apps := tests/accounts tests/todos tests/uploads tests/workflows tests/upgrades
inside := $(apps) tests/architecture tests/project

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## Install whatever is missing, then run Holdfast on http://localhost:8000 (settings: see README.md)
	@bin/setup && exec $(python) manage.py serve

setup: ## Install Holdfast and the tools for tests and checks
	@bin/setup --dev

test: setup ## Run the main tests: on SQLite, PostgreSQL and Valkey, in Chromium, and from a fresh clone
	@$(pytest) $(both) -m "$(fast) and not database" $(inside)
	@$(pytest) $(both) -m "$(fast) and database" --database postgres $(apps)
	@$(pytest) -m cache --cache valkey tests/project tests/accounts
	@$(pytest) $(both) -m "not slow" tests/acceptance tests/browser

test-slow: setup ## Run the longer tests
	@$(pytest) $(both) -m "$(fast) and database" $(apps)
	@$(pytest) $(both) -m "slow and not acceptance" $(inside) tests/browser
	@$(pytest) $(both) -m "slow and database and not browser and not acceptance" --database postgres $(apps)
	@$(pytest) $(both) -m "$(fast) and not database" --database postgres $(apps)
	@$(pytest) $(both) -m "slow and acceptance" tests/acceptance tests/workflows

check: setup ## Check format, lint, types, templates, imports, migrations and deployment settings
	@bin/check

bench: setup ## Run the benchmarks and print a table; options: ONLY=runs, DATABASE=sqlite or postgres, BENCH_FULL=1
	@bin/setup --bench && $(python) -m bench

storm: setup ## Kill workers for half a minute and check that nothing is lost; options: ONLY=…, DATABASE=…
	@$(python) -m bench.storm

lock: setup ## Regenerate requirements*.txt from requirements*.in
	@bin/lock

messages: setup ## Collect the text of pages and mails into project/locale (needs gettext)
	@$(python) manage.py makemessages --locale en --no-location --no-wrap --ignore .venv --ignore var --ignore tests

hooks: setup ## Install git hooks: format and lint before a commit, checks and fast tests before a push
	@bin/hooks

format: setup ## Format the code
	@.venv/bin/ruff check --fix --quiet . && .venv/bin/ruff format --quiet .
