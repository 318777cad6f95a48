"""Where each number stands in the paper; nothing here trains."""

from __future__ import annotations

import pandas as pd

from emolib.containers import RESULT_COLUMNS
from emolib.corpora import identify
from emolib.metrics.traces import PER_TRIAL, score_traces
from emolib.papers.rmmt.grid import PAPER, knobs, places
from emolib.papers.rmmt.settings import SYSTEMS, named
from emolib.papers.rmmt.training import fold_of
from emolib.reporting.printed import load_reported
from emolib.reporting.tables import compare_table
from emolib.study import Study

ARROWS = {"rmse": "RMSE ↓", "pcc": "PCC ↑", "ccc": "CCC ↑"}
METRICS = {
    **ARROWS,
    **{m: f"{ARROWS[m.split('_')[0]]} per trial" for m in PER_TRIAL},
}
"""The scores of a table, and how a page names them; the paper has the first three."""

ITEMS = ("Table 3", "Table 4", "Table 5", "Table 6", "Table 7")
SWEEP = {"rows": ["alpha"], "columns": ["metric"]}
WORDS = r"(?:alpha (?P<alpha>[\d.]+))?(?:, )?(?P<reading>.*)"
"""What a condition says."""


def cells(study: Study) -> pd.DataFrame:
    """Return the predictions of every system, once for each table that prints them."""
    table = study.table().assign(paper=PAPER)
    table["source"] = table["dataset"].map(study.sources)
    keys = ["system", "protocol", "alpha", "condition"]
    parts = [
        part.assign(item=item, condition=condition)
        for values, part in table.groupby(keys, sort=False)
        for item, condition in places(dict(zip(keys, values, strict=True)))
    ]
    return pd.concat(parts, ignore_index=True) if parts else table.assign(item="")


def results(study: Study) -> pd.DataFrame:
    """Return Results: every fold and seed of every system, in both conventions."""
    names = [c for c in RESULT_COLUMNS if c not in ("metric", "value")]
    return score_traces(cells(study), by=names)[list(RESULT_COLUMNS)]


def failures(study: Study) -> list[dict]:
    """Return the units that gave no result, once for each table: labels and reason."""
    return [
        {**lost, "item": item, "condition": condition}
        for lost in study.failed(lambda *_: "")
        for item, condition in places(lost)
    ]


def tables(study: Study) -> dict[str, pd.DataFrame]:
    """Return the tables of a run by name: the paper's numbers beside this run's."""
    run, lost = results(study), failures(study)
    run, printed = (t[t["metric"].isin(METRICS)] for t in (run, load_reported(PAPER)))
    known = {
        "order": {"system": list(SYSTEMS), "metric": list(METRICS)}, "names": METRICS,
        "references": named("reference"), "words": WORDS,
    }  # fmt: skip
    return {
        item.lower().replace(" ", "_"): compare_table(
            run,
            printed,
            item=item,
            failures=[failure for failure in lost if failure["item"] == item],
            **(SWEEP if item == "Table 7" else {}),
            **known,
        )
        for item in ITEMS
    }


def about(study: Study) -> dict:
    """Return what the report of any notebook keeps beside its tables and figures."""
    settings = study.settings
    return {
        "results": results(study),
        "failures": failures(study),
        "audits": study.audits(fold_of),
        "data": [
            identify(corpus, data=settings.data, **knobs(settings, corpus))
            for corpus in settings.corpora
        ],
    }
