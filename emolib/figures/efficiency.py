"""Does alignment save labels? Paired differences over the fraction of labels."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from emolib.figures.old_style import (
    COLORS,
    PAGE,
    describe,
    interval,
    level_line,
    look,
    need_columns,
    new_figure,
    number,
    one_panel,
    style,
)


def plot_label_efficiency(
    frame: pd.DataFrame,
    *,
    subjects: pd.DataFrame | None = None,
    open_gain: pd.DataFrame | None = None,
    scores: pd.DataFrame | None = None,
    ceiling: float | None = None,
    metric: str = "AUC",
    ax: Axes | None = None,
) -> Figure:
    """Draw the gain of alignment against the fraction of labelled training trials.

    Paired per-subject differences, ours minus w/o align, with their interval, beside
    the gain that is open to a linear student. With `scores` a second panel on the left
    shows both systems, their teacher and the ceiling.

    Parameters
    ----------
    frame : DataFrame
        Columns `fraction` (0 to 1), `mean`, `low`, `high` (of the paired difference)
        and `n` (subjects).
    subjects : DataFrame
        Columns `fraction`, `subject`, `value`: each subject's difference, drawn as a
        point.
    open_gain : DataFrame
        Columns `fraction`, `value`: what could be gained, known beforehand. Fractions
        that `frame` lacks are not drawn.
    scores : DataFrame
        Columns `fraction`, `system`, `mean`, `low`, `high`.
    ceiling : float
        Score of the ideal ECG reader; drawn with `scores`.
    ax : Axes
        For the right panel alone; not together with `scores`.
    """
    need_columns("frame", frame, ("fraction", "mean", "low", "high", "n"))
    if ax is not None and scores is not None:
        raise ValueError("ax must come without scores; got both. Draw two figures.")
    if open_gain is not None:
        need_columns("open_gain", open_gain, ("fraction", "value"))
        open_gain = open_gain[open_gain["fraction"].isin(frame["fraction"])]
        open_gain = open_gain if len(open_gain) else None
    with style():
        if scores is None:
            figure, right = one_panel(ax, height=2.7)
        else:
            figure, axes = new_figure(1, 2, width=PAGE, height=2.9)
            right = axes[0, 1]
            _levels(axes[0, 0], scores, ceiling, metric)
        _differences(right, frame, subjects, open_gain)
        right.set(
            xlabel="Labelled training trials (%)",
            ylabel=f"Gain in {metric} per subject\n(ours − w/o align)",
        )
    return describe(figure, _words(frame, open_gain, scores, ceiling, metric))


def _places(ax: Axes, fractions) -> dict[float, int]:
    """Put fractions at even places on the x axis and return where each stands."""
    places = {f: i for i, f in enumerate(sorted(set(fractions)))}
    ax.set_xticks(list(places.values()), [f"{100 * f:g}" for f in places])
    ax.set_xlim(-0.5, len(places) - 0.5)
    return places


def _differences(ax: Axes, frame, subjects, open_gain) -> None:
    """Draw mean differences with intervals over each subject's point."""
    places = _places(ax, frame["fraction"])
    level_line(ax, 0, "")
    x = frame["fraction"].map(places).to_numpy(dtype=float)
    if subjects is not None:
        need_columns("subjects", subjects, ("fraction", "subject", "value"))
        at = subjects["fraction"].map(places).to_numpy(dtype=float)
        rank = subjects.groupby("fraction")["value"].rank(method="first").to_numpy()
        spread = 0.12 * np.sin(rank * 2.4)  # fixed, so that points do not hide others
        ax.scatter(
            at - 0.26 + spread, subjects["value"], s=5, color="0.72", label="subjects"
        )
    if open_gain is not None:
        at = open_gain["fraction"].map(places).to_numpy(dtype=float)
        ax.plot(
            at + 0.12, open_gain["value"], "_", color=COLORS["ecg"], markersize=22,
            markeredgewidth=2.5, zorder=3, label="open to a linear student",
        )  # fmt: skip
    mean = frame["mean"].to_numpy()
    ax.vlines(
        x + 0.12, frame["low"], frame["high"], color="black", linewidth=1.6, zorder=4
    )
    ax.plot(
        x + 0.12, mean, "o", color=COLORS["ours"], zorder=5, label="mean and interval"
    )
    for place, value, n in zip(x, mean, frame["n"], strict=True):
        ax.annotate(
            f"{number(value, sign=True)}\nn = {n:g}", (place + 0.12, 1),
            xycoords=ax.get_xaxis_transform(), ha="center", va="bottom", fontsize=7,
        )  # fmt: skip
    top = ax.get_ylim()
    ax.set_ylim(top[0], top[1] + 0.35 * (top[1] - top[0]))
    ax.legend(loc="upper right", borderpad=0)


def _levels(ax: Axes, scores: pd.DataFrame, ceiling: float | None, metric: str) -> None:
    """Draw each system's score over the fractions, below the ceiling."""
    need_columns("scores", scores, ("fraction", "system", "mean", "low", "high"))
    places = _places(ax, scores["fraction"])
    systems = list(dict.fromkeys(scores["system"]))
    for i, system in enumerate(systems):
        rows = scores[scores["system"] == system].sort_values("fraction")
        x = rows["fraction"].map(places).to_numpy(dtype=float)
        x = x + 0.1 * (i - (len(systems) - 1) / 2)
        looks = look(system, systems)
        ax.vlines(x, rows["low"], rows["high"], color=looks["color"], linewidth=0.9)
        ax.plot(x, rows["mean"], linewidth=0.9, label=system, **looks)
    low, high = (
        scores[["low", "mean"]].min().min(),
        scores[["high", "mean"]].max().max(),
    )
    if ceiling is not None:
        level_line(ax, ceiling, "ceiling of ECG")
        high = max(high, ceiling)
    ax.set_ylim(low - 0.15 * (high - low), high + 0.12 * (high - low))
    ax.set(xlabel="Labelled training trials (%)", ylabel=f"{metric} (fraction)")
    ax.legend(loc="lower right")


def _words(frame, open_gain, scores, ceiling, metric) -> str:
    """Return the figure in sentences."""
    gains = "; ".join(
        f"{100 * r.fraction:g} % of labels {interval(r.m, r.low, r.high, sign=True)}, "
        f"n = {r.n:g}"
        for r in frame.rename(columns={"mean": "m"}).itertuples()
    )
    text = f"Gain in {metric} from alignment, paired per subject: {gains}."
    if open_gain is not None:
        values = ", ".join(
            f"{number(r.value, sign=True)} at {100 * r.fraction:g} %"
            for r in open_gain.itertuples()
        )
        text += f" Open to a linear student: {values}."
    if scores is not None:
        means = "; ".join(
            f"{r.system} {number(r.m)} at {100 * r.fraction:g} %"
            for r in scores.rename(columns={"mean": "m"}).itertuples()
        )
        text += f" {metric}: {means}."
    if ceiling is not None:
        text += f" Ceiling of ECG: {number(ceiling)}."
    return text
