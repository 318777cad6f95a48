"""The tables of paper 3 beside this run's numbers: scores, counts, levels of noise."""

from __future__ import annotations

import pandas as pd

from emolib.containers import RESULT_COLUMNS, Windows
from emolib.corpora import CORPORA as KNOWN
from emolib.corpora import identify
from emolib.corruptions.conditions import SIX
from emolib.papers.nmer.grid import PROTOCOLS, row_of
from emolib.papers.nmer.reading import fold_of, labels_of
from emolib.papers.nmer.scores import (
    ONE_EACH,
    PARTS,
    answers_behind,
    lost_cells,
    scores,
    subjects,
)
from emolib.papers.nmer.settings import (
    CLASSES,
    CORPORA,
    LETTERS,
    PAPER,
    PRESETS,
    SYSTEMS,
)
from emolib.reporting import compare_table, load_reported

PRINTED = ("Table 1", "Table 2", "Table 3", "Table 4", "Table 5", "Section 2.2.3")
"""What the paper prints as numbers."""

METRICS = {"wa": "WA", "ua": "UA", "n_windows": "", "n_noise_steps": "T"}
"""What tables show; nominal and measured dB stand in `levels`."""

ROWS = [
    row["variant"] or row["method"]
    for name, system in SYSTEMS.items()
    for preset in (PRESETS if system.kind == "method" else ["default"])
    for row in [row_of(name, preset)]
]
"""Systems as a reader meets them."""

REFERENCES = [name for name, system in SYSTEMS.items() if system.trained == "never"]

LAYOUTS = {
    "Table 1": {"rows": ["condition"], "columns": ["metric"]},
    "Table 4": {"rows": ["condition", "method"], "columns": ["variant", "metric"]},
}
"""What names a row and a column; elsewhere a system, and a condition and metric."""


def results(study) -> pd.DataFrame:
    """Return all Results of a run: scores, Table 1's counts and the T of each level."""
    parts = [scores(study), table_1_results(study), level_results(levels(study))]
    return pd.concat([part for part in parts if len(part)], ignore_index=True)


def tables(study, items=PRINTED) -> dict[str, pd.DataFrame]:
    """Return the tables of a run beside the paper's, by the name of their file.

    Paper 3, Tables 1 to 5. Rows are cells, as `compare_table` gives them. The printed
    ones that `items` names are always there, empty where nothing of them was run; our
    own where something was. Single conditions of other systems than the paper's own
    stand in ``results.csv`` alone.
    """
    found = results(study)
    found = found[found["metric"].isin(METRICS)]
    known = {
        "failures": lost_cells(study), "predictions": answers_behind(study),
        "parts": PARTS, "names": METRICS, "references": [*REFERENCES, "ceiling"],
        "order": {
            "condition": in_order(found["condition"]), "system": ROWS,
            "metric": [*METRICS],
        },
    }  # fmt: skip
    own = [name for name in dict.fromkeys(found["item"]) if name not in PRINTED]
    chosen = [item for item in (*items, *own) if item != "by condition"]
    return {file_of(item): _table(found, item, **known) for item in chosen}


def _table(found: pd.DataFrame, item: str, **known) -> pd.DataFrame:
    """Return one table; Table 3 has a line a level and a column a condition."""
    layout = LAYOUTS.get(item.partition(",")[0], {"columns": ["condition", "metric"]})
    table = compare_table(found, load_reported(PAPER), item=item, **layout, **known)
    if item != "Table 3":
        return table
    words = table["condition"].str.rsplit(" ", n=1)
    level = (table["variant"] + ", " + words.str[0]).str.removeprefix(", ")
    lines = table.assign(variant=level, condition=words.str[-1])
    lines.attrs["layout"]["order"]["condition"] = [*SIX, "avg"]
    return lines


def file_of(item: str) -> str:
    """Return the name of an item's file: "table_2", "table_5_impulse", "table_mosi".

    A corpus that the paper does not use is an item of its own, under its title.
    """
    titles = {KNOWN[name].title: name for name in CORPORA}
    words = titles.get(item, item.lower().removeprefix("table "))
    return "table_" + words.replace(",", "").replace(".", "_").replace(" ", "_")


def with_levels(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame with what its conditions say in columns of their own.

    Parameters
    ----------
    frame : DataFrame
        Of `tables`, or `load_reported`: columns method, variant and condition.

    Returns
    -------
    frame : DataFrame
        And system (variant, else method), noise, db (NaN where clean or released),
        exact, clean (clean modalities, "avg", "none", or nothing).
    """
    words = frame["condition"].str.extract(r"^(\w+) (-?[\d.]+) dB( exact)? ?(\w*)$")
    return frame.assign(
        system=frame["variant"].where(frame["variant"] != "", frame["method"]),
        noise=words[0], db=words[1].astype(float), exact=words[2].notna(),
        clean=words[3].fillna(""),
    )  # fmt: skip


def in_order(conditions) -> list[str]:
    """Return conditions in order: clean, then rising noise, each a to average."""
    names = pd.DataFrame({"condition": pd.unique(conditions)})
    rows = with_levels(names.assign(method="", variant=""))
    rows["rank"] = rows["clean"].map(["", *SIX, "avg", "none"].index)
    by = ["db", "exact", "noise", "rank"]
    ascending = [False, True, True, True]
    rows = rows.sort_values(by, ascending=ascending, na_position="first", kind="stable")
    return rows["condition"].tolist()


def at_measured_db(study, table: pd.DataFrame, metric: str = "wa") -> pd.DataFrame:
    """Return one table's scores with the dB that their noise had, for `plot_scores`.

    Returns
    -------
    frame : DataFrame
        The table's rows of one metric that have a level, with the columns of
        `with_levels`, mean, and measured_db: mean over modalities and folds.
    """
    rows = with_levels(table[table["metric"] == metric])
    rows = rows[rows["noise"].notna() & (rows["protocol"] != ONE_EACH)]
    keys = ["dataset", "noise", "db", "exact"]
    measured = levels(study).rename(columns={"asked_db": "db"}).groupby(keys)
    rows = rows.join(measured["measured_db"].mean(), on=keys)
    return rows.assign(mean=rows["this_run"]).reset_index(drop=True)


def levels(study) -> pd.DataFrame:
    """Return the dB asked for, nominal and measured, of every level of a run.

    Paper 3, Section 2.2.3. All systems have the same noise.

    Returns
    -------
    levels : DataFrame
        Columns dataset, source, target, protocol, fold, words, name (of the modality),
        noise, exact, asked_db, n_steps (NaN: solved exactly), alpha_bar, nominal_db,
        measured_db, variance, power.
    """
    found = {}
    for unit, entry in study.finished:
        table = entry.tables.get("levels", ())
        if len(table):
            names = ("dataset", "target", "protocol", "fold", "words")
            known = {name: unit.labels[name] for name in names}
            source = study.sources[known["dataset"]]
            found[tuple(known.values())] = table.assign(source=source, **known)
    if not found:
        return pd.DataFrame(columns=LEVEL)
    rows = pd.concat(found.values(), ignore_index=True)
    rows = rows.rename(columns={"modality": "name"})
    return rows.assign(n_steps=rows["n_steps"].where(rows["n_steps"] > 0))[LEVEL]


LEVEL = [
    "dataset", "source", "target", "protocol", "fold", "words", "name", "noise",
    "exact", "asked_db", "n_steps", "alpha_bar", "nominal_db", "measured_db",
    "variance", "power",
]  # fmt: skip


def level_results(rows: pd.DataFrame, item: str = "Section 2.2.3") -> pd.DataFrame:
    """Return what was measured of each level as Results, a row a number.

    Parameters
    ----------
    rows : DataFrame
        Of `levels`; or of its cells with `distance` (Algorithm 2), for "Fig. 3".
    item : str
        T, nominal and measured dB, and σ² stand under the labels of the triple that
        the paper prints in Section 2.2.3.
    """
    metrics = {"n_steps": "n_noise_steps", "distance": "average_distance"}
    values = ["n_steps", "nominal_db", "measured_db", "variance"]
    values = [name for name in (values if item != "Fig. 3" else ["distance"])]
    known = rows[LEVEL[:5]].assign(
        paper=PAPER, item=item, method="", variant=rows["name"].map(LETTERS),
        condition=rows["words"], seed=0,
    )  # fmt: skip
    parts = [known.assign(metric=metrics.get(c, c), value=rows[c]) for c in values]
    return pd.concat(parts, ignore_index=True).dropna(subset="value")


def table_1(windows: Windows, corpus: str, positive: str = "at_least_0") -> pd.Series:
    """Return the counts of Table 1 for one corpus, as its reader gives it.

    Paper 3, Table 1, which gives the parts of IEMOCAP's first fold. It counts a class
    over training and test; validation is left out of the counts of CMU-MOSEI, and of
    nothing in IEMOCAP.

    Parameters
    ----------
    windows : Windows
    corpus : str
    positive : str
        The rule by which a sentiment is positive (`labels_of`).

    Returns
    -------
    counts : Series
        By class, then train, test, and test under six conditions where each test
        utterance is tested under all of them.
    """
    fold, known = fold_of(windows, {"fold": 1}), CORPORA[corpus]
    y = pd.Series(labels_of(windows.y, positive if known.is_rated else "class"))
    whole = known.n_folds > 1
    counted = y if whole else y.iloc[[*fold.train, *fold.test]]
    classes = enumerate(CLASSES[known.target])
    counts = {name: int((counted == k).sum()) for k, name in classes}
    counts |= {"train": len(fold.train), "test": len(fold.test)}
    six = {"test under six conditions": 6 * len(fold.test)} if whole else {}
    return pd.Series({**counts, **six}, name=corpus)


def table_1_results(study) -> pd.DataFrame:
    """Return Table 1 as Results: one row a count, of the corpora that were run."""
    method, parts = study.settings.method(study.settings.presets[0]), []
    for corpus in dict.fromkeys(unit.labels["dataset"] for unit, _ in study.finished):
        counts = table_1(study.windows(corpus), corpus, method.positive)
        rows = counts.rename_axis("condition").reset_index(name="value")
        parts.append(rows.assign(
            paper=PAPER, item="Table 1", dataset=corpus, source=study.sources[corpus],
            target=CORPORA[corpus].target, protocol=PROTOCOLS[corpus], method="",
            variant="", fold=1, seed=0, metric="n_windows",
        ))  # fmt: skip
    return pd.concat(parts) if parts else pd.DataFrame(columns=[*RESULT_COLUMNS])


def about(study) -> dict:
    """Return what `save_report` keeps of a run beside its tables and figures."""
    settings = study.settings
    return {
        "results": results(study),
        "subjects": subjects(study),
        "data": [
            identify(name, data=settings.data, **settings.surrogate_knobs(name))
            for name in settings.corpora
        ],
        "failures": [{**u.labels, "reason": reason} for u, reason in study.failures],
        "audits": study.audits(fold_of),
    }
