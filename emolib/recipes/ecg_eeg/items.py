"""The tables and figures of paper 2, as views of stored predictions.

Nothing here trains; a changed sentence or colour costs no unit.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from emolib.metrics import paired_differences, score_folds, summarise
from emolib.recipes.ecg_eeg.study import Study

OPEN_GAIN = pd.DataFrame(
    {"fraction": [0.1, 0.3, 1.0], "value": [0.062, 0.027, 0.007]},
)
"""Gain in arousal AUC open to a linear student of 23 surrogate subjects, known before
any system was trained (emolib/surrogates/README.md)."""

MODALITY = {"heart rate": "ECG", "alpha power": "EEG"}

N_SHOWN = 60
"""Windows in a similarity matrix: more are not told apart on paper."""


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


def label_efficiency(study: Study, metric: str = "auc", **labels):
    """Return ours minus w/o align at each fraction of labelled trials.

    Returns
    -------
    frame : DataFrame
        Columns fraction, mean, low, high, n, interval; paired by subject.
    per_subject : DataFrame
        Columns fraction, subject, value.
    """
    rows, subjects = [], []
    for fraction in sorted(study.settings.label_fractions):
        chosen = {"label_fraction": fraction, "sweep": "", **labels}
        ours = study.table(system="ours", **chosen)
        without = study.table(system="w/o align", **chosen)
        if ours.empty or without.empty:
            continue
        paired = paired_differences(ours, without, metric)
        rows.append(
            {
                "fraction": fraction,
                "mean": paired.mean,
                "low": paired.low,
                "high": paired.high,
                "n": paired.n,
                "interval": paired.interval,
            }
        )
        subjects.append(
            paired.per_subject.rename(columns={"difference": "value"})[
                ["subject", "value"]
            ].assign(fraction=fraction)
        )
    columns = ["fraction", "mean", "low", "high", "n", "interval"]
    empty = pd.DataFrame(columns=["subject", "value", "fraction"])
    return (
        pd.DataFrame(rows, columns=columns),
        pd.concat(subjects, ignore_index=True) if subjects else empty,
    )


def gate(study: Study, **labels) -> pd.DataFrame:
    """Return whether the EEG teacher is fit to teach, by its validation subjects.

    Where the teacher does not beat the encoder that learnt from ECG labels alone
    (mean paired per-subject difference in AUC above 0), alignment is not interpreted.

    Returns
    -------
    verdicts : DataFrame
        Columns fraction, mean, low, high, n, verdict.
    """
    rows = []
    for fraction in sorted(study.settings.label_fractions):
        chosen = {"label_fraction": fraction, **labels}
        teacher = study.table("validation", system="EEG teacher", **chosen)
        student = study.table("validation", system="w/o align", **chosen)
        if teacher.empty or student.empty:
            continue
        paired = paired_differences(teacher, student, "auc")
        verdict = "teacher leads" if paired.mean > 0 else "teacher too weak"
        rows.append(
            {
                "fraction": fraction,
                "mean": paired.mean,
                "low": paired.low,
                "high": paired.high,
                "n": paired.n,
                "verdict": verdict,
            }
        )
    return pd.DataFrame(
        rows, columns=["fraction", "mean", "low", "high", "n", "verdict"]
    )


def embeddings(study: Study, **labels) -> dict[str, np.ndarray]:
    """Return the held-out embeddings of Fig. 2 for one fold.

    Returns
    -------
    vectors : dict
        "eeg" (the teacher's), "before" (ECG encoder w/o align), "aligned" (after
        alignment, before fine-tuning) and "after" (ours), each (n_windows, 320); "y".
    """
    ours = study.select(system="ours", sweep="", **labels)[0][1]
    without = study.select(system="w/o align", **labels)[0][1]
    order = ours.tables["predictions"].sort_values("window")
    return {
        "eeg": np.asarray(ours.arrays["eeg"]),
        "before": np.asarray(without.arrays["ecg"]),
        "aligned": np.asarray(ours.arrays["ecg_aligned"]),
        "after": np.asarray(ours.arrays["ecg"]),
        "y": order["y_true"].to_numpy(),
    }


def cosine_matrix(ecg: np.ndarray, eeg: np.ndarray) -> np.ndarray:
    """Return the cosine of every ECG embedding with every EEG embedding (n, n)."""
    ecg = ecg / np.linalg.norm(ecg, axis=1, keepdims=True)
    eeg = eeg / np.linalg.norm(eeg, axis=1, keepdims=True)
    return ecg @ eeg.T


def matched_cosines(cosines: np.ndarray) -> dict[str, float]:
    """Return what a similarity matrix says: matched, unmatched, range, retrieval.

    Paper 2, Fig. 2, prints the mean over the whole matrix; what InfoNCE drives is the
    gap between matched and unmatched pairs.
    """
    matched = np.diag(cosines)
    others = cosines[~np.eye(len(cosines), dtype=bool)]
    return {
        "cosine_min": float(cosines.min()),
        "cosine_max": float(cosines.max()),
        "cosine_mean": float(cosines.mean()),
        "matched": float(matched.mean()),
        "unmatched": float(others.mean()),
        "retrieval_top1": float(
            (cosines.argmax(axis=1) == np.arange(len(cosines))).mean()
        ),
    }


def figure_2(vectors: dict[str, np.ndarray]) -> pd.DataFrame:
    """Return Fig. 2's numbers before and after alignment, one row each."""
    rows = {
        name: matched_cosines(cosine_matrix(vectors[name], vectors["eeg"]))
        for name in ("before", "aligned")
    }
    return pd.DataFrame(rows).T.rename_axis("encoder").reset_index()


def shown(n_windows: int) -> np.ndarray:
    """Return the windows drawn in a matrix: evenly spaced over the test fold."""
    return np.linspace(0, n_windows - 1, min(N_SHOWN, n_windows)).round().astype(int)


def sweep(results: pd.DataFrame, study: Study, metric: str = "auc") -> pd.DataFrame:
    """Return the score at each swept value.

    Returns
    -------
    frame : DataFrame
        Columns parameter, value, mean, low, high.
    """
    swept = study.table()
    swept = swept[swept["sweep"] != ""]
    if swept.empty:
        return pd.DataFrame(columns=["parameter", "value", "mean", "low", "high"])
    rows = score_folds(swept, by=("sweep", "swept", "fold", "seed"))
    table = summarise(rows, ("sweep", "swept", "metric"))
    table = table[table["metric"] == metric]
    return table.rename(columns={"sweep": "parameter", "swept": "value"})[
        ["parameter", "value", "mean", "low", "high"]
    ].reset_index(drop=True)


def readability(study: Study) -> pd.DataFrame:
    """Return how well each stem reads a planted quantity from so many windows.

    Returns
    -------
    frame : DataFrame
        Columns task, stem, n_windows, score: R squared on held-out windows, 0 for the
        mean answer and 1 for a perfect one.
    """
    rows = []
    for unit, entry in study.select(system="readability"):
        table = entry.tables["predictions"]
        error = ((table["y_pred"] - table["y_true"]) ** 2).mean()
        labels = unit.labels
        rows.append(
            {
                "task": f"{MODALITY[labels['quantity']]}: {labels['quantity']}",
                "stem": labels["stem"],
                "n_windows": labels["n_windows"],
                "score": 1 - error / table["y_true"].var(ddof=0),
            }
        )
    return pd.DataFrame(rows, columns=["task", "stem", "n_windows", "score"])
