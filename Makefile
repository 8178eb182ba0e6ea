# Pallet: what it can be asked to do. `make` alone prints the list.
# Everything happens inside this folder; its path may contain spaces.

.DEFAULT_GOAL := help
.PHONY: help run test lint schema bench chaos scale manage shell constraints reset clean

PYTHON ?=
ARGS ?=

# Find a Python that runs, and make or mend .venv with it; takes a blink when there is nothing to do.
environment = python=$$(sh config/find-python.sh "$(PYTHON)") && "$$python" -m config.bootstrap
# Tests and checks do not see how this machine is configured, only what TEST_DATABASE_URL and TEST_REDIS_URL say.
unconfigured = unset $$(sed -n 's/^\#\{0,1\} *\([A-Z_]*\)=.*/\1/p' .env.example) \
	&& export ENV_FILE=none XDG_CACHE_HOME="$$PWD/.data/cache" DATABASE_URL="$(TEST_DATABASE_URL)" REDIS_URL="$(TEST_REDIS_URL)"
engines = .venv/bin/python -m config.engines exec
apps = accounts credits api products conversion jobs webhooks billing providers monitoring config
coverage = --cov --cov-branch --cov-report=term

help: ## Print this list
	@echo "Pallet answers what Amazon knows about a code, for prepaid credits."
	@echo
	@sed -n 's/^\([a-z]*\):.*## /  make \1 # /p' Makefile | awk -F'#' '{ printf "%-20s%s\n", $$1, $$2 }'
	@echo
	@echo "PYTHON=/path/to/python3.12 names the Python to use. docs/operations.md tells the rest."

run: ## Start everything and print where it is; Ctrl-C stops it (PORT=8123 make run)
	@$(environment) run && exec .venv/bin/python -m config.serve

test: ## Run all tests and print the coverage (make test ARGS="credits -k hold" runs some)
	@$(environment) dev && $(unconfigured) PALLET_DATA_DIR=.data/test COVERAGE_FILE="$$PWD/.data/test/coverage" \
		&& exec $(engines) --throwaway -- .venv/bin/python -m pytest $(if $(ARGS),$(ARGS),-n logical --maxprocesses=8 $(coverage))

lint: ## Check style, security, types and migrations
	@$(environment) dev && $(unconfigured) PALLET_DATA_DIR=.data/lint && bad= \
		&& { .venv/bin/python -m ruff check . || bad=1; } \
		&& { .venv/bin/python -m ruff format --check . || bad=1; } \
		&& { .venv/bin/python -m bandit --quiet -ll --recursive $(apps) || bad=1; } \
		&& { .venv/bin/python -m mypy . || bad=1; } \
		&& { $(engines) --throwaway --join -- .venv/bin/python manage.py makemigrations --check --dry-run || bad=1; } \
		&& test -z "$$bad"

schema: ## Write docs/openapi.json from the code; refuses what breaks callers (ARGS=--break)
	@$(environment) dev && $(unconfigured) PALLET_DATA_DIR=.data/lint && exec .venv/bin/python manage.py schema $(ARGS)

bench: ## Measure the lookup, misses beside it, how often answers are kept, a failing upstream, the ledger, jobs, a purchase, outages
	@$(environment) dev && $(unconfigured) PALLET_DATA_DIR=.data/bench \
		&& $(engines) -- sh -ec 'for what in lookup misses cache failover ledger jobs payments; do .venv/bin/python -m bench.$$what; done' \
		&& PALLET_DATA_DIR=.data/checkout .venv/bin/python -m bench.checkout \
		&& PALLET_DATA_DIR=.data/outages && exec .venv/bin/python -m bench.outages

chaos: ## Run a job while workers, Redis and PostgreSQL are killed, and prove that it is exact
	@$(environment) dev && $(unconfigured) PALLET_DATA_DIR=.data/chaos && exec .venv/bin/python -m bench.chaos

scale: ## Measure the ledger, the logs of calls and the claims about codes at millions of rows, beside few
	@$(environment) dev && $(unconfigured) PALLET_DATA_DIR=.data/bench \
		&& exec $(engines) -- sh -ec 'for what in scale scale_calls scale_upstream scale_mappings; do .venv/bin/python -m bench.$$what; done'

manage: ## Run a Django command: make manage ARGS="check_ledger"
	@$(environment) run && exec $(engines) --join -- .venv/bin/python manage.py $(ARGS)

shell: ## Open a Python shell with Pallet's models
	@$(environment) run && exec $(engines) --join -- .venv/bin/python manage.py shell

constraints: ## Pin anew what the requirements bring along
	@$(environment) dev && rm -rf .data/pins && mkdir -p .data/pins \
		&& for file in requirements*.txt; do grep -v '^-c' "$$file" > ".data/pins/$$file"; done \
		&& .venv/bin/python -m venv .data/pins/venv \
		&& .data/pins/venv/bin/python -m pip install --quiet --no-cache-dir -r .data/pins/requirements-dev.txt \
		&& { head -n 1 constraints.txt; .data/pins/venv/bin/python -m pip freeze; } > .data/pins/new \
		&& mv .data/pins/new constraints.txt && rm -rf .data/pins

reset: ## Forget all data: accounts, credits, products, logs
	@python=$$(sh config/find-python.sh "$(PYTHON)") && "$$python" -m config.reset data

clean: ## Remove everything that was made here: the data, .venv, caches
	@python=$$(sh config/find-python.sh "$(PYTHON)") && "$$python" -m config.reset all
