"""What a notebook shows of the windows: class priors, shapes, heart rates."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from emolib.containers import Windows
from emolib.papers.ecg_eeg.settings import TARGETS, THRESHOLDS
from emolib.preprocessing.cardiac import heart_rate_features
from emolib.preprocessing.labels import binarise

IMPLIED_PRIOR = {"amigos": {"arousal": 0.8101}}
"""Share of the larger class where the paper's own numbers give it away: TFC's row in
Table 2 is the score of the majority answer (erratum 15)."""

MIN_LIKENESS = 0.6
"""Mean correlation of beats with their mean, below which there is no heartbeat."""


def class_priors(windows: Windows, corpus: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the share of high windows of each target, overall and by subject.

    Returns
    -------
    overall : DataFrame
        Columns target, share_high, n_windows.
    by_subject : DataFrame
        Columns target, subject, share_high.
    """
    high = pd.DataFrame(
        {
            target: binarise(windows.meta[target], threshold=THRESHOLDS[corpus])
            for target in TARGETS[corpus]
        }
    )
    overall = high.mean().rename_axis("target").reset_index(name="share_high")
    each = (
        high.groupby(windows.meta["subject"].to_numpy()).mean().rename_axis("subject")
    )
    by_subject = each.reset_index().melt(
        "subject", var_name="target", value_name="share_high"
    )
    return overall.assign(n_windows=len(windows)), by_subject


def shape_ledger(encoders: Mapping, batch: Mapping) -> pd.DataFrame:
    """Return the shape of a batch at each hop of each encoder.

    Parameters
    ----------
    encoders, batch : mapping of modality to module and to Tensor
    """
    columns = {}
    for modality, encoder in encoders.items():
        encoded = encoder(batch[modality])
        hops = {"x (b, c, t)": batch[modality], "tokens (b, c, d)": encoded.tokens}
        hops |= {"window (b, d)": encoded.window}
        hops |= {"patches (b, p, d_patch)": encoded.patches}
        shapes = {name: tuple(hop.shape) for name, hop in hops.items()}
        n_weights = sum(weights.numel() for weights in encoder.parameters())
        columns[modality.upper()] = {**shapes, "weights": f"{n_weights:,}"}
    return pd.DataFrame(columns)


def heart_rates(windows: Windows, target: str, threshold: float) -> pd.DataFrame:
    """Return each subject's heart rate in low and high windows of a target.

    Returns
    -------
    frame : DataFrame
        Columns subject, rest and task (median rate of low and of high windows in beats
        per minute; NaN where no heartbeat was recorded), likeness_rest and
        likeness_task (how alike the beats are, median over windows: heartbeats are
        above `MIN_LIKENESS`).
    """
    features = heart_rate_features(windows.x["ecg"], sfreq=windows.sfreq["ecg"])
    high = binarise(windows.meta[target], threshold=threshold)
    features = features.assign(
        subject=windows.meta["subject"].to_numpy(),
        condition=np.array(["rest", "task"])[high],
    )
    middle = features.groupby(["subject", "condition"])[["rate_bpm", "likeness"]]
    wide = middle.median().unstack()
    rates = wide["rate_bpm"].where(wide["likeness"] > MIN_LIKENESS)
    alike = wide["likeness"].add_prefix("likeness_")
    return rates.join(alike).reset_index().rename_axis(columns=None)
