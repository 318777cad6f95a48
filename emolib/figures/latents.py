"""Does a VAE use its latent vector? What each unit says, largest first."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from emolib.figures.old_style import (
    COLORS,
    PAGE,
    describe,
    level_line,
    need_columns,
    new_figure,
    number,
    style,
)


def plot_latent_use(frame: pd.DataFrame, *, threshold: float = 0.01) -> Figure:
    """Draw how far each latent unit's mean varies between utterances, largest first.

    Paper 3, Section 2.3: the VAE of NMER.

    Parameters
    ----------
    frame : DataFrame
        Columns `panel` (a model each), `unit`, `variance` (of mu over utterances) and
        `kl` (Eq. 6, mean over utterances, in nats).
    threshold : float
        A unit above it is active.
    """
    need_columns("frame", frame, ("panel", "unit", "variance", "kl"))
    panels = list(dict.fromkeys(frame["panel"]))
    with style():
        figure, axes = new_figure(
            1, len(panels), width=PAGE if len(panels) > 1 else 3.5, height=2.5,
            sharex=True, sharey=True,
        )  # fmt: skip
        for ax, panel in zip(axes[0], panels, strict=True):
            rows = frame[frame["panel"] == panel]
            _units(ax, rows, threshold)
            count = _count(rows, threshold).removesuffix(" an utterance")
            ax.set_title(f"{panel}\n{count}")
        axes[0, 0].set_ylabel("Variance of μ over utterances\n(variance of the prior)")
        axes[0, len(panels) // 2].set_xlabel("Latent units, largest first (rank)")
    each = "; ".join(
        f"{panel} {_count(frame[frame['panel'] == panel], threshold)}"
        for panel in panels
    )
    return describe(figure, f"Use of the latent vector: {each}.")


def _units(ax: Axes, rows: pd.DataFrame, threshold: float) -> None:
    """Draw one panel: active units filled, the others open."""
    variance = rows["variance"].sort_values(ascending=False).to_numpy()
    rank = range(1, len(variance) + 1)
    is_active = variance > threshold
    for active, fill in ((True, "black"), (False, "white")):
        chosen = [(r, v) for r, v, a in zip(rank, variance, is_active, strict=True)
                  if a == active]  # fmt: skip
        if chosen:
            ax.plot(
                *zip(*chosen, strict=True), "o", color=COLORS["ours"], markersize=3,
                markerfacecolor=fill, markeredgewidth=0.7,
            )  # fmt: skip
    ax.set_yscale("log")
    ax.minorticks_off()
    level_line(ax, threshold, "active above", left=True)


def _count(rows: pd.DataFrame, threshold: float) -> str:
    """Return active units and divergence in words."""
    n_active = int((rows["variance"] > threshold).sum())
    return (
        f"{n_active} of {len(rows)} active, KL {number(rows['kl'].sum(), 2)} nats an "
        "utterance"
    )
