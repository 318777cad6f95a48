"""Fig. 2 in numbers: which ECG embedding looks like which EEG embedding."""

from __future__ import annotations

import numpy as np
import pandas as pd

from emolib.containers import RESULT_COLUMNS
from emolib.papers.ecg_eeg.settings import PAPER
from emolib.papers.ecg_eeg.study import Study

N_SHOWN = 60
"""Windows in a similarity matrix: more are not told apart on paper."""


PAIRED = ("dataset", "target", "protocol", "preset", "label_fraction", "fold", "seed")


def embeddings(study: Study, **labels) -> dict[str, np.ndarray]:
    """Return the held-out embeddings of Fig. 2 for one fold: the first that fits.

    Returns
    -------
    vectors : dict
        "eeg" (the teacher's), "before" (ECG encoder w/o align), "aligned" (after
        alignment, before fine-tuning) and "after" (ours), each (n_windows, 320); "y".
    """
    pairs = aligned_pairs(study, **labels)
    if not pairs:
        raise ValueError(
            "systems must hold 'ours' and 'w/o align', both finished, for Fig. 2; got "
            f"none of that pair with {labels}."
        )
    return _vectors(*pairs[0][1:])


def aligned_pairs(study: Study, **labels) -> list[tuple]:
    """Return (labels, entry of ours, entry of w/o align) of each cell with both."""
    chosen = {"label_fraction": 1.0, **labels}
    pairs = []
    for unit, ours in study.select(system="ours", sweep="", **chosen):
        cell = {key: unit.labels[key] for key in PAIRED}
        without = study.select(system="w/o align", **cell)
        if without:
            pairs.append((unit.labels, ours, without[0][1]))
    return pairs


def _vectors(ours, without) -> dict[str, np.ndarray]:
    """Return the embeddings of one pair of entries."""
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
        "gap": float(matched.mean() - others.mean()),
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


def figure_2_results(study: Study) -> pd.DataFrame:
    """Return Results of item "Fig. 2": one row per cell, fold, seed and number."""
    rows = []
    for labels, *entries in aligned_pairs(study):
        numbers = figure_2(_vectors(*entries)).set_index("encoder")
        known = {key: labels[key] for key in RESULT_COLUMNS if key in labels}
        known |= {"paper": PAPER, "item": "Fig. 2", "method": "ours"}
        known["source"] = study.sources[labels["dataset"]]
        gain = numbers.loc["aligned", "cosine_mean"] - numbers.loc["before"].cosine_mean
        cells = [("w/o align", numbers.loc["before"]), ("", numbers.loc["aligned"])]
        for variant, cell in cells:
            rows += [
                {**known, "variant": variant, "metric": metric, "value": value}
                for metric, value in cell.items()
            ]
        rows.append(
            {**known, "variant": "", "metric": "cosine_mean_gain", "value": gain}
        )
    return pd.DataFrame(rows, columns=list(RESULT_COLUMNS))


def shown(n_windows: int) -> np.ndarray:
    """Return the windows drawn in a matrix: evenly spaced over the test fold."""
    return np.linspace(0, n_windows - 1, min(N_SHOWN, n_windows)).round().astype(int)
