"""Curves over labels, windows and settings, and the gate before them."""

from __future__ import annotations

import pandas as pd

from emolib.metrics import paired_differences, score_folds, summarise
from emolib.papers.ecg_eeg.study import Study

OPEN_GAIN = pd.DataFrame(
    {"fraction": [0.1, 0.3, 1.0], "value": [0.062, 0.027, 0.007]},
)
"""Gain in arousal AUC open to a linear student of 23 surrogate subjects, known before
any system was trained (emolib/surrogates/README.md)."""

STAGES = {
    "1 reconstruction": ("EEG teacher", "reconstruction"),
    "2 EEG teacher": ("EEG teacher", "tuning"),
    "3 alignment": ("ours", "alignment"),
    "4 ECG classifier": ("ours", "classification"),
}
"""The stages of Section 2.2, and the system whose history holds each."""

MODALITY = {"heart rate": "ECG", "alpha power": "EEG"}


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


def histories(study: Study, **labels) -> dict[str, pd.DataFrame]:
    """Return every named loss of the four stages of one fold: the first that fits."""
    chosen = {"sweep": "", "label_fraction": 1.0, **labels}
    found = {}
    for name, (system, stage) in STAGES.items():
        entries = study.select(system=system, **chosen)
        if entries:
            history = entries[0][1].tables["history"]
            found[name] = history[history["stage"] == stage].drop(columns="stage")
    return found
