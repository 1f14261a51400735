# Everything runs from .venv, which `make install` makes and every target brings up to date by itself.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

# Hundreds of short processes run in the tests: each would compile the project anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help

.PHONY: help
help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: install
install: $(STAMP) ## Make .venv with everything in it (.venv/bin/techhub-cdc)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v <= (3, 13) else "error Python %d.%d: expected 3.11, 3.12 or 3.13; name one with make PYTHON=python3.11" % v)'
	@echo "installing into $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --no-compile --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[local,test]'
	@touch $(STAMP)

.PHONY: demo
demo: install ## The real pipeline with a simulated techhub; SECONDS=30 ends by itself and reconciles
	@$(BIN)/techhub-cdc demo $(if $(SECONDS),--seconds $(SECONDS)) $(if $(RATE),--rate $(RATE))

.PHONY: test
test: install ## All tests, on real PostgreSQL, Kafka, Connect and ClickHouse engine
	$(BIN)/python -m pytest -n 4 --dist loadscope --no-loadscope-reorder $(ARGS)

.PHONY: full
full: install ## The long proof: real volumes, writes during the snapshot, 5 minutes of load, all views compared
	$(BIN)/python -m tests.full $(ARGS)

.PHONY: check
check: install ## Fast: format, lint, types, unit tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m deploy.grafana --check
	$(BIN)/python -m pytest -q tests/schemas tests/streams tests/test_imports.py tests/deploy/test_queries_page.py

.PHONY: format
format: install ## Bring the code into its form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

.PHONY: dashboards
dashboards: install ## Write Grafana's dashboards from the query catalogue; TITLES=ru, RUNBOOKS=https://...
	@$(BIN)/python -m deploy.grafana $(if $(TITLES),--language $(TITLES)) $(if $(RUNBOOKS),--runbooks $(RUNBOOKS))

.PHONY: seeds
seeds: install ## The simulation with many seeds on all cores; SEEDS=100000 ARGS=--report writes docs/simulation.md
	$(BIN)/python -m tests.simulation --seeds $(or $(SEEDS),10000) $(ARGS)

.PHONY: pictures
pictures: install ## Pictures of the live page of a running demo into docs/pictures; NAME=demo; needs chromium
	@$(BIN)/python -m tests.dashboard.pictures --name $(or $(NAME),demo)

.PHONY: bench
bench: install ## Measure a restart, latency and CPU a change on an embedded stack of its own
	$(BIN)/python -m benchmarks

.PHONY: faults
faults: install ## Faults on the real processes; ONLY=F05 SEED=7 one scenario, BROKEN=watermark-first a broken rule
	$(BIN)/python -m tests.faults $(if $(ONLY),--only "$(ONLY)") $(if $(SEED),--seed $(SEED)) $(if $(RUNS),--runs $(RUNS)) \
	  $(if $(RATE),--rate $(RATE)) $(if $(SECONDS),--seconds $(SECONDS)) $(if $(SHARE),--share $(SHARE)) \
	  $(if $(BROKEN),--broken $(BROKEN))

.PHONY: soak
soak: install ## Faults mixed for MINUTES=20, by SEED=1
	$(BIN)/python -m tests.faults --only F23 $(if $(SEED),--seed $(SEED)) $(if $(MINUTES),--minutes $(MINUTES)) \
	  $(if $(RATE),--rate $(RATE))

.PHONY: test-containers
test-containers: install ## The same pipeline tests on containers; needs a Docker engine
	$(BIN)/python -m tests.containers $(ARGS)

.PHONY: audit
audit: install ## Ask a public database for known weaknesses of the pinned versions; needs the network
	@$(PYTHON) -m venv $(VENV)/audit
	@$(VENV)/audit/bin/python -m pip install --no-compile --quiet --disable-pip-version-check pip-audit \
		|| { echo "error pip-audit cannot be installed: no network?"; exit 3; }
	@$(VENV)/audit/bin/pip-audit --strict --disable-pip --no-deps --requirement constraints.txt

.PHONY: clean
clean: ## Remove .venv and caches; embedded stacks go with techhub-cdc down --purge
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis build *.egg-info
