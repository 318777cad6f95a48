"""Tables 2 to 5 beside our numbers, and what else `save_report` keeps."""

from __future__ import annotations

import pandas as pd

from emolib.containers import RESULT_COLUMNS
from emolib.corpora.registry import CORPORA
from emolib.metrics import CLASS_METRICS, subject_scores
from emolib.papers import load_reported
from emolib.papers.nmer.frames import fold_of
from emolib.papers.nmer.items.data import table_1_results
from emolib.papers.nmer.items.noise import MIN_FOLDS
from emolib.papers.nmer.level_views import level_frame, level_results
from emolib.papers.nmer.scoring import (
    BOOTSTRAP_PARTS,
    ORDER,
    PARTS,
    Behind,
    condition_of,
    conditions_read,
    items_of,
    placed,
    protocols,
    protocols_of,
    results_of,
    tallies,
)
from emolib.papers.nmer.settings import PAPER, TARGETS
from emolib.reporting.declared import slug
from emolib.reporting.pages import in_order, page_of, system_of
from emolib.reporting.tables import compare_table
from emolib.study import Study

PRINTED = ("Table 1", "Table 2", "Table 3", "Table 4", "Table 5", "Section 2.2.3")
"""What the paper prints as numbers."""

ROWS = ("dataset", "protocol", "system")
NAMES = {"wa": "WA", "ua": "UA", "n_windows": "", "n_noise_steps": "T"}
METRICS = tuple(NAMES)
"""What tables show; nominal and measured dB stand in `levels`."""


def results(study: Study) -> pd.DataFrame:
    """Return all Results of a run: scores, Table 1's counts and the T of each level."""
    parts = [
        results_of(study),
        table_1_results(study),
        level_results(level_frame(study)),
    ]
    return pd.concat([part for part in parts if len(part)], ignore_index=True)


def table(study: Study, item: str, *, scores=None, behind=None) -> pd.DataFrame:
    """Return one table beside our numbers, with references below it.

    Paper 3, Tables 1 to 5. Rows are cells, as `compare_table` gives them; those that
    were not run are left out and counted.

    Parameters
    ----------
    study : Study
    item : str
        Of the paper ("Table 2"), or of ours ("Table 5, impulse").
    scores, behind
        `results` and `Behind` of the study, where they are there already.
    """
    scores = results(study) if scores is None else scores
    behind = Behind(study) if behind is None else behind
    compared = compare_table(
        scores[scores["metric"].isin(METRICS)],
        load_reported(PAPER),
        item=item,
        failures=[cell for cell in lost_cells(study) if cell["item"] == item],
        predictions=behind,
        parts=BOOTSTRAP_PARTS,
    )
    if item not in PRINTED:
        compared.attrs["cells"] = "the paper prints nothing beside this table"
    ranks = {"condition": conditions_in_order(compared), "system": ORDER}
    by = ("item", "dataset", "target", "protocol", "system", "condition", "metric")
    ordered = in_order(named(compared), {**ranks, "metric": METRICS}, by)
    return ordered.drop(columns="system")


def tables(study: Study, items=PRINTED) -> dict[str, pd.DataFrame]:
    """Return the tables of a run by the name of their file.

    The printed ones that `items` names are always there, empty where nothing of them
    was run; our own where something was. Single conditions of other systems than the
    paper's own stand in ``results.csv`` alone.
    """
    scores, behind = results(study), Behind(study)
    own = [name for name in dict.fromkeys(scores["item"]) if name not in PRINTED]
    return {
        file_of(item): table(study, item, scores=scores, behind=behind)
        for item in (*items, *own)
        if item != "by condition"
    }


def file_of(item: str) -> str:
    """Return the name of an item's file: "table_2", "table_5_impulse", "table_mosi".

    A corpus that the paper does not use is an item of its own, under its title.
    """
    titles = {CORPORA[name].title: name for name in TARGETS}
    if item in titles:
        return f"table_{titles[item]}"
    name = slug(item.replace(",", " ").replace(".", "_"))
    return name if name.startswith("table_") else f"table_{name}"


def named(compared: pd.DataFrame) -> pd.DataFrame:
    """Return a compared table with each row's system, told apart in Table 4 too."""
    system = system_of(compared)
    alone = compared["method"].str.startswith("uni-modal")
    both = compared["method"] + " " + compared["variant"]
    return compared.assign(system=system.mask(alone, both))


def page(compared: pd.DataFrame) -> pd.DataFrame:
    """Return a compared table as the paper's: a column per condition and metric.

    Below each of our lines stands the paper's, where it prints one. Intervals over
    fewer than `MIN_FOLDS` folds are left out. Table 3 has a line per level.
    """
    if compared.empty:
        return compared
    few = compared["n_folds"].between(2, MIN_FOLDS - 1)
    shown = named(compared).assign(
        low=compared["low"].mask(few), high=compared["high"].mask(few)
    )
    rows, columns = ROWS, ("condition", "metric")
    if set(compared["item"]) == {"Table 3"}:
        parts = shown["condition"].str.rsplit(" ", n=1, expand=True)
        shown = shown.assign(noise=parts[0], clean=parts[1])
        rows, columns = (*ROWS, "noise"), ("clean", "metric")
    made = page_of(shown, rows=rows, columns=columns, names=NAMES, two_lines=True)
    return made[_by_condition(list(made), compared)]


def _by_condition(titles: list[str], compared: pd.DataFrame) -> list[str]:
    """Return a page's columns with rising noise, whichever row came first.

    Systems that are trained clean are tested at levels that others have no row for.
    """
    names = [n for c in conditions_in_order(compared) for n in (f"{c} WA", f"{c} UA")]
    place = {name: i for i, name in enumerate(names)}
    return sorted(titles, key=lambda title: place.get(title, -1))


def conditions_in_order(compared: pd.DataFrame) -> list[str]:
    """Return the conditions of a table: clean, then rising noise, each a to average."""
    tails = ("", "a", "v", "l", "av", "al", "vl", "avg", "none")

    def place(name: str) -> tuple:
        words = name.split()
        db = next((float(w) for w in words if _is_number(w)), 1000.0)
        tail = words[-1] if words and words[-1] in tails else ""
        return (name != "clean", -db, "exact" in words, words[:1], tails.index(tail))

    return sorted(compared["condition"].dropna().unique(), key=place)


def _is_number(word: str) -> bool:
    return word.lstrip("-").replace(".", "", 1).isdigit()


def subjects(study: Study) -> pd.DataFrame:
    """Return each subject's WA and UA in each cell: what pairs two runs."""
    names = [c for c in RESULT_COLUMNS if c not in ("fold", "seed", "metric", "value")]
    parts = []
    for unit, counts in tallies(study):
        for protocol, predictions in protocols(unit, counts):
            known = {**_whole(unit.labels), "protocol": protocol}
            for metric in CLASS_METRICS:
                found = subject_scores(predictions, metric, parts=PARTS)
                parts.append(found.assign(metric=metric, **known))
    if not parts:
        return pd.DataFrame(columns=[*names, "subject", "metric", "value"])
    everyone = placed(study, pd.concat(parts, ignore_index=True))
    columns = [*names, "subject", "metric"]
    return everyone.groupby(columns, as_index=False)["value"].mean()


def failures(study: Study) -> list[dict]:
    """Return the units that gave no result: their labels, their item, the reason."""
    return study.failed(lambda labels, system: items_of(_whole(labels))[0])


def lost_cells(study: Study) -> list[dict]:
    """Return every cell that a unit without a result costs, with the reason."""
    return [
        {**kind, "item": item, "condition": condition_of(kind), "reason": reason}
        for unit, reason in study.failures
        for protocol in protocols_of(unit.labels)
        for clean in conditions_read(unit.labels)
        for kind in [{**unit.labels, "clean": clean, "protocol": protocol}]
        for item in items_of(kind)
    ]


def _whole(labels: dict) -> dict:
    """Return a unit's labels with the condition that stands for all of its own."""
    return {**labels, "clean": conditions_read(labels)[-1]}


def audits(study: Study) -> list[dict]:
    """Return what training and test share in each fold that was run."""
    return study.audits(fold_of)
