# The commands of the project; `make help` lists them. GNU make 3.81 suffices. Variables:
#   NOTEBOOK="a b"  only these              TIER=smoke|quick|full|paper  quick without
#   CORES=4         processes at once       TORCH=cpu|auto  build of torch, chosen by uv
#   PYTHON=python3.12  what makes .venv; without it the first that fits is found

BIN := .venv/bin
PYTHONS := $(or $(PYTHON),python3.13 python3.12 python3.11 python3)
PINNED := -c constraints.txt -e '.[dev,video]'
DONE := .venv/set-up-for-torch-
STAMP := $(if $(TORCH),$(DONE)$(TORCH),$(firstword $(wildcard $(DONE)*) $(DONE)default))
TIER ?= quick
TESTED := $(foreach n,$(or $(NOTEBOOK),*),$(wildcard notebooks/$n.ipynb notebooks/*/$n.ipynb))
PYTEST := $(BIN)/python -m pytest -n $(or $(CORES),2)
ALONE := OMP_NUM_THREADS=1 MKL_NUM_THREADS=1
OFFLINE := PYTHONPATH="$(CURDIR)/tests/offline"  # no network, in kernels neither
MADE := work handouts reports/.partial $(filter-out reports/gallery,$(wildcard reports/*))

.PHONY: help env reports test check lab handouts gallery bench clean distclean

help: ## Show this list
	@sed -n 's/^\([a-z]*\):[^#]*## /  make \1: /p' $(firstword $(MAKEFILE_LIST))
	@sed -n '/^# /s/^#//p' $(firstword $(MAKEFILE_LIST))

env: $(STAMP) ## Make the environment .venv
	@echo "Set-up is up to date: .venv"

reports: $(STAMP) ## Run every notebook into reports/
	@$(BIN)/emolib run --dry-run --config $(TIER) $(NOTEBOOK)
	@$(BIN)/snakemake --cores $(or $(CORES),all) --nolock --rerun-incomplete --keep-going \
	  --scheduler greedy --quiet progress rules host reason --config tier=$(TIER) notebooks="$(NOTEBOOK)"

test: $(STAMP) ## Run the tests, then the notebooks against their saved checks
	@$(if $(TESTED),,echo "NOTEBOOK must be in notebooks/; got $(NOTEBOOK)"; exit 1)
	$(if $(NOTEBOOK),,$(ALONE) $(PYTEST) -p no:nbval)
	$(ALONE) $(OFFLINE) $(PYTEST) --dist=loadfile --nbval-lax --nbval-cell-timeout=300 $(TESTED)

check: $(STAMP) ## Check format, lint, spelling and the rules of the house
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/codespell
	$(PYTEST) tests/test_house.py

lab: $(STAMP) ## Open JupyterLab in this folder
	$(BIN)/jupyter lab

handouts: $(STAMP) ## Write handouts/: every notebook without answers and outputs
	$(BIN)/jupyter nbconvert --log-level ERROR --to notebook --output-dir handouts \
	  --ClearOutputPreprocessor.enabled=True --TagRemovePreprocessor.enabled=True \
	  --TagRemovePreprocessor.remove_cell_tags answer notebooks/*.ipynb
	sed -i.bak 's/ *Answers[^`]*`[^`]*solutions[^`]*`[.]//' handouts/*.ipynb
	rm handouts/*.bak

gallery: $(STAMP) ## Copy one finished run of each notebook into reports/gallery/
	$(BIN)/emolib gallery

bench: $(STAMP) ## Time what should be fast
	$(BIN)/python -m pytest benchmarks

clean: ## Remove work/ and reports/ but its gallery; finished units stay in .emolib/
	rm -rf $(MADE)

distclean: clean ## Remove .venv, surrogates and caches too; finished units stay
	rm -rf .venv .emolib/surrogates .snakemake .benchmarks .hypothesis build *.egg-info
	rm -rf .pytest_cache .ruff_cache
	find . -name __pycache__ -prune -exec rm -rf {} +

$(DONE)%: pyproject.toml constraints.txt
	@rm -f $(DONE)*
	@for python in $(PYTHONS); do \
	  case "$$($$python -V 2>&1)" in "Python 3.1"[123].*) ;; *) continue ;; esac; \
	  echo "Set-up 1/2: the environment .venv, by $$python"; \
	  $$python -m venv .venv >/dev/null 2>&1 && exit; \
	  lacks="$${lacks:-$$python-venv}"; \
	done; \
	if [ "$$lacks" ]; then echo "No module venv. Please type: sudo apt-get install $$lacks"; \
	else echo "emolib needs Python 3.11 to 3.13: install one, make env PYTHON=python3.13"; fi; \
	exit 1
	@echo "Set-up 2/2: pinned packages (about 2 minutes and 2 GB)"
	@{ if command -v uv || { [ $* != default ] && $(BIN)/pip install -q uv; }; then \
	  PATH="$$PATH:$(BIN)" UV_FIND_LINKS="$${UV_FIND_LINKS:-$$PIP_FIND_LINKS}" \
	    uv pip install -q --compile-bytecode --python $(BIN)/python $(PINNED) \
	    $(if $(filter-out default,$*),--torch-backend=$*); \
	  else $(BIN)/python -m pip install -q $(PINNED); fi; \
	} >.venv/set-up.log 2>&1 || { tail -n 15 .venv/set-up.log; exit 1; }
	@touch $@
