# Grid Portal. Two commands matter: `make run` and `make test`; each installs what it needs.

PYTHON3 := $(shell sh scripts/find-python.sh)
BIN := .venv/bin
SOURCES := portal jobs config.py tests scripts bench

.DEFAULT_GOAL := help
.PHONY: help run test setup assets check lint fmt types pytest bench translations lock clean

help:  ## what there is
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

run:  ## the whole portal on this machine; Ctrl-C stops it
	@$(if $(PYTHON3),exec $(PYTHON3) scripts/bootstrap.py run,exit 1)

setup:  ## everything that checks and tests need
	@$(if $(PYTHON3),$(PYTHON3) scripts/bootstrap.py test,exit 1)

assets:  ## third-party styles and scripts into portal/static/vendor
	@$(if $(PYTHON3),$(PYTHON3) scripts/bootstrap.py assets,exit 1)

test: setup  ## everything that a change must pass
	@sh scripts/check.sh
	@sh scripts/pytest.sh

check: setup  ## lint, types, floors, templates, translations; no tests
	@sh scripts/check.sh

pytest: setup  ## the suite alone, on both engines
	@sh scripts/pytest.sh

lint: setup  ## ruff alone
	@$(BIN)/ruff check $(SOURCES)

types: setup  ## mypy alone
	@$(BIN)/mypy

fmt: setup  ## let ruff write what it can
	@$(BIN)/ruff check --fix $(SOURCES)
	@$(BIN)/ruff format $(SOURCES)

bench: setup  ## the measurements of bench/, as ratios; SIZE=1m: the register at scale
	@$(BIN)/python -m bench $(if $(SIZE),--size $(SIZE))

translations: setup  ## gather messages, update and compile the catalogues
	@$(BIN)/python scripts/translations.py update

lock: setup  ## pin all requirements again
	@sh scripts/lock.sh

clean:  ## forget what can be made again (not var/)
	rm -rf .venv frontend/node_modules portal/static/vendor build .pytest_cache .mypy_cache .ruff_cache
