# Every notebook at a tier, on local cores or on a cluster:
#
#   emolib reports --tier quick                               (what make reports does)
#   snakemake --cores 2 --config tier=quick notebooks=ecg_eeg
#   snakemake --profile profiles/slurm --config tier=full shards=20 workers=4
#
# `units` fills the store, `report` writes a notebook's tables and figures from it, and
# `code` is a digest of a recipe's code, by which both learn that it was changed.

import os
import sys

sys.path.insert(0, workflow.basedir)

from emolib.commands import workflow as plan
from emolib.commands.driver import name_driver, watch_driver
from emolib.reporting.provenance import code_digest

os.environ.update(name_driver(dict(os.environ)))
os.environ["PYTHONPATH"] = os.pathsep.join(
    [workflow.basedir, *filter(None, [os.environ.get("PYTHONPATH")])]
)
watch_driver()

TIER = config.get("tier", "quick")
SHARDS = int(config.get("shards", 1))
WORKERS = int(config.get("workers", 1))
NAMED = [n for n in str(config.get("notebooks", "")).split(",") if n]
TASKS = [plan.make_task(stem, TIER, SHARDS) for stem in plan.choose(TIER, NAMED)[0]]
RECIPES = {task.stem: task.recipe for task in TASKS}
EMOLIB = f"'{sys.executable}' -m emolib"


wildcard_constraints:
    recipe=r"[A-Za-z0-9_]+",
    stem=r"[A-Za-z0-9_]+",
    i=r"\d+",


rule all:
    default_target: True
    localrule: True
    input:
        [task.outputs for task in TASKS],


rule code:
    output:
        plan.code_file("{recipe}"),
    params:
        digest=lambda wildcards: code_digest(wildcards.recipe),
    localrule: True
    shell:
        EMOLIB + " code {wildcards.recipe} {output:q}"


rule units:
    input:
        lambda wildcards: plan.code_file(RECIPES[wildcards.stem]),
    output:
        plan.stamp_file("{stem}", TIER, "{i}", SHARDS),
    params:
        parameters=lambda wildcards: plan.parameters_text(wildcards.stem, TIER),
    log:
        plan.log_file("{stem}", TIER, "units-{i}"),
    threads: WORKERS
    retries: 1
    resources:
        crew=1,
        mem_mb=lambda wildcards, threads: 1500 + 1000 * threads,
        runtime=plan.MINUTES[TIER],
    shell:
        "EMOLIB_PROGRESS={log:q}.progress " + EMOLIB + " units {wildcards.stem} --config " + TIER + " --allow-partial"
        " --shard {wildcards.i}/" + str(SHARDS) + " --n-workers {threads}"
        " --stamp {output:q} > {log:q} 2>&1"


for task in TASKS:

    rule:
        name: f"report_{task.stem}"
        input:
            files=task.inputs,
            code=task.code,
            units=task.stamps,
        output:
            task.outputs,
        params:
            stem=task.stem,
        log:
            task.log,
        threads: 1
        resources:
            mem_mb=3000,
            runtime=plan.MINUTES[TIER],
        shell:
            EMOLIB + " run {params.stem} --config " + TIER + " --allow-partial"
            " > {log:q} 2>&1"
