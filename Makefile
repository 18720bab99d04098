# Everything a contributor needs. `make` alone runs what CI runs, without a fresh environment
# and without the coverage.

PYTHON ?= .venv/bin/python

.PHONY: check test lint types structure coverage dev console screenshots bench lock

check: test lint types structure

test:
	$(PYTHON) -m pytest -n auto

lint:
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .

types:
	PYTHON=$(PYTHON) sh .ci/types

structure:
	$(PYTHON) .ci/structure.py
	$(dir $(PYTHON))lint-imports

coverage:
	PYTHON=$(PYTHON) sh .ci/coverage

# The dashboard with Textual's development tools: `make console` in one terminal shows what is
# logged and printed, `make dev` in another runs it; a saved style sheet is applied at once.
# `make dev ARGS="replay RUN"` runs another command than the demo.
ARGS ?= demo
dev:
	$(PYTHON) -m textual_dev run --dev -c "$(PYTHON) -m assemblyzero_tui.app $(ARGS)"

console:
	$(PYTHON) -m textual_dev console

screenshots:
	$(PYTHON) -m tests.screenshots

bench:
	for bench in workers speedup logs queue idle startup leases exhaustion; do $(PYTHON) -m bench.$$bench || exit 1; done

lock:
	$(PYTHON) -m piptools compile --quiet --upgrade --all-extras --strip-extras --no-header \
	  --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-emit-options \
	  --annotation-style=line --output-file=constraints.txt pyproject.toml
