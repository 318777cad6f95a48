"""How the systems of a run were trained: the histories of their stages."""

from __future__ import annotations

import pandas as pd

from emolib.study import Study

STAGES = {"clean": "clean teacher", "noisy": "under noise"}
"""Stages as `systems` name them, and as a reader does."""


def histories(study: Study, **labels) -> dict[str, pd.DataFrame]:
    """Return the losses of each stage of one unit, for `plot_history`.

    Paper 3, Sections 2.4 and 3.3.

    Parameters
    ----------
    study : Study
    **labels
        Of the unit, for example ``system="ours", noise="gaussian", db=-10.0``; the
        first that has them all is taken.

    Returns
    -------
    histories : dict of stage to DataFrame
        Columns epoch, split, total and one per named loss. Empty where no unit of
        these labels finished.
    """
    chosen = study.select(**labels)
    if not chosen:
        return {}
    history = chosen[0][1].tables["history"]
    return {
        STAGES.get(stage, stage): part.dropna(axis="columns", how="all")
        for stage, part in history.groupby("stage", sort=False)
    }
