# The developer loop. `make` prints the targets; each target sets up what it needs.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help install demo package deploy test lint check athena optimizers generate pictures bench clean

# To use another Python than the one found: make install PYTHON=/path/to/python3.11
PYTHON :=

RUN := .venv/bin/python
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# In a container there may be only root, whom pip warns.
export PIP_ROOT_USER_ACTION := ignore

help:  ## print this list
	@awk -F ':.*  ## ' '/^[a-z]+:.*  ## / { printf "make %-11s%s\n", $$1, $$2 }' Makefile

install: .venv/installed .venv/checkov/installed  ## set up .venv with everything pinned

demo: .venv/local  ## generate raw files, ingest, query, publish, compare with the truth
	@.venv/bin/usage-lake demo

package: .venv/installed  ## write dist/usage-lake.yaml and data-lake.yaml for CloudFormation [WHEELS=bundle: packages for jobs without internet]
	@$(RUN) -m tools.package $(if $(WHEELS),--wheels $(WHEELS))

deploy: package  ## create or update a stack: STACK=name [BUCKET=...] [WHEELS=bundle] [PARAMETERS="Name=value ..."]
	@WHEELS="$(WHEELS)" tools/deploy "$(STACK)" "$(BUCKET)" $(PARAMETERS)

test: .venv/installed .venv/checkov/installed  ## run the whole test suite
	@$(RUN) -m pytest -n 2 --dist loadfile --no-loadscope-reorder

lint: .venv/installed  ## ruff, mypy, and whether generated files are current
	@$(RUN) -m ruff check .
	@$(RUN) -m ruff format --check .
	@$(RUN) -m mypy --strict glue_jobs
	@$(RUN) -m tools.generate --check

check: lint test  ## exactly what CI runs: lint, then test

athena: .venv/installed .venv/trino/installed  ## run every view, saved query and case on a real Trino (1 GB, Java 24, Maven)
	@$(RUN) -m pytest tests/external/test_saved_queries_on_trino.py

optimizers: .venv/installed  ## let a real Spark with Iceberg 1.10 maintain the tables between runs (65 MB, Maven)
	@$(RUN) -m pytest tests/external/test_optimizers.py

generate: .venv/installed  ## write the generated files: docs/tables.md, queries/README.md, what queries share
	@$(RUN) -m tools.generate

pictures: .venv/installed  ## write docs/page*.png, screenshots of the demo's page, with a system's Chromium
	@$(RUN) -m tools.pictures

bench: .venv/bench  ## measure against other engines and write benchmarks/RESULTS.md
	@$(RUN) -m benchmarks

clean:  ## remove what make created: .venv, demo, caches
	@rm -rf .venv demo dist build spark-warehouse *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A working environment is kept and only updated; any other is created again.
.venv/local: pyproject.toml setup.py constraints.txt
	@.venv/bin/python -c 'import pip, sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null || { \
	  python=$$(tools/find_python "$(PYTHON)") && \
	  echo "Setting up .venv with $$("$$python" -V); this takes a few minutes, once." && \
	  "$$python" -m venv --clear .venv; }
	@$(RUN) -m pip install -q -c constraints.txt -e '.[local]'
	@touch $@

.venv/installed: .venv/local
	@$(RUN) -m pip install -q -c constraints.txt -e '.[test]'
	@touch $@

# checkov needs older versions of packages that the library uses.
.venv/checkov/installed: .venv/installed tools/checkov_pins.txt
	@$(RUN) -m venv --clear .venv/checkov
	@.venv/checkov/bin/python -m pip install -q --no-deps -r tools/checkov_pins.txt
	@touch $@

.venv/bench: .venv/installed
	@$(RUN) -m pip install -q -c constraints.txt -e '.[bench]'
	@touch $@

# The newest Trino with a server to install; AWS does not say which one Athena is. Other connectors are left out.
TRINO := 476
.venv/trino/installed: .venv/installed
	@rm -rf .venv/trino && mkdir -p .venv/trino
	@mvn -q dependency:copy -Dartifact=io.trino:trino-server:$(TRINO):tar.gz -DoutputDirectory=.venv/trino
	@tar xzf .venv/trino/trino-server-$(TRINO).tar.gz -C .venv/trino --strip-components=1
	@cd .venv/trino && rm trino-server-$(TRINO).tar.gz && find plugin -mindepth 1 -maxdepth 1 ! -name iceberg ! -name memory -exec rm -rf {} +
	@touch $@
