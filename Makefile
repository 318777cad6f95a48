# Every command is one line of bootstrap.py, which makes the environment .venv first
# where it is missing. Without make: python bootstrap.py COMMAND.

PYTHON ?= python3
RUN = $(PYTHON) bootstrap.py
SETUP = $(if $(TORCH),--torch $(TORCH))
CHOSEN = $(SETUP) $(if $(NOTEBOOK),--notebook $(NOTEBOOK))
REPORTS = $(CHOSEN) $(if $(TIER),--tier $(TIER)) $(if $(CORES),--cores $(CORES))

.PHONY: help env reports test check lab gallery bench clean distclean

help:
	@$(RUN) help

reports:
	@$(RUN) reports $(REPORTS)

test:
	@$(RUN) test $(CHOSEN)

env check lab gallery bench clean distclean:
	@$(RUN) $@ $(SETUP)
