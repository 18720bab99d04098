# Everything a contributor needs. `make` alone runs what CI runs, without a fresh environment.

PYTHON ?= .venv/bin/python

.PHONY: check test lint types screenshots bench lock

check: test lint types

test:
	$(PYTHON) -m pytest -n auto

lint:
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(dir $(PYTHON))lint-imports

types:
	PYTHON=$(PYTHON) sh .ci/types

screenshots:
	$(PYTHON) -m tests.screenshots

bench:
	for bench in workers speedup logs queue idle startup leases exhaustion; do $(PYTHON) -m bench.$$bench || exit 1; done

lock:
	$(PYTHON) -m piptools compile --quiet --upgrade --all-extras --strip-extras --no-header \
	  --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-emit-options \
	  --annotation-style=line --output-file=constraints.txt pyproject.toml
