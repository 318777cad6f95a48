"""Tables 1 and 2 beside our numbers, and what else `save_report` keeps."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from emolib.containers import RESULT_COLUMNS
from emolib.metrics import METRICS, subject_scores, summarise
from emolib.papers.ecg_eeg.items.alignment import figure_2_results
from emolib.papers.ecg_eeg.settings import BASELINES, PAPER, REFERENCES, VARIANTS
from emolib.papers.ecg_eeg.study import ITEMS, Study, cells, item_of, results_of
from emolib.papers.ecg_eeg.task import fold_of
from emolib.reporting.pages import in_order, page_of, system_of
from emolib.reporting.printed import load_reported
from emolib.reporting.tables import compare_table

FILES = {
    **{item: f"table_{corpus}" for corpus, item in ITEMS.items()},
    "Table 1": "table_1",
    "Table 2": "table_2",
}
ORDER = (*BASELINES, *list(VARIANTS)[1:], "ours", *REFERENCES)
"""Systems as a reader meets them: the rows of the paper, then references."""

SHORT = {
    "accuracy": "accuracy", "f1_macro": "macro F1", "f1_positive": "F1 of high",
    "auc": "AUC",
}  # fmt: skip


def reported_as_ours(reported: pd.DataFrame) -> pd.DataFrame:
    """Return the paper's numbers with F1 under the name that most rows allow.

    The paper does not say how it averaged F1. Most rows look like macro F1; three
    cannot be, since they exceed their accuracy.
    """
    return reported.assign(metric=reported["metric"].replace({"f1": "f1_macro"}))


def summary(results: pd.DataFrame, predictions: pd.DataFrame | None = None):
    """Return mean, SD and 95 % interval of every system and condition."""
    by = ("dataset", "target", "protocol", "method", "variant", "condition", "metric")
    return summarise(results, by, predictions=predictions)


def results(study: Study) -> pd.DataFrame:
    """Return all Results of a run: the scores of every system, and Fig. 2's numbers."""
    return pd.concat([results_of(study), figure_2_results(study)], ignore_index=True)


def table(study: Study, item: str) -> pd.DataFrame:
    """Return one printed table beside our numbers, with references below it.

    Rows are cells, as `emolib.reporting.compare_table` gives them; those that were not
    run are left out and counted.
    """
    scores = results_of(study)
    scores = scores[scores["metric"].isin(METRICS)]
    compared = compare_table(
        scores,
        reported_as_ours(load_reported(PAPER)),
        item=item,
        failures=[f for f in failures(study) if f["item"] == item],
        predictions=cells(study),
    )
    if item not in ("Table 1", "Table 2"):
        compared.attrs["cells"] = "the paper prints nothing beside this corpus"
    by = ("dataset", "target", "protocol", "condition", "system", "metric")
    return in_order(compared, {"system": ORDER, "metric": METRICS}, by)


def tables(study: Study) -> dict[str, pd.DataFrame]:
    """Return the tables of a run by the name of their file.

    Both printed tables are always there, empty where nothing of them was run.
    """
    items = ["Table 1", "Table 2"]
    items += [ITEMS[c] for c in study.settings.corpora if ITEMS[c] not in items]
    return {FILES[item]: table(study, item) for item in items} | {
        "table_fig_2": figure_2_table(study)
    }


def figure_2_table(study: Study) -> pd.DataFrame:
    """Return Fig. 2's printed numbers beside ours.

    The paper does not say on which corpus and target; its numbers stand beside each.
    """
    ours = figure_2_results(study)
    printed = load_reported(PAPER)
    printed = printed[printed["item"] == "Fig. 2"].drop(columns=["dataset", "target"])
    places = ours[["dataset", "target"]].drop_duplicates()
    return compare_table(ours, printed.merge(places, how="cross"), item="Fig. 2")


def page(compared: pd.DataFrame) -> pd.DataFrame:
    """Return a compared table as it is read: a row a system, two columns a metric."""
    if compared.empty:
        return compared
    rows = ("dataset", "target", "protocol", "condition", "system")
    return page_of(compared, rows=rows, names=SHORT).rename(
        columns={"protocol": "split"}
    )


def dots(
    compared: Mapping[str, pd.DataFrame], metric: str = "auc",
    protocol: str = "by_subject",
) -> pd.DataFrame:  # fmt: skip
    """Return what `plot_paper_vs_ours` draws: one metric under one split.

    Parameters
    ----------
    compared : mapping of name to DataFrame
        As `tables` returns them; Fig. 2 has no such metric.
    metric, protocol : str
    """
    every = pd.concat([t for t in compared.values() if len(t)], ignore_index=True)
    chosen = every["metric"].eq(metric) & every["protocol"].eq(protocol)
    rows = every[chosen & every["condition"].eq("")]
    return pd.DataFrame(
        {
            "column": rows["dataset"].str.upper() + " " + rows["target"],
            "system": system_of(rows),
            **{name: rows[name] for name in ("paper", "ours", "low", "high")},
        }
    ).reset_index(drop=True)


def subjects(study: Study, metric: str = "auc") -> pd.DataFrame:
    """Return each subject's score in each cell: what pairs two runs."""
    keys = [c for c in RESULT_COLUMNS if c not in ("fold", "seed", "metric", "value")]
    parts = [
        subject_scores(rows, metric).assign(**dict(zip(keys, key, strict=True)))
        for key, rows in cells(study).groupby(keys, sort=True)
    ]
    everyone = pd.concat(parts, ignore_index=True).assign(metric=metric)
    return everyone.drop(columns="n_parts").dropna(subset="value")


def failures(study: Study) -> list[dict]:
    """Return the units that gave no result: their labels, their item, the reason."""
    return study.failed(
        lambda labels, system: item_of(labels) if labels["dataset"] else system
    )


def audits(study: Study) -> list[dict]:
    """Return what training and test share in each split that was run."""
    return study.audits(fold_of)
