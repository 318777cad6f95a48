"""Values of EEG channels on the head."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from emolib.checks import check_shape
from emolib.figures.old_style import describe, new_figure, number, style

MONTAGES = ("colin27_1020", "standard_1020")
"""Names of the 10-20 positions in MNE, newest first."""


def plot_topomap(
    maps: Mapping[str, np.ndarray],
    ch_names,
    *,
    label: str,
    signed: bool = True,
) -> Figure:
    """Draw one value per EEG channel on the scalp, a head per map, limits shared.

    Parameters
    ----------
    maps : mapping of title to ndarray, shape (n_chans,)
        For example a planted and a measured effect.
    ch_names : sequence of str
        Names of the 10-20 system.
    label : str
        Label of the colour bar, with its unit: ``"Alpha power (dB per SD)"``.
    signed : bool
        True centres the colours on zero; False runs from the smallest to the largest.
    """
    import mne

    names = list(ch_names)
    info = mne.create_info(names, 128.0, "eeg")
    known = mne.channels.get_builtin_montages()
    info.set_montage(next(name for name in MONTAGES if name in known))
    for title, values in maps.items():
        check_shape(f"maps[{title!r}]", np.asarray(values), "c", c=len(names))
    everything = np.concatenate([np.asarray(v, dtype=float) for v in maps.values()])
    limit = np.abs(everything).max()
    limits = (-limit, limit) if signed else (everything.min(), everything.max())
    with style():
        figure, axes = new_figure(1, len(maps), width=1.0 + 2.0 * len(maps), height=2.4)
        for ax, (title, values) in zip(axes[0], maps.items(), strict=True):
            image, _ = mne.viz.plot_topomap(
                np.asarray(values, dtype=float), info, axes=ax, show=False, vlim=limits,
                cmap="RdBu_r" if signed else "viridis", sensors=True, names=names,
                sphere=(0, 0, 0, 0.1),
            )  # fmt: skip
            ax.set_title(title)
            for text in ax.texts:
                text.set_fontsize(6)
        figure.colorbar(image, ax=axes[0], label=label, shrink=0.8)
    said = [_extremes(t, np.asarray(v), names, label) for t, v in maps.items()]
    return describe(figure, " ".join(said))


def _extremes(title: str, values: np.ndarray, names: list[str], label: str) -> str:
    """Return where a map is largest and smallest, in a sentence."""
    top, bottom = int(values.argmax()), int(values.argmin())
    return (
        f"{title}, {label}: largest {number(values[top], 2)} at {names[top]}, smallest "
        f"{number(values[bottom], 2)} at {names[bottom]}, {len(names)} channels."
    )
