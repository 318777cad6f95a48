"""Where each number stands in the paper; nothing here trains."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from emolib.containers import RESULT_COLUMNS
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
    scores = score_folds(cells(study), by=names)[list(RESULT_COLUMNS)]
    is_f1 = scores["metric"].str.startswith("f1")  # of who maximises accuracy: no bound
    return scores[~(scores["method"].isin(named("ceiling")) & is_f1)]


def failures(study: Study) -> list[dict]:
    """Return the units that gave no result: their labels, their item, the reason."""
    rows = named("ablation")
    return study.failed(
        lambda labels, _: ABLATED if labels["system"] in rows else labels["item"]
    )


def tables(study: Study) -> dict[str, pd.DataFrame]:
    """Return the tables of a run by name: the paper's numbers beside this run's.

    The gains below MMQ-Net's rows follow from the cells and are not counted as such. A
    table's systems are compared on the same folds; where a few systems have more, a
    table of theirs stands beside, with intervals.
    """
    settings = study.settings
    items = [CORPORA[corpus].item for corpus in settings.corpora]
    made = {}
    for item in dict.fromkeys(["Table 1", "Table 2", ABLATED, *items]):
        name = "table_" + item.lower().removeprefix("table ").replace("-", "_")
        made[name] = _compared(study, item, {"fold": settings.folds})
        if settings.more_folds and item in items:
            few = {"fold": [*settings.folds, *settings.more_folds]}
            few |= {"method": settings.beside_systems, "rate": settings.beside_rates}
            few |= {"protocol": settings.protocols}
            made[f"{name}_folds"] = _compared(study, item, few)
    return made


EPOCHS = (
    "dataset", "target", "protocol", "preset", "system", "variant", "condition", "fold",
    "seed",
)  # fmt: skip


def kept_epochs(study: Study) -> pd.DataFrame:
    """Return which epoch of each training was kept, of how many, and its AUC.

    Returns
    -------
    epochs : DataFrame
        Columns `EPOCHS`, kept, run (epochs), cap (that the run gives a baseline; 0 for
        none), auc (of validation windows; NaN where no class chose).
    """
    rows = []
    for unit, entry in study.finished:
        if "history" not in entry.tables:
            continue
        told = entry.tables["history"].query("split == 'val'").set_index("epoch")
        error = told.get("monitor", told["total"])
        auc = 1 - error.min() if "monitor" in told else float("nan")
        cap = unit.settings.get("baseline_epochs", 0)
        known = {name: unit.labels[name] for name in EPOCHS}
        run = error.index.max()
        rows.append(
            {**known, "kept": error.idxmin(), "run": run, "cap": cap, "auc": auc}
        )
    return pd.DataFrame(rows, columns=[*EPOCHS, "kept", "run", "cap", "auc"])


def _compared(study: Study, item: str, where: Mapping) -> pd.DataFrame:
    """Return the table of some of a run's folds, systems, rates and protocols."""
    behind, run = cells(study), results(study)
    rate = run["condition"].str.extract(WORDS)["rate"].astype(float)
    run = run.assign(rate=rate)[run["metric"].isin(METRICS)]
    lost = [failure for failure in failures(study) if failure["item"] == item]
    lost = [one for one in lost if all(one[key] in where[key] for key in where)]
    printed = load_reported(PAPER)
    run, behind = (t[t[[*where]].isin(where).all(axis=1)] for t in (run, behind))
    return compare_table(
        run, printed[printed["metric"].isin(METRICS)], item=item, failures=lost,
        order={"system": list(SYSTEMS), "metric": list(METRICS)}, names=METRICS,
        references=named("reference", "ceiling"), predictions=behind, words=WORDS,
        **LAYOUTS.get(item, RATES),
    )  # fmt: skip


def about(study: Study) -> dict:
    """Return what the report of any notebook keeps beside its tables and figures."""
    return study.about(results(study), failures(study), fold_of, knobs)
