# Every notebook at a tier, on local cores or on a cluster:
#
#   snakemake --cores 2 --config tier=quick notebooks="ecg_eeg nmer"    (make reports)
#   snakemake --profile profiles/slurm --config tier=full shards=20
#
# On one machine the store is filled for all of them at the start, so that no core waits
# for the end of one notebook; on a cluster `units` fills it, a notebook in `shards` jobs.
# `report` runs a notebook on it. What a rule is made from is a digest of code, cells and
# parameters: comments and unrelated papers start nothing. The files they leave say that
# they ended well; a report in which a unit failed has none. Snakemake itself puts the
# paths and names into a line, quoted (`:q`).

import sys

from emolib.checks import check_range
from emolib.code import digest_of
from emolib.reporting.notebooks import code_of
from emolib.run import job_of, stems_with

TIER = config.get("tier", "quick")
SHARDS = int(config.get("shards", 1))
check_range("shards", SHARDS, 1, 10_000)
STEMS = str(config.get("notebooks") or "").split() or stems_with(TIER)
HERE = SHARDS == 1 and workflow.cores  # a cluster's profile gives no cores
EMOLIB = "exec {sys.executable:q} -m emolib "
NOTEBOOK = " {wildcards.stem:q} --config {wildcards.tier:q} "


def made_from(wildcards):
    job = job_of(wildcards.stem, wildcards.tier)
    return digest_of([code_of(job.path), job.parameters])


onstart:
    if HERE:
        shell(EMOLIB + "units {STEMS:q} --config {TIER:q} --cores {workflow.cores} --allow-partial")


rule all:
    input:
        [f"reports/{stem}/.{TIER}.report" for stem in STEMS],


rule units:
    output:
        touch("reports/{stem}/.{tier}.units-{i}-of-{n}"),
    params:
        made_from=made_from,
    threads: workflow.cores or int(config.get("workers", 2))
    shell:
        EMOLIB + "units" + NOTEBOOK + "--shard {wildcards.i}/{wildcards.n} --cores {threads} --allow-partial"


rule report:
    input:
        lambda w: [] if HERE else [f"reports/{w.stem}/.{w.tier}.units-{i}-of-{SHARDS}" for i in range(1, SHARDS + 1)],
    output:
        touch("reports/{stem}/.{tier}.report"),
    params:
        made_from=made_from,
    shell:
        EMOLIB + "report" + NOTEBOOK
