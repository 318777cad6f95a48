"""One figure for all scores: marks with intervals, single values, lines to judge by.

A score stands at a place (a system, a split, a level of noise), belongs to a series
(told apart by colour and marker), and may stand in one of several panels.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from emolib.figures import style as look

MIN_SPAN = 0.04
"""Least length of a score axis, as a fraction: what is flat must look flat."""

MAX_NAMED = 7
"""Lines that are named at their ends, in the last panel that has them."""

MARKS = {
    "paper": {"marker": "D", "color": look.PAPER, "mfc": "white", "linestyle": "none"},
    "open": {"marker": "_", "color": look.COLORS["ecg"], "markersize": 14, "mew": 2.5,
             "linestyle": "none"},
}  # fmt: skip
"""Further columns that are drawn: the printed number; what could be reached."""


class Plan(NamedTuple):
    """How a frame becomes a figure."""

    at: str  # column of the places
    by: str | None  # column of the series
    places: Mapping  # place -> position on its axis
    series: list
    joined: Collection
    horizontal: bool
    is_words: bool  # places are words at even steps, not numbers

    def shift(self, name: str) -> float:
        """Return how far a series stands aside, so that none hides another."""
        beside = [other for other in self.series if not look.is_judge(other)]
        rank = beside.index(name) - (len(beside) - 1) / 2
        if self.is_words:
            return rank * (0.08 if name in self.joined else 0.6 / len(beside))
        return 0.012 * rank * (max(self.places.values()) - min(self.places.values()))

    def draw(self, ax: Axes, place, value, **looks) -> None:
        """Plot values at places, or upright when places are below one another."""
        if looks.get("marker") == "_" and self.horizontal:
            looks["marker"] = "|"
        ax.plot(*((value, place) if self.horizontal else (place, value)), **looks)


def plot_scores(
    frame: pd.DataFrame,
    *,
    at: str,
    label: str,
    by: str | None = None,
    panel: str | None = None,
    place_label: str = "",
    points: pd.DataFrame | None = None,
    references: Mapping[str, float | Mapping] | None = None,
    band: tuple[str, str, str] | None = None,
    joined: bool | Collection[str] = False,
    horizontal: bool = False,
    ax: Axes | None = None,
) -> Figure:
    """Draw scores as marks with their intervals, and what they are judged by.

    Parameters
    ----------
    frame : DataFrame
        A row a mark: the columns that `at`, `by` and `panel` name, `mean`, and where
        known `low` and `high`. A column `paper` adds the printed number as a grey
        diamond, `open` what could be reached as a bar. A frame without `mean` holds
        single values in `value` (folds, subjects): they are drawn as points, with
        their mean and one SD to either side.
    at : str
        Column of the places. Words stand at even steps in their order; numbers stand
        where they belong, the first of the frame on the left.
    label, place_label : str
        Labels of the two axes, with their units.
    by : str
        Column of the series; None for one series. Those whose names begin with
        "chance", "majority", "ceiling" or "expected" are grey lines.
    panel : str
        Column of the panels, which share their axes. A panel named after a modality
        gives its colour to the series that have none of their own.
    points : DataFrame
        The same columns and `value`, drawn as small points; those that share a value
        of a column `pair` (a subject) are joined.
    references : mapping of name to level
        Drawn dashed: chance, majority, a ceiling; a level may be a mapping of panel
        to level.
    band : lower series, upper series, words
        The room between two series, shaded.
    joined : bool or collection of str
        Whether marks of a series are joined, or which series.
    horizontal : bool
        True puts places below one another, for names that are long.
    ax : Axes
        The caller's, for one panel.
    """
    cell = [name for name in (panel, by, at) if name]
    look.need_columns("frame", frame, cell)
    if "mean" not in frame:
        points, frame = frame, spread(frame, cell)
    plan = _plan(frame, at, by, joined, horizontal)
    names = list(dict.fromkeys(frame[panel])) if panel else [""]
    with look.style():
        figure, axes = _axes(ax, len(names), plan)
        for one, name in zip(axes, names, strict=True):
            mine = _only(frame, panel, name)
            _panel(one, mine, _only(points, panel, name), plan, name)
            _references(one, references or {}, name, plan)
            if band:
                _shade(one, mine, plan, band)
        for one in axes:
            _set_places(one, plan)
        _label(figure, axes, plan, (label, place_label))
        _name_series(figure, axes, plan)
    return look.describe(figure, _words(frame, label, names, references or {}))


def spread(values: pd.DataFrame, cell: list[str]) -> pd.DataFrame:
    """Return mean, and one SD to either side, of the column `value` of each cell."""
    look.need_columns("frame", values, [*cell, "value"])
    found = values.groupby(cell, sort=False)["value"].agg(["mean", "std"]).reset_index()
    low, high = found["mean"] - found["std"], found["mean"] + found["std"]
    return found.assign(low=low, high=high)


def _plan(frame, at, by, joined, horizontal) -> Plan:
    """Return the order of places and of series."""
    is_words = not pd.api.types.is_numeric_dtype(frame[at])
    places = {p: i if is_words else p for i, p in enumerate(dict.fromkeys(frame[at]))}
    series = list(dict.fromkeys(frame[by])) if by else [""]
    chosen = series if joined is True else joined or ()
    lines = {s for s in series if s in chosen or look.is_judge(s)} - {"paper"}
    return Plan(at, by, places, series, lines, horizontal, is_words)


def _only(frame, column, name):
    """Return the rows of one panel or series."""
    return frame if frame is None or not column else frame[frame[column] == name]


def _axes(ax: Axes | None, n_panels: int, plan: Plan):
    """Return the figure and one axes a panel."""
    if ax is not None:
        return ax.get_figure(), [ax]
    figure, axes = look.new_figure(
        1, n_panels, width=look.PAGE if n_panels > 1 else 5.0, sharex=True, sharey=True,
        height=0.9 + 0.25 * len(plan.places) if plan.horizontal else 2.9,
    )  # fmt: skip
    return figure, list(axes[0])


def _panel(ax: Axes, rows, points, plan: Plan, title: str) -> None:
    """Draw one panel: single values, intervals, further marks, scores."""
    interval = ax.hlines if plan.horizontal else ax.vlines
    ink = look.job_color(title)
    for name in plan.series:
        mine = _only(rows, plan.by, name)
        place = mine[plan.at].map(plan.places).to_numpy(float)
        looks = look.look_of(name, plan.series, ink, joined=name in plan.joined)
        if look.is_judge(name):
            looks["marker"] = "_" if len(mine) == 1 else ""
            plan.draw(ax, place, mine["mean"], label=name, **looks)
            continue
        place = place + plan.shift(name)
        if points is not None:
            _points(ax, _only(points, plan.by, name), plan, plan.shift(name))
        if {"low", "high"} <= set(mine):
            interval(place, mine["low"], mine["high"], color=looks["color"], zorder=2)
        for column in [each for each in MARKS if each in mine]:
            plan.draw(ax, place, mine[column], label=column, **MARKS[column])
        plan.draw(ax, place, mine["mean"], label=name or "this run", zorder=3, **looks)


def _points(ax: Axes, rows, plan: Plan, aside: float) -> None:
    """Draw single values a little before their mean, pairs joined."""
    place = rows[plan.at].map(plan.places) + aside - 0.1 * plan.is_words
    looks = {"color": look.SINGLE, "linewidth": 0.5, "zorder": 1}
    plan.draw(ax, place, rows["value"], marker=".", linestyle="none", **looks)
    if "pair" in rows:
        for _, mine in rows.assign(place=place).groupby("pair"):
            plan.draw(ax, mine["place"], mine["value"], **looks)


def _references(ax: Axes, references: Mapping, panel: str, plan: Plan) -> None:
    """Draw the lines to judge by, those of this panel, and its title above them."""
    for name, level in references.items():
        value = level.get(panel, np.nan) if isinstance(level, Mapping) else level
        if np.isfinite(value):
            look.level_line(ax, value, name, vertical=plan.horizontal)
    ax.set_title(panel, pad=14 if plan.horizontal and any(references) else None)


def _shade(ax: Axes, rows, plan: Plan, band: tuple[str, str, str]) -> None:
    """Shade the room between two series, where both are there."""
    sides = [_only(rows, plan.by, name).set_index(plan.at)["mean"] for name in band[:2]]
    if any(side.empty for side in sides):
        return
    both = pd.concat(sides, axis=1, join="inner", keys=["low", "high"])
    looks = {"color": look.BAND, "linewidth": 0, "zorder": 0}
    place = [plan.places[p] for p in both.index]
    ax.fill_between(place, both["low"], both["high"], label=band[2], **looks)


def _set_places(ax: Axes, plan: Plan) -> None:
    """Name the places, the first on the left or on top, and keep what is flat flat."""
    side, values = (ax.yaxis, ax.xaxis) if plan.horizontal else (ax.xaxis, ax.yaxis)
    at = list(plan.places.values())
    if plan.is_words:
        side.set_ticks(at, list(plan.places))
        ends = (-0.5, len(at) - 0.5)
        ax.set(**{f"{side.axis_name}lim": ends[::-1] if plan.horizontal else ends})
    else:
        side.set_inverted(at[0] > at[-1])
    low, high = values.get_view_interval()
    short = max(0.0, MIN_SPAN - (high - low)) / 2
    ax.set(**{f"{values.axis_name}lim": (low - short, high + short)})
    side.grid(visible=False)
    values.grid(visible=True)


def _label(figure: Figure, axes: list[Axes], plan: Plan, labels) -> None:
    """Write the labels of both axes, once for all panels."""
    across, along = labels if plan.horizontal else labels[::-1]
    if len(axes) == 1:
        axes[0].set(xlabel=across, ylabel=along)
        return
    figure.supxlabel(across, fontsize=8)
    figure.supylabel(along, fontsize=8)


def _name_series(figure: Figure, axes: list[Axes], plan: Plan) -> None:
    """Name few lines at their ends, and everything else in a legend."""
    direct = plan.joined if len(plan.joined) <= MAX_NAMED else ()
    last = {line.get_label(): line for ax in axes for line in ax.lines}
    others = {}
    for ax in axes:
        ends = [last[name] for name in direct if name in last]
        look.name_ends(ax, [line for line in ends if line.axes is ax])
        labelled = zip(*ax.get_legend_handles_labels(), strict=True)
        others |= {label: each for each, label in labelled if label not in direct}
    if others and len(others) + len(direct) > 1:
        figure.legend(others.values(), others, loc="outside right upper")


def _words(frame: pd.DataFrame, label: str, panels, references) -> str:
    """Return what the figure shows, in one sentence."""
    ends = [look.number(value) for value in (frame["mean"].min(), frame["mean"].max())]
    of = f" of {', '.join(panels)}" if any(panels) else ""
    beside = f", beside {', '.join(references)}" if any(references) else ""
    n = frame["mean"].notna().sum()
    text = f"{label}{of}: {n} scores from {ends[0]} to {ends[1]}{beside}."
    return text.replace("\n", " ")
