"""WA and UA of every unit, under every condition, and the cell of a table they fill."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from emolib.containers import RESULT_COLUMNS
from emolib.corpora.registry import CORPORA
from emolib.metrics import CLASS_METRICS, score_folds, summarise
from emolib.metrics.scores import COUNT
from emolib.metrics.summaries import MIN_SUBJECTS
from emolib.papers.nmer.corruption import NAMES
from emolib.papers.nmer.grid import LABELS
from emolib.papers.nmer.settings import (
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
from emolib.study import Study

PARTS = ("fold", "seed", "clean")
"""What is scored by itself: a fold and seed under one condition."""

BOOTSTRAP_PARTS = ("fold", "seed", "part")
"""The same of `Behind`, where an average keeps the conditions it is over."""

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
        for words in ("", *(f", {p}".replace("_", " ") for p in list(PRESETS)[1:]))
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
    if "scores" not in study.memo:
        parts = [
            _scored(counts).assign(**_labels(unit, protocol))
            for unit, tally in tallies(study)
            for protocol, counts in protocols(unit, tally)
        ]
        columns = [*LABELS, *PARTS, "metric", "value"]
        empty = pd.DataFrame(columns=columns)
        study.memo["scores"] = (
            pd.concat(parts, ignore_index=True)[columns] if parts else empty
        )
    return study.memo["scores"]


def tallies(study: Study) -> list[tuple]:
    """Return each unit with its test answers counted.

    Returns
    -------
    tallies : list of (Unit, DataFrame)
        Columns subject, fold, seed, clean, drawn, y_true, y_pred and `COUNT`.
    """
    if "tallies" not in study.memo:
        study.memo["tallies"] = [
            (unit, tally(entry.tables["predictions"])) for unit, entry in study.finished
        ]
    return study.memo["tallies"]


def tally(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return how many utterances of a subject were answered alike."""
    keys = ["subject", *PARTS, "drawn", "y_true", "y_pred"]
    counts = predictions.groupby(keys, sort=True).size()
    return counts.rename(COUNT).reset_index()


def protocols(unit, tally: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield each protocol under which a unit was tested, with its counted answers."""
    for protocol in protocols_of(unit.labels):
        one = protocol == ONE_EACH
        yield protocol, tally[tally["drawn"].astype(bool)] if one else tally


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
    found = summarise(rows, CELL, predictions=Behind(study), parts=BOOTSTRAP_PARTS)
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


class Behind:
    """The answers behind each cell of a table, gathered when an interval needs them.

    Corpora of few speakers have their intervals over folds: of these there are none.

    Parameters
    ----------
    study : Study
    """

    def __init__(self, study: Study):
        self._parts: dict[tuple, list] = {}
        for unit, counts in tallies(study):
            if counts["subject"].nunique() < MIN_SUBJECTS:
                continue
            for protocol, chosen in protocols(unit, counts):
                for clean in conditions_read(unit.labels):
                    kind = {**_labels(unit, protocol), "clean": clean}
                    kind["condition"] = condition_of(kind)
                    key = tuple(kind[name] for name in CELL[1:])
                    self._parts.setdefault(key, []).append((chosen, clean))

    def __call__(self, cell: Mapping) -> pd.DataFrame | None:
        """Return the counted answers of a cell, None where none are kept.

        Column `part` tells the conditions apart that an average is over.
        """
        parts = self._parts.get(tuple(cell[name] for name in CELL[1:]))
        if parts is None:
            return None
        chosen = [
            counts if clean == "avg" else counts[counts["clean"] == clean]
            for counts, clean in parts
        ]
        return pd.concat(chosen, ignore_index=True).rename(columns={"clean": "part"})
