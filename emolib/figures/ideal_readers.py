"""What ideal readers score at each level, and the room that weighing noise opens.

Fan et al. 2024 (paper 3), Sections 3.1 and 3.2: six conditions, and a seventh.
"""

from __future__ import annotations

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
    style,
)

LINES = {
    "ceiling, six": {"linestyle": "--"},
    "ceiling, noisy ignored": {"linestyle": ":"},
    "ceiling, all noisy": {"linestyle": "-."},
}
"""How each reader's line is drawn."""

APART_DB = 0.5
"""dB between the marks of two systems at one level."""


def plot_ideal_readers(
    readers: pd.DataFrame,
    *,
    systems: pd.DataFrame | None = None,
    floors: dict[str, float] | None = None,
    metric: str = "WA",
) -> Figure:
    """Draw the scores of ideal readers by level, and of trained systems below them.

    The band between a reader that weighs noisy modalities by their SNR and one that
    leaves them out is what a noise-robust representation can gain at most.

    Parameters
    ----------
    readers : DataFrame
        Columns `name` (a panel each), `system` (of `LINES`), `db`, `mean`.
    systems : DataFrame
        Columns `name`, `system`, `db`, `mean`, `low`, `high`; an interval may be NaN.
    floors : mapping of name to float
        Drawn dashed: the share of the commonest class.
    metric : str
        Name of the score.
    """
    need_columns("readers", readers, ("name", "system", "db", "mean"))
    names = list(dict.fromkeys(readers["name"]))
    with style():
        figure, axes = new_figure(
            1, len(names), width=PAGE if len(names) > 1 else 5.0, height=2.9,
            sharex=True, sharey=True,
        )  # fmt: skip
        for ax, name in zip(axes[0], names, strict=True):
            _readers(ax, readers[readers["name"] == name])
            if systems is not None:
                need_columns(
                    "systems", systems, ("name", "system", "db", "mean", "low", "high")
                )
                _systems(ax, systems, name)
            if name in (floors or {}):
                level_line(ax, floors[name], "majority", left=True)
            ax.set_title(name)
        low, high = readers["db"].min(), readers["db"].max()
        axes[0, 0].set_xlim(high + 3, low - 3)
        axes[0, 0].set_ylabel(f"{metric} (fraction)")
        axes[0, len(names) // 2].set_xlabel("SNR of what is noisy (dB)")
        handles, labels = axes[0, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside right upper", borderpad=0)
    return describe(figure, _words(readers, systems, names, metric))


def _readers(ax: Axes, rows: pd.DataFrame) -> None:
    """Draw one panel's lines, and the band between the two readers of the six."""
    sides = {}
    for system, line in LINES.items():
        mine = rows[rows["system"] == system].sort_values("db")
        if len(mine):
            sides[system] = mine
            ax.plot(
                mine["db"],
                mine["mean"],
                color=COLORS["reference"],
                label=system,
                **line,
            )
    six, ignored = (sides.get(k) for k in list(LINES)[:2])
    if six is not None and ignored is not None:
        ax.fill_between(
            six["db"], ignored["mean"], six["mean"], color=COLORS["band"],
            label="open to weighing", linewidth=0,
        )  # fmt: skip


def _systems(ax: Axes, systems: pd.DataFrame, name: str) -> None:
    """Draw the marks of trained systems with their intervals."""
    rows = systems[systems["name"] == name]
    known = list(dict.fromkeys(systems["system"]))
    for i, system in enumerate(known):
        mine = rows[rows["system"] == system].sort_values("db")
        x = mine["db"] - APART_DB * (i - (len(known) - 1) / 2)
        looks = look(system, known)
        ax.vlines(x, mine["low"], mine["high"], color=looks["color"], linewidth=0.9)
        ax.plot(x, mine["mean"], linewidth=0.9, label=system, **looks)


def _words(readers, systems, names, metric) -> str:
    """Return every score, in sentences."""
    sentences = []
    for name in names:
        rows = readers[readers["name"] == name].assign(low=float("nan"))
        parts = [rows.assign(high=rows["low"])]
        if systems is not None:
            parts.append(systems[systems["name"] == name])
        table = pd.concat(parts).rename(columns={"mean": "m"})
        each = "; ".join(
            f"{system} "
            + ", ".join(
                f"{interval(r.m, r.low, r.high)} at {number(r.db, 0)} dB"
                for r in part.sort_values("db", ascending=False).itertuples()
            )
            for system, part in table.groupby("system", sort=False)
        )
        sentences.append(f"{name}: {each}.")
    return f"{metric} of ideal readers by level. " + " ".join(sentences)
