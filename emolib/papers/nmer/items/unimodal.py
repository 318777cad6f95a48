"""Table 4 as a picture, and what training at the tested level is worth."""

from __future__ import annotations

import numpy as np
import pandas as pd

from emolib.papers.nmer.items.findings import between_systems
from emolib.papers.nmer.items.noise import drawn
from emolib.papers.nmer.items.printed import printed
from emolib.papers.nmer.settings import LETTERS
from emolib.study import Study

MODALITIES = {letter: name for name, letter in LETTERS.items()}
AT_LEVEL, CLEAN = "trained at this level", "trained clean"
LEVEL = ["name", "level", "kind", "mean", "low", "high"]


def level_words(db: float) -> str:
    """Return a level as an axis calls it: "clean", "0", "−10"."""
    return "clean" if np.isnan(db) else f"{db:g}".replace("-", "−")


def by_level(found: pd.DataFrame, metric: str = "wa") -> pd.DataFrame:
    """Return each modality's score at each level, beside the ceiling and the paper's.

    Paper 3, Table 4, Gaussian noise. What was trained clean and is tested clean stands
    in both curves.

    Parameters
    ----------
    found : DataFrame
        `scoring.summary` of a run.
    metric : {'wa', 'ua'}

    Returns
    -------
    frame : DataFrame
        For `emolib.figures.one_modality.plot_one_modality`.
    """
    found = drawn(found[found["metric"] == metric])
    found = found[found["noise"].isin(("none", "gaussian"))]
    ours = found[found["method"].str.startswith("uni-modal")]
    clean = ours[ours["conditions"] == "clean"]
    trained = ours["method"].str.endswith(CLEAN)
    ceilings = found[found["method"].str.startswith("ceiling ")]
    letter = ceilings["method"].str.removeprefix("ceiling ")
    parts = [
        ours[~trained].assign(kind=AT_LEVEL),
        pd.concat([clean, ours[trained]]).assign(kind=CLEAN),
        ceilings.assign(kind="ceiling", variant=letter, low=np.nan, high=np.nan),
        _paper(metric),
    ]
    frame = pd.concat(parts, ignore_index=True)
    is_clean = frame["conditions"] == "clean"
    frame["db"] = frame["db"].where(~is_clean)
    place = {letter: i for i, letter in enumerate(MODALITIES)}
    frame = frame.assign(
        name=frame["variant"].map(MODALITIES), place=frame["variant"].map(place),
        level=frame["db"].map(level_words), rank=-frame["db"].fillna(np.inf),
    )  # fmt: skip
    frame = frame.sort_values(["rank", "place"], kind="stable")
    return frame[LEVEL].reset_index(drop=True)


def _paper(metric: str) -> pd.DataFrame:
    """Return Table 4 as printed, its first row read as clean."""
    rows = printed("Table 4")
    rows = rows[rows["metric"] == metric].rename(columns={"value": "mean"})
    conditions = np.where(rows["db"].isna(), "clean", "all")
    return rows.assign(
        kind="paper", variant=rows["system"], conditions=conditions, low=np.nan,
        high=np.nan,
    )  # fmt: skip


def trained_at_level(study: Study, metric: str = "wa") -> pd.DataFrame:
    """Return what training at the tested level adds to training on clean features.

    Paper 3, Section 3.4, which does not say how its uni-modal classifiers are trained.

    Returns
    -------
    gains : DataFrame
        Columns panel (the modality), row (the level), difference (above 0: it pays to
        be trained at the level), low, high, n, interval.
    """
    pairs = {
        m: (f"uni-modal {k}", f"uni-modal {k}, {CLEAN}") for k, m in MODALITIES.items()
    }
    parts = [
        between_systems(study, metric, db=db, pairs=[pair]).assign(
            panel=name, row=f"{level_words(db)} dB"
        )
        for db in study.settings.dbs
        for name, pair in pairs.items()
    ]
    gains = pd.concat(parts, ignore_index=True)
    gains = gains[gains["noise"] == "gaussian"]
    columns = ["panel", "row", "difference", "low", "high", "n", "interval"]
    return gains[columns].reset_index(drop=True)
