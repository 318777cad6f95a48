"""Signals as they enter a model: windows, patches and their shuffle."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from emolib.checks import check_range
from emolib.containers import Windows
from emolib.figures.style import (
    COLORS,
    PAGE,
    describe,
    new_figure,
    style,
)

_ORDER = ("ecg", "eeg")
_APART = 9.0  # SD between two modalities of the shuffle figure


def plot_windows(
    windows: Windows, row: int = 0, *, n_patches: int = 10, unit: str = "SD"
) -> Figure:
    """Draw one window: every channel of every modality, and where patches are cut.

    Paper 2, Section 2.1 and Section 2.2, data preparation.

    Parameters
    ----------
    windows : Windows
        With `sfreq` and `ch_names` of each modality.
    row : int
        Which window.
    n_patches : int
        Number of patches; 0 draws no boundaries.
    unit : str
        Unit of the signals, ``"SD"`` after a z-score.
    """
    check_range("row", row, 0, len(windows) - 1)
    names = [m for m in _ORDER if m in windows.x]
    names += [m for m in windows.x if m not in names]
    counts = [windows.x[m].shape[1] for m in names]
    with style():
        figure, axes = new_figure(
            len(names), height=1 + 0.17 * sum(counts) + 0.3 * len(names), sharex=True,
            gridspec_kw={"height_ratios": [n + 1.5 for n in counts]},
        )  # fmt: skip
        for ax, name in zip(axes[:, 0], names, strict=True):
            sfreq = windows.sfreq[name]
            _stack(ax, name, windows.x[name][row], sfreq, windows.ch_names[name], unit)
        seconds = windows.x[names[0]].shape[-1] / windows.sfreq[names[0]]
        _cut_lines(axes[:, 0], seconds, n_patches)
        axes[-1, 0].set(xlabel="Time (s)", xlim=(0, seconds))
    what = ", ".join(
        f"{n} {m.upper()} channels at {windows.sfreq[m]:g} Hz"
        for m, n in zip(names, counts, strict=True)
    )
    where = windows.meta.iloc[row]
    cut = f", cut into {n_patches} patches" if n_patches else ""
    return describe(
        figure,
        f"One window of {seconds:g} s (subject {where['subject']}, trial "
        f"{where['trial']}, from {where['start_s']:g} s): {what}{cut}.",
    )


def _stack(ax: Axes, name: str, x: np.ndarray, sfreq: float, ch_names, unit) -> None:
    """Draw channels below each other, with a bar for the scale."""
    x = x - np.median(x, axis=1, keepdims=True)
    step = 1.1 * max(np.percentile(np.abs(x), 99) * 1.4, 1e-12)
    offsets = -step * np.arange(len(x))
    times = np.arange(x.shape[1]) / sfreq
    color = COLORS.get(name, "black")
    ax.plot(times, x.T + offsets, color=color, linewidth=0.6, rasterized=True)
    ax.set_yticks(offsets, ch_names)
    ax.set_ylim(offsets[-1] - step, max(step, x[0].max() * 1.1))
    ax.set_ylabel(f"{name.upper()} ({unit})")
    ax.grid(visible=False)
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0)
    bar = float(f"{step:.0e}")
    middle = offsets.mean()
    ax.plot(
        [1.012] * 2, [middle - bar / 2, middle + bar / 2], color="black",
        transform=ax.get_yaxis_transform(), clip_on=False, linewidth=1.5,
    )  # fmt: skip
    ax.annotate(
        f"{bar:g} {unit}", (1.02, middle), xycoords=ax.get_yaxis_transform(),
        va="center", fontsize=7,
    )  # fmt: skip


def _cut_lines(axes, seconds: float, n_patches: int) -> None:
    """Draw the boundaries of patches into all axes and number them in the first."""
    if not n_patches:
        return
    edges = np.linspace(0, seconds, n_patches + 1)
    for ax in axes:
        for edge in edges[1:-1]:
            ax.axvline(edge, color="0.75", linewidth=0.6, linestyle=(0, (4, 2)))
    for j, middle in enumerate((edges[1:] + edges[:-1]) / 2):
        text = f"patch {j + 1}" if j == 0 else f"{j + 1}"
        axes[0].annotate(
            text, (middle, 1), xycoords=axes[0].get_xaxis_transform(), ha="center",
            va="bottom", fontsize=6.5, color="0.35",
        )  # fmt: skip


def plot_patch_shuffle(
    before: Mapping[str, np.ndarray],
    after: Mapping[str, np.ndarray],
    order: np.ndarray,
    *,
    sfreq: Mapping[str, float],
) -> Figure:
    """Draw a window and its shuffled copy: patches move, both modalities alike.

    Paper 2, Section 2.2, data preparation.

    Parameters
    ----------
    before, after : mapping of modality to ndarray, shape (n_times,)
        One channel of each modality, z-scored.
    order : ndarray of int, shape (n_patches,)
        Place j of the copy holds patch ``order[j]`` of the window.
    sfreq : mapping of modality to float
        Sampling rate in Hz.
    """
    order = np.asarray(order)
    if sorted(order.tolist()) != list(range(len(order))):
        raise ValueError(
            f"order must hold each patch once; got {order.tolist()}. It is one row of "
            "draw_permutations."
        )
    names = [m for m in (*_ORDER, *before) if m in before]
    names = list(dict.fromkeys(names))
    rows = (("original", before, np.arange(len(order))), ("shuffled", after, order))
    with style():
        figure, axes = new_figure(2, width=PAGE, height=2.9, sharex=True, sharey=True)
        for ax, (title, signals, origin) in zip(axes[:, 0], rows, strict=True):
            _strips(ax, signals, names, origin, sfreq)
            ax.set_ylabel(f"{title}\n(lines {_APART:g} SD apart)")
        axes[1, 0].set_xlabel("Time (s)")
    moved = int((order != np.arange(len(order))).sum())
    return describe(
        figure,
        f"A window of {' and '.join(m.upper() for m in names)} above its shuffled "
        f"copy: {moved} of {len(order)} patches moved, to the order "
        f"{' '.join(str(i + 1) for i in order)}, the same in both modalities.",
    )


def _strips(ax: Axes, signals, names, origin, sfreq) -> None:
    """Draw one channel per modality on strips shaded by the patch they came from."""
    n = len(origin)
    seconds = len(signals[names[0]]) / sfreq[names[0]]
    edges = np.linspace(0, seconds, n + 1)
    for j, patch in enumerate(origin):
        shade = 0.97 - 0.30 * patch / max(n - 1, 1)
        ax.axvspan(edges[j], edges[j + 1], color=str(shade), linewidth=0, zorder=0)
        ax.annotate(
            str(patch + 1), ((edges[j] + edges[j + 1]) / 2, 1), ha="center",
            va="bottom", xycoords=ax.get_xaxis_transform(), fontsize=7,
            fontweight="bold" if patch != j else "normal",
        )  # fmt: skip
    for edge in edges[1:-1]:
        ax.axvline(edge, color="white", linewidth=1.2, zorder=1)
    for i, name in enumerate(names):
        x = signals[name]
        times = np.arange(len(x)) / sfreq[name]
        ink = {"color": COLORS.get(name, "black"), "linewidth": 0.7}
        ax.plot(times, x - _APART * i, rasterized=True, **ink)
    ax.set_yticks([-_APART * i for i in range(len(names))], [m.upper() for m in names])
    ax.set_xlim(0, seconds)
    ax.grid(visible=False)
