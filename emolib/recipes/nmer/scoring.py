"""WA and UA of every unit, under every condition, and the cell of a table they fill."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd

from emolib.containers import RESULT_COLUMNS
from emolib.corpora.registry import CORPORA
from emolib.metrics import CLASS_METRICS, score_folds, summarise
from emolib.metrics.summaries import MIN_SUBJECTS
from emolib.recipes.nmer.corruption import NAMES
from emolib.recipes.nmer.grid import LABELS
from emolib.recipes.nmer.settings import (
    BASELINES,
    N_FOLDS,
    ONE_MODALITY,
    PAPER,
    PRESETS,
    REFERENCES,
    UNIMODAL,
    VARIANTS,
)
from emolib.reporting.pages import system_of
from emolib.units.study import Study

PARTS = ("fold", "seed", "clean")
"""What is scored by itself: a fold and seed under one condition."""

BOOTSTRAP_PARTS = ("fold", "seed", "part")
"""The same of `cells`, where an average keeps the conditions it is over."""

ONE_EACH = "given split, one condition each"
"""The paper's protocol for CMU-MOSEI (Section 3.1); all six each is ours."""

IN_PAPER = ("iemocap", "mosei")

ORDER = (
    *BASELINES,
    "ours",
    *(preset.replace("_", " ") for preset in PRESETS),
    *(
        f"{variant}{words}"
        for variant in list(VARIANTS)[1:]
        for words in ("", ", as printed", ", as released")
    ),
    *UNIMODAL,
    *"avl",
    *REFERENCES,
)
"""Systems as a reader meets them: the rows of Table 2, of Table 4, then references."""


def scores(study: Study) -> pd.DataFrame:
    """Return WA and UA of every unit: under each condition, and their mean.

    Returns
    -------
    scores : DataFrame
        Columns of `LABELS`, fold, seed, clean (a condition, or "avg"), metric, value.
        Where a split is given, the six conditions appear under two protocols: each
        utterance under all six, and each under one that was drawn for it.
    """
    parts = [
        _scored(table).assign(**_labels(unit, protocol))
        for unit, entry in study.finished
        for protocol, table in protocols(unit, entry)
    ]
    columns = [*LABELS, *PARTS, "metric", "value"]
    if not parts:
        return pd.DataFrame(columns=columns)
    return pd.concat(parts, ignore_index=True)[columns]


def protocols(unit, entry) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield each protocol under which a unit was tested, with its predictions."""
    table = entry.tables["predictions"]
    for protocol in protocols_of(unit.labels):
        one = protocol == ONE_EACH
        yield protocol, table[table["drawn"].astype(bool)] if one else table


def protocols_of(labels: dict) -> tuple[str, ...]:
    """Return the protocols under which a unit with these labels is tested."""
    both = N_FOLDS[labels["dataset"]] == 1 and labels["conditions"] == "six"
    return (labels["protocol"], ONE_EACH) if both else (labels["protocol"],)


def conditions_read(labels: dict) -> tuple[str, ...]:
    """Return the conditions that a unit is scored under, the whole of them last."""
    names = NAMES[labels["conditions"]]
    return (*names, "avg") if len(names) > 1 else names


def _labels(unit, protocol: str) -> dict:
    """Return a unit's labels under one of its protocols."""
    return {k: unit.labels[k] for k in LABELS} | {"protocol": protocol}


def _scored(table: pd.DataFrame) -> pd.DataFrame:
    """Return the scores of one unit, by condition and on average over the six.

    Paper 3, Table 3: "Avg" is the mean of the six conditions' scores.
    """
    each = score_folds(table, by=PARTS, metrics=CLASS_METRICS)
    each = each[each["metric"] != "n_windows"]
    if table["clean"].nunique() == 1:
        return each
    mean = each.groupby(["fold", "seed", "metric"], as_index=False)["value"].mean()
    return pd.concat([each, mean.assign(clean="avg")], ignore_index=True)


def results_of(study: Study) -> pd.DataFrame:
    """Return Results: every score of every unit, once for each table it stands in."""
    return placed(study, scores(study))[list(RESULT_COLUMNS)]


def summary(study: Study, metrics: Sequence[str] = CLASS_METRICS) -> pd.DataFrame:
    """Return mean, SD and 95 % interval of every system in every cell.

    Returns
    -------
    summary : DataFrame
        Columns item, dataset, target, protocol, method, variant, condition, noise, db,
        exact, conditions, clean, system (variant, else method), metric, and those of
        `emolib.metrics.summarise`.
    """
    rows = placed(study, scores(study))
    rows = rows[rows["metric"].isin(metrics)]
    found = summarise(rows, CELL, predictions=cells(study), parts=BOOTSTRAP_PARTS)
    more = ["noise", "db", "exact", "reading", "conditions", "clean"]
    known = rows[[*CELL, *more]].drop_duplicates([*CELL])
    found = found.merge(known, on=[*CELL])
    return found.assign(system=system_of(found))


CELL = ("item", "dataset", "target", "protocol", "method", "variant", "condition")


def placed(study: Study, rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows with paper, source, item and condition, once for each item.

    Parameters
    ----------
    study : Study
    rows : DataFrame
        With the columns of `KIND`.
    """
    kinds = rows[[*KIND]].drop_duplicates()
    records = kinds.to_dict("records")
    names = kinds.assign(
        paper=PAPER,
        source=kinds["dataset"].map(study.sources),
        item=[items_of(kind) for kind in records],
        condition=[condition_of(kind) for kind in records],
    )
    return rows.merge(names.explode("item"), on=[*KIND])


KIND = (
    "dataset", "system", "method", "variant", "conditions", "noise", "reading", "words",
    "clean",
)  # fmt: skip
"""What decides in which tables a score stands, and under which name."""


def condition_of(kind: dict) -> str:
    """Return what the paper's tables call a condition: "gaussian -10 dB av"."""
    if kind["conditions"] == "clean":
        return "clean"
    if kind["system"] in ONE_MODALITY:
        return kind["words"]
    return f"{kind['words']} {kind['clean']}"


def items_of(kind: dict) -> list[str]:
    """Return the tables of the paper, or of ours, that a score belongs to.

    The twins of Tables 4 and 5 with impulses are not printed. Corpora that the paper
    does not use have a table of their own.
    """
    if kind["dataset"] not in IN_PAPER:
        return [CORPORA[kind["dataset"]].title]
    twin = ", impulse" if kind["noise"] == "impulse" else ""
    if kind["reading"] == "released":
        return ["released noise"]
    if kind["system"] in ONE_MODALITY:
        return [f"Table 4{twin}"]
    if kind["conditions"] == "clean":
        return ["clean"]
    if kind["conditions"] == "all":
        return [f"Table 5{twin}"]
    detailed = kind["system"] == "ours" and kind["noise"] == "gaussian"
    found = ["Table 3"] if detailed else []
    if kind["clean"] == "avg":
        return ["Table 2" if kind["noise"] != "missing" else "missing", *found]
    return found or ["by condition"]


def cells(study: Study) -> pd.DataFrame:
    """Return the predictions behind `results_of` where subjects can be drawn again.

    Corpora of few speakers have their intervals over folds; their predictions are left
    out.

    Returns
    -------
    cells : DataFrame
        The columns of Results that name a cell, subject, part, y_true and y_pred;
        `part` tells the conditions apart that an average is over.
    """
    names = [c for c in RESULT_COLUMNS if c not in ("metric", "value")]
    wanted = [*names, "subject", "part", "y_true", "y_pred"]
    tables = [
        table.assign(**_labels(unit, protocol))
        for unit, entry in study.finished
        for protocol, table in protocols(unit, entry)
        if table["subject"].nunique() >= MIN_SUBJECTS
    ]
    if not tables:
        return pd.DataFrame(columns=wanted)
    each = pd.concat(tables, ignore_index=True)
    each["part"] = each["clean"]
    whole = each[each["conditions"] == "six"].assign(clean="avg")
    return placed(study, pd.concat([each, whole], ignore_index=True))[wanted]
