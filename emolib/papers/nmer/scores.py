"""WA and UA of every unit under every condition, and the tables that they stand in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import product

import pandas as pd

from emolib.containers import RESULT_COLUMNS
from emolib.corpora import CORPORA as KNOWN
from emolib.metrics import CLASS_METRICS, holm, permutation_test, score_folds
from emolib.metrics.scores import COUNT
from emolib.metrics.summaries import MIN_SUBJECTS
from emolib.papers.nmer.grid import LABELS
from emolib.papers.nmer.noise import NAMES
from emolib.papers.nmer.settings import CORPORA, PAPER, SYSTEMS
from emolib.papers.nmer.training import N_TRAIN

PARTS = ("fold", "seed", "clean")
"""What is scored by itself: a fold and seed under one condition."""

ONE_EACH = "given split, one condition each"
"""The paper's protocol for CMU-MOSEI (Section 3.1); all six each is ours."""

NULL_ALPHA, NULL_DRAWS, NULL_SEEDS = 0.01, 10_000, (0, 1, 2)
"""Of the null test: level after Holm, draws, and the surrogates it is made on."""

KIND = ["dataset", "system", "conditions", "noise", "reading", "words", "clean"]
"""What decides in which tables a score stands, and under which name."""


def tallies(study) -> list[tuple]:
    """Return units, test answers, alike ones of a subject counted, and their metrics.

    An ideal reader has answers for UA beside those for WA, each the bound of its own.
    """
    keys = ["subject", *PARTS, "drawn", "y_true", "y_pred"]
    if "tallies" not in study.memo:
        study.memo["tallies"] = [
            (unit, table.groupby(keys).size().reset_index(name=COUNT), metrics)
            for unit, entry in study.finished
            for table, metrics in scored_tables(entry.tables)
        ]
    return study.memo["tallies"]


def scored_tables(tables: Mapping) -> list[tuple[pd.DataFrame, tuple[str, ...]]]:
    """Return a unit's test answers, and what they are scored by."""
    if "best_ua" in tables:
        return [(tables["predictions"], ("wa",)), (tables["best_ua"], ("ua",))]
    return [(tables["predictions"], CLASS_METRICS)]


def protocols(unit, tally=None) -> Iterator[tuple[dict, pd.DataFrame]]:
    """Yield a unit's labels under each of its protocols, with its counted answers.

    Where a split is given, the six conditions appear under two: each utterance under
    all six, and each under one that was drawn for it.
    """
    labels = {name: unit.labels[name] for name in LABELS}
    yield labels, tally
    if CORPORA[labels["dataset"]].n_folds == 1 and labels["conditions"] == "six":
        drawn = None if tally is None else tally[tally["drawn"].astype(bool)]
        yield labels | {"protocol": ONE_EACH}, drawn


def conditions_read(labels: Mapping) -> tuple[str, ...]:
    """Return the conditions that a unit is scored under, the whole of them last."""
    names = NAMES[labels["conditions"]]
    return (*names, "avg") if len(names) > 1 else names


def scores(study) -> pd.DataFrame:
    """Return WA and UA of every unit as Results: by condition, and on average.

    Paper 3, Table 3: "Avg" is the mean of the six conditions' scores.
    """
    parts = []
    for unit, tally, metrics in tallies(study):
        for labels, counts in protocols(unit, tally):
            each = score_folds(counts, by=PARTS, metrics=metrics)
            each = each[each["metric"].isin(metrics)]
            if conditions_read(labels)[-1] == "avg":
                means = each.groupby(["fold", "seed", "metric"], as_index=False)
                mean = means["value"].mean().assign(clean="avg")
                each = pd.concat([each, mean], ignore_index=True)
            parts.append(each.assign(**labels))
    return placed(study, parts)


def placed(study, parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Return rows as Results, once for each table that they stand in.

    Parameters
    ----------
    study : Study
    parts : list of DataFrame
        With the columns of `LABELS`, and `clean`: a condition, or "avg".
    """
    if not parts:
        return pd.DataFrame(columns=[*RESULT_COLUMNS])
    rows = pd.concat(parts, ignore_index=True)
    kinds = rows[KIND].drop_duplicates()
    names = kinds.assign(
        paper=PAPER, source=kinds["dataset"].map(study.sources),
        item=[items_of(kind) for kind in kinds.to_dict("records")],
        condition=[condition_of(kind) for kind in kinds.to_dict("records")],
    )  # fmt: skip
    return rows.merge(names.explode("item"), on=KIND)[[*RESULT_COLUMNS]]


def condition_of(kind: Mapping) -> str:
    """Return what the paper's tables call a condition: "gaussian -10 dB av"."""
    if kind["conditions"] == "clean":
        return "clean"
    is_one = len(SYSTEMS[kind["system"]].reads) == 1
    return kind["words"] if is_one else f"{kind['words']} {kind['clean']}"


def items_of(kind: Mapping) -> list[str]:
    """Return the tables of the paper, or of ours, that a score belongs to.

    The twins of Tables 4 and 5 with impulses are not printed. Corpora that the paper
    does not use have a table of their own.
    """
    if kind["dataset"] not in N_TRAIN:
        return [KNOWN[kind["dataset"]].title]
    if kind["reading"] == "released":
        return ["released noise"]
    twin = ", impulse" if kind["noise"] == "impulse" else ""
    if len(SYSTEMS[kind["system"]].reads) == 1:
        return [f"Table 4{twin}"]
    if kind["conditions"] != "six":
        return ["clean"] if kind["conditions"] == "clean" else [f"Table 5{twin}"]
    is_detailed = kind["system"] == "NMER" and kind["noise"] == "gaussian"
    found = ["Table 3"] if is_detailed else []
    if kind["clean"] == "avg":
        return ["missing" if kind["noise"] == "missing" else "Table 2", *found]
    return found or ["by condition"]


def lost_cells(study) -> list[dict]:
    """Return every cell that a unit without a result costs, with the reason."""
    return [
        {**kind, "item": item, "condition": condition_of(kind), "reason": reason}
        for unit, reason in study.failures
        for labels, _ in protocols(unit)
        for clean in conditions_read(labels)
        for kind in [labels | {"clean": clean}]
        for item in items_of(kind)
    ]


def answers_behind(study) -> Callable[[Mapping], pd.DataFrame | None]:
    """Return the function from a cell to its counted answers, for its interval.

    Corpora of few subjects have their intervals over folds: of these there are none.
    """
    names, parts = ("dataset", "method", "variant", "protocol"), {}
    for unit, tally, metrics in tallies(study):
        if tally["subject"].nunique() < MIN_SUBJECTS:
            continue
        for labels, counts in protocols(unit, tally):
            for clean, metric in product(conditions_read(labels), metrics):
                condition = condition_of(labels | {"clean": clean})
                key = (*(labels[name] for name in names), condition, metric)
                chosen = counts if clean == "avg" else counts[counts["clean"] == clean]
                parts.setdefault(key, []).append(chosen)

    def find(cell: Mapping) -> pd.DataFrame | None:
        found = parts.get(tuple(cell[name] for name in (*names, "condition", "metric")))
        return None if found is None else pd.concat(found, ignore_index=True)

    return find


def null_test(study, metric: str = "ua", *, n_draws: int = NULL_DRAWS) -> pd.DataFrame:
    """Return whether any system scores above chance where there is nothing to find.

    For a surrogate written with ``effect=0``. Stored test answers are held against
    labels of whole utterances permuted within each speaker; nothing is retrained.

    Returns
    -------
    table : DataFrame
        Columns dataset, conditions, noise, db, system, p, p_holm, above_chance. Holm's
        correction runs over all rows of the run.
    """
    names = ["dataset", "conditions", "noise", "db", "system"]
    answers = study.table(reading="paper", preset=study.settings.presets[0])
    trained = [name for name, row in SYSTEMS.items() if row.trained != "never"]
    answers = answers[answers["system"].isin(trained)]
    rows = [
        (*key, permutation_test(part, metric, parts=PARTS, n_draws=n_draws))
        for key, part in answers.groupby(names, sort=False)
    ]
    table = pd.DataFrame(rows, columns=[*names, "p"])
    table["p_holm"] = holm(table["p"].tolist())
    return table.assign(above_chance=table["p_holm"] <= NULL_ALPHA)
