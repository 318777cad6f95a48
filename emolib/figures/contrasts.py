"""Differences with their intervals: one system, level or condition against another."""

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
    need_columns,
    new_figure,
    number,
    style,
)

COLUMNS = ("panel", "row", "difference", "low", "high")
ROOM = 0.01
"""On both sides of zero at least: a difference of nothing must look like nothing."""


def plot_differences(frame: pd.DataFrame, *, label: str) -> Figure:
    """Draw differences with their intervals around zero, a panel per column of a table.

    Parameters
    ----------
    frame : DataFrame
        Columns `panel` and `row` (in the order in which they come), `difference`,
        `low`, `high`; an interval may be NaN. With a column `open`, what could be
        gained at most is drawn as an upright mark.
    label : str
        Label of the axes, with its unit.
    """
    need_columns("frame", frame, COLUMNS)
    panels = list(dict.fromkeys(frame["panel"]))
    names = list(dict.fromkeys(frame["row"]))
    places = {name: len(names) - 1 - i for i, name in enumerate(names)}
    with style():
        figure, axes = new_figure(
            1, len(panels), width=PAGE if len(panels) > 1 else 4.5,
            height=1.0 + 0.28 * len(names), sharex=True, sharey=True,
        )  # fmt: skip
        for ax, panel in zip(axes[0], panels, strict=True):
            _panel(ax, frame[frame["panel"] == panel], places)
            ax.set_title(panel)
        axes[0, 0].set_yticks(list(places.values()), list(places))
        axes[0, 0].set_ylim(-0.6, len(names) - 0.4)
        axes[0, 0].set_xlim(_limits(frame))
        axes[0, len(panels) // 2].set_xlabel(label)
    return describe(figure, _words(frame, panels, label))


def _panel(ax: Axes, rows: pd.DataFrame, places: dict[str, int]) -> None:
    """Draw one panel: what is open as upright marks, then means with intervals."""
    level_line(ax, 0, "", vertical=True)
    y = rows["row"].map(places).to_numpy()
    if "open" in rows:
        ax.plot(
            rows["open"], y, "|", color=COLORS["ecg"], markersize=13,
            markeredgewidth=2.5, zorder=2,
        )  # fmt: skip
    ax.hlines(y, rows["low"], rows["high"], color=COLORS["ours"], linewidth=1)
    ax.plot(rows["difference"], y, "o", color=COLORS["ours"], zorder=3)
    ax.grid(visible=False, axis="y")
    ax.grid(visible=True, axis="x")


def _limits(frame: pd.DataFrame) -> tuple[float, float]:
    """Return the ends of the axes: all that is drawn, and never less than `ROOM`."""
    shown = frame[[c for c in (*COLUMNS[2:], "open") if c in frame]].to_numpy(float)
    low, high = np.nanmin(shown), np.nanmax(shown)
    low, high = min(low, -ROOM), max(high, ROOM)
    return low - 0.08 * (high - low), high + 0.08 * (high - low)


def _words(frame: pd.DataFrame, panels, label: str) -> str:
    """Return every difference, in sentences."""
    sentences = []
    for panel in panels:
        rows = frame[frame["panel"] == panel]
        each = "; ".join(
            f"{r.row} {interval(r.difference, r.low, r.high, sign=True)}"
            + (f", open {number(r.open)}" if _is_open(r) else "")
            for r in rows.itertuples()
        )
        sentences.append(f"{panel}: {each}.")
    return f"{label}. " + " ".join(sentences)


def _is_open(row) -> bool:
    return bool(np.isfinite(getattr(row, "open", np.nan)))
