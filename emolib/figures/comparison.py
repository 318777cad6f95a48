"""Rows of a table as dots: ours beside the paper's, and one variant beside another."""

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
    one_panel,
    style,
)


def plot_paper_vs_ours(
    frame: pd.DataFrame, *, metric: str = "AUC", note: str = ""
) -> Figure:
    """Draw the printed value and ours for each system, a panel per column of the table.

    Parameters
    ----------
    frame : DataFrame
        Columns `column` (a panel each, for example ``"DREAMER arousal"``), `system` (in
        the order of the table, the paper's own last), `paper`, `ours`, `low`, `high`; a
        cell that was not run is NaN.
    metric : str
        Name of the score.
    note : str
        Drawn over the panels, for example ``"not comparable: surrogate"``.
    """
    need_columns("frame", frame, ("column", "system", "paper", "ours", "low", "high"))
    panels = list(dict.fromkeys(frame["column"]))
    systems = list(dict.fromkeys(frame["system"]))
    rows = {system: len(systems) - 1 - i for i, system in enumerate(systems)}
    with style():
        figure, axes = new_figure(
            1, len(panels), width=PAGE, height=0.9 + 0.2 * len(systems), sharex=True,
            sharey=True,
        )  # fmt: skip
        for ax, panel in zip(axes[0], panels, strict=True):
            _dots(ax, frame[frame["column"] == panel], rows)
            ax.set_title(panel)
            ax.set_xlabel(f"{metric} (fraction)")
        axes[0, 0].set_yticks(list(rows.values()), list(rows))
        axes[0, 0].set_ylim(-0.6, len(rows) - 0.4)
        figure.legend(
            *axes[0, 0].get_legend_handles_labels(), loc="outside upper right", ncols=2,
            title=note or None, title_fontsize=7, alignment="right",
        )  # fmt: skip
    return describe(figure, _pairs_in_words(frame, panels, metric, note))


def _dots(ax: Axes, part: pd.DataFrame, rows: dict[str, int]) -> None:
    """Draw one panel: the paper's diamonds and our dots with intervals."""
    y = part["system"].map(rows).to_numpy()
    ax.plot(
        part["paper"], y, "D", color=COLORS["paper"], markerfacecolor="white",
        label="paper",
    )  # fmt: skip
    ax.hlines(y, part["low"], part["high"], color=COLORS["ours"], linewidth=1)
    ax.plot(part["ours"], y, "o", color=COLORS["ours"], label="ours")
    ax.grid(visible=True, axis="both")


def _pairs_in_words(frame, panels, metric, note) -> str:
    """Return both values of every cell, in sentences."""
    sentences = []
    for panel in panels:
        cells = frame[frame["column"] == panel]
        each = "; ".join(
            f"{r.system} {number(r.paper)} and "
            + (interval(r.ours, r.low, r.high) if pd.notna(r.ours) else "not run")
            for r in cells.itertuples()
        )
        sentences.append(f"{panel}: {each}.")
    head = f"{metric}, the paper's value and ours" + (f" ({note})" if note else "")
    return f"{head}. " + " ".join(sentences)


def plot_ablation(
    frame: pd.DataFrame,
    *,
    folds: pd.DataFrame | None = None,
    label: str = "AUC (fraction)",
    reference: tuple[str, float] | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Draw the rows of an ablation with their intervals, one below the other.

    Parameters
    ----------
    frame : DataFrame
        Columns `system` (in the order of the table), `mean`, `low`, `high`: scores, or
        paired differences from the full system.
    folds : DataFrame
        Columns `system`, `value`: drawn as points.
    label : str
        Label of the axis, with its unit.
    reference : name and level
        Drawn dashed: chance, or 0 for differences.
    """
    need_columns("frame", frame, ("system", "mean", "low", "high"))
    rows = {system: len(frame) - 1 - i for i, system in enumerate(frame["system"])}
    with style():
        figure, ax = one_panel(ax, width=4.5, height=0.9 + 0.28 * len(frame))
        if reference:
            level_line(ax, reference[1], reference[0], vertical=True)
            ax.annotate(
                reference[0], (reference[1], 1), xycoords=ax.get_xaxis_transform(),
                ha="center", va="bottom", fontsize=6.5, color=COLORS["reference"],
            )  # fmt: skip
        if folds is not None:
            need_columns("folds", folds, ("system", "value"))
            y = folds["system"].map(rows) - 0.22
            ax.plot(folds["value"], y, ".", color="0.6", markersize=3.5)
        for r in frame.rename(columns={"mean": "m"}).itertuples():
            looks = look(r.system, rows)
            ax.hlines(rows[r.system], r.low, r.high, color=looks["color"], linewidth=1)
            ax.plot(r.m, rows[r.system], linestyle="none", **looks)
        ax.set_yticks(list(rows.values()), list(rows))
        ax.set_ylim(-0.6, len(rows) - 0.4)
        ax.set_xlabel(label)
        ax.set_ylabel("")
        ax.grid(visible=False, axis="y")
        ax.grid(visible=True, axis="x")
    each = "; ".join(
        f"{r.system} {interval(r.m, r.low, r.high)}"
        for r in frame.rename(columns={"mean": "m"}).itertuples()
    )
    return describe(figure, f"{label}: {each}.")
