"""What subjects said and did: class priors of their ratings, heart rates."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from emolib.figures.old_style import (
    COLORS,
    describe,
    need_columns,
    number,
    one_panel,
    style,
)


def plot_class_prior(
    frame: pd.DataFrame,
    *,
    subjects: pd.DataFrame | None = None,
    implied: Mapping[str, float] | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Draw the share of high and low labels of each target.

    Paper 2, Section 2.1: the paper gives neither threshold nor prior.

    Parameters
    ----------
    frame : DataFrame
        Columns `target`, `share_high` (0 to 1), `n_windows`.
    subjects : DataFrame
        Columns `target`, `subject`, `share_high`: each subject's share, drawn as a
        point.
    implied : mapping of target to share
        Share of the larger class that the paper's own numbers imply, marked at both
        ends: which class it is they do not say.
    """
    need_columns("frame", frame, ("target", "share_high", "n_windows"))
    rows = {target: len(frame) - 1 - i for i, target in enumerate(frame["target"])}
    y = np.array(list(rows.values()), dtype=float)
    high = frame["share_high"].to_numpy(dtype=float)
    with style():
        figure, ax = one_panel(ax, width=5.0, height=0.9 + 0.42 * len(frame))
        ax.barh(y, high, 0.55, color="0.35", label="high")
        ax.barh(
            y, 1 - high, 0.55, left=high, color="white", edgecolor="0.35", hatch="////",
            label="low",
        )  # fmt: skip
        if subjects is not None:
            need_columns("subjects", subjects, ("target", "subject", "share_high"))
            at = subjects["target"].map(rows) + 0.38
            ax.plot(
                subjects["share_high"], at, "|", color="0.3", markersize=5,
                label="high, each subject",
            )  # fmt: skip
        for target, share in (implied or {}).items():
            ends = [share, 1 - share]
            ax.plot(
                ends, [rows[target]] * 2, "D", color=COLORS["paper"], zorder=4,
                markerfacecolor="white", markersize=5,
                label="implied by the paper" if target == next(iter(implied)) else None,
            )  # fmt: skip
        ax.axvline(0.5, color="black", linestyle="--", linewidth=0.9)
        ax.set_yticks(
            y, [f"{r.target}\nn = {r.n_windows:g}" for r in frame.itertuples()]
        )
        ax.set(xlim=(0, 1), xlabel="Share of windows (fraction)")
        ax.grid(visible=False)
        ax.legend(loc="upper left", bbox_to_anchor=(1, 1), borderpad=0)
    return describe(figure, _prior_words(frame, implied))


def _prior_words(frame: pd.DataFrame, implied) -> str:
    """Return priors in sentences."""
    each = "; ".join(
        f"{r.target} {r.share_high:.1%} high of {r.n_windows:g} windows"
        for r in frame.itertuples()
    )
    text = f"Class priors: {each}."
    if implied:
        shares = ", ".join(f"{target} {share:.0%}" for target, share in implied.items())
        text += f" Larger class implied by the paper: {shares}."
    return text


def plot_heart_rate(
    frame: pd.DataFrame,
    *,
    conditions: tuple[str, str] = ("rest", "task"),
    ax: Axes | None = None,
) -> Figure:
    """Draw each subject's heart rate in two conditions, joined by a line.

    Parameters
    ----------
    frame : DataFrame
        Columns `subject` and the two `conditions`, in beats per minute.
    """
    need_columns("frame", frame, ("subject", *conditions))
    first, second = (frame[c].to_numpy(dtype=float) for c in conditions)
    with style():
        figure, ax = one_panel(ax, width=3.5, height=2.9)
        ax.margins(y=0.08)
        for a, b in zip(first, second, strict=True):
            rises = b > a
            ax.plot(
                [0, 1], [a, b], color=COLORS["ecg"], marker="o", linewidth=1,
                linestyle="-" if rises else (0, (3, 2)),
                markerfacecolor=COLORS["ecg"] if rises else "white",
            )  # fmt: skip
        _name_lines(ax, frame["subject"].astype(str).to_list(), second)
        ax.plot(
            [-0.1, 1.42], [np.nanmean(first), np.nanmean(second)], "_", color="black",
            markersize=12, markeredgewidth=2,
        )  # fmt: skip
        ax.set_xticks([0, 1], list(conditions))
        ax.set(xlim=(-0.25, 1.6), ylabel="Heart rate (beats per minute)")
        ax.set_xlabel("Condition (black: mean of subjects; dashed: falls)")
        ax.annotate(
            f"rises in {int((second > first).sum())} of {len(frame)}, mean "
            f"{number(np.nanmean(second - first), 1, sign=True)}",
            (0, 1), xycoords="axes fraction", va="bottom", fontsize=7.5,
        )  # fmt: skip
    return describe(figure, _rate_words(first, second, conditions))


def _rate_words(first: np.ndarray, second: np.ndarray, conditions) -> str:
    """Return what the heart rates do, in a sentence."""
    change = second - first
    rising, mean = int((change > 0).sum()), number(np.nanmean(change), 1, sign=True)
    return (
        f"Heart rate from {conditions[0]} to {conditions[1]}: rises in {rising} of "
        f"{len(change)} subjects, mean change {mean} beats per minute (from "
        f"{number(np.nanmean(first), 1)} to {number(np.nanmean(second), 1)})."
    )


def _name_lines(ax: Axes, names: list[str], heights: np.ndarray) -> None:
    """Write names right of the lines' ends, moved apart where they would touch."""
    low, high = ax.get_ylim()
    gap = (high - low) * 0.05
    place = -np.inf
    for i in np.argsort(heights)[: np.isfinite(heights).sum()]:
        place = max(heights[i], place + gap)
        ax.annotate(names[i], (1.06, place), va="center", fontsize=6.5, color="0.35")
