"""Losses over epochs."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from emolib.figures import style as look

MARKERS = "os^Dx"
NO_TERMS = ["epoch", "fold", "seed", "monitor"]
"""Columns of numbers that are no loss."""


def plot_history(histories: Mapping[str, pd.DataFrame], *, log: bool = False) -> Figure:
    """Draw every named loss over epochs, a panel per stage.

    Parameters
    ----------
    histories : mapping of stage name to DataFrame
        As `fit` returns: columns `epoch`, `split` (``"train"``, ``"val"``),
        `total` and one per named loss; others that are not numbers are left out. The
        epoch that `fit` kept is marked.
    log : bool
        Whether losses are drawn on a log scale, where terms differ by much.
    """
    with look.style():
        figure, axes = look.new_figure(1, len(histories), height=2.5)
        for ax, (stage, history) in zip(axes[0], histories.items(), strict=True):
            ax.set_yscale("log" if log else "linear")
            ax.set(title=stage, xlabel="Epoch (number)")
            ax.xaxis.get_major_locator().set_params(integer=True)
            _losses(ax, history)
        axes[0, 0].set_ylabel(f"Loss (0 is perfect{', log scale' if log else ''})")
        key = "– –  training     —  validation     │  best epoch"
        figure.supxlabel(key, fontsize=6.5, color="0.35")
    kept = ", ".join(f"{name} {best_epoch(rows)}" for name, rows in histories.items())
    return look.describe(figure, f"Losses over epochs; best epoch by stage: {kept}.")


def _losses(ax: Axes, history: pd.DataFrame) -> None:
    """Draw the losses of one stage: training dashed, validation solid."""
    found = history.select_dtypes("number").dropna(axis=1, how="all")
    terms = found.columns.drop(NO_TERMS, errors="ignore")
    terms = sorted(terms, key=lambda term: term != "total")
    named = []
    for i, term in enumerate(terms):
        looks = {"color": str(0.65 * i / len(terms)), "marker": MARKERS[i % 5]}
        for split, rows in history.groupby("split"):  # training comes first
            (line,) = ax.plot(rows["epoch"], rows[term], label=term, **looks)
            dashes = (0, (3, 2)) if split == "train" else "-"
            line.set(linestyle=dashes, markevery=0.2, markersize=3)
        named.append(line)
    ax.axvline(best_epoch(history), color="0.75", linewidth=0.8, zorder=0)
    ax.margins(x=0.08)
    look.name_ends(ax, named)


def best_epoch(history: pd.DataFrame) -> int:
    """Return the epoch that `fit` kept.

    It is that of the lowest validation total, or of the lowest `monitor` where `fit`
    had a criterion of its own; the last without validation.
    """
    rows = history[history["split"] != "train"]
    if rows.empty:
        return int(history["epoch"].max())
    own = "monitor" in rows and rows["monitor"].notna().any()
    return int(rows.loc[rows["monitor" if own else "total"].idxmin(), "epoch"])
