"""An utterance as its sequences of features, before and after noise."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from emolib.figures.old_style import PAGE, describe, new_figure, number, style

N_DRAWN = 32
"""Features drawn of each modality, spread evenly over all of them."""

LIMIT = 98
"""Percentile of sizes at which the colours end."""


def plot_utterance(
    clean: Mapping[str, np.ndarray],
    seen: Mapping[str, np.ndarray],
    steps: Mapping[str, int],
    *,
    names: tuple[str, str] = ("clean", "as a model sees it"),
) -> Figure:
    """Draw one utterance twice, a row of panels a modality, features against steps.

    Paper 3, Sections 2.2.2 and 3.1: some modalities get noise, others none.

    Parameters
    ----------
    clean, seen : mapping of modality to ndarray, shape (t, d)
        Padded sequences of features, before and after noise.
    steps : mapping of modality to int
        Real steps; padding is hatched.
    names : two of str
        Titles of the columns.
    """
    with style():
        figure, axes = new_figure(
            len(clean), len(names), width=PAGE, height=0.6 + 1.25 * len(clean)
        )
        for row, name in zip(axes, clean, strict=True):
            limit = np.percentile(np.abs(clean[name][: steps[name]]), LIMIT)
            for ax, side in zip(row, (clean, seen), strict=True):
                image = _sequence(ax, np.asarray(side[name]), steps[name], limit)
            row[0].set_ylabel(f"{name}\nfeature (number)")
            figure.colorbar(image, ax=row, label="Value (no unit)", pad=0.01)
        for ax, title in zip(axes[0], names, strict=True):
            ax.set_title(title)
        for ax in axes[-1]:
            ax.set_xlabel("Step (number); hatched: padding")
    return describe(figure, _words(clean, seen, steps, names))


def _sequence(ax: Axes, x: np.ndarray, n_steps: int, limit: float):
    """Draw features over steps, and where padding begins."""
    drawn = np.linspace(0, x.shape[1] - 1, min(N_DRAWN, x.shape[1])).astype(int)
    extent = (0.5, len(x) + 0.5, len(drawn) - 0.5, -0.5)
    image = ax.imshow(
        x[:, drawn].T, cmap="RdBu_r", vmin=-limit, vmax=limit, aspect="auto",
        interpolation="nearest", extent=extent,
    )  # fmt: skip
    if n_steps < len(x):
        ax.axvspan(
            n_steps + 0.5, len(x) + 0.5, facecolor="0.93", edgecolor="0.6",
            hatch="////", linewidth=0,
        )  # fmt: skip
    ax.grid(visible=False)
    ax.set_yticks([0, len(drawn) - 1], [f"{drawn[0] + 1}", f"{drawn[-1] + 1}"])
    return image


def _words(clean, seen, steps, names) -> str:
    """Return how far noise moved each modality, in words."""
    each = []
    for name, x in clean.items():
        moved = np.asarray(seen[name]) - np.asarray(x)
        size = float(np.sqrt(np.mean(moved[: steps[name]] ** 2)))
        said = f"moved by {number(size, 2)} on average" if size else "unchanged"
        each.append(f"{name}, {steps[name]} of {len(x)} steps real, {said}")
    return f"One utterance {names[0]} and {names[1]}: {'; '.join(each)}."
