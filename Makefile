# Containers in practice: the one front door. `make` alone says what can be done.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# A process of pytest imports a thousand modules. Who keeps Python from writing down what it compiled
# would have each of many processes compile all of them again: it is written into _build then.
ifdef PYTHONDONTWRITEBYTECODE
unexport PYTHONDONTWRITEBYTECODE
export PYTHONPYCACHEPREFIX := $(CURDIR)/_build/bytecode
endif

PYTHON ?= python3
BIN := .venv/bin
SETUP := $(PYTHON) tools/setup.py
ENGINE := $(PYTHON) engine/engine.py
BESIDE := $(PYTHON) engine/beside.py
PHASE := $(PYTHON) tools/phase.py
RENDER := $(PYTHON) tools/render.py
CACHE := $(or $(SEATRIAL_CACHE),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/seatrial)

# What `make check` and `make record` run: PAGES="how-to/..." for some, COMPOSE=v1 or v2 for one
# spelling of Compose, VISIBLE=1 without the proofs that pages fold away. Notebooks fold nothing away.
# CHANGED=1 for what is not as it was when it last passed here.
PAGES ?= $(wildcard index.rst explanation how-to reference $(if $(VISIBLE),,notebooks))
COMPOSE ?=
VISIBLE ?=
CHANGED ?=
# How many engines `make check` runs pages on at once.
JOBS ?= auto

# What `make check` tells pytest. Pages are no tests of hypothesis, whose plugin takes half a second
# to load, in each process.
CHECKED = -p no:hypothesispytest --require-docker $(if $(VISIBLE),--visible) $(if $(CHANGED),--seatrial-changed) $(SHARE) $(PAGES)

# The share of one machine, such as 2/5, and where its report goes.
SHARD ?=
SHARE = $(if $(SHARD),--seatrial-shard $(SHARD) \
	--junit-xml=_build/reports/$(if $(VISIBLE),visible,pages)/$(subst /,-of-,$(SHARD)).xml)

# The guide as a book, and what finds faults in it: a warning is one.
BOOK := _build/epub/containers-in-practice.epub
BOOK_CHECK := java -jar /usr/share/java/epubcheck.jar --failonwarnings $(BOOK)
CHECK ?=

.PHONY: help site epub check join record watch lab quick test coverage engine engine-stop bench weights matrix links lock clean clean-all

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | \
		while IFS='|' read -r target does; do printf '%-20s %s\n' "  $$target" "$$does"; done

site: ## set up what is missing and render the site into _build/html; needs no Docker
	@$(SETUP) site
	@$(RENDER)
	@echo "The site is in _build/html: open _build/html/index.html"

# Apart from the site: a second way to write all pages, which reads each page again.
epub: ## make an EPUB of the guide, which the site then offers (CHECK=1 checks it with Debian's epubcheck)
	@$(SETUP) site
	@$(BIN)/python -m sphinx -b epub -q -W --keep-going -d _build/doctrees-epub . _build/epub
	@$(if $(CHECK),$(SETUP) epubcheck && $(BOOK_CHECK))
	@$(RENDER)
	@echo "The guide is in $(BOOK)"

check: ## run every page on Docker and compare (PAGES="how-to/..." for some, COMPOSE=v1|v2 for one spelling, VISIBLE=1 without folded proofs, CHANGED=1 for what changed, JOBS=n for n engines, SHARD=2/5 for one machine of five)
	@$(SETUP) test
	@$(ENGINE) start --brief
	@SEATRIAL_COMPOSE=$(COMPOSE) $(BESIDE) run $(JOBS) -- $(BIN)/pytest $(CHECKED)

join: ## join the reports of SHARDS=5 machines, and fail if one is missing
	@$(SETUP) test
	@$(BIN)/python -m seatrial join --shards $(SHARDS) --output _build/reports/pages.xml _build/reports/pages
	@$(BIN)/python -m seatrial join --shards $(SHARDS) --output _build/reports/visible.xml _build/reports/visible

record: ## the same as `check`, and write records and promised outputs back
	@$(SETUP) test
	@$(ENGINE) start --brief
	@SEATRIAL_COMPOSE=$(COMPOSE) $(BESIDE) run 1 -- $(BIN)/pytest --require-docker --seatrial-record $(PAGES)

watch: ## check and show a page each time it is saved (PAGES="how-to/..." for some)
	@$(SETUP) watch
	@$(ENGINE) start
	@eval "$$($(ENGINE) env)" && \
		SEATRIAL_COMPOSE=$(COMPOSE) exec $(BIN)/seatrial watch $(if $(filter file,$(origin PAGES)),,$(PAGES))

lab: ## open the notebooks in JupyterLab, with engine, images and kernel ready (LAB="--no-browser" and the like)
	@$(SETUP) lab
	@$(ENGINE) start
	@.venv-lab/bin/seatrial kernel install --project example --sys-prefix
	@eval "$$($(ENGINE) env)" && exec .venv-lab/bin/jupyter lab --ip=127.0.0.1 \
		$(if $(filter 0,$(shell id -u)),--allow-root) --ServerApp.root_dir=notebooks \
		--LabApp.news_url=None --LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate \
		--KernelManager.shutdown_wait_time=60 $(LAB)

# Four processes on two cores: many of these tests wait, for a time-out or for a program. What they
# write lives for a second: it is kept in memory, where Linux has a gigabyte of it to spare.
MEMORY := $(shell df -k --output=avail,target /dev/shm 2>/dev/null | awk 'NR == 2 && $$1 >= 1048576 { print $$2 }')
TESTS = $(if $(MEMORY),TMPDIR=$(MEMORY)) $(BIN)/pytest -n 4 --dist loadfile \
	-o tmp_path_retention_policy=failed -o tmp_path_retention_count=1

quick: ## the tests that need no Docker and no browser, without the kinds of fault, in a minute
	@$(SETUP) test
	@$(TESTS) -q -m "not engine" tests/unit tests/terminal

# Pages that nobody touched take turns (tools/turn.py says why); of those that changed since they
# passed here, a minute's worth runs. `make check` runs all, in both spellings.
test: ## everything that CI runs: lint, types, contracts, tests, the site with warnings as errors, and pages that changed or whose turn it is
	@$(PHASE) "Setup" $(SETUP) test
	@rm -rf _build/reports
	@$(MAKE) -j2 .engine .words .code .site .tests .tests-of-engines .tests-on-docker .pages .tests-of-faults .tests-in-a-browser
	@$(PYTHON) tools/tally.py _build/reports/*.xml

# Parts of `test`, of which two run at once: each waits for a part of its time.
.PHONY: .engine .words .code .site .tests .tests-of-engines .tests-on-docker .tests-of-faults .tests-in-a-browser .pages
# What takes seconds comes before what takes minutes; and the longest way, which is the engine, its
# tests and the pages, waits for no other tests: the last line has make choose those later.
.tests .tests-of-engines: .words .code .site
.tests-of-engines: .engine
.tests-of-faults .tests-in-a-browser: .tests .engine

.engine:
	@$(PHASE) "Private engine" $(ENGINE) start --tests

.words:
	@$(PHASE) "Prose" $(BIN)/sphinx-lint -i .venv -i .venv-lab -i _build -i example -i tests .
	@$(PHASE) "Spelling" $(BIN)/codespell .
	@$(PHASE) "Words to avoid" $(BIN)/python tools/words.py
	@$(PHASE) "Versions and dates" $(BIN)/python tools/facts.py
	@$(PHASE) "Literals in sentences" \
		$(BIN)/pytest -q -m seatrial_prose --junit-xml=_build/reports/prose.xml $(PAGES)

.code:
	@$(PHASE) "Lint" $(BIN)/ruff check --quiet .
	@$(PHASE) "Format" $(BIN)/ruff format --check --quiet .
	@$(PHASE) "Types" $(BIN)/mypy
	@$(PHASE) "Import contracts" $(BIN)/lint-imports --no-logo

.site:
	@$(PHASE) "Site, warnings as errors" $(RENDER) --strict

OTHER_TESTS = --ignore=tests/engine --ignore=tests/kernel --ignore=tests/faults
.tests:
	@$(PHASE) "Tests" env \
		$(TESTS) -m "not browser and not engine" $(OTHER_TESTS) --junit-xml=_build/reports/tests.xml tests

.tests-of-engines:
	@eval "$$($(ENGINE) env)" && $(PHASE) "Tests of the engine" \
		$(BIN)/pytest -q --require-docker --junit-xml=_build/reports/engine.xml tests/engine

# Not beside the tests of the engine: an engine that starts or stops replaces the firewall's chains
# that all engines share, and until it has, no other engine can create a network.
.tests-on-docker: .tests-of-engines
	@eval "$$($(ENGINE) env)" && $(PHASE) "Tests on Docker" \
		$(BIN)/pytest -q --require-docker -m "engine and not browser" $(OTHER_TESTS) \
			--junit-xml=_build/reports/tests-on-docker.xml tests

.tests-of-faults:
	@$(PHASE) "Kinds of fault" env \
		$(TESTS) --junit-xml=_build/reports/faults.xml tests/faults

# Chromium gives up what it is loading whenever the machine gets or loses an address, as with each
# container of the tests beside it: it has a network of its own, where that can be had.
APART = $(if $(shell unshare --net true 2>/dev/null && command -v ip),unshare --net sh -c 'ip link set lo up && exec "$$@"' sh)
.tests-in-a-browser:
	@$(PHASE) "Tests in a browser" $(APART) \
		$(BIN)/pytest -n auto -m browser --junit-xml=_build/reports/browser.xml tests/site

# Not beside the tests of the engine, which start engines of their own as well. The turn is worked out
# first: a failure within the command line of pytest would go unnoticed.
.pages: .tests-of-engines
	@turn="$$($(BIN)/python tools/turn.py)" && $(PHASE) "Pages and kernel on Docker" $(BESIDE) run $(JOBS) -- \
		$(BIN)/pytest --require-docker -m "not seatrial_prose" --junit-xml=_build/reports/docker.xml \
			-p no:hypothesispytest --seatrial-changed --seatrial-at-most=60 $$turn tests/kernel $(PAGES)

# Apart from `test`, which it would make twenty seconds longer.
coverage: ## how much of each folder of the package runs in tests that need no engine; fails below its floor
	@$(SETUP) test
	@rm -rf _build/coverage && mkdir -p _build/coverage
	@$(BIN)/python -m coverage run -m pytest -q -n auto tests/unit
	@$(BIN)/python -m coverage combine -q
	@$(BIN)/python -m coverage json -q -o _build/coverage/report.json
	@$(PYTHON) tools/floors.py _build/coverage/report.json

engine: ## start the private engine by hand
	@$(ENGINE) start

engine-stop: ## stop it
	@$(ENGINE) stop

bench: ## the benchmark, as ratios measured side by side in one run (PARTS=guide for all pages, an hour)
	@$(SETUP) bench
	@$(ENGINE) start
	@eval "$$($(ENGINE) env)" && $(BIN)/python tests/bench.py $(PARTS)

weights: ## what each page of the site costs its reader, beside plain Sphinx (some minutes)
	@$(SETUP) test
	@$(RENDER)
	@$(BIN)/python -m tests.weights

matrix: ## run pages on other engines and Composes for the compatibility page (ROWS=... for some; three quarters of an hour)
	@$(SETUP) test
	@$(BIN)/python tests/matrix.py $(ROWS)

links: ## follow every link to another site (those within the site, `make test` follows)
	@$(SETUP) site
	@$(BIN)/python -m sphinx -b linkcheck -q -d _build/doctrees . _build/links
	@echo "Every link leads somewhere; _build/links/output.txt lists them"

lock: ## rewrite requirements/ from pyproject.toml's dependency groups
	@$(SETUP) test
	@for group in test site watch bench lab; do \
		$(BIN)/uv --no-config pip compile --quiet --universal --python-version 3.11 --upgrade \
			--generate-hashes --no-emit-index-url --no-emit-find-links --no-header \
			--group $$group $$([ $$group = test ] || echo "-c requirements/test.txt") \
			-o requirements/$$group.txt; done
	@for recipe in bugsink seaweedfs; do \
		$(BIN)/uv --no-config pip compile --quiet --python-version 3.13 --upgrade --generate-hashes \
			--no-emit-index-url --no-emit-find-links --no-header --no-annotate \
			engine/recipes/$$recipe/requirements.in -o engine/recipes/$$recipe/requirements.txt; done
	@! grep -n '://' requirements/*.txt engine/recipes/*/requirements.txt

clean: ## remove what was built, sweep sandboxes, stop the private engine
	@if [ -x $(BIN)/pytest ]; then $(BIN)/python -m seatrial sweep; fi
	@$(ENGINE) stop
	@rm -rf _build .venv .venv-lab dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
	@if [ -d "$(CACHE)" ] && [ -z "$(FORGET)" ]; then \
		echo "Kept for the next time: $(CACHE); \`make clean-all\` removes that too."; fi

clean-all: FORGET := yes
clean-all: clean ## the same, and remove all downloads and images in the user's cache
	@$(ENGINE) clean
	@rm -rf "$(CACHE)"
