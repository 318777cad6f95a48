"""Paper 3's noise in pictures: its levels, and where it moves points.

Fan et al. 2024 (paper 3), Sections 2.2 and 3.5.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from emolib.figures import style as look

KINDS = ("original", "noisy")
"""Points of a map: an utterance, and its noisy twin."""


def plot_levels(levels: pd.DataFrame) -> Figure:
    """Draw the dB that was asked for and the dB that is there, a row a modality.

    Paper 3, Section 2.2.3, Eq. (5). An arrow leads from Gaussian noise to impulses of
    the same T, as long as they are weaker.

    Parameters
    ----------
    levels : DataFrame
        Columns `name` (a row each), `noise`, `asked_db`, `nominal_db`, `measured_db`.
    """
    import seaborn as sns

    with look.style():
        figure, ((ax,),) = look.new_figure(height=2.4)
        for db in levels["asked_db"].unique():
            ax.axvline(db, color=look.BAND, linewidth=4, zorder=0)
        looks = {"y": "name", "ax": ax, "s": 26, "color": "black"}
        kinds = {"style": "noise", "markers": {"gaussian": "o", "impulse": "D"}}
        sns.scatterplot(levels, x="nominal_db", **kinds, **looks)
        found = looks | {"marker": "|", "color": look.COLORS["ecg"], "s": 120}
        sns.scatterplot(levels, x="measured_db", label="measured", **found)
        for (_, name), pair in levels.groupby(["asked_db", "name"], sort=False):
            ends = [(db, name) for db in pair["nominal_db"].iloc[[-1, 0]]]
            ax.annotate("", *ends, arrowprops={"arrowstyle": "->"})
        ax.margins(y=0.3)
        ax.set(xlabel="SNR (dB); grey: asked", ylabel="", xlim=ax.get_xlim()[::-1])
        ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
    return look.describe(figure, "SNR asked for, nominal and measured, by modality.")


def plot_noise_maps(points: pd.DataFrame, distances: pd.DataFrame) -> Figure:
    """Draw maps of utterances and their noisy twins, a panel per modality and level.

    Paper 3, Section 3.5, Fig. 3. One joint map per panel: distances in two maps do not
    compare, so the average distance (Algorithm 2) of the features is written over each.

    Parameters
    ----------
    points : DataFrame
        Columns `name` (a row of panels each), `asked_db` (a column each, in order),
        `kind` (``"original"`` or ``"noisy"``), `x` and `y`.
    distances : DataFrame
        Columns `name`, `asked_db`, `distance` (`emolib.metrics.distances`).
    """
    known = distances.set_index(["name", "asked_db"])["distance"]
    n_rows, n_cols = points["name"].nunique(), points["asked_db"].nunique()
    with look.style():
        figure, axes = look.new_figure(n_rows, n_cols, height=0.5 + 1.75 * n_rows)
        groups = points.groupby(["name", "asked_db"], sort=False)
        for ax, ((name, db), rows) in zip(axes.flat, groups, strict=True):
            _twins(ax, rows, look.job_color(name))
            away = look.number(known[name, db], 2)
            ax.set_title(f"{look.number(db, 0)} dB, mean distance {away}", fontsize=6.5)
            ax.set_ylabel(f"{name}\nt-SNE 2 (no unit)")
            ax.label_outer()
    return look.describe(figure, f"{len(known)} joint maps of utterances, noisy twins.")


def _twins(ax, rows: pd.DataFrame, color: str) -> None:
    """Draw one joint map: originals as grey rings, noisy twins as triangles, joined."""
    import seaborn as sns

    sides = [rows.loc[rows["kind"] == kind, ["x", "y"]] for kind in KINDS]
    ax.plot(*np.stack(sides).transpose(2, 0, 1), color="0.8", linewidth=0.5, zorder=0)
    looks = {"style": "kind", "markers": dict(zip(KINDS, "o^", strict=True)), "s": 14}
    looks |= {"hue": "kind", "palette": dict(zip(KINDS, ("0.6", color), strict=True))}
    sns.scatterplot(rows, x="x", y="y", legend=False, ax=ax, **looks)
    ax.set(xticks=[], yticks=[], xlabel="t-SNE 1 (no unit)")
    ax.grid(visible=False)
