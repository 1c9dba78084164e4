# Every target does its own set-up: the tools are installed into .venv, once and
# again whenever requirements/ changes. `make` alone lists the targets.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# For `make test ARGS="-k sessions"`.
ARGS ?=
# For `make ledger QUICK=1 SEED=2`; DELIVERIES is how many the long form makes at least.
QUICK ?=
SEED ?= 1
DELIVERIES ?=
PACKAGES := realtime accounts chat schema project ledger benchmarks
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check install --require-hashes
UV := .cache/uv/bin/uv
YOGA := benchmarks/peers/yoga
COMPILE := $(UV) --quiet pip compile --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" pyproject.toml

# What is built from frontend_examples/, and what node has to be for it (as Vite has it).
BUILDS := $(patsubst frontend_examples/%/package-lock.json,%,$(wildcard frontend_examples/*/package-lock.json))
SOURCES = $(shell find frontend_examples/$(1) -type f -not -path '*/node_modules/*' -not -path '*/dist/*')
HAS_NODE := command -v npm > /dev/null && node -e 'const [a, b] = process.versions.node.split("."); \
	process.exit(a > 22 || (a == 22 && b >= 12) || (a == 20 && b >= 19) ? 0 : 1)'
NPM := npm --loglevel=error --no-audit --no-fund --no-update-notifier --fetch-retries 1 --fetch-retry-mintimeout 1000

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run web test check ledger bench schema lock

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "%-12s %s\n", $$1, $$2}'

run: $(VENV)/run.stamp web ## start the server at http://127.0.0.1:8000/
	@$(BIN)/python -m project.serve

# No page that cannot be built keeps the server from starting: the plain pages are always there.
web: $(VENV)/run.stamp ## build the web client and GraphiQL, if there is Node
	@if { $(HAS_NODE); } 2> /dev/null; then $(MAKE) --silent --no-print-directory $(BUILDS:%=.cache/%.built); \
	else echo "Without Node 20.19 or newer, and npm, the pages are the plain ones."; fi

test: $(VENV)/dev.stamp web ## run the tests on both backends, and in Chromium
	@$(BIN)/python -m tests.browser
	@echo "── SQLite and the in-memory channel layer"
	@env -u DATABASE_URL -u REDIS_URL $(BIN)/python -m pytest -n 2 $(ARGS)
	@echo "── PostgreSQL and Redis"
	@$(BIN)/python -m tests.backends $(BIN)/python -m pytest -n 2 $(ARGS)

ledger: $(VENV)/dev.stamp ## injure a fleet and count what is lost (QUICK=1 SEED=1 DELIVERIES=1000000)
	@$(BIN)/python -m ledger --seed $(SEED) $(if $(QUICK),--quick) $(if $(DELIVERIES),--deliveries $(DELIVERIES)) $(ARGS)

bench: $(VENV)/dev.stamp $(YOGA)/node_modules/.stamp ## measure the server beside its peers (QUICK=1 ARGS=--markdown)
	@$(BIN)/python -m benchmarks $(if $(QUICK),--quick) $(ARGS)

check: $(VENV)/dev.stamp web ## check style, types, architecture, migrations, API, dependencies and pages
	@echo "ruff";        $(BIN)/ruff check --quiet . && $(BIN)/ruff format --quiet --check .
	@echo "mypy";        $(BIN)/mypy --no-error-summary $(PACKAGES)
	@echo "imports";     $(BIN)/lint-imports > .cache/imports.txt || { cat .cache/imports.txt; exit 1; }
	@echo "migrations";  $(BIN)/python manage.py makemigrations --check --dry-run --verbosity 1 > .cache/migrations.txt || { cat .cache/migrations.txt; exit 1; }
	@echo "schema";      $(BIN)/python manage.py export_schema --check
	@echo "deptry";      $(BIN)/deptry --no-ansi --extend-exclude '\.cache/' --extend-exclude 'ledger/' --extend-exclude 'benchmarks/' --extend-exclude 'frontend_examples/' . 2> .cache/deptry.txt || { cat .cache/deptry.txt; exit 1; }
	@echo "pages"; if { $(HAS_NODE); } 2> /dev/null; then $(MAKE) --silent --no-print-directory $(BUILDS:%=.cache/%.checked); \
	else echo "Without Node the pages are not checked."; test "$$CI" != true; fi
	@echo "All is well."

schema: $(VENV)/run.stamp ## print the API into schema.graphql
	@$(BIN)/python manage.py export_schema

lock: $(UV) ## pin the dependencies of pyproject.toml in requirements/
	@mkdir -p requirements
	@$(COMPILE) -o requirements/run.txt > /dev/null
	@$(COMPILE) -c requirements/run.txt --group dev -o requirements/dev.txt > /dev/null
	@echo "requirements/run.txt and requirements/dev.txt are up to date."

$(VENV)/run.stamp: requirements/run.txt | $(VENV)/python.stamp
	@echo "Installing what the server needs into $(VENV) …"
	@$(PIP) --requirement requirements/run.txt
	@touch $@

$(VENV)/dev.stamp: requirements/dev.txt | $(VENV)/python.stamp
	@echo "Installing what tests and checks need into $(VENV) …"
	@$(PIP) --requirement requirements/dev.txt
	@mkdir -p .cache
	@touch $@

# Without Node the run goes on and says whom it left out.
$(YOGA)/node_modules/.stamp: $(YOGA)/package-lock.json
	@command -v npm > /dev/null || { echo "There is no npm: graphql-yoga is left out."; exit 0; }; \
	echo "Installing graphql-yoga with npm …"; \
	npm ci --prefix $(YOGA) --silent --no-audit --no-fund && touch $@ \
	|| echo "npm could not install graphql-yoga: it is left out."

$(VENV)/python.stamp:
	@command -v "$(PYTHON)" > /dev/null || { echo "There is no $(PYTHON): install Python 3.11 or newer, or name it: make PYTHON=…" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$(PYTHON) is older than Python 3.11: name a newer one: make PYTHON=python3.12" >&2; exit 1; }
	@"$(PYTHON)" -m venv $(VENV)
	@touch $@

.SECONDEXPANSION:
.cache/%.built: $$(call SOURCES,$$*)
	@echo "Building frontend_examples/$* …"
	@mkdir -p .cache
	@if (cd frontend_examples/$* && $(NPM) ci && $(NPM) run build) > .cache/$*.txt 2>&1; then \
		$(BIN)/python -m whitenoise.compress --quiet frontend_examples/$*/dist && touch $@; \
	else echo "It could not be built: .cache/$*.txt says why. The server starts all the same."; fi

# Types that are older than schema.graphql are an error.
.cache/%.checked: $$(call SOURCES,$$*) schema.graphql
	@(cd frontend_examples/$* && $(NPM) run check) > .cache/$*.checks.txt 2>&1 || { cat .cache/$*.checks.txt; exit 1; }
	@touch $@

$(UV):
	@echo "Installing uv into .cache/uv …"
	@"$(PYTHON)" -m venv .cache/uv
	@.cache/uv/bin/python -m pip --quiet --disable-pip-version-check install uv
