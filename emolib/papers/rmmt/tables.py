"""Where each number stands in the paper; nothing here trains."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from emolib.containers import RESULT_COLUMNS
from emolib.corpora import CORPORA
from emolib.metrics.summaries import t_interval
from emolib.metrics.traces import PER_TRIAL, score_traces
from emolib.papers.rmmt.grid import PAPER, knobs, places
from emolib.papers.rmmt.settings import (
    FUSIONS,
    LOSO,
    PARTS,
    SWEEP,
    SYSTEMS,
    TENFOLD,
    named,
)
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

TITLES = {name: corpus.title for name, corpus in CORPORA.items()}
ITEMS = (FUSIONS, TENFOLD, LOSO, PARTS, SWEEP)
BY_ALPHA = {"rows": ["alpha"], "columns": ["metric"]}
WORDS = r"(?:alpha )?(?P<alpha>[\d.]+|constant)?(?:, )?(?P<reading>.*)"
"""What a condition says: of Table 7 the row, and a reading that is not the default."""


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
        "order": {"system": list(SYSTEMS), "metric": list(METRICS)},
        "names": METRICS | TITLES,
        "references": named("reference"), "words": WORDS,
    }  # fmt: skip
    return {
        item.lower().replace(" ", "_"): compare_table(
            run,
            printed,
            item=item,
            failures=[failure for failure in lost if failure["item"] == item],
            **(BY_ALPHA if item == SWEEP else {}),
            **known,
        )
        for item in ITEMS
    }


def about(study: Study) -> dict:
    """Return what the report of any notebook keeps beside its tables and figures."""
    return study.about(results(study), failures(study), fold_of, knobs)


# ---------------------------------------------------------------- beside the tables


def differences(
    study: Study, label: str, pairs: Sequence[tuple], *, metric: str = "ccc", **labels
) -> pd.DataFrame:
    """Return a minus b for pairs of one label's values, paired by subject.

    All steps of a subject that are tested with one seed are scored as one sequence.

    Parameters
    ----------
    study : Study
    label : str
        In which a and b differ: "system", or "alpha".
    pairs : sequence of (a, b)
        One that was not run as a whole is left out.
    metric : one of `emolib.metrics.traces.TRACE_METRICS` or `PER_TRIAL`
    **labels
        What all compared units share, for example ``protocol="by_trial"``.

    Returns
    -------
    differences : DataFrame
        Columns a, b, mean (of RMSE: below 0 a is better), low, high (95 %, t over
        subjects; none below five), n (subjects).
    """
    rows = []
    for pair in pairs:
        sides = [study.table(**{**labels, label: value}) for value in pair]
        if any(side.empty for side in sides):
            continue
        scores = pd.concat(
            [_of_subjects(side, metric) for side in sides], axis=1, join="inner"
        )
        gaps = (scores.iloc[:, 0] - scores.iloc[:, 1]).dropna().to_numpy()
        rows.append((*pair, gaps.mean(), *t_interval(gaps, (-2, 2)), len(gaps)))
    return pd.DataFrame(rows, columns=["a", "b", "mean", "low", "high", "n"])


def _of_subjects(table: pd.DataFrame, metric: str) -> pd.Series:
    """Return a score a subject, the mean over seeds."""
    scores = score_traces(table, by=("subject", "seed")).query("metric == @metric")
    return scores.groupby("subject")["value"].mean()


def kept_epochs(study: Study) -> pd.DataFrame:
    """Return which epoch every network was kept at, of how many.

    Returns
    -------
    epochs : DataFrame
        Columns dataset, protocol, preset, system, alpha, fold, kept, run (epochs), cap
        (that the run gives; 0: the system's own number), ccc (of validation trials).
    """
    names, rows = ("dataset", "protocol", "preset", "system", "alpha", "fold"), []
    for unit, entry in study.finished:
        if "history" in entry.tables:
            told = entry.tables["history"].query("split == 'val'")
            best = told.loc[told["monitor"].idxmin()]
            caps = [unit.settings.get(f"{k}_epochs", 0) for k in ("max", "baseline")]
            row = {name: unit.labels[name] for name in names}
            row |= {"kept": int(best["epoch"]), "run": int(told["epoch"].max())}
            rows.append({**row, "cap": max(caps), "ccc": 1 - best["monitor"]})
    return pd.DataFrame(rows, columns=[*names, "kept", "run", "cap", "ccc"])
