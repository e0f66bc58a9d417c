# `make` alone lists what there is. Needs Python 3.11 or newer and make; uses uv where it is installed.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

SUITABLE := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for name in python3.11 python3 python3.12 python3.13 python3.14; do \
	$$name -c '$(SUITABLE)' 2>/dev/null && command -v $$name && break; done)
UV := $(shell command -v uv 2>/dev/null)
NPM := $(shell command -v npm 2>/dev/null)
VENV := .venv
BIN := $(VENV)/bin
SOURCES = app tests bench piccolo_conf.py
WORKERS ?= 2

# Everything started from here keeps its data in the checkout.
export ARCADIA_DATA_DIR ?= $(CURDIR)/.arcadia
export PIP_DISABLE_PIP_VERSION_CHECK = 1
# Tests start hundreds of processes: without stored bytecode each takes twice the time to start.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z][a-z-]*:.*## / {printf "  \033[1m%-18s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

##### The environment

.PHONY: install
install: $(VENV)/.installed graphiql ## Install everything into .venv, from the locks

$(VENV)/.python:
	@[ -n "$(PYTHON)" ] || { echo "Python 3.11 or newer is needed; none was found on the PATH." >&2; exit 1; }
ifdef UV
	$(UV) venv --quiet --clear --python "$(PYTHON)" $(VENV)
else
	"$(PYTHON)" -m venv --clear $(VENV)
endif
	@touch $@

$(VENV)/.installed: $(VENV)/.python requirements/pip.txt requirements/dev.txt pyproject.toml
ifdef UV
	$(UV) pip sync --quiet --python $(BIN)/python --require-hashes requirements/dev.txt
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
else
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements/pip.txt
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements/dev.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
endif
	@touch $@

# npm is the machine's, or PyPI's build of it in a corner of .venv.
$(VENV)/.npm: $(VENV)/.python requirements/node.txt
ifdef NPM
	@mkdir -p $(VENV)/node/bin
	@ln -sf "$(NPM)" $(VENV)/node/bin/npm
	@ln -sf "$$(command -v node)" $(VENV)/node/bin/node
else
	"$(PYTHON)" -m venv --clear $(VENV)/node
	$(VENV)/node/bin/python -m pip install --quiet --require-hashes --requirement requirements/node.txt
endif
	@touch $@

# A folder with a package.json is installed by its lock into its node_modules.
%/node_modules/.installed: %/package-lock.json %/package.json | $(VENV)/.npm
	PATH="$(CURDIR)/$(VENV)/node/bin:$$PATH" npm ci --prefix $* --no-audit --no-fund --ignore-scripts --loglevel=error
	@touch $@

.PHONY: graphiql
graphiql: graphiql/node_modules/.installed ## Install the assets of GraphiQL

.PHONY: lock
lock: ## Resolve the ranges of pyproject.toml into requirements/ again (needs uv)
	@[ -n "$(UV)" ] || { echo "uv is needed to lock." >&2; exit 1; }
	for set in runtime dev audit node pip; do \
		case $$set in \
			runtime) from=pyproject.toml ;; \
			dev) from="pyproject.toml --group dev --constraint requirements/runtime.txt" ;; \
			audit) from="--group audit" ;; \
			node) from="--group node" ;; \
			pip) from="--group pip" ;; \
		esac; \
		$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
			--no-emit-find-links --no-header --no-annotate --no-strip-extras $(LOCK_FLAGS) $$from --output-file requirements/$$set.txt; \
	done

$(VENV)/.audit: $(VENV)/.python requirements/audit.txt
	"$(PYTHON)" -m venv $(VENV)/audit
	$(VENV)/audit/bin/python -m pip install --quiet --require-hashes --requirement requirements/audit.txt
	@touch $@

NPM_LOCKS := graphiql/package-lock.json tests/clients/package-lock.json bench/reads/postgraphile/package-lock.json

.PHONY: audit
audit: $(VENV)/.audit $(VENV)/.npm ## Known vulnerabilities in what is locked; says how much of it the index has advisories for
	@for set in runtime dev audit node pip; do \
		told=$$($(VENV)/audit/bin/pip-audit --disable-pip --require-hashes --progress-spinner off \
			--requirement requirements/$$set.txt 2>&1) || { echo "$$told" >&2; exit 1; }; \
		locked=$$(grep -c '==' requirements/$$set.txt); \
		skipped=$$(grep -c 'could not be audited' <<<"$$told" || true); \
		echo "$$set: $$locked locked, $$skipped of them without advisories here; none known to be vulnerable"; \
	done
	@export PATH="$(CURDIR)/$(VENV)/node/bin:$$PATH"; for lock in $(NPM_LOCKS); do \
		if told=$$(npm audit --package-lock-only --prefix $$(dirname $$lock) 2>&1); then \
			echo "$$lock: none known to be vulnerable"; \
		elif grep -q 'audit endpoint returned an error' <<<"$$told"; then \
			echo "$$lock: the registry gave no advisories: not audited"; \
		else echo "$$told" >&2; exit 1; fi; \
	done

.PHONY: clean
clean: ## Remove what was installed and cached (not .arcadia, the data)
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name node_modules -prune -exec rm -rf {} +

##### Using it

.PHONY: demo
demo: install ## From a tenant's first deployment to its invoice, on an embedded PostgreSQL
	@$(BIN)/arcadia demo

.PHONY: serve
serve: install ## API, GraphiQL and a worker on http://127.0.0.1:8000
	@$(BIN)/arcadia serve

##### Checking it

.PHONY: check
check: check-format check-lint check-types check-imports check-schema check-migrations check-tables ## Every check short of the tests

.PHONY: check-format
check-format: install ## The formatter would change nothing
	$(BIN)/ruff format --check $(SOURCES)

.PHONY: check-lint
check-lint: install ## Ruff's rules hold
	$(BIN)/ruff check $(SOURCES)

.PHONY: check-types
check-types: install ## Strict types hold
	$(BIN)/mypy $(SOURCES)

.PHONY: check-imports
check-imports: install ## Imports point down the layers
	$(BIN)/lint-imports

.PHONY: check-schema
check-schema: install ## The committed schema.graphql is what the code exports
	$(BIN)/arcadia schema | diff -u schema.graphql - || { echo "schema.graphql is stale: make schema" >&2; exit 1; }

.PHONY: check-migrations
check-migrations: install ## The migrations lead to the tables of the code
	$(BIN)/python tests/migrations_current.py

.PHONY: check-tables
check-tables: install ## The committed app/tables/schema.sql is what the migrations lead to
	$(BIN)/python tests/schema_sql_current.py

.PHONY: fix
fix: install ## Format, and mend what the linter can
	$(BIN)/ruff check --fix $(SOURCES)
	$(BIN)/ruff format $(SOURCES)

.PHONY: schema
schema: install ## Export schema.graphql anew
	$(BIN)/arcadia schema > schema.graphql.new && mv schema.graphql.new schema.graphql

.PHONY: tables
tables: install ## Write app/tables/schema.sql anew
	$(BIN)/python tests/schema_sql_current.py --write

.PHONY: snapshots
snapshots: install ## Write the SQL of tests/reads/snapshots/ and of ARCHITECTURE.md anew
	$(BIN)/python -m tests.reads.compiled

# Folders with targets of their own: test-browser, test-clients, test-faults and test-proxy.
APART = tests/browser tests/clients tests/faults tests/proxy tests/worker

.PHONY: test
test: install ## The tests, on an embedded PostgreSQL of their own (or ARCADIA_TEST_DATABASE_URL)
	$(BIN)/python -m pytest -n $(WORKERS) -m "not heavy and not servers" $(addprefix --ignore=,$(APART)) $(PYTEST_FLAGS)

.PHONY: test-faults
test-faults: install ## Minutes: processes killed, networks cut, overload, large bodies, backups, upgrades, and workers as processes
	$(BIN)/python -m pytest -n $(WORKERS) -m "not heavy and not servers" tests/faults tests/worker $(PYTEST_FLAGS)

.PHONY: test-heavy
test-heavy: install ## The tests that take minutes
	$(BIN)/python -m pytest -m heavy --timeout 1200 $(PYTEST_FLAGS)

# Of the operations those that race, stream or stage, and one story; `make test` runs all of them on 18.
ON_POSTGRESQL_15 = tests/database tests/tables tests/operations/billing_months/test_all_at_once.py \
	tests/operations/rollups/test_races.py tests/operations/rollups/test_large_tenants.py tests/operations/test_month_changes.py \
	tests/operations/test_usage.py tests/operations/test_usage_event_rows.py tests/lives/test_cases_of_races.py

.PHONY: test-postgresql
test-postgresql: install ## What touches the database, on Debian's PostgreSQL 15 with a password and TLS, migrated by a plain owner or one with CREATEROLE, through PgBouncer, and with a replica (apt-get install postgresql-15 pgbouncer)
	@[ -x /usr/lib/postgresql/15/bin/postgres ] || { echo "Debian's PostgreSQL 15 is needed; none was found." >&2; exit 1; }
	@command -v pgbouncer >/dev/null || { echo "Debian's PgBouncer is needed; none was found on the PATH." >&2; exit 1; }
	$(BIN)/python -m tests.debian_postgresql -n $(WORKERS) -m "not heavy" $(ON_POSTGRESQL_15) $(PYTEST_FLAGS)
	$(BIN)/python -m pytest -n $(WORKERS) -m servers tests/database $(PYTEST_FLAGS)
	$(BIN)/python -m tests.deployments -n $(WORKERS) $(PYTEST_FLAGS)

.PHONY: test-wheel
test-wheel: install ## Minutes: the wheel, installed from the lock into an empty environment, runs the demo and GraphiQL; the demo also on every other Python found from 3.11 on
	$(BIN)/python -m pytest -m heavy --timeout 1200 tests/wheel $(PYTEST_FLAGS)

.PHONY: test-browser
test-browser: install ## GraphiQL in Chromium, without internet (Debian: apt-get install chromium)
	@command -v chromium >/dev/null || { echo "Chromium is needed; none was found on the PATH." >&2; exit 1; }
	$(BIN)/python -m pytest tests/browser $(PYTEST_FLAGS)

.PHONY: test-proxy
test-proxy: install ## The API and GraphiQL behind nginx, in Chromium (Debian: apt-get install nginx-light chromium)
	@command -v chromium >/dev/null || { echo "Chromium is needed; none was found on the PATH." >&2; exit 1; }
	@PATH="/usr/sbin:$$PATH" command -v nginx >/dev/null || { echo "nginx is needed; none was found." >&2; exit 1; }
	$(BIN)/python -m pytest tests/proxy $(PYTEST_FLAGS)

.PHONY: test-journal
test-journal: install ## A minute: beancount and hledger accept the journal of a generated year and report our balances (Debian: apt-get install hledger)
	@command -v hledger >/dev/null || { echo "hledger is needed; none was found on the PATH." >&2; exit 1; }
	$(BIN)/python -m pytest -m heavy tests/operations/journal_export $(PYTEST_FLAGS)

.PHONY: test-documents
test-documents: install ## A minute: qpdf and Poppler read the PDFs, and the XSDs of UBL 2.1 accept the e-invoices (Debian: apt-get install qpdf poppler-utils)
	@command -v qpdf >/dev/null || { echo "qpdf is needed; none was found on the PATH." >&2; exit 1; }
	@command -v pdftotext >/dev/null || { echo "Poppler's pdftotext is needed; none was found on the PATH." >&2; exit 1; }
	$(BIN)/python -m pytest tests/operations/documents $(PYTEST_FLAGS)

.PHONY: test-deploy
test-deploy: install ## Minutes: deploy/ by systemd-analyze, the schemas of Kubernetes and Prometheus, which scrapes a served API; the container's steps in a chroot, as root (Debian: apt-get install systemd debootstrap prometheus)
	@command -v systemd-analyze >/dev/null || { echo "systemd-analyze is needed; none was found on the PATH." >&2; exit 1; }
	@PATH="/usr/sbin:$$PATH" command -v debootstrap >/dev/null || { echo "debootstrap is needed; none was found." >&2; exit 1; }
	@command -v promtool >/dev/null || { echo "Debian's Prometheus is needed; none was found on the PATH." >&2; exit 1; }
	$(BIN)/python -m pytest --timeout 1800 tests/deploy $(PYTEST_FLAGS)

.PHONY: test-attacks
test-attacks: install ## A normal caller's latency beside each attack, and that the attacker is limited or refused
	$(BIN)/python -m pytest -m heavy -s tests/faults/test_attacks.py $(PYTEST_FLAGS)

.PHONY: test-clients
test-clients: install tests/clients/node_modules/.installed ## Other people's clients and suites against the served API
	PATH="$(CURDIR)/$(VENV)/node/bin:$$PATH" $(BIN)/python -m pytest tests/clients -m "not heavy" $(PYTEST_FLAGS)

# The same tests in two lengths: runs of the simulator, lives of tenants, examples of each field by schemathesis.
LONG = ARCADIA_SIMULATION_SEED=$(or $(SEED),2026) ARCADIA_LIVES_SEED=$(or $(SEED),2026) $(BIN)/python -m pytest -n $(WORKERS) -m heavy

KILLS = $(addprefix tests/faults/test_killed_,processes.py ingestion.py collection.py apis.py)

.PHONY: test-long
test-long: install ## Minutes: 30 runs of the simulator, 100 lives of tenants, 50 examples of every field by schemathesis (SEED=7)
	ARCADIA_SIMULATION_RUNS=30 ARCADIA_LIVES=100 ARCADIA_EXAMPLES=50 $(LONG) --timeout 2400 \
		tests/clients/test_schemathesis.py tests/simulation tests/lives $(PYTEST_FLAGS)

.PHONY: test-nightly
test-nightly: install ## An hour and more: 200 runs of the simulator, 10,000 lives of tenants, 300 examples of every field, 50 workers and 25 servers killed, 10,000 webhooks delivered
	ARCADIA_SIMULATION_RUNS=200 ARCADIA_LIVES=10000 ARCADIA_EXAMPLES=300 $(LONG) --timeout 10800 \
		tests/clients/test_schemathesis.py tests/simulation tests/lives $(PYTEST_FLAGS)
	ARCADIA_KILLED_WORKERS=50 ARCADIA_KILLED_SERVERS=25 $(BIN)/python -m pytest -m heavy --timeout 1800 $(KILLS) \
		tests/faults/test_killed_deliveries.py tests/faults/test_killed_pushes.py $(PYTEST_FLAGS)

.PHONY: test-month-end
test-month-end: install ## Two minutes: 20 workers and 10 servers killed, a run over 10,000 tenants watched over a socket
	ARCADIA_KILLED_WORKERS=20 ARCADIA_KILLED_SERVERS=10 $(BIN)/python -m pytest -m heavy --timeout 1200 tests/worker $(KILLS) $(PYTEST_FLAGS)

##### Measuring it

.PHONY: bench-reads
bench-reads: install bench/reads/postgraphile/node_modules/.installed ## Compare our reads with PostGraphile's and others' (BENCH_FLAGS="--quick --query R1")
	@command -v wrk >/dev/null || { export DEBIAN_FRONTEND=noninteractive; apt-get install --yes --no-install-recommends wrk \
		|| { apt-get update && apt-get install --yes --no-install-recommends wrk; }; } >/dev/null
	@$(BIN)/python -m bench.reads $(BENCH_FLAGS)

.PHONY: bench-rollup
bench-rollup: install ## Compare a month end with SQL alone and with the naive loop (BENCH_FLAGS="--size 10000 --rounds 3")
	@$(BIN)/python -m bench.rollup $(BENCH_FLAGS)

.PHONY: bench-receivables
bench-receivables: install ## Compare an issue run with one SQL statement and with the rollup (BENCH_FLAGS="--invoices 10000")
	@$(BIN)/python -m bench.receivables $(BENCH_FLAGS)

.PHONY: bench-outbox
bench-outbox: install ## Deliver 10,000 events to 20 endpoints, one of them dead, beside an HTTP client (BENCH_FLAGS="--events 2000 --endpoints 10")
	@$(BIN)/python -m bench.outbox $(BENCH_FLAGS)

.PHONY: bench-usage
bench-usage: install ## Compare the ways in for metered events, and COPY (BENCH_FLAGS="--events 20000 --rounds 1")
	@$(BIN)/python -m bench.usage $(BENCH_FLAGS)

.PHONY: bench-months
bench-months: install ## Time unbilled months of 60,000 tenants with three years each (BENCH_FLAGS="--tenants 10000 --check")
	@$(BIN)/python -m bench.months $(BENCH_FLAGS)

.PHONY: bench-serving
bench-serving: install ## Time a read from `arcadia serve` without other work and beside a month end (BENCH_FLAGS="--subscriptions 5000 --check")
	@$(BIN)/python -m bench.serving $(BENCH_FLAGS)

.PHONY: bench-documents
bench-documents: install ## Time the PDFs of invoices with 5, 50 and 500 lines (BENCH_FLAGS="--rounds 20 --check")
	@$(BIN)/python -m bench.documents $(BENCH_FLAGS)

.PHONY: bench-exports
bench-exports: install ## Time exports of 10,000 and a million lines, and compare their memory (BENCH_FLAGS="--lines 100000 --check")
	@$(BIN)/python -m bench.exports $(BENCH_FLAGS)
