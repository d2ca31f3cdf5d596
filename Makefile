# `make book` is the main job, `make test` the other one. Settings: make book PROFILE=cpu MOVIE=hela
PYTHON ?= python3
# What is left open here, `tapnb` decides: what is published is restored, everything else is computed.
ASKED = $(if $(PROFILE),--profile "$(PROFILE)") $(if $(MOVIE),--movie "$(MOVIE)")

BIN   := .venv/bin
STAMP := .venv/installed
MODELS := .venv/installed-models
EDIT  := .venv/installed-edit
RUN   := $(BIN)/python -m tapnb

.DEFAULT_GOAL := help
.PHONY: help book notebooks html pdf reproduce edit lint test test-all bench clean distclean

help:
	@echo "make book       run the notebooks and build the book       (PROFILE=smoke|cpu|paper MOVIE=synthetic|hela20|hela|path)"
	@echo "make notebooks  only run the notebooks                      (the same, and MODE=execute|restore)"
	@echo "make html       only build the book, from notebooks that have run"
	@echo "make pdf        the book as one PDF, printed by Chromium           (PROFILE and MOVIE as well)"
	@echo "make edit       open the notebooks in JupyterLab, on this machine alone"
	@echo "make reproduce  train the published profile anew, in hours, and compare every number with the published one"
	@echo "make test       the tests, in some twenty minutes;  make test-all: all of them"
	@echo "make lint       ruff, mypy, codespell: what a commit is checked for"
	@echo "make bench      how fast, against a plain baseline, in some hours  (ROWS=\"step frame\": only these)"
	@echo "make clean      remove what make made; trained runs and movies (runs/, data/) stay, and the installation (.venv)"
	@echo "make distclean  the same, and the installation"

# Once, and again when the lock changes; the stamp comes last, so that a failed install leaves none.
$(STAMP): requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "There is no $(PYTHON): install Python 3.11 or newer."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "$(PYTHON) is `$(PYTHON) --version`, but 3.11 or newer is needed: try make PYTHON=python3.12"; exit 1; }
	@rm -f $@
	@test -x $(BIN)/pip || $(PYTHON) -m venv --clear .venv || \
	  { echo "$(PYTHON) cannot make a virtual environment; on Debian: apt-get install python3-venv"; exit 1; }
	@echo "Installing into .venv (once; some minutes) ..."
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -r requirements.lock
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# What packages a detector for other programs; its slow tests need it, nothing else does.
$(MODELS): $(STAMP) requirements-models.lock
	@rm -f $@
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -r requirements-models.lock
	@touch $@

# JupyterLab, and what `git commit` checks with; nothing else needs them. A script that is opened shows its cells.
$(EDIT): $(STAMP) requirements-edit.lock
	@rm -f $@
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -r requirements-edit.lock
	@$(BIN)/jupytext-config --settings-file .venv/etc/jupyter/labconfig/default_setting_overrides.json set-default-viewer python
	@touch $@

book: $(STAMP)
	@$(RUN) run all $(ASKED) $(if $(MODE),--mode "$(MODE)")
	@$(RUN) book $(ASKED) --open

notebooks: $(STAMP)
	@$(RUN) run all $(ASKED) $(if $(MODE),--mode "$(MODE)")

html: $(STAMP)
	@$(RUN) book $(ASKED)

pdf: $(STAMP)
	@$(RUN) book $(ASKED) --pdf

edit: $(EDIT)
	@env $$($(BIN)/python -c 'from tapnb.system import allocator; print(*("=".join(x) for x in allocator.ENVIRONMENT.items()))') \
	  $(BIN)/python -m jupyterlab --ServerApp.ip=127.0.0.1 --ServerApp.root_dir=. --LabApp.default_url=/lab/tree/notebooks

lint: $(EDIT)
	@$(BIN)/pre-commit run --all-files

reproduce: $(STAMP)
	@$(RUN) reproduce $(ASKED)

# Several files at once, each as a whole: what one file builds for its tests is built once.
AT_ONCE := -n logical --maxprocesses 4 --dist loadfile

test: $(STAMP)
	@$(BIN)/python -m pytest $(AT_ONCE)

test-all: $(MODELS)
	@$(BIN)/python -m pytest $(AT_ONCE) -m ""

bench: $(STAMP)
	@$(BIN)/python -m benchmarks $(ROWS)

clean:
	@rm -rf _build results/smoke book/executed notebooks/*.ipynb .pytest_cache
	@find tapnb tests book benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

distclean: clean
	@rm -rf .venv *.egg-info
