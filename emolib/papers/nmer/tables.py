"""The tables of paper 3 beside this run's numbers: scores, counts, levels of noise."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from emolib.containers import RESULT_COLUMNS, Windows
from emolib.corpora import CORPORA as KNOWN
from emolib.corruptions.conditions import SIX
from emolib.papers.nmer.grid import PROTOCOLS, row_of
from emolib.papers.nmer.reading import fold_of, labels_of
from emolib.papers.nmer.scores import (
    ONE_EACH,
    PARTS,
    answers_behind,
    lost_cells,
    scores,
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

PAIRED = {"parts": PARTS, "pooled": True, "reading": "paper"}
"""How `emolib.study.compare` pairs systems, levels or conditions of paper 3."""

METRICS = {"wa": "WA", "ua": "UA", "n_windows": "utterances", "n_noise_steps": "T"}
"""What tables show; nominal and measured dB stand in `levels`."""

NAMES = {**METRICS, "none": "all three noisy", "avg": "average of the six"}
NAMES |= {name: KNOWN[name].title for name in CORPORA}
"""How a page prints what stands in a column."""

ROWS = [
    row["variant"] or row["method"]
    for name, system in SYSTEMS.items()
    for preset in (PRESETS if system.kind == "method" else ["default"])
    for row in [row_of(name, preset)]
]
"""Systems as a reader meets them."""

REFERENCES = [name for name, system in SYSTEMS.items() if system.trained == "never"]

WORDS = (
    r"^(?P<noise>[a-z]+(?: released)?) ?(?P<level>.* dB(?: exact)?)? ?(?P<clean>\w*)$"
)
"""What a condition says."""

LAYOUTS = {
    "Table 1": {"rows": ["condition"]},
    "Table 3": {"rows": ["clean"], "columns": ["system", "metric"], "words": WORDS},
    "Table 4": {"rows": ["method", "condition"], "columns": ["variant", "metric"]},
}  # fmt: skip
BY_LEVEL = {"columns": ["level", "metric"], "words": WORDS}
"""What names a row and a column: elsewhere a system, and a level and metric."""


def results(study) -> pd.DataFrame:
    """Return all Results of a run: scores, Table 1's counts and the T of each level."""
    parts = [scores(study), table_1_results(study), level_results(study)]
    return pd.concat([part for part in parts if len(part)], ignore_index=True)


def compared(study, items=PRINTED) -> dict[str, pd.DataFrame]:
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
        "parts": PARTS, "names": NAMES, "references": [*REFERENCES, "ceiling"],
        "order": {
            "condition": in_order(found["condition"]), "system": ROWS,
            "metric": [*METRICS],
        },
    }  # fmt: skip
    own = [name for name in dict.fromkeys(found["item"]) if name not in PRINTED]
    chosen = dict.fromkeys((*items, *own))
    return {
        file_of(item): compare_table(
            found,
            load_reported(PAPER),
            item=item,
            **known,
            **LAYOUTS.get(item.partition(",")[0], BY_LEVEL),
        )  # fmt: skip
        for item in chosen
        if item != "by condition"
    }


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


def at_measured_db(study, compared: Mapping, metric: str = "wa") -> pd.DataFrame:
    """Return the scores of tables with the dB that their noise had, for `plot_scores`.

    Parameters
    ----------
    study : Study
    compared : mapping of name to DataFrame
        Of `compared`; Table 3, whose rows are levels, is left out.
    metric : {'wa', 'ua'}

    Returns
    -------
    frame : DataFrame
        Columns dataset, system, noise, db, exact, clean, measured_db (mean over
        modalities and folds), mean, low, high.
    """
    rows = with_levels(pd.concat(compared.values()))
    chosen = rows["metric"].eq(metric) & rows["protocol"].ne(ONE_EACH)
    keys = ["dataset", "noise", "db", "exact"]
    measured = levels(study).rename(columns={"asked_db": "db"}).groupby(keys)
    measured = measured["measured_db"].mean()
    rows = rows[chosen & rows["noise"].notna()].join(measured, on=keys)
    columns = [*keys, "system", "clean", "measured_db", "mean", "low", "high"]
    return rows.rename(columns={"this_run": "mean"})[columns].reset_index(drop=True)


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


def kept_epochs(study) -> pd.DataFrame:
    """Return which epoch of each stage of training was kept, of how many.

    Returns
    -------
    kept : DataFrame
        Columns dataset, fold, seed, system, preset, conditions, words, stage ("clean":
        what it starts from, "noisy", or "alone"), kept (the epoch of the highest UA),
        run (epochs), cap (that the run gives a baseline, 0 for none), ua (validation).
    """
    parts = [
        entry.tables["history"].assign(
            cap=unit.settings.get("baseline_epochs", 0),
            **{name: unit.labels[name] for name in STAGE[:-1]},
        )
        for unit, entry in study.finished
        if "history" in entry.tables
    ]
    each = pd.concat(parts, ignore_index=True).query("split != 'train'")
    each = each.assign(stage=each.get("stage", pd.Series(dtype=str)).fillna("alone"))
    stages = each.groupby(STAGE, sort=False)
    best = each.loc[stages["monitor"].idxmin()].assign(run=stages["epoch"].max().values)
    best = best.rename(columns={"epoch": "kept"}).assign(ua=-best["monitor"])
    return best[[*STAGE, "kept", "run", "cap", "ua"]].reset_index(drop=True)


STAGE = ["dataset", "fold", "seed", "system", "preset", "conditions", "words", "stage"]


def level_results(study) -> pd.DataFrame:
    """Return T, nominal and measured dB, and σ² as Results, a row a number.

    They stand under the labels of the triple that the paper prints in Section 2.2.3.
    """
    metrics = {"n_steps": "n_noise_steps"}
    metrics |= {name: name for name in ("nominal_db", "measured_db", "variance")}
    rows = levels(study).assign(item="Section 2.2.3")
    rows = rows.rename(columns={"words": "condition", **metrics})
    return _as_results(rows, list(metrics.values()))


def distance_results(study, task, distances: pd.DataFrame) -> pd.DataFrame:
    """Return the average distances of Fig. 3 as Results.

    Parameters
    ----------
    study : Study
    task : Task
        Whose utterances they are.
    distances : DataFrame
        Of `emolib.papers.nmer.pictures.distances`, of one kind.
    """
    corpus = task.context.data["corpus"]
    rows = distances.assign(
        item="Fig. 3", dataset=corpus, source=study.sources[corpus],
        target=CORPORA[corpus].target, protocol=PROTOCOLS[corpus], fold=task.fold.fold,
        condition=distances["asked_db"].map("gaussian {:g} dB".format),
        average_distance=distances["distance"],
    )  # fmt: skip
    return _as_results(rows, ["average_distance"])


def _as_results(rows: pd.DataFrame, metrics: list[str]) -> pd.DataFrame:
    """Return columns of a frame with a row a modality as Results."""
    known = {"paper": PAPER, "method": "", "variant": rows["name"].map(LETTERS)}
    names = [name for name in RESULT_COLUMNS if name not in ("metric", "value")]
    found = rows.assign(**known, seed=0).melt(
        names, metrics, var_name="metric", value_name="value"
    )
    return found.dropna(subset="value")


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
    """Return what the report of any notebook keeps beside its tables and figures."""
    failures = [{**unit.labels, "reason": reason} for unit, reason in study.failures]
    knobs = type(study.settings).surrogate_knobs
    return study.about(results(study), failures, fold_of, knobs)
