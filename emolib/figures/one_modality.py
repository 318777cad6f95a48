"""One modality under noise: its scores (Table 4), and how far its vectors are moved.

Fan et al. 2024 (paper 3), Sections 3.4 and 3.5.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from emolib.figures.noise import modality_look
from emolib.figures.old_style import (
    COLORS,
    PAGE,
    describe,
    interval,
    level_line,
    need_columns,
    new_figure,
    number,
    style,
)

KINDS = {
    "ceiling": {"color": COLORS["reference"], "linestyle": "--"},
    "paper": {"color": COLORS["paper"], "linestyle": "none", "marker": "D",
              "markerfacecolor": "white"},
    "trained clean": {"marker": "s", "markerfacecolor": "white", "linewidth": 0.9},
    "trained at this level": {"marker": "o", "linewidth": 0.9},
}  # fmt: skip
"""How each curve of `plot_one_modality` is drawn; a colour that is not given is the
modality's own."""

POINTS = {"one step": "full", "time average": "none"}
"""How each kind of vector of `plot_distances` is filled."""

APART = 0.08
"""Of a level, between marks that would hide one another."""


def plot_one_modality(
    frame: pd.DataFrame,
    *,
    metric: str = "WA",
    reference: tuple[str, float] | None = None,
) -> Figure:
    """Draw what one modality gives at each level, a panel per modality.

    Paper 3, Section 3.6.2, Table 4.

    Parameters
    ----------
    frame : DataFrame
        Columns `name` (the modality), `level` (words, in order), `kind` (of `KINDS`),
        `mean`, `low`, `high`; an interval may be NaN.
    metric : str
        Name of the score.
    reference : name and level
        Drawn dashed in every panel: the share of the commonest class.
    """
    need_columns("frame", frame, ("name", "level", "kind", "mean", "low", "high"))
    names = list(dict.fromkeys(frame["name"]))
    places = {level: i for i, level in enumerate(dict.fromkeys(frame["level"]))}
    with style():
        figure, axes = new_figure(
            1, len(names), width=PAGE, height=2.9, sharex=True, sharey=True
        )
        for ax, name in zip(axes[0], names, strict=True):
            _curves(ax, frame[frame["name"] == name], places, modality_look(name)[0])
            if reference:
                _floor(ax, *reference)
            ax.set_title(name)
        axes[0, 0].set_xticks(list(places.values()), list(places))
        axes[0, 0].set_ylabel(f"{metric} (fraction)")
        axes[0, len(names) // 2].set_xlabel("SNR asked for (dB)")
        handles, labels = axes[0, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper right", ncols=len(labels))
    return describe(figure, _curve_words(frame, names, metric, reference))


def _curves(ax: Axes, rows: pd.DataFrame, places: dict[str, int], color: str) -> None:
    """Draw one panel: a curve a kind, over the levels that it has."""
    kinds = [kind for kind in KINDS if kind in set(rows["kind"])]
    for i, kind in enumerate(kinds):
        mine = rows[rows["kind"] == kind]
        x = mine["level"].map(places).to_numpy(float)
        x = x + APART * (i - (len(kinds) - 1) / 2)
        looks = {"color": color, **KINDS[kind]}
        ax.vlines(x, mine["low"], mine["high"], color=looks["color"], linewidth=0.9)
        ax.plot(x, mine["mean"], label=kind, **looks)


def _floor(ax: Axes, text: str, value: float) -> None:
    """Draw a reference line with its name on the left, where no curve comes near it."""
    level_line(ax, value, "")
    ax.annotate(
        text, (0, value), xycoords=("axes fraction", "data"), xytext=(2, 2),
        textcoords="offset points", va="bottom", fontsize=6.5,
        color=COLORS["reference"],
    )  # fmt: skip


def _curve_words(frame, names, metric, reference) -> str:
    """Return every score, in sentences."""
    sentences = []
    for name in names:
        rows = frame[frame["name"] == name].rename(columns={"mean": "m"})
        each = "; ".join(
            f"{kind} "
            + ", ".join(
                f"{interval(r.m, r.low, r.high)} at {r.level}"
                for r in part.itertuples()
                if np.isfinite(r.m)
            )
            for kind, part in rows.groupby("kind", sort=False)
        )
        sentences.append(f"{name}: {each}.")
    if reference:
        sentences.append(f"{reference[0]}: {number(reference[1])}.")
    return f"{metric} of one modality by level. " + " ".join(sentences)


def plot_distances(frame: pd.DataFrame, curve: pd.DataFrame) -> Figure:
    """Draw how far noise moves a vector, beside what a formula expects of one step.

    Paper 3, Section 3.5, Algorithm 2.

    Parameters
    ----------
    frame : DataFrame
        Columns `name` (a panel each), `kind` (of `POINTS`), `snr_db` and `relative`:
        the average distance over the root of the number of features.
    curve : DataFrame
        Columns `snr_db`, `relative`: one step of features with mean 0 and variance 1.
    """
    need_columns("frame", frame, ("name", "kind", "snr_db", "relative"))
    need_columns("curve", curve, ("snr_db", "relative"))
    names = list(dict.fromkeys(frame["name"]))
    with style():
        figure, axes = new_figure(
            1, len(names), width=PAGE, height=2.6, sharex=True, sharey=True
        )
        for ax, name in zip(axes[0], names, strict=True):
            _distances(ax, frame[frame["name"] == name], curve, name)
            ax.set_title(name)
        axes[0, 0].set_xlim(curve["snr_db"].max() + 2, curve["snr_db"].min() - 2)
        axes[0, 0].set_ylim(0, 1.25 * np.sqrt(2))
        axes[0, 0].set_ylabel("Average distance / √d\n(SD of a feature)")
        axes[0, len(names) // 2].set_xlabel("Nominal SNR (dB)")
        handles, labels = axes[0, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper right", ncols=len(labels))
    return describe(figure, _distance_words(frame, names))


def _distances(ax: Axes, rows: pd.DataFrame, curve: pd.DataFrame, name: str) -> None:
    """Draw one panel: the formula as a line, measured distances as marks."""
    level_line(ax, np.sqrt(2), "√2")
    ax.plot(
        curve["snr_db"], curve["relative"], color=COLORS["reference"], linewidth=0.9,
        label="one step, expected",
    )  # fmt: skip
    color, marker = modality_look(name)
    for kind, filled in POINTS.items():
        mine = rows[rows["kind"] == kind]
        ax.plot(
            mine["snr_db"], mine["relative"], marker, color=color, label=kind,
            fillstyle=filled, linestyle="none",
        )  # fmt: skip


def _distance_words(frame: pd.DataFrame, names) -> str:
    """Return every distance, in sentences."""
    each = [
        f"{name}, {kind}: "
        + ", ".join(
            f"{number(r.relative, 2)} at {number(r.snr_db, 1)} dB"
            for r in part.itertuples()
        )
        for name in names
        for kind, part in frame[frame["name"] == name].groupby("kind", sort=False)
    ]
    return "Average distance over the root of the dimension. " + "; ".join(each) + "."
