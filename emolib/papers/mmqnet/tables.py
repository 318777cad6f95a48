"""Where each number stands in the paper; nothing here trains."""

from __future__ import annotations

import pandas as pd

from emolib.containers import RESULT_COLUMNS
from emolib.corpora import identify
from emolib.metrics import score_folds
from emolib.papers.mmqnet.grid import PAPER, knobs
from emolib.papers.mmqnet.settings import ABLATION_RATE as RATE
from emolib.papers.mmqnet.settings import CORPORA, SYSTEMS, named
from emolib.papers.mmqnet.training import fold_of
from emolib.reporting.printed import load_reported
from emolib.reporting.tables import compare_table
from emolib.study import Study

METRICS = {"accuracy": "accuracy", "f1_macro": "macro F1", "auc": "AUC"}
"""The scores of a table, and how a page names them; the paper has accuracy alone."""

ABLATED = "Table 3"
LAYOUTS = {ABLATED: {"columns": ["dataset", "target", "metric"]}}
RATES = {"rows": ["target", "system"], "columns": ["rate", "metric"]}
"""What names a row and a column; without a layout of its own, a rate is a column."""
WORDS = r"missing (?P<rate>[\d.]+)(?:, )?(?P<reading>.*)"
"""What a condition says."""


def cells(study: Study) -> pd.DataFrame:
    """Return the predictions of every system, each with the names of its cell.

    The whole method at the ablation's rate stands in two tables of the paper; it is
    trained once.
    """
    table = study.table().assign(paper=PAPER)
    table["source"] = table["dataset"].map(study.sources)
    kinds = table["system"].map({name: system.kind for name, system in SYSTEMS.items()})
    printed = table["item"].str.startswith("Table")
    ablated = printed & kinds.isin(["method", "ablation"]) & table["rate"].eq(RATE)
    rest = table[~printed | kinds.ne("ablation")]
    return pd.concat([rest, table[ablated].assign(item=ABLATED)], ignore_index=True)


def results(study: Study) -> pd.DataFrame:
    """Return Results: every fold and seed of every system."""
    names = [c for c in RESULT_COLUMNS if c not in ("metric", "value")]
    return score_folds(cells(study), by=names)[list(RESULT_COLUMNS)]


def failures(study: Study) -> list[dict]:
    """Return the units that gave no result: their labels, their item, the reason."""
    rows = named("ablation")
    return study.failed(
        lambda labels, _: ABLATED if labels["system"] in rows else labels["item"]
    )


def tables(study: Study) -> dict[str, pd.DataFrame]:
    """Return the tables of a run by name: the paper's numbers beside this run's.

    The gains below MMQ-Net's rows follow from the cells and are not counted as such.
    """
    run, behind, lost = results(study), cells(study), failures(study)
    run, printed = (t[t["metric"].isin(METRICS)] for t in (run, load_reported(PAPER)))
    known = {
        "order": {"system": list(SYSTEMS), "metric": list(METRICS)}, "names": METRICS,
        "references": named("reference"), "predictions": behind, "words": WORDS,
    }  # fmt: skip
    items = [CORPORA[corpus].item for corpus in study.settings.corpora]
    return {
        "table_" + item.lower().removeprefix("table ").replace("-", "_"): compare_table(
            run,
            printed,
            item=item,
            failures=[failure for failure in lost if failure["item"] == item],
            **LAYOUTS.get(item, RATES),
            **known,
        )
        for item in dict.fromkeys(["Table 1", "Table 2", ABLATED, *items])
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
