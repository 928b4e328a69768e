# Thin on purpose: each target is a line or two. `make help` lists them.
SHELL := /bin/bash
PYTHON ?= python3
IN := source ./env.sh &&
# Airflow starts faster from compiled modules; some container images forbid to keep them.
export PYTHONDONTWRITEBYTECODE =
.DEFAULT_GOAL := help
.PHONY: help setup demo test proof faults lint up sandbox bench lock clean

help:           ## list the targets
	@grep -E '^[a-z]+: .*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: .venv/ready .order_sync/ready  ## virtual environment from the lock, local Airflow home, ledger

.venv/ready: requirements-dev.lock
	$(PYTHON) -c 'import sys; assert (3, 11) <= sys.version_info < (3, 14), "Python 3.11 to 3.13 is needed; set PYTHON=python3.12"'
	@echo "== virtual environment from requirements-dev.lock (about 900 MB)"
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet --disable-pip-version-check uv==0.13.8
	.venv/bin/uv pip install --python .venv/bin/python --require-hashes -r requirements-dev.lock
	touch $@

.order_sync/ready: .venv/ready plugins/order_sync/ledger/schema.py
	@echo "== Airflow's own database and the ledger"
	mkdir -p .order_sync .airflow
	$(IN) airflow db migrate > .airflow/migrate.log 2>&1 || { cat .airflow/migrate.log; exit 1; }
	$(IN) python -m order_sync ledger upgrade
	touch $@

demo: setup     ## run the flows through Airflow against the sandbox partners and show what became of every order
	$(IN) python -m demo

test: setup     ## every test but those of `make proof`
	.venv/bin/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m "not live" $(SLOW:%=--ignore=%)

proof: setup    ## the other tests: faults in short form (all: `make faults`), sandbox, demo, benchmarks, live Airflow
	.venv/bin/python -m pytest -n 2 --dist loadfile $(SLOW)
	.venv/bin/python -m pytest -m live tests/flows

SLOW := tests/faults tests/demo tests/benchmarks tests/sandbox tests/flows/test_cli.py

faults: setup   ## kills, lies, outages on 1,000 orders each: nothing lost, nothing twice (SEED= ONLY=F8 ORDERS=)
	$(IN) python -m tests.faults

lint: setup     ## ruff, mypy
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy

up: setup       ## the sandbox and the Airflow web UI; the login is shown
	$(IN) python -m demo.up

sandbox: setup  ## the partners alone, in the foreground; it says where to drop TLogs and completed orders
	$(IN) python -m sandbox

bench: setup    ## speed and memory, side by side with others (BENCH=full for 1,000,000 orders)
	$(IN) python -m benchmarks

lock:           ## pin everything below requirements*.txt again
	.venv/bin/uv pip compile requirements.txt $(LOCK) -o requirements.lock
	.venv/bin/uv pip compile requirements-dev.txt $(LOCK) -c requirements.lock -o requirements-dev.lock
LOCK := --universal --python-version 3.11 --exclude-newer 2026-11-15 --generate-hashes --no-header --quiet

clean:          ## forget the sandbox, the ledger and the local Airflow home (not the virtual environment)
	rm -rf .sandbox .order_sync .airflow .demo
