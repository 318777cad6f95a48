"""Signals as they enter a model: windows, patches and their shuffle."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from emolib.containers import Windows
from emolib.figures import style as look

APART = 9.0
"""SD between two modalities of the shuffle figure."""


def plot_windows(windows: Windows, row: int = 0, *, n_patches: int = 10) -> Figure:
    """Draw one window: every channel of every modality, and where patches are cut.

    Paper 2, Section 2.1 and Section 2.2, data preparation.

    Parameters
    ----------
    windows : Windows
        Z-scored, with `sfreq` and `ch_names` of each modality.
    row : int
        Which window.
    n_patches : int
        Number of patches; 0 draws no boundaries.
    """
    names = sorted(windows.x)
    counts = [windows.x[name].shape[1] for name in names]
    with look.style():
        figure, axes = look.new_figure(
            len(names), height=1 + 0.17 * sum(counts) + 0.3 * len(names), sharex=True,
            height_ratios=[n + 1.5 for n in counts],
        )  # fmt: skip
        for ax, name in zip(axes[:, 0], names, strict=True):
            _stack(ax, windows, row, name)
        seconds = windows.x[names[0]].shape[-1] / windows.sfreq[names[0]]
        _cut(axes[:, 0], seconds, n_patches)
        axes[-1, 0].set(xlabel="Time (s)", xlim=(0, seconds))
    where = f"{seconds:g} s of subject {windows.meta['subject'].iloc[row]}"
    return look.describe(figure, f"One window, {where}: {' and '.join(names)}.")


def _stack(ax: Axes, windows: Windows, row: int, name: str) -> None:
    """Draw channels below each other, with a bar for the scale."""
    x = windows.x[name][row]
    x = x - np.median(x, axis=1, keepdims=True)
    step = 1.1 * max(np.percentile(np.abs(x), 99) * 1.4, 1e-12)
    offsets = -step * np.arange(len(x))
    times = np.arange(x.shape[1]) / windows.sfreq[name]
    ink = {"color": look.job_color(name), "linewidth": 0.6}
    ax.plot(times, x.T + offsets, rasterized=True, **ink)
    ax.set_yticks(offsets, windows.ch_names[name])
    ax.set_ylim(offsets[-1] - step, max(step, x[0].max() * 1.1))
    ax.set_ylabel(f"{name.upper()} (SD)")
    ax.grid(visible=False)
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0)
    bar, middle = float(f"{step:.0e}"), offsets.mean()
    right = {"transform": ax.get_yaxis_transform(), "clip_on": False}
    ends = [middle - bar / 2, middle + bar / 2]
    ax.plot([1.012] * 2, ends, color="black", linewidth=1.5, **right)
    ax.text(1.02, middle, f"{bar:g} SD", va="center", fontsize=7, **right)


def _cut(axes, seconds: float, n_patches: int) -> None:
    """Draw the boundaries of patches into all axes and number them in the first."""
    edges = np.linspace(0, seconds, n_patches + 1)
    for ax in axes:
        for edge in edges[1:-1]:
            ax.axvline(edge, color="0.75", linewidth=0.6, linestyle=(0, (4, 2)))
    for j, middle in enumerate((edges[1:] + edges[:-1]) / 2):
        _over(axes[0], middle, f"patch {j + 1}" if j == 0 else f"{j + 1}")


def _over(ax: Axes, x: float, text: str, **looks) -> None:
    """Write a text above an axes, centred on `x`."""
    place = {"transform": ax.get_xaxis_transform(), "ha": "center", "va": "bottom"}
    ax.text(x, 1.01, text, fontsize=6.5, **place, **looks)


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
        One channel of each modality, z-scored; the first is drawn on top.
    order : ndarray of int, shape (n_patches,)
        Place j of the copy holds patch ``order[j]`` of the window.
    sfreq : mapping of modality to float
        Sampling rate in Hz.
    """
    in_order = np.arange(len(order))
    rows = (("original", before, in_order), ("shuffled", after, order))
    with look.style():
        figure, axes = look.new_figure(2, height=2.9, sharex=True, sharey=True)
        for ax, (title, signals, origin) in zip(axes[:, 0], rows, strict=True):
            _strips(ax, signals, origin, sfreq)
            ax.set_ylabel(f"{title}\n(lines {APART:g} SD apart)")
        axes[1, 0].set_xlabel("Time (s)")
    moved = f"{(order != in_order).sum()} of {len(order)} patches moved"
    return look.describe(figure, f"A window and its copy: {moved}, alike in both.")


def _strips(ax: Axes, signals, origin, sfreq) -> None:
    """Draw one channel per modality on strips shaded by the patch they came from."""
    names = sorted(signals)
    seconds = len(signals[names[0]]) / sfreq[names[0]]
    edges = np.linspace(0, seconds, len(origin) + 1)
    for j, patch in enumerate(origin):
        shade = str(0.97 - 0.30 * patch / max(len(origin) - 1, 1))
        ax.axvspan(edges[j], edges[j + 1], color=shade, linewidth=0, zorder=0)
        weight = "bold" if patch != j else "normal"
        _over(ax, edges[j : j + 2].mean(), str(patch + 1), fontweight=weight)
        ax.axvline(edges[j], color="white", linewidth=1.2, zorder=1)
    for i, name in enumerate(names):
        times = np.arange(len(signals[name])) / sfreq[name]
        looks = {"color": look.job_color(name), "linewidth": 0.7}
        ax.plot(times, signals[name] - APART * i, rasterized=True, **looks)
    ax.set_yticks(-APART * np.arange(len(names)), [m.upper() for m in names])
    ax.set_xlim(0, seconds)
    ax.grid(visible=False)


def draw_face(ax: Axes, frame: np.ndarray, may_publish: bool) -> None:
    """Draw a frame of a film, or a placeholder for a person who must not be shown.

    Parameters
    ----------
    ax : Axes
    frame : ndarray of uint8, shape (h, w, 3)
    may_publish : bool
        True for drawn faces, and people whom the corpus lists as consenting.
    """
    ax.set(xticks=[], yticks=[])
    ax.grid(visible=False)
    if may_publish:
        ax.imshow(frame)
        return
    looks = {"ha": "center", "va": "center", "fontsize": 6.5}
    ax.text(0.5, 0.5, "a real person:\ndo not publish", **looks)
    ax.set_box_aspect(1)
