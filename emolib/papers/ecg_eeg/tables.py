"""Where each number stands in the paper, and what may be said about alignment.

Nothing here trains. The rules of the verdict stand here before any number does, so that
a sentence follows from the data and nobody chooses it afterwards.
"""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd

from emolib.containers import RESULT_COLUMNS
from emolib.corpora import CORPORA
from emolib.metrics import score_folds
from emolib.papers.ecg_eeg.grid import ITEMS, PAPER, knobs
from emolib.papers.ecg_eeg.settings import ALIGNMENT, PRETRAINING, SYSTEMS, named
from emolib.papers.ecg_eeg.training import fold_of
from emolib.reporting.printed import load_reported
from emolib.reporting.tables import compare_table
from emolib.study import Study, compare

METRICS = {"accuracy": "ACC", "f1_macro": "F1", "auc": "AUC"}
"""The paper's columns, and how it names them; F1 of high stands in ``results.csv``."""


def cells(study: Study) -> pd.DataFrame:
    """Return the predictions of every system, each with the names of its cell."""
    each = (study.table(dataset=corpus) for corpus in study.settings.corpora)
    table = pd.concat([found for found in each if len(found)] or [study.table()])
    return table.assign(paper=PAPER, source=table["dataset"].map(study.sources))


def results(study: Study) -> pd.DataFrame:
    """Return Results: every fold and seed of every system, and Fig. 2's numbers."""
    names = [c for c in RESULT_COLUMNS if c not in ("metric", "value")]
    scores = score_folds(cells(study), by=names)[list(RESULT_COLUMNS)]
    is_f1 = scores["metric"].str.startswith("f1")  # of who maximises accuracy: no bound
    scores = scores[~(scores["method"].isin(named("ceiling")) & is_f1)]
    return pd.concat([scores, figure_2(study)], ignore_index=True)


def failures(study: Study) -> list[dict]:
    """Return the units that gave no result: their labels, their item, the reason."""
    return study.failed(lambda labels, _: labels["item"])


def about(study: Study) -> dict:
    """Return what the report of any notebook keeps beside its tables and figures."""
    return study.about(results(study), failures(study), fold_of, knobs)


def tables(study: Study) -> dict[str, pd.DataFrame]:
    """Return the tables of a run by name: the paper's numbers beside this run's.

    The paper does not say how it averaged F1. Most rows look like macro F1; three
    cannot be, since they exceed their accuracy. Nor does it say on which corpus and
    target it took Fig. 2, so its cosines stand beside those of each.
    """
    run, behind, lost = results(study), cells(study), failures(study)
    run = run[~run["metric"].isin(["f1_positive", "n_windows"])]
    printed = load_reported(PAPER).replace({"metric": {"f1": "f1_macro"}})
    is_shown = printed["item"] == "Fig. 2"
    places = run.loc[run["item"] == "Fig. 2", ["dataset", "target"]].drop_duplicates()
    cosines = printed[is_shown].drop(columns=[*places]).merge(places, how="cross")
    printed = pd.concat([printed[~is_shown], cosines])
    items = [ITEMS.get(c, CORPORA[c].title) for c in study.settings.corpora]
    made = {
        "table_"
        + item.lower().removeprefix("table ").replace(". ", "_"): compare_table(
            run,
            printed,
            item=item,
            columns=["target", "metric"],
            failures=[failure for failure in lost if failure["item"] == item],
            order={"system": list(SYSTEMS), "metric": list(METRICS)},
            names=METRICS | {c: corpus.title for c, corpus in CORPORA.items()},
            references=named("reader", "reference", "teacher", "ceiling"),
            predictions=behind,
        )
        for item in dict.fromkeys([*ITEMS.values(), *items, "Fig. 2"])
    }
    for table in made.values():
        table.attrs["cells"] += shortened(study.settings)
    return made


# ---------------------------------------------------------------- which epoch was kept


def kept_epochs(study: Study) -> pd.DataFrame:
    """Return how long every stage of every system was trained, and what was kept.

    Returns
    -------
    epochs : DataFrame
        Columns `PAIRED`, system, sweep, swept, stage, run (epochs), kept (the epoch of
        the lowest validation criterion; the last, where a stage has none).
    """
    names = (*PAIRED, "system", "sweep", "swept", "stage", "run", "kept")
    rows = [
        {**unit.labels, "stage": stage, **kept(told)}
        for unit, entry in study.finished
        if "stage" in entry.tables.get("history", ())
        for stage, told in entry.tables["history"].groupby("stage", sort=False)
    ]
    return pd.DataFrame(rows, columns=names)


def kept(history: pd.DataFrame) -> dict[str, int]:
    """Return how many epochs a stage ran, and which of them gave the weights."""
    n_epochs, total = history["epoch"].max(), history["total"]
    criterion = history.get("monitor", total).fillna(total)
    best = criterion[history["split"] == "val"].min()
    chosen = history.loc[criterion.eq(best) & history["split"].eq("val"), "epoch"]
    return {"run": n_epochs, "kept": chosen.min() if len(chosen) else n_epochs}


def shortened(settings) -> str:
    """Return which baselines were pre-trained for fewer epochs than is published."""
    given = settings.method(settings.presets[0]).pretraining_epochs
    cut = [f"{k} {given[k]} of {n}" for k, n in PRETRAINING.items() if given[k] < n]
    return f"; epochs of pre-training: {', '.join(cut)}" if cut else ""


# ---------------------------------------------------------------- Fig. 2

PAIRED = ("dataset", "target", "protocol", "preset", "label_fraction", "fold", "seed")


def pairs(study: Study, **labels) -> list[tuple[dict, dict]]:
    """Return labels and embeddings of each cell that Fig. 2 can be drawn of.

    Returns
    -------
    pairs : list of (labels, embeddings)
        Of held-out windows "eeg" (the teacher's), "before" (ECG encoder w/o align),
        "aligned" (after alignment, before fine-tuning) and "after", each
        (n_windows, 320), and "y"; of training windows "eeg_train", "aligned_train".
    """
    found = []
    for unit, entry in study.select(
        **{"system": ALIGNMENT, "sweep": "", "label_fraction": 1.0, **labels}
    ):
        cell = {name: unit.labels[name] for name in PAIRED}
        arrays = dict(entry.arrays)
        arrays["y"] = entry.tables["predictions"]["y_true"].to_numpy()
        for _, without in study.select(system="w/o align", **cell):
            before = {"before": without.arrays["after"]}
            found.append((unit.labels, {**arrays, **before}))
    return found


PANELS = {
    "before": ("before", "eeg"),
    "after, training": ("aligned_train", "eeg_train"),
    "after": ("aligned", "eeg"),
}
"""The matrices of Fig. 2: which embeddings of `pairs` are held against each other."""


def cosine_matrix(
    ecg: np.ndarray, eeg: np.ndarray, similarity: str = "cosine"
) -> np.ndarray:
    """Return the cosine of every ECG embedding with every EEG embedding (n, n).

    "centred" takes each encoder's mean over the windows away first, as the default
    reading of Eq. (2) and (3) does over a batch.
    """
    if similarity == "centred":
        ecg, eeg = ecg - ecg.mean(axis=0), eeg - eeg.mean(axis=0)
    ecg, eeg = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in (ecg, eeg))
    return ecg @ eeg.T


def matched_cosines(cosines: np.ndarray) -> dict[str, float]:
    """Return what a similarity matrix says: range, mean, gap and retrieval.

    Paper 2, Fig. 2, prints the mean over the whole matrix; what InfoNCE drives is the
    gap between matched and unmatched pairs.
    """
    own = np.eye(len(cosines), dtype=bool)
    first = cosines.argmax(axis=1) == np.arange(len(cosines))
    return {
        "cosine_min": cosines.min(),
        "cosine_max": cosines.max(),
        "cosine_mean": cosines.mean(),
        "gap": cosines[own].mean() - cosines[~own].mean(),
        "retrieval_top1": first.mean(),
        "retrieval_chance": 1 / len(cosines),
    }


def similarities(study: Study) -> pd.DataFrame:
    """Return what each matrix of Fig. 2 says, for both similarities.

    Returns
    -------
    similarities : DataFrame
        Columns `PAIRED`, condition, panel (of `PANELS`), similarity, those of
        `matched_cosines`.
    """
    names = [*PAIRED, "condition", "panel", "similarity"]
    rows = []
    for labels, vectors in pairs(study):
        for panel, similarity in product(PANELS, ("cosine", "centred")):
            cosines = cosine_matrix(*(vectors[x] for x in PANELS[panel]), similarity)
            cell = {**labels, "panel": panel, "similarity": similarity}
            rows.append({**cell, **matched_cosines(cosines)})
    return pd.DataFrame(rows, columns=[*names, *matched_cosines(np.eye(2))])


def figure_2(study: Study) -> pd.DataFrame:
    """Return Results of item "Fig. 2": plain cosines of held-out windows.

    One row per cell, fold, seed and number.
    """
    known = {"paper": PAPER, "item": "Fig. 2", "method": ALIGNMENT}
    table = similarities(study).query("similarity == 'cosine'").assign(**known)
    table["variant"] = table["panel"].map({"before": "w/o align", "after": ""})
    table["source"] = table["dataset"].map(study.sources)
    gain = table["cosine_mean"].diff(2).where(table["panel"] == "after")
    table = table.assign(cosine_mean_gain=gain).dropna(subset="variant")
    labels = [name for name in RESULT_COLUMNS if name in table]
    numbers = [*matched_cosines(np.eye(2)), "cosine_mean_gain"]
    long = table.melt(labels, numbers, "metric").dropna(subset="value")
    return long[[*RESULT_COLUMNS]]


# ---------------------------------------------------------------- does alignment help?

FINDING_SUBJECTS, FINDING_SEEDS = 40, 3
"""From here on a verdict is called a finding (paper 2's README)."""

CELL = ["dataset", "target", "preset"]
BY_SUBJECT = {"protocol": "by_subject", "sweep": ""}


def verdicts(study: Study) -> pd.DataFrame:
    """Return what may be said about alignment, by subject, at each share of labels.

    The teacher comes first: where its mean paired lead in AUC over the encoder that
    learnt from ECG labels alone is not above 0, on validation subjects, no difference
    is interpreted, whichever way it points.

    Returns
    -------
    verdicts : DataFrame
        Columns dataset, target, preset, label_fraction, mean, low, high, n (gain of
        alignment, paired by subject), lead (of the teacher), verdict, sentence.
    """
    by = [*CELL, "label_fraction"]
    gain, lead = (
        compare(study, "system", [(a, "w/o align")], by=by, table=table, **BY_SUBJECT)
        for a, table in ((ALIGNMENT, "predictions"), ("EEG teacher", "validation"))
    )
    lead = lead.rename(columns={"mean": "lead"})[[*by, "lead"]]
    table = gain[[*by, "mean", "low", "high", "n"]].merge(lead, on=by, how="left")
    n_seeds = len(study.settings.seeds)
    table["verdict"] = [judge(row) for row in table.to_dict("records")]
    table["sentence"] = [sentence(row, n_seeds) for row in table.to_dict("records")]
    return table


def judge(row: dict) -> str:
    """Return the verdict of one share of labels; the gate comes before the interval.

    Parameters
    ----------
    row : dict
        lead of the teacher; low and high of the gain, NaN of fewer than five subjects.
    """
    if np.isnan(row["lead"]):
        return "no teacher was tested: no conclusion"
    if row["lead"] <= 0:
        return "teacher too weak: no conclusion"
    if np.isnan(row["low"]):
        return "too few subjects: no conclusion"
    if row["low"] > 0:
        return "alignment helps"
    return "alignment hurts" if row["high"] < 0 else "no difference seen"


def sentence(row: dict, n_seeds: int) -> str:
    """Return a verdict in a sentence, with the numbers that it rests on."""
    share = f"{row['label_fraction']:.0%} of training labels, all of validation"
    text = f"{share}: {row['verdict']}"
    if row["verdict"].endswith("no conclusion"):
        return f"{text}."
    text += (
        f" (gain in AUC {row['mean']:+.3f}, 95 % interval {row['low']:+.3f} to "
        f"{row['high']:+.3f}, {row['n']:g} subjects)"
    )
    if row["n"] < FINDING_SUBJECTS or n_seeds < FINDING_SEEDS:
        text += f"; not a finding below {FINDING_SUBJECTS} subjects and "
        text += f"{FINDING_SEEDS} seeds"
    return f"{text}."
